"""Attachments of a message: the list and single files."""

from __future__ import annotations

from emulator.graph.call import Answer, Call
from emulator.graph.listing import arranged, parsed_filter, skipped_page
from emulator.graph.mail import attachment_records
from emulator.graph.mailboxes import chosen, opened, options_for, projection, replied
from emulator.graph.messages import message_in_path
from emulator.graph.permissions import READ_MAIL
from emulator.graph.records import Record
from emulator.graph.router import owned
from emulator.graph.types import ATTACHMENT, FILE_ATTACHMENT
from emulator.graph.workloads import EXCHANGE
from emulator.odata import Options

_PAGE = 1000
_LIST_OPTIONS = ("$select", "$filter", "$orderby", "$top", "$skip", "$count")


def list_attachments(call: Call) -> Answer:
    """`GET /me/messages/{message}/attachments`."""
    mail = opened(call, READ_MAIL)
    options = options_for(call, ATTACHMENT, *_LIST_OPTIONS, derived=(FILE_ATTACHMENT,))
    records = attachment_records(message_in_path(call, mail), mail)
    node = parsed_filter(options, ATTACHMENT, EXCHANGE)
    with EXCHANGE.reading_query():
        found = arranged(records, node, options, ATTACHMENT)
    names = _chosen(options)
    context = f"{mail.context}/messages('{call.parameters['message']}')/attachments{projection(options)}"
    body = skipped_page(
        call, context, found, options, size=_PAGE, largest=_PAGE, render=lambda record: _rendered(record, names)
    )
    return replied(call, body)


def get_attachment(call: Call) -> Answer:
    """`GET /me/messages/{message}/attachments/{attachment}`."""
    mail = opened(call, READ_MAIL)
    options = options_for(call, ATTACHMENT, "$select", derived=(FILE_ATTACHMENT,))
    message = message_in_path(call, mail)
    wanted = mail.mailbox.attachment(message, call.parameters["attachment"])
    position = message.attachments.index(wanted)
    record = attachment_records(message, mail)[position]
    place = f"{mail.context}/messages('{call.parameters['message']}')/attachments{projection(options)}/$entity"
    rendered = _rendered(record, _chosen(options))
    return replied(call, {"@odata.context": f"{call.root}/$metadata#{place}", **rendered})


ENDPOINTS = (
    *owned("messages/{message}/attachments", list_attachments),
    *owned("messages/{message}/attachments/{attachment}", get_attachment),
    *owned("mailFolders/{folder}/messages/{message}/attachments", list_attachments),
    *owned("mailFolders/{folder}/messages/{message}/attachments/{attachment}", get_attachment),
)


def _chosen(options: Options) -> tuple[str, ...]:
    return chosen(options, ATTACHMENT, FILE_ATTACHMENT, default=tuple(FILE_ATTACHMENT.properties))


def _rendered(record: Record, names: tuple[str, ...]) -> dict[str, object]:
    head = {"@odata.type": "#microsoft.graph.fileAttachment", "@odata.mediaContentType": record["contentType"]}
    return head | record.only(names)
