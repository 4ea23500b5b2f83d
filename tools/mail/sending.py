"""mail_send_message: a new mail, once a person has agreed to it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from errors import GraphError, ToolInputError
from graph import GraphClient
from graph.wire import search
from tools._domains import address_key
from tools._outside import Home
from tools._plan import MOST_TARGETS, Plan, Preview, Step, Targets
from tools._policy import Recipient
from tools._render import Outcome
from tools._scopes import satisfied
from tools._services import CallerIdentity, Graph, LocalHere
from tools._units import count, listed
from tools._untrusted import cleaned, one_line
from tools.mail.addresses import lines_of
from tools.mail.toolset import WANTS, mail

MOST_RECIPIENTS = MOST_TARGETS

_FINDS_PEOPLE = "People.Read"
_MOST_LOOKED_UP = 20
_LONGEST_NAME = 60
# Unseen themselves, they join or colour the signs before them; anywhere else they could spell a message.
_IN_EMOJI = re.compile(
    "(?<=[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff])[\ufe0e\ufe0f]?\u200d?|(?<=[0-9#*])\ufe0f(?=\u20e3)"
)
_To = Annotated[list[str], Field(description="addresses", min_length=1, max_length=MOST_RECIPIENTS)]
_More = Annotated[list[str], Field(max_length=MOST_RECIPIENTS)]


class Sent(Outcome):
    """What became of the mail."""

    to: list[str] | None = None


@dataclass(frozen=True)
class _Known:
    """Who the recipients are, as far as the mailbox and the tenant tell."""

    home: Home
    names: Mapping[str, str]

    def name(self, address: str) -> str:
        return self.names.get(address_key(address), "")

    def shown(self, addresses: Collection[str]) -> list[str]:
        """Under the names that the mailbox knows: what the model calls somebody proves nothing."""
        return [self.home.shown(each, self.name(each)) for each in addresses]

    def recipient(self, address: str) -> Recipient:
        return Recipient(address, self.name(address), is_outside=self.home.is_outside(address))

    def sent_to(self, addresses: Collection[str]) -> list[dict[str, Any]]:
        """The recipients as Graph takes them, under no other name than the one that is shown."""
        named = [(each, self.name(each)) for each in addresses]
        return [{"emailAddress": {"address": each, **({"name": name} if name else {})}} for each, name in named]


@mail.send("Mail.Send", application=("Mail.Send",), wants=(*WANTS, _FINDS_PEOPLE))
async def send_message(
    graph: Graph,
    here: LocalHere,
    identity: CallerIdentity,
    to: _To,
    subject: Annotated[str, Field(max_length=255)],
    text: Annotated[str, Field(description="plain text", max_length=100_000)],
    cc: _More = [],  # noqa: B006 - never changed
    bcc: _More = [],  # noqa: B006
) -> Plan[Sent]:
    """Send a mail. A person is asked first, unless whoever runs this decided otherwise."""
    _refuse_lines_in(subject)
    lines = lines_of(to=to, cc=cc, bcc=bcc)
    everyone = [each for addresses in lines.values() for each in addresses]
    _refuse_too_many(everyone)
    may_find = identity is None or identity.permissions is None or satisfied([_FINDS_PEOPLE], identity.permissions)
    home, names = await asyncio.gather(here.home(), _names(graph, everyone if may_find else []))
    known = _Known(home, names)
    message = {
        "subject": subject,
        "body": {"contentType": "Text", "content": text},
        **{f"{line}Recipients": known.sent_to(people) for line, people in lines.items() if people},
    }
    shown = known.shown(lines["to"])
    recipients = tuple(map(known.recipient, everyone))
    return Plan(
        _preview(lines, subject, text, known),
        (Step("POST", f"{graph.user}/sendMail", {"message": message, "saveToSentItems": True}),),
        lambda _: Sent(what=f"Sent to {listed(shown, most=5)}: {_titled(subject)}", to=shown),
        Targets(recipients),
    )


def _preview(lines: Mapping[str, Collection[str]], subject: str, text: str, known: _Known) -> Preview:
    facts = [(line.capitalize(), tuple(known.shown(people))) for line, people in lines.items() if people]
    outside = [each for people in lines.values() for each in people if known.home.is_outside(each)]
    warnings = [f"Outside your organisation: {listed(outside, most=5)}."] if outside else []
    if unseen := _unseen_in(subject) + _unseen_in(text):
        warnings.append(f"It has {count(unseen, 'character')} that cannot be seen here.")
    return Preview(
        "Send this mail?", (*facts, ("Subject", _titled(subject))), text=text or "(no text)", warning=" ".join(warnings)
    )


def _unseen_in(text: str) -> int:
    """How much is sent of this, and not shown: whatever cleaning takes away, be it a command, a mark or an entity."""
    sent = _IN_EMOJI.sub("", text.replace("\r\n", "\n"))
    return len(sent) - len(cleaned(sent))


def _titled(subject: str) -> str:
    return one_line(subject, 255) or "(no subject)"


def _refuse_lines_in(subject: str) -> None:
    """Between the lines of a header others may stand."""
    if not subject.isprintable() and len(f"{subject}x".splitlines()) > 1:
        raise ToolInputError("subject: it has to be one line. Put the rest into text.")


def _refuse_too_many(everyone: Collection[str]) -> None:
    if len(everyone) > MOST_RECIPIENTS:
        raise ToolInputError(
            f"to, cc and bcc together name {len(everyone)} recipients, and one mail goes to {MOST_RECIPIENTS} at most. "
            "Write to a distribution list, or in several mails."
        )


async def _names(graph: GraphClient, addresses: Collection[str]) -> dict[str, str]:
    """What the mailbox knows these addresses by; nothing for those that it does not know, or may not tell."""

    async def name_of(key: str) -> str:
        query = {"$search": search(key), "$select": "displayName,scoredEmailAddresses", "$top": "3"}
        try:
            page = await graph.get(f"{graph.user}/people", query)
        except GraphError:
            return ""
        return next((_name_in(one) for one in page.get("value", []) if key in _keys_in(one)), "")

    keys = sorted(set(map(address_key, addresses)))[:_MOST_LOOKED_UP]
    return dict(zip(keys, await asyncio.gather(*map(name_of, keys)), strict=True))


def _name_in(person: Mapping[str, Any]) -> str:
    return one_line(person.get("displayName"), _LONGEST_NAME)


def _keys_in(person: Mapping[str, Any]) -> set[str]:
    return {address_key(str(each.get("address", ""))) for each in person.get("scoredEmailAddresses") or []}
