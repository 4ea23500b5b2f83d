"""Bodies as Outlook writes them: paragraphs, a signature, and the history below a reply."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape

from emulator.graph.mail.state import Address
from emulator.tenant import Person

_HEAD = (
    '<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
    "<style>p {margin:0 0 8px 0; font-family:Aptos,Calibri,sans-serif; font-size:11pt}</style></head><body>\r\n"
)
_TAIL = "\r\n</body></html>"


@dataclass(frozen=True)
class Writer:
    """Who signs a letter, and what stands below the name."""

    address: Address
    first_name: str
    signature: tuple[str, ...]

    @classmethod
    def staff(cls, person: Person) -> Writer:
        """A colleague, signing with title and phone."""
        lines = (person.display_name, person.job_title or "", f"{person.company_name} · {person.city}")
        return cls(person.address, person.given_name or person.display_name, (*lines, *person.business_phones))

    @classmethod
    def outside(cls, name: str, address: str, company: str) -> Writer:
        """A correspondent of another firm."""
        return cls(Address(name, address), name.split(maxsplit=1)[0], (name, company, address))


@dataclass(frozen=True)
class Letter:
    """One letter of a thread; `answers` is the one it replies to, quoted below it."""

    writer: Writer
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    sent: datetime
    paragraphs: tuple[str, ...]
    answers: Letter | None = None
    picture: str | None = None

    @property
    def html(self) -> str:
        """The whole body."""
        return f"{_HEAD}{self.inner}{_TAIL}"

    @property
    def inner(self) -> str:
        """The body without its frame, history included."""
        text = "\r\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in self.paragraphs)
        image = f'\r\n<p><img src="cid:{self.picture}" width="96" alt="[plan]"></p>' if self.picture else ""
        return f"{text}{image}\r\n{self._signature()}{self._history()}"

    def _signature(self) -> str:
        name, *rest = self.writer.signature
        below = "<br>".join(escape(line) for line in rest if line)
        return f'<div id="Signature"><p><b>{escape(name)}</b><br>{below}</p></div>'

    def _history(self) -> str:
        if self.answers is None:
            return ""
        earlier = self.answers
        lines = [
            ("From", _listed((earlier.writer.address,))),
            ("Sent", earlier.sent.strftime("%A, %B %d, %Y %H:%M")),
            ("To", _listed(earlier.to)),
            *([("Cc", _listed(earlier.cc))] if earlier.cc else []),
            ("Subject", escape(earlier.subject)),
        ]
        header = "<br>".join(f"<b>{label}:</b> {value}" for label, value in lines)
        return (
            '\r\n<hr tabindex="-1" style="display:inline-block; width:98%">'
            f'<div id="divRplyFwdMsg" dir="ltr">{header}</div>\r\n{earlier.inner}'
        )


def notice(title: str, paragraphs: tuple[str, ...], rows: tuple[tuple[str, str], ...] = (), footer: str = "") -> str:
    """What a machine or a mailing list sends: a heading, text, perhaps a table, a footer."""
    text = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    table = "".join(f"<tr><td>{escape(left)}</td><td>{escape(right)}</td></tr>" for left, right in rows)
    table = f"<table>{table}</table>" if table else ""
    small = f'<p style="font-size:8pt;color:#777">{escape(footer)}</p>' if footer else ""
    return f"{_HEAD}<h2>{escape(title)}</h2>{text}{table}{small}{_TAIL}"


def _listed(addresses: tuple[Address, ...]) -> str:
    return escape("; ".join(f"{address.name} <{address.address}>" for address in addresses))
