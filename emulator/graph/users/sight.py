"""Who sees how much of a person."""

from __future__ import annotations

from emulator.faults import DirectoryDenied
from emulator.graph.engine.call import Call
from emulator.graph.engine.permits import has_any
from emulator.graph.engine.target import Target
from emulator.permissions import needs_of
from emulator.store import Entity

_BASIC = frozenset({"displayName", "givenName", "id", "mail", "securityIdentifier", "surname", "userPrincipalName"})
_NAME = frozenset({"id"})
_WHOLE = (
    "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All",
    "Directory.AccessAsUser.All", "User.Invite.All", "User.DeleteRestore.All", "LicenseAssignment.ReadWrite.All",
)  # fmt: skip
_WHOLE_SELF = ("User.Read", "User.ReadWrite")
# With these a person reaches the own account only, though the table lists them for anybody's.
_SELF_ONLY = frozenset(
    {"User.Read", "User.ReadWrite", "UserAuthenticationMethod.Read", "UserAuthenticationMethod.ReadWrite",
     "Presence.ReadWrite", "Presence.Read", "profile", "openid"}
)  # fmt: skip


def visible(call: Call, entity: Entity) -> frozenset[str] | None:
    """All that a caller sees of a person; nothing stands for everything."""
    if "user_sight" not in call.state:
        call.state["user_sight"] = has_any(call, *_WHOLE), has_any(call, "User.ReadBasic.All")
    sees_whole, sees_basics = call.state["user_sight"]
    is_own = entity.id == call.caller.user_id and has_any(call, *_WHOLE_SELF)
    if sees_whole or is_own:
        return None
    return _BASIC if sees_basics else _NAME


def check_self_only(call: Call, target: Target) -> None:
    """Refuse other people's things to a person whose permissions are for the own account."""
    home = target.home
    if home is None or call.caller.user_id in (None, home.id) or home.kind.name != "microsoft.graph.user":
        return
    needs = needs_of(call.method, target.place)
    opening = needs.delegated & call.caller.scopes if needs else frozenset()
    if opening and opening <= _SELF_ONLY and not has_any(call, *_WHOLE):
        raise DirectoryDenied
