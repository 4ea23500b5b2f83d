"""What the owner of a mailbox has set: zone, language, working hours, the answer while away; and who is told it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emulator.graph.mail.parts import Address
from emulator.graph.mail.state import Mailbox
from emulator.store import Entity
from emulator.time_zones import TimeError, moment_of

_ZONES = {"DE": "W. Europe Standard Time", "GB": "GMT Standard Time", "PT": "GMT Standard Time"}
_LANGUAGES = {
    "de-DE": "German (Germany)",
    "en-GB": "English (United Kingdom)",
    "en-US": "English (United States)",
    "pt-PT": "Portuguese (Portugal)",
    "fr-FR": "French (France)",
    "es-ES": "Spanish (Spain)",
    "nl-NL": "Dutch (Netherlands)",
    "it-IT": "Italian (Italy)",
}
_NOBODY_AWAY = {"dateTime": "2026-01-01T08:00:00.0000000", "timeZone": "UTC"}
_STRUCTURED = frozenset({"automaticRepliesSetting", "language", "workingHours"})
_MAY_BE_NULL = frozenset({"displayName", "externalReplyMessage", "internalReplyMessage", "scheduledEndDateTime",
                          "scheduledStartDateTime"})  # fmt: skip
_WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday"]


def languages() -> list[dict[str, str]]:
    """The languages that a mailbox may be set to."""
    return [{"locale": locale, "displayName": name} for locale, name in _LANGUAGES.items()]


def language_of(locale: str) -> dict[str, str]:
    """A language as the settings show it."""
    known = next((key for key in _LANGUAGES if key.lower() == locale.lower()), locale)
    return {"locale": known, "displayName": _LANGUAGES.get(known, known)}


def settings_of(mailbox: Mailbox) -> dict[str, Any]:
    """All settings of a mailbox, those that were never touched included."""
    owner = mailbox.owner
    zone = _ZONES.get(str(owner.get("usageLocation") or ""), "UTC")
    usual = {
        "archiveFolder": mailbox.folder("archive").id,
        "timeZone": zone,
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "dateFormat": "yyyy-MM-dd",
        "timeFormat": "HH:mm",
        "userPurpose": owner.state.get("purpose", "user"),
        "automaticRepliesSetting": {
            "status": "disabled",
            "externalAudience": "all",
            "internalReplyMessage": "",
            "externalReplyMessage": "",
            "scheduledStartDateTime": dict(_NOBODY_AWAY),
            "scheduledEndDateTime": dict(_NOBODY_AWAY),
        },
        "language": language_of(str(owner.get("preferredLanguage") or "en-US")),
        "workingHours": {
            "daysOfWeek": list(_WEEK),
            "startTime": "08:00:00.0000000",
            "endTime": "17:00:00.0000000",
            "timeZone": {"name": zone},
        },
    }
    return {**usual, **mailbox.settings}


def missing_part(given: Mapping[str, Any]) -> str | None:
    """A setting of several parts, or a part of one, that is null and cannot be."""
    for name in _STRUCTURED & given.keys():
        setting = given[name]
        if setting is None:
            return name
        missing = next((part for part, value in setting.items() if value is None and part not in _MAY_BE_NULL), None)
        if missing is not None:
            return f"{name}/{missing}"
    return None


def answer_while_away(mailbox: Mailbox, sender: Address, now: datetime, *, is_inside: bool) -> str | None:
    """The automatic reply that this sender gets now; nobody is told twice."""
    setting = settings_of(mailbox)["automaticRepliesSetting"]
    if not _is_away(setting, now) or sender.key in mailbox.replied:
        return None
    audience = setting["externalAudience"]
    if not is_inside and (audience == "none" or (audience == "contactsOnly" and not _knows(mailbox.owner, sender))):
        return None
    mailbox.replied.add(sender.key)
    return str(setting["internalReplyMessage" if is_inside else "externalReplyMessage"] or "") or None


def away_message(mailbox: Mailbox, now: datetime) -> str:
    """What mail tips say of a mailbox whose owner is away; nothing otherwise."""
    setting = settings_of(mailbox)["automaticRepliesSetting"]
    return str(setting["internalReplyMessage"] or "") if _is_away(setting, now) else ""


def _is_away(setting: Mapping[str, Any], now: datetime) -> bool:
    if setting["status"] != "scheduled":
        return bool(setting["status"] == "alwaysEnabled")
    try:
        start, end = (moment_of(setting[name] or {}) for name in ("scheduledStartDateTime", "scheduledEndDateTime"))
    except TimeError:
        return False
    return start <= now < end


def _knows(owner: Entity, sender: Address) -> bool:
    known = (mail for contact in owner.set_of("contacts") for mail in contact.get("emailAddresses") or ())
    return any(str(mail.get("address") or "").lower() == sender.key for mail in known)
