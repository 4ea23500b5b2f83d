"""What a scope or a role of our API lets its bearer do here."""

from __future__ import annotations

from auth.inbound.claims import Bearer
from errors import NotAdmitted
from principal import Level, Rights
from settings import Settings

ACCESS, READ = "mcp.access", "mcp.read"
"""Delegated scopes: all that the server allows, and reading alone."""
FULL_ROLE, READ_ROLE = "mcp.full", "mcp.read"
"""App roles: everything, with nobody to ask, and reading alone."""

_NO_SCOPE = f"The token has neither of the scopes {ACCESS} and {READ}."
_NO_ROLE = (
    f"The app has neither of the roles {FULL_ROLE} and {READ_ROLE}. Whoever administers Entra assigns them, and grants "
    "consent."
)
_APP = (
    "The token is an app's own, with no person behind it. Such callers need ENTRA_AUTH_MODE=application, which lets in "
    "no people."
)
_PERSON = "The token is a person's, and ENTRA_AUTH_MODE=application lets in apps alone."


class AccessRules:
    """Gives people or apps their rights: whichever of the two this server is for."""

    def __init__(self, settings: Settings) -> None:
        level, self._is_for_apps = Level(settings.level), settings.auth_mode == "application"
        self._for_scopes = {ACCESS: Rights(level), READ: Rights(Level.READ)}
        most = Level.READ if level is Level.READ else Level.FULL
        self._for_roles = {
            FULL_ROLE: Rights(most, is_daemon=True),
            READ_ROLE: Rights(Level.READ, is_daemon=True),
        }

    def rights_of(self, bearer: Bearer) -> Rights:
        """What they may do; raises NotAdmitted for those whom the server is not for, or who were given nothing."""
        if (bearer.scopes is None) != self._is_for_apps:
            raise NotAdmitted(_PERSON if self._is_for_apps else _APP)
        granted, offered = (
            (bearer.roles, self._for_roles) if bearer.scopes is None else (bearer.scopes, self._for_scopes)
        )
        found = next((rights for name, rights in offered.items() if name in granted), None)
        if found is None:
            raise NotAdmitted(_NO_ROLE if self._is_for_apps else _NO_SCOPE, error="insufficient_scope")
        return found
