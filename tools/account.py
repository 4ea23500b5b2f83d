"""Account: who this server works as, and who else is signed in."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from principal import names_of
from tools._listing import named_account
from tools._render import Answer
from tools._services import Accounts, CallerAccounts, CallerIdentity, Graph
from tools._toolset import Toolset
from tools._untrusted import one_line

account = Toolset("account", "See who is signed in; sign accounts in and out.", is_default=True)

# Any of these lets a person's own profile be read.
_READS_PROFILE = ("User.Read", "Directory.Read")
_NOBODY = "Nobody is signed in. account_login signs somebody in."
_PROFILE_SECONDS = 300


class WhoAmI(Answer):
    """The account, and what it was granted."""

    signed_in: bool
    name: str | None = None
    username: str | None = None
    job: str | None = None
    tenant_id: str | None = None
    cloud: str | None = None
    permissions: tuple[str, ...] | None = None

    def says(self) -> str:
        if not self.signed_in:
            return "Nobody is signed in: sign-in is switched off. Unset ENTRA_ENABLE_AUTH and start again."
        who = f"{self.name} <{self.username}>" if self.username else f"the app {self.name}, without a person"
        job = f", {self.job}" if self.job else ""
        tenant = f" Tenant {self.tenant_id}, {self.cloud} cloud." if self.tenant_id else ""
        granted = "not told" if self.permissions is None else ", ".join(self.permissions) or "none"
        return f"Signed in as {who}{job}.{tenant} Permissions: {granted}."


class Row(BaseModel):
    """One signed-in account; `account` is what the tools call it."""

    account: str
    default: bool
    personal: bool
    tenant_id: str

    def as_line(self) -> str:
        kind = "personal" if self.personal else f"work or school, tenant {self.tenant_id}"
        return f"{'* ' if self.default else '  '}{self.account} | {kind}"


class AccountList(Answer):
    """Everybody who is signed in."""

    accounts: list[Row]

    def says(self) -> str:
        if not self.accounts:
            return _NOBODY
        return "\n".join(["Signed in, * the default:", *(row.as_line() for row in self.accounts)])


class LoggedIn(Answer):
    """Who came, and who is signed in now: the default account first."""

    account: str
    signed_in: list[str]

    def says(self) -> str:
        return f"{self.account} is signed in. {_now(self.signed_in)}".rstrip()


class LoggedOut(Answer):
    """Who went, and who is still signed in: the default account first."""

    signed_out: list[str]
    signed_in: list[str]

    def says(self) -> str:
        went = f"Signed out: {', '.join(self.signed_out)}." if self.signed_out else "Nobody was signed in."
        return f"{went} {_now(self.signed_in)}".rstrip()


class Selected(Answer):
    """Whom calls work as from now on."""

    account: str

    def says(self) -> str:
        return f"Calls that name no account work as {self.account} from now on."


@account.read(wants=("User.Read",), application=(), needs_token=False)
async def whoami(identity: CallerIdentity, graph: Graph) -> WhoAmI:
    """Show who is signed in, in which tenant, and with which permissions."""
    if identity is None:
        return WhoAmI(signed_in=False)
    granted = identity.permissions
    has_profile = identity.is_person and (granted is None or any(each.startswith(_READS_PROFILE) for each in granted))
    query = {"$select": "displayName,userPrincipalName,jobTitle,department"}
    profile = await graph.get("me", query, keep=_PROFILE_SECONDS) if has_profile else {}
    job = ", ".join(one_line(profile[key]) for key in ("jobTitle", "department") if profile.get(key))
    return WhoAmI(
        signed_in=True,
        name=one_line(identity.name or profile.get("displayName")),
        username=one_line(identity.username or profile.get("userPrincipalName")) or None,
        job=job or None,
        tenant_id=identity.principal.tenant_id or None,
        cloud=identity.principal.cloud,
        permissions=granted,
    )


@account.read()
async def list_(accounts: CallerAccounts) -> AccountList:
    """List the accounts that are signed in."""
    named = names_of(await accounts.listed())
    rows = [
        Row(account=name, default=each.is_selected, personal=each.is_personal, tenant_id=each.tenant_id)
        for name, each in named.items()
    ]
    return AccountList(accounts=rows)


@account.write(open_world=True)
async def login(
    accounts: CallerAccounts,
    account: Annotated[str | None, Field(description="Username; the person chooses if left out.")] = None,
) -> LoggedIn:
    """Have the person sign in, also with one more account."""
    identity = await accounts.login(one_line(account, 254) or None)
    who = one_line(identity.username) or one_line(identity.name)
    return LoggedIn(account=who, signed_in=await _default_first(accounts))


@account.write(removes=True, repeatable=True)
async def logout(
    accounts: CallerAccounts,
    account: Annotated[str | None, Field(description="Whom; the default account if left out.")] = None,
) -> LoggedOut:
    """Sign an account out and forget its tokens here. Only if the person asks for it."""
    gone = await accounts.logout(await _meant(account, accounts) if account else None)
    return LoggedOut(signed_out=list(names_of(gone)), signed_in=await _default_first(accounts))


@account.write(repeatable=True)
async def select(accounts: CallerAccounts, account: str) -> Selected:
    """Choose the default account."""
    selected = await accounts.select(await _meant(account, accounts))
    return Selected(account=next(iter(names_of([selected]))))


def _now(names: list[str]) -> str:
    which = ", the default first" if len(names) > 1 else ""
    return f"Signed in now{which}: {', '.join(names)}." if names else ""


async def _default_first(accounts: Accounts) -> list[str]:
    named = names_of(await accounts.listed())
    return sorted(named, key=lambda name: not named[name].is_selected)


async def _meant(account: str, accounts: Accounts) -> str:
    """Its id. Where nobody is listed, the accounts know best what is wrong."""
    listed = await accounts.listed()
    return named_account(account, listed).id if listed else account
