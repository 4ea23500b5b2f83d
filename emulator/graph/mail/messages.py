"""What Graph shows of messages, and how it lists them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from emulator.faults import GraphFault, InefficientFilter, MailboxDenied, SearchConflict
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.deltas import DeltaRules, delta
from emulator.graph.engine.query import Query
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown, View
from emulator.graph.mail.access import NOT_BASIC, is_basic, opened
from emulator.graph.mail.errors import NoDeltaHere
from emulator.graph.mail.message import Message, body_in, has_files
from emulator.graph.mail.mime import written_mime
from emulator.graph.mail.parts import Body
from emulator.graph.mail.search import message_search
from emulator.graph.mail.state import Folder, FolderMessages, newest_first
from emulator.graph.mail.unsafe import safe_html
from emulator.graph.mail.workload import PAGE, mail, me
from emulator.html_text import html_to_text
from emulator.odata import Order
from emulator.odata.nodes import Node, Path, walk
from emulator.store import Entity, Removed

_QUOTE_STARTS = ('<div id="divRplyFwdMsg"', "<hr")
_MOST_FOUND = 1000

# Exchange sets these itself; who sends them is not told so.
_FIXED = frozenset({
    "bodyPreview", "changeKey", "conversationId", "conversationIndex", "createdDateTime", "hasAttachments",
    "lastModifiedDateTime", "parentFolderId", "receivedDateTime", "sentDateTime", "uniqueBody", "webLink",
})  # fmt: skip
DEFAULT = (
    "id", "createdDateTime", "lastModifiedDateTime", "changeKey", "categories", "receivedDateTime", "sentDateTime",
    "hasAttachments", "internetMessageId", "subject", "bodyPreview", "importance", "parentFolderId", "conversationId",
    "conversationIndex", "isDeliveryReceiptRequested", "isReadReceiptRequested", "isRead", "isDraft", "webLink",
    "inferenceClassification", "body", "sender", "from", "toRecipients", "ccRecipients", "bccRecipients", "replyTo",
    "flag",
)  # fmt: skip
_MEETING = ("meetingMessageType", "type", "isOutOfDate", "isAllDay", "isDelegated", "startDateTime", "endDateTime",
            "location", "recurrence")  # fmt: skip

message = mail.type("message", default=DEFAULT, page=PAGE, fixed=_FIXED)
mail.type("eventMessage", default=(*DEFAULT, *_MEETING))


def _id(view: View, entity: Entity) -> str:
    return entity.immutable_id if view.wants_immutable_ids and isinstance(entity, Message) else entity.id


def _gone(view: View, removed: Removed) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.message",
        "id": _id(view, removed.entity),
        "@removed": {"reason": removed.reason},
    }


_DELTA = DeltaRules(days=30, page_size=10, gone=_gone)


@me.navigation("messages")
def messages_of(call: Call, owner: Entity) -> FolderMessages:
    """The messages of a mailbox that the caller may see."""
    return opened(call, owner).messages


@message.hook("find")
def find(_: Call, target: Target, key: str) -> Entity | None:
    """By id, plain or immutable, among the messages of the place."""
    members = target.members
    return members.find(key) if isinstance(members, FolderMessages) else None


@message.hook("withheld")
def withheld(call: Call, _: Target) -> frozenset[str]:
    """What the basic permission leaves out."""
    return NOT_BASIC if is_basic(call) else frozenset()


@message.hook("etag")
def etag(entity: Entity) -> str:
    """The change key is the ETag."""
    return f'W/"{entity["changeKey"]}"'


@message.hook("order")
def in_order(entities: list[Entity], target: Target) -> list[Entity]:
    """The newest first."""
    members = target.members
    return entities if isinstance(members, FolderMessages) and members.is_in_order else newest_first(entities)


@message.hook("filters")
def check_query(view: View, query: Query) -> None:
    """Refuse what Exchange cannot sort, or search and do at once, and what the basic permission closes."""
    fault = _conflict(query) or _restriction(query.filter, query.orders)
    if fault is not None:
        raise fault
    named = (path[0] for path in (*_paths(query.filter), *(order.path for order in query.orders)))
    if is_basic(view.call) and (query.options.search is not None or not NOT_BASIC.isdisjoint(named)):
        raise MailboxDenied


@message.hook("search")
def search(view: View, items: Iterable[Shown], text: str) -> list[Shown]:
    """What the keywords find, the last one sent first."""
    wanted = message_search(text, view.call.now)
    found = [item for item in items if isinstance(item.entity, Message) and wanted(item.entity)]
    found.sort(key=lambda item: str(item.entity.get("sentDateTime")), reverse=True)
    return found[:_MOST_FOUND]


@message.hook("read")
def read(call: Call, target: Target) -> Answer:
    """`$value` of a message is its MIME, which a basic permission does not show: the body is in it."""
    if is_basic(call):
        raise MailboxDenied
    thing = target.thing
    assert isinstance(thing, Message)  # noqa: S101 - what the navigation leads to
    return Answer(written_mime(thing), headers={"Content-Type": "text/plain"})


@message.collection_operation("delta")
def changes(call: Call, target: Target) -> Answer:
    """What came, changed and went in one folder."""
    if not isinstance(target.owner, Folder):
        raise NoDeltaHere
    return delta(target.rules.service, call, target, _DELTA)


@message.computed("id")
def shown_id(shown: Shown) -> str:
    """The id, or the one that stays, when that is preferred."""
    return _id(shown.view, shown.entity)


@message.computed("hasAttachments")
def has_attachments(shown: Shown) -> bool:
    """Pictures in the text do not count."""
    return has_files(shown.entity)


@message.computed("bodyPreview")
def preview(shown: Shown) -> str:
    """The beginning of the text."""
    return body_in(shown.entity).preview


@message.computed("body")
def body(shown: Shown) -> dict[str, str]:
    """The text as it is preferred: plain, or as HTML that does nothing by itself."""
    return _shown_body(shown.view, body_in(shown.entity))


@message.computed("uniqueBody")
def unique_body(shown: Shown) -> dict[str, str]:
    """The text without the history below it."""
    whole = body_in(shown.entity)
    if whole.content_type != "html":
        return {"contentType": whole.content_type, "content": whole.content}
    content = whole.content
    cuts = [at for at in (content.find(start) for start in _QUOTE_STARTS) if at >= 0]
    return _shown_body(shown.view, Body(content[: min(cuts)] + "</body></html>" if cuts else content))


@message.computed("webLink")
def web_link(shown: Shown) -> str:
    """Where Outlook on the web shows it."""
    item = quote(shown.entity.id, safe="")
    return f"https://outlook.office365.com/owa/?ItemID={item}&exvsurl=1&viewmodel=ReadMessageItem"


def _shown_body(view: View, shown: Body) -> dict[str, str]:
    if view.wants_text:
        return {"contentType": "text", "content": html_to_text(shown.content) if _is_html(shown) else shown.content}
    keeps = not _is_html(shown) or "outlook.allow-unsafe-html" in view.call.preferences
    return {"contentType": shown.content_type, "content": shown.content if keeps else safe_html(shown.content)}


def _is_html(shown: Body) -> bool:
    return shown.content_type == "html"


def _conflict(query: Query) -> GraphFault | None:
    """What may not stand beside `$search`."""
    options = query.options
    if options.search is None:
        return None
    if options.filter is not None:
        return SearchConflict("Filter")
    if options.orderby is not None:
        return SearchConflict("OrderBy")
    return SearchConflict("Skip") if options.skip is not None else None


def _restriction(node: Node | None, orders: tuple[Order, ...]) -> GraphFault | None:
    """Exchange sorts a filtered view only by what the filter leads with, in that order."""
    if node is None:
        return None
    leading = list(dict.fromkeys(_paths(node)))[: len(orders)]
    return InefficientFilter() if leading != [order.path for order in orders] else None


def _paths(node: Node | None) -> list[tuple[str, ...]]:
    return [found.segments for found in walk(node) if isinstance(found, Path)]
