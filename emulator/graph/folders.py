"""Mail folders: the top level, one folder, and what lies below it."""

from __future__ import annotations

from emulator.graph.call import Answer, Call
from emulator.graph.listing import arranged, parsed_filter, skipped_page
from emulator.graph.mail import folder_record
from emulator.graph.mailboxes import Opened, chosen, opened, options_for, projection, replied
from emulator.graph.permissions import LIST_MAIL
from emulator.graph.router import owned
from emulator.graph.types import MAIL_FOLDER
from emulator.graph.workloads import EXCHANGE
from emulator.odata import Options

_PAGE, _LARGEST_PAGE = 10, 1000
_LIST_OPTIONS = ("$select", "$filter", "$orderby", "$top", "$skip", "$count")


def list_folders(call: Call) -> Answer:
    """`GET /me/mailFolders`."""
    mail = opened(call, LIST_MAIL)
    return _children(call, mail, mail.mailbox.root.id, "mailFolders")


def list_child_folders(call: Call) -> Answer:
    """`GET /me/mailFolders/{folder}/childFolders`."""
    mail = opened(call, LIST_MAIL)
    parent = mail.mailbox.folder(call.parameters["folder"])
    return _children(call, mail, parent.id, f"mailFolders('{call.parameters['folder']}')/childFolders")


def get_folder(call: Call) -> Answer:
    """`GET /me/mailFolders/{id or well-known name}`."""
    mail = opened(call, LIST_MAIL)
    options = options_for(call, MAIL_FOLDER, "$select")
    record = folder_record(mail.mailbox.folder(call.parameters["folder"]), mail)
    context = f"{call.root}/$metadata#{mail.context}/mailFolders{projection(options)}/$entity"
    return replied(call, {"@odata.context": context, **record.only(_chosen(options))})


ENDPOINTS = (
    *owned("mailFolders", list_folders),
    *owned("mailFolders/{folder}", get_folder),
    *owned("mailFolders/{folder}/childFolders", list_child_folders),
)


def _children(call: Call, mail: Opened, parent_id: str, context: str) -> Answer:
    options = options_for(call, MAIL_FOLDER, *_LIST_OPTIONS)
    shows_hidden = options.plain.get("includeHiddenFolders", "").lower() == "true"
    children = [child for child in mail.mailbox.children(parent_id) if shows_hidden or not child.is_hidden]
    records = [folder_record(child, mail) for child in sorted(children, key=lambda child: child.display_name)]
    node = parsed_filter(options, MAIL_FOLDER, EXCHANGE)
    with EXCHANGE.reading_query():
        found = arranged(records, node, options, MAIL_FOLDER)
    names = _chosen(options)
    body = skipped_page(
        call,
        f"{mail.context}/{context}{projection(options)}",
        found,
        options,
        size=_PAGE,
        largest=_LARGEST_PAGE,
        render=lambda record: record.only(names),
    )
    return replied(call, body)


def _chosen(options: Options) -> tuple[str, ...]:
    return chosen(options, MAIL_FOLDER, default=tuple(MAIL_FOLDER.properties))
