"""What belongs to the owner of a mailbox: settings, categories, focused inbox, tips on others, ids in other forms."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from emulator.faults import MailboxMissing
from emulator.graph.engine.arguments import arguments
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown
from emulator.graph.engine.writing import merged
from emulator.graph.mail.access import own_mailbox
from emulator.graph.mail.errors import CategoryExists, InvalidArgument, UnknownZone
from emulator.graph.mail.message import Message
from emulator.graph.mail.post import is_group, members_of
from emulator.graph.mail.settings import away_message, language_of, languages, missing_part, settings_of
from emulator.graph.mail.state import Folder, Mailbox
from emulator.graph.mail.workload import ANY_ID, EVERYTHING, mail, me
from emulator.schema import schema
from emulator.store import Entity
from emulator.time_zones import TimeError, supported_iana_zones, supported_windows_zones, zone_of

_FIRST_CATEGORIES = (("Red category", 0), ("Orange category", 1), ("Yellow category", 3), ("Green category", 4),
                     ("Blue category", 7), ("Purple category", 8))  # fmt: skip
_LARGEST_MESSAGE = 36_700_160
_MOST_IDS = 1000
# The forms of an id, and whether each is of the kind that stays when the item moves.
_FORMS = {"restId": False, "ewsId": False, "entryId": False, "restImmutableEntryId": True, "immutableEntryId": True}
_TIPS = {
    "automaticReplies": "automaticReplies",
    "mailboxFullStatus": "mailboxFull",
    "customMailTip": "customMailTip",
    "externalMemberCount": "externalMemberCount",
    "totalMemberCount": "totalMemberCount",
    "maxMessageSize": "maxMessageSize",
    "deliveryRestriction": "deliveryRestricted",
    "moderationStatus": "isModerated",
    "recipientScope": "recipientScope",
    "recipientSuggestions": "recipientSuggestions",
}

outlook_user = mail.type("outlookUser")
category = mail.type("outlookCategory", default=("id", "displayName", "color"), page=EVERYTHING, dialect=ANY_ID)
override = mail.type(
    "inferenceClassificationOverride",
    default=("id", "classifyAs", "senderEmailAddress"),
    page=EVERYTHING,
    dialect=ANY_ID,
)
mail.type("inferenceClassification")


@me.computed("mailboxSettings")
def mailbox_settings(shown: Shown) -> dict[str, Any] | None:
    """The settings of the mailbox, for those who may see them; nothing without a mailbox."""
    call = shown.view.call
    try:
        return settings_of(own_mailbox(call, shown.entity))
    except MailboxMissing:
        if shown.view.target.plan.type is None:
            return None
        raise


@me.changed("mailboxSettings")
def change_settings(call: Call, entity: Entity, value: Mapping[str, Any] | None) -> Callable[[], None]:
    """Some settings are given, the others stay; a single one that is null is as it was at the beginning."""
    mailbox = own_mailbox(call, entity)
    missing = "mailboxSettings" if value is None else missing_part(value)
    if missing is not None:
        raise InvalidArgument(f"The property '{missing}' cannot be null.", code="ErrorInvalidArgument")
    given = {name: setting for name, setting in (value or {}).items() if name not in {"userPurpose", "archiveFolder"}}
    check_zones(given)
    if isinstance(given.get("language"), Mapping):
        given["language"] = language_of(str(given["language"].get("locale") or "en-US"))
    return partial(_keep, mailbox, given)


def _keep(mailbox: Mailbox, given: Mapping[str, Any]) -> None:
    if "automaticRepliesSetting" in given:
        # Another answer, so everybody may be told again.
        mailbox.replied.clear()
    earlier = settings_of(mailbox)
    mailbox.settings.update({name: merged(earlier.get(name), setting) for name, setting in given.items()})
    for name in [name for name, setting in given.items() if setting is None]:
        del mailbox.settings[name]
    mailbox.owner.touch()


def check_zones(given: Mapping[str, Any]) -> None:
    """Refuse zones that nobody knows; working hours may name a zone of their own making."""
    hours = given.get("workingHours") or {}
    zone = hours.get("timeZone") or {}
    named = [given.get("timeZone"), None if "bias" in zone else zone.get("name")]
    for name in named:
        try:
            zone_of(name or "UTC")
        except TimeError as error:
            raise UnknownZone(str(error)) from error


@me.navigation("outlook")
def outlook(call: Call, owner: Entity) -> Entity:
    """The part of a mailbox that is about its owner; categories begin with the six that everyone has."""
    own_mailbox(call, owner)
    found = owner.ones.get("outlook")
    if found is None:
        found = owner.put_one("outlook", call.tenant.store.entity(schema().kind("outlookUser"), {}))
        for name, color in _FIRST_CATEGORIES:
            values = {"displayName": name, "color": f"preset{color}"}
            found.set_of("masterCategories").add(call.tenant.store.entity(schema().kind("outlookCategory"), values))
    return found


@me.navigation("inferenceClassification")
def inference(call: Call, owner: Entity) -> Entity:
    """How mail is told from other mail."""
    own_mailbox(call, owner)
    found = owner.ones.get("inferenceClassification")
    kind = schema().kind("inferenceClassification")
    return found or owner.put_one("inferenceClassification", call.tenant.store.entity(kind, {}))


@category.hook("create")
def create_category(call: Call, target: Target, values: Values) -> Entity:
    """A category under a name of its own."""
    name = str(values.get("displayName") or "")
    if not name:
        raise InvalidArgument("The category must have a display name.", code="ErrorInvalidArgument")
    if any(str(one["displayName"]).lower() == name.lower() for one in target.items):
        raise CategoryExists
    given = {"displayName": name, "color": values.get("color") or "none"}
    return target.items.add(call.tenant.store.entity(values.kind, given))


@category.hook("update")
def update_category(_: Call, entity: Entity, values: Values) -> None:
    """Another colour; the name is what messages carry, and stays."""
    if values.get("displayName", entity["displayName"]) != entity["displayName"]:
        raise InvalidArgument("The display name of a category cannot be changed.", code="ErrorInvalidArgument")
    entity.update({"color": values.get("color") or "none"})


@override.hook("create")
def create_override(call: Call, target: Target, values: Values) -> Entity:
    """One rule for one sender: a second one replaces the first."""
    sender = values.get("senderEmailAddress") or {}
    key = str(sender.get("address") or "").lower()
    if not key:
        raise InvalidArgument("The sender's address is required.", code="ErrorInvalidArgument")
    for one in target.items:
        if str(one["senderEmailAddress"].get("address")).lower() == key:
            one.update({"classifyAs": values.get("classifyAs") or "focused", "senderEmailAddress": sender})
            return one
    given = {"classifyAs": values.get("classifyAs") or "focused", "senderEmailAddress": sender}
    return target.items.add(call.tenant.store.entity(values.kind, given))


@override.hook("update")
def update_override(_: Call, entity: Entity, values: Values) -> None:
    """The sender stays, what is made of it changes."""
    entity.update({"classifyAs": values.get("classifyAs") or entity["classifyAs"]})


@outlook_user.operation("supportedLanguages")
def supported_languages(call: Call, _: Target) -> Answer:
    """The languages to choose from."""
    return _collection(call, "localeInfo", languages())


@outlook_user.operation("supportedTimeZones")
def supported_time_zones(call: Call, target: Target) -> Answer:
    """The zones to choose from, in Microsoft's names or in IANA's."""
    standard = target.arguments.get("timezonestandard", "windows").lower()
    return _collection(
        call, "timeZoneInformation", supported_iana_zones() if standard == "iana" else supported_windows_zones()
    )


@me.operation("getMailTips")
def mail_tips(call: Call, target: Target) -> Answer:
    """What a sender should know of recipients before sending."""
    given = {name.lower(): value for name, value in arguments(call, target).items()}
    addresses = given.get("emailaddresses") or []
    wanted = {part.strip() for part in str(given.get("mailtipsoptions") or "").split(",") if part.strip()} or set(_TIPS)
    return _collection(call, "mailTips", [_tips(call, str(address), wanted) for address in addresses])


def _tips(call: Call, address: str, wanted: set[str]) -> dict[str, Any]:
    tenant = call.tenant
    found = tenant.addressee(address)
    mailbox = tenant.mailboxes.get(found.id) if found else None
    members = members_of(found) if found and is_group(found) else []
    away = away_message(mailbox, call.now) if mailbox else ""
    is_inside = address.lower().rpartition("@")[2] == tenant.domain.lower()
    every = {
        "automaticReplies": {
            "message": away,
            "messageLanguage": _language(mailbox),
            **_span(mailbox, is_away=bool(away)),
        },
        "mailboxFull": False,
        "customMailTip": "",
        "externalMemberCount": sum(member.get("userType") == "Guest" for member in members),
        "totalMemberCount": len(members) if found and is_group(found) else int(found is not None),
        "maxMessageSize": _LARGEST_MESSAGE,
        "deliveryRestricted": False,
        "isModerated": False,
        "recipientScope": "internal" if is_inside else "external",
        "recipientSuggestions": [],
    }
    error = {} if found or not is_inside else {
        "error": {"code": "ErrorNonExistentMailbox", "message": "The recipient could not be found."}
    }  # fmt: skip
    shown = {_TIPS[name] for name in wanted if name in _TIPS}
    return {
        "emailAddress": {"name": "", "address": address},
        **{key: every[key] for key in every if key in shown},
        **error,
    }


def _span(mailbox: Mailbox | None, *, is_away: bool) -> dict[str, Any]:
    """From when to when the owner is away, as far as that was said."""
    setting = settings_of(mailbox)["automaticRepliesSetting"] if mailbox and is_away else {}
    is_scheduled = setting.get("status") == "scheduled"
    return {
        f"scheduled{edge}Time": setting[f"scheduled{edge}DateTime"] if is_scheduled else None
        for edge in ("Start", "End")
    }


def _language(mailbox: Mailbox | None) -> dict[str, Any]:
    return dict(settings_of(mailbox)["language"]) if mailbox else language_of("en-US")


@me.operation("translateExchangeIds")
def translate_ids(call: Call, target: Target) -> Answer:
    """The same items under ids of another form."""
    mailbox = own_mailbox(call, target.thing)
    given = {name.lower(): value for name, value in arguments(call, target).items()}
    wanted, source, goal = given.get("inputids") or [], given.get("sourceidtype"), given.get("targetidtype")
    if len(wanted) > _MOST_IDS:
        raise InvalidArgument(f"At most {_MOST_IDS} ids can be translated at once.", code="ErrorInvalidArgument")
    if source not in _FORMS or goal not in _FORMS:
        raise target.dialect.bad_body("The 'sourceIdType' and the 'targetIdType' are required.")
    return _collection(call, "convertIdResult", [_translated(mailbox, str(key), source, goal) for key in wanted])


def _translated(mailbox: Mailbox, key: str, source: str, goal: str) -> dict[str, Any]:
    plain = _to_rest(key, source)
    found: Message | Folder | None = mailbox.find_message(plain) or mailbox.find_folder(plain)
    if found is None:
        details = {"code": "ErrorItemNotFound", "message": "The specified object was not found in the store."}
        return {"sourceId": key, "targetId": None, "errorDetails": details}
    stays = _FORMS[goal] and isinstance(found, Message)
    shown = found.immutable_id if stays and isinstance(found, Message) else found.id
    return {"sourceId": key, "targetId": _from_rest(shown, goal)}


def _to_rest(key: str, form: str) -> str:
    return key.replace("+", "-").replace("/", "_") if form == "ewsId" else key


def _from_rest(key: str, form: str) -> str:
    if form == "ewsId":
        return key.replace("-", "+").replace("_", "/")
    return base64.urlsafe_b64encode(base64.urlsafe_b64decode(key)).decode() if form.endswith("EntryId") else key


def _collection(call: Call, kind: str, values: list[Any]) -> Answer:
    context = f"{call.root}/$metadata#Collection(microsoft.graph.{kind})"
    return Answer({"@odata.context": context, "value": values})
