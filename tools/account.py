"""Account: who this server works as."""

from __future__ import annotations

from tools._render import Answer
from tools._services import CallerAccounts, Graph
from tools._toolset import Toolset
from tools._untrusted import one_line

account = Toolset("account", "See who is signed in.")


class WhoAmI(Answer):
    """The account, and what it was granted."""

    signed_in: bool
    name: str | None = None
    username: str | None = None
    job: str | None = None
    tenant_id: str | None = None
    cloud: str | None = None
    permissions: tuple[str, ...] = ()

    def as_text(self) -> str:
        if not self.signed_in:
            return "Nobody is signed in: sign-in is switched off. Unset ENTRA_ENABLE_AUTH and start again."
        who = f"{self.name} <{self.username}>" if self.username else f"the app {self.name}, without a person"
        job = f", {self.job}" if self.job else ""
        granted = ", ".join(self.permissions) or "none"
        return f"Signed in as {who}{job}. Tenant {self.tenant_id}, {self.cloud} cloud. Permissions: {granted}."


@account.read("User.Read", application=(), needs_token=False)
async def whoami(accounts: CallerAccounts, graph: Graph) -> WhoAmI:
    """Show who is signed in, in which tenant, and with which permissions."""
    identity = await accounts.identity()
    if identity is None:
        return WhoAmI(signed_in=False)
    profile = await graph.get("me", {"$select": "jobTitle,department"}) if identity.username else {}
    job = ", ".join(one_line(profile[key]) for key in ("jobTitle", "department") if profile.get(key))
    return WhoAmI(
        signed_in=True,
        name=one_line(identity.name),
        username=identity.username or None,
        job=job or None,
        tenant_id=identity.principal.tenant_id,
        cloud=identity.principal.cloud,
        permissions=identity.permissions,
    )
