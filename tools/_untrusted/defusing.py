"""Bodies in plain text or Markdown, made so that no client that shows them loads or runs anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from tools._untrusted.brackets import without_brackets
from tools._untrusted.cleaning import cleaned, inert
from tools._untrusted.markup import without_comments, without_tags
from tools._untrusted.shelf import Shelf

# The word after the opening of a code block chooses what draws it: a diagram that loads pictures, say.
_CODE_OPENING = re.compile(r"^([ \t>]*(?:`{3,}|~{3,}))[^`\n]*$", re.MULTILINE)

_WEB = re.compile(r"(?<![A-Za-z0-9+.-])https?:[/\\]{2}[^\s<>\"`\[\]\ue000-\ue002]+", re.IGNORECASE)
_AFTER_LINK = ".,;:!?'*_"

# Schemes as they stand in running text; `data:` and `file:` are also words, so more of the address must follow.
_ACTIVE = re.compile(
    r"(?<![A-Za-z0-9+.-])(?:"
    r"(?:javascript|vbscript|livescript|jscript|mocha|mhtml|jar|intent|view-source|ms-[a-z-]{1,40}|search-ms"
    r"|microsoft-edge):\s{0,8}(?=\S)"
    r"|data:\s{0,8}(?:[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,80})?(?=[;,][^\s])"
    r"|file:\s{0,8}(?=[/\\])"
    r"|blob:\s{0,8}(?=https?:|null|[/\\])"
    r"|about:\s{0,8}(?=blank|srcdoc)"
    r"|(?!https?:)[a-z][a-z0-9+.-]{1,62}:[/\\]{2}"
    r")[^\s<>\ue000-\ue002]*",
    re.IGNORECASE,
)

# A definition that was not taken as one must not be one for the client that shows the text either.
_DEFINING = re.compile(r"\]:(?=\s*<?[^\s:/&\\%]{0,80}[:/&\\%\ue000])")


def defused(text: str, *, home: Collection[str] = ()) -> str:
    """The text with links that tell where they lead, and without images, tags, and addresses that are not of the web.

    `home` are the domains of the reader's own organisation: a reference link that leads elsewhere names its host only.
    """
    shelf = Shelf(frozenset(domain.lower() for domain in home))
    body = _CODE_OPENING.sub(r"\1", without_comments(cleaned(text)))
    body = without_tags(without_brackets(body, shelf), shelf)
    body = _ACTIVE.sub("[link removed]", _WEB.sub(_shown(shelf), body))
    return shelf.restored(_DEFINING.sub("] :", inert(body)))


def _shown(shelf: Shelf) -> Callable[[re.Match[str]], str]:
    def shown(found: re.Match[str]) -> str:
        url, after = _without_end_of_sentence(found[0])
        return f"{shelf.bare_link(url)}{after}"

    return shown


def _without_end_of_sentence(url: str) -> tuple[str, str]:
    bare = url.rstrip(_AFTER_LINK)
    if bare.endswith(")") and bare.count(")") > bare.count("("):
        bare = bare.rstrip(")" + _AFTER_LINK)
    return bare, url[len(bare) :]
