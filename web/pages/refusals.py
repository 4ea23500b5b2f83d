"""What is shown where a request leads nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import HTMLResponse

from web.pages._layout import page, paragraph


def unknown_link() -> HTMLResponse:
    """A link that was used, has expired, or never was one of ours."""
    return page(
        "lost",
        "This link leads nowhere",
        paragraph("It was used already, it has expired, or a part of it is missing."),
        paragraph("If you have just signed in here, there is nothing left to do: you can close this page."),
        paragraph("Otherwise go back to your assistant and ask for the same once more. That brings a new link."),
        status=404,
    )


def misdirected() -> HTMLResponse:
    """The request was addressed to some other name than this computer's."""
    text = "This page answers only under the address http://localhost, on this computer."
    return page("lost", "Wrong address", paragraph(text), status=421)


def cross_site() -> HTMLResponse:
    """The page of another site sent the form."""
    text = "Another page tried to send something here on your behalf. Nothing was done."
    return page("stopped", "Refused", paragraph(text), status=403)


def wrong_method(allowed: Iterable[str]) -> HTMLResponse:
    """The link is right, what was done with it is not."""
    answer = page("lost", "Open this link in a browser", paragraph("Nothing else can be done with it."), status=405)
    answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer


def too_large() -> HTMLResponse:
    """More was sent than any form of ours holds."""
    return page("stopped", "Refused", paragraph("More was sent than this page takes. Nothing was done."), status=413)
