"""Messages as Graph sends them, where drafts and damaged items lack almost anything."""

from __future__ import annotations

from pydantic import BaseModel, Field

from tools._outside import Home
from tools._untrusted import one_line

_NAME, _ADDRESS = 40, 60

# What may pass for the bar between the parts of a row.
_BARS = (
    "|\u00a6\u01c0\u01c1\u2016\u2223\u2225\u239c\u239f\u23a2\u23a5\u23aa\u23ae\u23b8\u23b9\u23d0"
    "\u2502\u2503\u2506\u2507\u250a\u250b\u254e\u254f\u2551\u258f\u2595\u2758\u2759\u275a\u2d4f\u2f01\u4e28"
    "\ufe31\ufe32\ufe33\ufe34\uff5c\uffe4\uffe8"
)
_WITHOUT_BARS = str.maketrans(dict.fromkeys(_BARS, "/"))


class Address(BaseModel):
    name: str | None = None
    address: str | None = None


class Person(BaseModel):
    """Somebody a message came from or went to."""

    email: Address | None = Field(None, alias="emailAddress")

    @property
    def address(self) -> str:
        return (self.email.address if self.email else None) or ""

    @property
    def name(self) -> str:
        """What they call themselves, or else the address."""
        return one_line(self.email.name if self.email else None, _NAME) or one_line(self.address, _ADDRESS)

    def named(self, home: Home) -> str:
        """`Name <address>`, with a mark where they are outside."""
        return home.shown(self.address, self.name) if self.address else self.name


class Body(BaseModel):
    content: str | None = None
    kind: str | None = Field(None, alias="contentType")

    @property
    def is_html(self) -> bool:
        return (self.kind or "").lower() == "html"


class GraphMessage(BaseModel):
    """A message, or the part of one that was asked for."""

    id: str = ""
    internet_id: str | None = Field(None, alias="internetMessageId")
    conversation: str | None = Field(None, alias="conversationId")
    subject: str | None = None
    sender: Person | None = Field(None, alias="from")
    to: list[Person] | None = Field(None, alias="toRecipients")
    cc: list[Person] | None = Field(None, alias="ccRecipients")
    received: str | None = Field(None, alias="receivedDateTime")
    is_read: bool | None = Field(None, alias="isRead")
    is_draft: bool | None = Field(None, alias="isDraft")
    has_files: bool | None = Field(None, alias="hasAttachments")
    body: Body = Field(default_factory=Body)  # which is not copied for each message

    @property
    def readers(self) -> list[Person]:
        return [each for each in self.to or [] if each.name]

    def is_from_outside(self, home: Home) -> bool:
        """Whether somebody outside the tenant wrote it; what names nobody is a draft of the person's own."""
        return self.sender is not None and home.is_outside(self.sender.address)

    def is_to_outside(self, home: Home) -> bool:
        """Whether somebody outside the tenant is among those that it goes to."""
        return any(home.is_outside(each.address) for each in self.readers)


def without_bars(name: str) -> str:
    """A name for a row: who chose one with a bar in it would also choose what seems to be the part after it."""
    return name.translate(_WITHOUT_BARS)


def subject_of(message: GraphMessage, limit: int = 80) -> str:
    return one_line(message.subject, limit) or "(no subject)"
