"""Reading the scope parameter: which permissions of which resource are asked for, and in which spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from emulator.entra.errors import EntraError
from emulator.entra.graph_permissions import DELEGATED
from emulator.entra.registrations import AppRegistration, Registrations

GRAPH_ID = "00000003-0000-0000-c000-000000000000"
IDENTITY = ("openid", "profile", "email", "offline_access")
DEFAULT = ".default"

_TOKEN = re.compile(r"[!#-\[\]-~]+")


@dataclass(frozen=True)
class Resources:
    """What a scope can be of: the Graph of the tenant's cloud, and the APIs of the tenant."""

    graph_url: str
    apps: Registrations
    tenant: str

    @property
    def of_graph(self) -> tuple[str, ...]:
        """What may be written before a permission of Graph; the address of another cloud's Graph may not."""
        return (self.graph_url, GRAPH_ID)


@dataclass(frozen=True)
class Scopes:
    """A scope parameter, understood. `spelling` has each permission asked for and what was written before it.

    A token is for one resource. `beside` is what the same request asks of others, so that it is consented to as well.
    """

    identity: frozenset[str]
    spelling: tuple[tuple[str, str], ...]
    resource_id: str = GRAPH_ID
    beside: tuple[Scopes, ...] = ()

    @property
    def parts(self) -> tuple[Scopes, ...]:
        """What is asked of each resource."""
        return (self, *self.beside)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.spelling)

    @property
    def qualified(self) -> frozenset[str]:
        """The permissions asked for by name, as the ledger of consent has them."""
        return frozenset(qualified(self.resource_id, name) for name in self.names if name != DEFAULT)

    @property
    def prefix(self) -> str:
        """What the caller writes before the permissions: the resource's address, its app id, or nothing."""
        return self.spelling[0][1] if self.spelling else ""

    @property
    def is_default(self) -> bool:
        return self.names == (DEFAULT,)

    @property
    def is_for_graph(self) -> bool:
        return self.resource_id == GRAPH_ID

    @property
    def audience(self) -> str:
        """What a version 1 token is for: the resource as it was addressed, Graph's app id when it was not."""
        if self.is_for_graph:
            return self.prefix.rstrip("/").lower() or GRAPH_ID
        return self.prefix.rstrip("/") or self.resource_id

    @property
    def listed(self) -> tuple[str, ...]:
        """All that is asked, for a person to read."""
        others = (prefix + name for part in self.beside for name, prefix in part.spelling)
        return (*self.names, *others, *(name for name in IDENTITY if name in self.identity))

    def echoed(self, granted: Iterable[str]) -> str:
        """The scope of a token response: what was granted, in the spelling that was used to ask."""
        # MSAL looks its cache up by the spelling it used, so an answer in any other is a miss each time.
        names = [*granted, *([DEFAULT] if self.is_default else [])]
        spelling = dict(self.spelling)
        # The answers for other resources than Graph leave out who is signed in.
        shown = (name for name in IDENTITY if name in self.identity and name != "offline_access" and self.is_for_graph)
        return " ".join((*(spelling.get(name, self.prefix) + name for name in names), *shown))


def qualified(resource_id: str, name: str) -> str:
    """A permission as registrations and the ledger write it: plain when it is Graph's."""
    return name if resource_id == GRAPH_ID else f"{resource_id.lower()}/{name}"


def unqualified(resource_id: str, names: Iterable[str]) -> Iterator[str]:
    """The permissions of one resource among those of all."""
    for each in names:
        owner, _, name = each.rpartition("/")
        if (owner or GRAPH_ID).lower() == resource_id.lower():
            yield name


def read_scopes(text: str, resources: Resources) -> Scopes:
    """Understand a scope parameter of a delegated flow, or refuse it as Entra does."""
    asked = [part for part in text.split(" ") if part]
    if not asked:
        raise EntraError(900144, field="scope")
    identity = frozenset(part for part in asked if part in IDENTITY)
    spellings: dict[str, dict[str, str]] = {}
    for part in asked:
        if part not in IDENTITY:
            resource_id, name, prefix = _split(part, text, resources)
            spellings.setdefault(resource_id, {})[name] = prefix
    if len({*asked} - {*IDENTITY}) > 1 and any(DEFAULT in spelling for spelling in spellings.values()):
        raise EntraError(70011, scope=text, reason="mixes .default with single permissions of the resource")
    first, *others = [(each, tuple(spelling.items())) for each, spelling in spellings.items()] or [(GRAPH_ID, ())]
    beside = tuple(Scopes(frozenset(), spelling, resource_id) for resource_id, spelling in others)
    return Scopes(identity, first[1], first[0], beside)


def read_app_scope(text: str, resources: Resources) -> Scopes:
    """The resource that client credentials ask for: exactly one `{resource}/.default`."""
    asked = text.split()
    if len(asked) != 1:
        raise EntraError(70011, scope=text, reason="must name exactly one resource")
    if asked[0] != DEFAULT and not asked[0].endswith(f"/{DEFAULT}"):
        raise EntraError(1002012, scope=text)
    resource_id, name, prefix = _split(asked[0], text, resources)
    return Scopes(frozenset(), ((name, prefix),), resource_id)


def check_resource(form: Mapping[str, str], scopes: Scopes, resources: Resources) -> None:
    """Refuse a `resource` (RFC 8707) that is not the one whose scopes are asked for, to the letter."""
    written = form.get("resource", "")
    if written and written not in _addresses(scopes, resources):
        raise EntraError(9010010, resource=written)


def _addresses(scopes: Scopes, resources: Resources) -> tuple[str, ...]:
    api = resources.apps.api(scopes.resource_id)
    if api is not None:
        return (api.client_id, *api.identifier_uris)
    # Scopes without any resource are Graph's only by default: naming it beside them is a contradiction, too.
    return resources.of_graph if scopes.prefix else ()


def _split(part: str, text: str, resources: Resources) -> tuple[str, str, str]:
    """One scope as its resource's id, the permission's proper name, and what was written before it."""
    if not _TOKEN.fullmatch(part):
        raise EntraError(70011, scope=text, reason="has characters that a scope cannot have")
    prefix = next((f"{known}/" for known in resources.of_graph if part.lower().startswith(f"{known}/")), "")
    found = None if prefix or "/" not in part else resources.apps.resource(part)
    api, prefix = (found[0], f"{found[1]}/") if found else (None, prefix)
    name = part[len(prefix) :].removeprefix("/")
    if "/" in name:
        raise EntraError(500011, resource=part.rpartition("/")[0], tenant=resources.tenant)
    resource_id, permissions = (api.client_id, _exposed(api)) if api else (GRAPH_ID, DELEGATED)
    if name != DEFAULT and name.lower() not in permissions:
        raise EntraError(650053, scope=name, resource=resource_id)
    return resource_id, permissions.get(name.lower(), name), part[: len(part) - len(name)]


def _exposed(api: AppRegistration) -> Mapping[str, str]:
    return {name.lower(): name for name in api.exposed_scopes}
