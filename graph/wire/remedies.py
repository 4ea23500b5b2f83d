"""What to do about an error of Graph's: by its code where that says more, else by its status or its kind."""

from __future__ import annotations

import re
from collections.abc import Iterable

from errors import (
    GraphBadRequest,
    GraphConflict,
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphThrottled,
    GraphTooLarge,
    GraphUnauthorized,
    GraphUnavailable,
)

KIND_OF_STATUS: dict[int, type[GraphError]] = {
    400: GraphBadRequest,
    401: GraphUnauthorized,
    402: GraphForbidden,
    403: GraphForbidden,
    404: GraphNotFound,
    405: GraphBadRequest,
    406: GraphBadRequest,
    408: GraphUnavailable,
    409: GraphConflict,
    410: GraphNotFound,
    411: GraphBadRequest,
    412: GraphConflict,
    413: GraphTooLarge,
    414: GraphBadRequest,
    415: GraphBadRequest,
    416: GraphBadRequest,
    422: GraphBadRequest,
    423: GraphConflict,
    424: GraphConflict,
    429: GraphThrottled,
    501: GraphBadRequest,
    507: GraphTooLarge,
    509: GraphThrottled,
}

# For errors that come without a status: those of work that was done in the background.
KIND_OF_CODE: dict[str, type[GraphError]] = {
    "accessdenied": GraphForbidden,
    "activitylimitreached": GraphThrottled,
    "itemnotfound": GraphNotFound,
    "namealreadyexists": GraphConflict,
    "quotalimitreached": GraphTooLarge,
    "resourcemodified": GraphConflict,
}

_OF_KIND: dict[type[GraphError], str] = {
    GraphBadRequest: "Graph cannot take this call: correct the arguments, or ask for something simpler.",
    GraphUnauthorized: "The sign-in is no longer accepted: the person has to sign in again.",
    GraphForbidden: "The signed-in account, or the app, lacks a permission, a licence or a role for this.",
    GraphConflict: "It is not as it was: read it again, then do what is still needed.",
    GraphThrottled: "Wait a little, then try again with fewer requests.",
    GraphTooLarge: "Send or ask for less.",
    GraphUnavailable: "Try again in a moment.",
}

_FROM_THE_START = "What was read before is too old to go on from: read everything again from the start."
_CHANGED = "It was changed meanwhile: read it again, then make the change to what it is now."
_LOCKED = "Somebody has it open or checked out: try again when they are done."

_OF_STATUS = {
    402: "This interface is billed, and nobody pays for it: an administrator has to link a subscription to the app.",
    405: "Graph does not do this with things of this kind.",
    410: "It is gone; what pointed to it is of no use any more.",
    412: _CHANGED,
    413: "It is too large for one request. Send a file in an upload session, or ask for less at once.",
    414: "The address is too long: filter by fewer values at once.",
    416: "These bytes are there already, or are not part of the file: ask how far it has come.",
    423: _LOCKED,
    424: "Something that it depended on failed: look at that first.",
    501: "Graph cannot do this, or not in this combination: ask for less at once.",
    507: "There is no room left: something has to be deleted, or an administrator has to give more.",
    509: "Too much was moved in a short time. Wait a while, then go on.",
}

_AS_LISTED = "Pass an id or handle exactly as it was listed; folders also go by name."
_LIST_AGAIN = "Nothing has this id or name here: list again, and pass it exactly as it was listed."
_PERMISSION = (
    "The signed-in account, or the app, lacks the permission or the role for this: an administrator can give it."
)
_TAKEN = "Something of this name is there already: choose another name, or say what becomes of the other one."
_SIMPLER = "Graph cannot filter, sort or search like this here: use fewer or simpler conditions, and sort afterwards."
_NO_ROOM = "The storage is full: something has to be deleted, or an administrator has to give more."
_LICENCE = "A licence is missing: an administrator can assign one."
_MAILBOX = "The account has no mailbox in Exchange Online: it lacks a licence, or its mailbox is on premises."

# In lower case: services do not agree on the case of what is otherwise the same code.
_OF_CODE = {
    "authorization_requestdenied": _PERMISSION,
    "accessdenied": _PERMISSION,
    "directory_concurrencyviolation": "Somebody changed the same thing in this moment: try again.",
    "directory_quotaexceeded": "The directory is full: an administrator has to delete objects or get a larger quota.",
    "erroraccessdenied": "The account may not use this mailbox or folder: its owner or an administrator can share it.",
    "errorattachmentsizeshouldnotbelessthanminimumsize": "Attach a file below 3 MB directly, without a session.",
    "errorinvalididmalformed": _AS_LISTED,
    "errorirresolvableconflict": _CHANGED,
    "erroritemnotfound": _AS_LISTED,
    "errormessagesizeexceeded": "The message is too large: share large files by link.",
    "errorquotaexceeded": "The mailbox is full: something has to be deleted or archived.",
    "errorsendasdenied": "The signed-in account may not send in this name: an administrator can allow it.",
    "inefficientfilter": "Graph cannot filter and sort like this at once: sort by what the filter names first.",
    "insufficientstorage": _NO_ROOM,
    "itemnotfound": _LIST_AGAIN,
    "locked": _LOCKED,
    "mailboxnotenabledforrestapi": _MAILBOX,
    "mailboxnotsupportedforrestapi": _MAILBOX,
    "malwaredetected": "Microsoft found malware in this file and gives it to nobody.",
    "namealreadyexists": _TAKEN,
    "quotalimitreached": _NO_ROOM,
    "request_multipleobjectswithsamekeyvalue": "Another object has this name or address already: choose another.",
    "request_resourcenotfound": _LIST_AGAIN,
    "request_unsupportedquery": _SIMPLER,
    "resourcelocked": _LOCKED,
    "resourcemodified": _CHANGED,
    "resyncchangesapplydifferences": _FROM_THE_START,
    "resyncchangesuploaddifferences": _FROM_THE_START,
    "resyncrequired": _FROM_THE_START,
    "syncstateinvalid": _FROM_THE_START,
    "syncstatenotfound": _FROM_THE_START,
    "upload_name_conflict": _TAKEN,
}

_ABOUT_A_LICENCE = re.compile(r"\b(?:licen[sc]e[sd]?|licensing|unlicensed|SKU|service plan)\b", re.IGNORECASE)


def remedy(codes: Iterable[str], kind: type[GraphError], status: int, message: str) -> str:
    """What to do; the first of the `codes` that says more than the status does decides."""
    known = next((hint for code in codes if (hint := _OF_CODE.get(code.lower()))), "")
    if kind is GraphForbidden and known in {"", _PERMISSION} and _ABOUT_A_LICENCE.search(message):
        return _LICENCE
    return known or _OF_STATUS.get(status) or _OF_KIND.get(kind, "")
