"""Account: who this server works as."""

from __future__ import annotations

from tools._render import Answer
from tools._services import CallerAccounts, Graph
from tools._toolset import Toolset
from tools._untrusted import one_line

account = Toolset("account", "See who is signed in.")

# Any of these lets a person's own profile be read.
_READS_PROFILE = ("User.Read", "Directory.Read")


class WhoAmI(Answer):
    """The account, and what it was granted."""

    signed_in: bool
    name: str | None = None
    username: str | None = None
    job: str | None = None
    tenant_id: str | None = None
    cloud: str | None = None
    permissions: tuple[str, ...] | None = None

    def as_text(self) -> str:
        if not self.signed_in:
            return "Nobody is signed in: sign-in is switched off. Unset ENTRA_ENABLE_AUTH and start again."
        who = f"{self.name} <{self.username}>" if self.username else f"the app {self.name}, without a person"
        job = f", {self.job}" if self.job else ""
        tenant = f" Tenant {self.tenant_id}, {self.cloud} cloud." if self.tenant_id else ""
        granted = "not told" if self.permissions is None else ", ".join(self.permissions) or "none"
        return f"Signed in as {who}{job}.{tenant} Permissions: {granted}."


@account.read("User.Read", application=(), needs_token=False)
async def whoami(accounts: CallerAccounts, graph: Graph) -> WhoAmI:
    """Show who is signed in, in which tenant, and with which permissions."""
    identity = await accounts.identity()
    if identity is None:
        return WhoAmI(signed_in=False)
    granted = identity.permissions
    has_profile = identity.is_person and (granted is None or any(each.startswith(_READS_PROFILE) for each in granted))
    query = {"$select": "displayName,userPrincipalName,jobTitle,department"}
    profile = await graph.get("me", query) if has_profile else {}
    job = ", ".join(one_line(profile[key]) for key in ("jobTitle", "department") if profile.get(key))
    return WhoAmI(
        signed_in=True,
        name=one_line(identity.name or profile.get("displayName")),
        username=identity.username or profile.get("userPrincipalName"),
        job=job or None,
        tenant_id=identity.principal.tenant_id or None,
        cloud=identity.principal.cloud,
        permissions=granted,
    )
