"""Messages: lists of a whole mailbox or of one folder, with search, and single ones."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.faults import GraphFault, InefficientFilter, ItemNotFound, MailboxDenied, SearchConflict
from emulator.graph.call import Answer, Call
from emulator.graph.listing import arranged, listed, parsed_filter, skipped_page
from emulator.graph.mail import message_record, reads_content, rendered_message
from emulator.graph.mail_search import message_search
from emulator.graph.mailboxes import Opened, opened, options_for, projection, replied
from emulator.graph.permissions import LIST_MAIL
from emulator.graph.records import Record
from emulator.graph.router import owned
from emulator.graph.tips import MESSAGE_TIP, tips
from emulator.graph.tokens import page_start, page_token
from emulator.graph.types import MESSAGE
from emulator.graph.workloads import EXCHANGE
from emulator.mailbox import Message
from emulator.odata import Options, Order, read_orderby
from emulator.odata.nodes import Node, Path, walk

_PAGE, _LARGEST_PAGE = 10, 1000
_MOST_FOUND = 1000
_LIST_OPTIONS = ("$select", "$filter", "$orderby", "$top", "$skip", "$count", "$search", "$skiptoken")


def list_messages(call: Call) -> Answer:
    """`GET /me/messages`."""
    mail = opened(call, LIST_MAIL)
    return _page(call, mail, mail.mailbox.messages.values(), "messages")


def list_folder_messages(call: Call) -> Answer:
    """`GET /me/mailFolders/{folder}/messages`."""
    mail = opened(call, LIST_MAIL)
    folder = mail.mailbox.folder(call.parameters["folder"])
    return _page(call, mail, mail.mailbox.in_folder(folder.id), f"mailFolders('{call.parameters['folder']}')/messages")


def get_message(call: Call) -> Answer:
    """`GET /me/messages/{message}`, also below the folder it lies in."""
    mail = opened(call, LIST_MAIL)
    options = options_for(call, MESSAGE, "$select")
    record = message_record(message_in_path(call, mail), mail)
    context = f"{call.root}/$metadata#{mail.context}/messages{projection(options)}/$entity"
    rendered = rendered_message(record, options, is_basic=mail.is_basic)
    hint = tips(call, options, "me/messages('<key>')", MESSAGE_TIP)
    return replied(call, {"@odata.context": context, **hint, **rendered})


def count_messages(call: Call) -> Answer:
    """`GET /me/messages/$count`, also of one folder."""
    mail = opened(call, LIST_MAIL)
    options = options_for(call, MESSAGE, "$filter")
    messages: Iterable[Message] = mail.mailbox.messages.values()
    if "folder" in call.parameters:
        messages = mail.mailbox.in_folder(mail.mailbox.folder(call.parameters["folder"]).id)
    return Answer(str(len(_filtered(messages, mail, options))))


def message_in_path(call: Call, mail: Opened) -> Message:
    """The message a path names; where the path names a folder too, the message must lie in it."""
    message = mail.mailbox.message(call.parameters["message"])
    if "folder" in call.parameters and message.folder_id != mail.mailbox.folder(call.parameters["folder"]).id:
        raise ItemNotFound
    return message


ENDPOINTS = (
    *owned("messages", list_messages),
    *owned("messages/$count", count_messages),
    *owned("messages/{message}", get_message),
    *owned("mailFolders/{folder}/messages", list_folder_messages),
    *owned("mailFolders/{folder}/messages/$count", count_messages),
    *owned("mailFolders/{folder}/messages/{message}", get_message),
)


def _page(call: Call, mail: Opened, messages: Iterable[Message], context: str) -> Answer:
    options = options_for(call, MESSAGE, *_LIST_OPTIONS)
    context = f"{mail.context}/{context}{projection(options)}"
    newest_first = sorted(messages, key=lambda message: message.received, reverse=True)
    if options.search is not None:
        return _found(call, mail, newest_first, context, options)
    if options.skiptoken is not None:
        page_start(call, options.skiptoken)
    body = skipped_page(
        call,
        context,
        _filtered(newest_first, mail, options),
        options,
        size=_PAGE,
        largest=_LARGEST_PAGE,
        render=lambda record: rendered_message(record, options, is_basic=mail.is_basic),
        tips=tips(call, options, "me/messages", MESSAGE_TIP),
    )
    return replied(call, body)


def _found(call: Call, mail: Opened, newest_first: list[Message], context: str, options: Options) -> Answer:
    fault = _conflict(options)
    if fault is not None:
        raise fault
    if mail.is_basic:
        raise MailboxDenied
    with EXCHANGE.reading_query():
        wanted = message_search(options.search or "", call.now)
    by_date_sent = sorted(filter(wanted, newest_first), key=lambda message: message.sent, reverse=True)
    found = [message_record(message, mail) for message in by_date_sent[:_MOST_FOUND]]
    start = page_start(call, options.skiptoken)
    end = start + min(_PAGE if options.top is None else options.top, _LARGEST_PAGE)
    body = listed(
        call,
        context,
        [rendered_message(record, options, is_basic=False) for record in found[start:end]],
        count=len(found) if options.count and not start else None,
        nextLink=call.link(skiptoken=page_token(call, end)) if start < end < len(found) else None,
    )
    return replied(call, body)


def _conflict(options: Options) -> GraphFault | None:
    """What may not stand beside `$search`."""
    if options.filter is not None:
        return SearchConflict("Filter")
    if options.orderby is not None:
        return SearchConflict("OrderBy")
    return SearchConflict("Skip") if options.skip is not None else None


def _filtered(messages: Iterable[Message], mail: Opened, options: Options) -> list[Record]:
    node = parsed_filter(options, MESSAGE, EXCHANGE)
    with EXCHANGE.reading_query():
        orders = read_orderby(options.orderby, MESSAGE) if options.orderby else ()
    _check_restriction(node, orders)
    if mail.is_basic and reads_content(path[0] for path in (*_paths(node), *(order.path for order in orders))):
        raise MailboxDenied
    records = (message_record(message, mail) for message in messages)
    return arranged(records, node, options, MESSAGE)


def _check_restriction(node: Node | None, orders: tuple[Order, ...]) -> None:
    """Exchange sorts a filtered view only by what the filter leads with, in that order."""
    if node is None:
        return
    leading = list(dict.fromkeys(_paths(node)))[: len(orders)]
    if leading != [order.path for order in orders]:
        raise InefficientFilter


def _paths(node: Node | None) -> list[tuple[str, ...]]:
    return [found.segments for found in walk(node) if isinstance(found, Path)]
