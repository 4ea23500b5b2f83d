"""Who is inside the organisation, and how a preview shows those who are not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import graph as ours
from emulator import Tenant, build_emulator
from emulator.entra import Caller
from emulator.graph.directory.state import add_domain, domains_of
from errors import SignInNeeded
from graph import BearerAuth, Speaker
from tests.emulator.support import FakeEntra, app_only, delegated, small_tenant
from tests.graph.support import HOST, client_on
from tools._outside import Home, home_of, is_consumer

HOME = Home(["contoso.com", "Contoso.onmicrosoft.com", "bücher.example"], "ines@contoso.com")


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("jonas@contoso.com", id="a colleague"),
        pytest.param("Jonas@CONTOSO.COM", id="in capitals"),
        pytest.param("jonas@contoso.onmicrosoft.com", id="at another verified domain"),
        pytest.param("jonas@xn--bcher-kva.example", id="at a verified domain in other letters"),
    ],
)
def test_an_address_at_a_verified_domain_is_inside(address: str) -> None:
    assert not HOME.is_outside(address)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(None, id="nobody"),
        pytest.param("", id="nothing"),
        pytest.param("Jonas", id="a name"),
        pytest.param("j@evil.example", id="another domain"),
        pytest.param("j@mail.contoso.com", id="below a verified domain"),
        pytest.param("j@notcontoso.com", id="a domain that ends alike"),
        pytest.param("j@contoso.com.evil.example", id="a domain that begins alike"),
        pytest.param("j@\u0441ontoso.com", id="a letter that looks alike"),
        pytest.param("ines@contoso.com <j@evil.example>", id="a name that poses as an address"),
        pytest.param("j@evil.example,ines@contoso.com", id="two addresses"),
        pytest.param("/o=ExchangeLabs/ou=x/cn=Recipients/cn=ines", id="an Exchange name"),
        pytest.param("j_evil.example#EXT#@contoso.onmicrosoft.com", id="a guest"),
        pytest.param("\0" * 100_000, id="garbage"),
    ],
)
def test_everybody_else_is_outside_and_so_is_what_cannot_be_read(address: str | None) -> None:
    assert HOME.is_outside(address)


def test_without_domains_only_the_very_address_is_inside() -> None:
    home = Home([], "Ines@outlook.com")
    assert not home.is_outside("ines@outlook.com")
    assert home.is_outside("jonas@outlook.com")
    assert Home([]).is_outside("")


def test_a_guest_is_not_outside_to_themselves() -> None:
    guest = "ines_home.example#EXT#@contoso.com"
    assert not Home(["contoso.com"], guest).is_outside(guest)


@pytest.mark.parametrize(
    ("address", "name", "shown"),
    [
        pytest.param("jonas@contoso.com", "Jonas", "Jonas <jonas@contoso.com>", id="a colleague"),
        pytest.param("j@evil.example", "Jonas", "Jonas <j@evil.example> (outside)", id="an outsider"),
        pytest.param("j@evil.example", None, "j@evil.example (outside)", id="without a name"),
        pytest.param("j@evil.example", "j@evil.example", "j@evil.example (outside)", id="the address as name"),
        pytest.param("j@evil.example", "ines@contoso.com", "j@evil.example (outside)", id="another address as name"),
        pytest.param("j@evil.example", "ines\uff20contoso.com", "j@evil.example (outside)", id="almost an address"),
        pytest.param(
            "j@evil.example", 'Boss> "x" (inside) <y', "Boss x inside y <j@evil.example> (outside)", id="brackets"
        ),
        pytest.param("j@evil.example", "J\u202eo\nn", "Jo n <j@evil.example> (outside)", id="what cannot be seen"),
        pytest.param(
            "j@\u0441ontoso.com", "Jonas", "Jonas <j@xn--ontoso-hrf.com> (outside)", id="letters that look alike"
        ),
        pytest.param("Ines <j@evil.example>", "", "j@evil.example (outside)", id="a name within the address"),
        pytest.param("no\u200bbody", "", "nobody (outside)", id="no address"),
        pytest.param("", "", "(no address) (outside)", id="nothing"),
        pytest.param(None, "Jonas", "Jonas <(no address)> (outside)", id="a name alone"),
    ],
)
def test_a_preview_shows_who_it_really_is(address: str | None, name: str | None, shown: str) -> None:
    assert HOME.shown(address, name) == shown


def test_a_preview_stays_short() -> None:
    assert len(HOME.shown("x" * 100_000, "y" * 100_000)) < 400


@pytest.mark.parametrize(
    ("domain", "is_one"),
    [
        pytest.param("gmail.com", True, id="gmail"),
        pytest.param("outlook.com", True, id="outlook"),
        pytest.param("hotmail.co.uk", True, id="a family in another country"),
        pytest.param("contoso.com", False, id="a company"),
        pytest.param("outlookers.example", False, id="a company with such a beginning"),
    ],
)
def test_a_consumer_domain_is_nobodys_home(domain: str, is_one: bool) -> None:
    assert is_consumer(domain) is is_one


class Organization:
    """A Graph that answers about the organisation, and notes what it was asked."""

    def __init__(self, status: int, answer: Any) -> None:
        self.asked: list[httpx.URL] = []
        self._reply = (status, answer)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        return httpx.Response(self._reply[0], json=self._reply[1])


def refusal(status: int) -> Organization:
    return Organization(status, {"error": {"code": "Authorization_RequestDenied", "message": "No."}})


def of_domains(*domains: Any) -> Organization:
    return Organization(200, {"value": [{"verifiedDomains": list(domains)}]})


async def home_on(graph: Organization, username: str = "ines@contoso.com", *, is_personal: bool = False) -> Home:
    async with client_on(graph) as client:
        return await home_of(client, username, is_personal=is_personal)


async def test_the_verified_domains_are_asked_for_once() -> None:
    graph = of_domains({"name": "Contoso.com"}, {"name": "fabrikam.example"})
    async with client_on(graph) as client:
        for _ in range(2):
            home = await home_of(client, "ines@contoso.com")
            assert home.domains == {"contoso.com", "fabrikam.example"}
    assert [url.path for url in graph.asked] == ["/v1.0/organization"]
    assert graph.asked[0].params["$select"] == "verifiedDomains"


@pytest.mark.parametrize(
    "graph",
    [
        pytest.param(refusal(403), id="a permission is missing"),
        pytest.param(refusal(404), id="there is none"),
        pytest.param(refusal(400), id="it is not understood"),
    ],
)
async def test_where_graph_does_not_tell_the_username_does(graph: Organization) -> None:
    home = await home_on(graph)
    assert home.domains == {"contoso.com"}


@pytest.mark.parametrize(
    "username",
    [
        pytest.param("ines@outlook.com", id="a consumer domain"),
        pytest.param("ines_home.example#EXT#@contoso.com", id="a guest"),
        pytest.param("", id="no username"),
    ],
)
async def test_a_username_that_says_nothing_of_a_tenant_makes_no_home(username: str) -> None:
    home = await home_on(refusal(403), username)
    assert home.domains == frozenset()
    assert home.is_outside("jonas@outlook.com")
    assert home.is_outside(username) is (username == "")


async def test_a_personal_account_has_no_organisation_and_nobody_is_asked() -> None:
    graph = of_domains({"name": "contoso.com"})
    home = await home_on(graph, is_personal=True)
    assert (home.domains, graph.asked) == (frozenset(), [])
    assert not home.is_outside("ines@contoso.com")


@pytest.mark.parametrize(
    "graph",
    [
        pytest.param(Organization(200, {"value": []}), id="no organisation"),
        pytest.param(Organization(200, {}), id="no list"),
        pytest.param(Organization(200, {"value": [3, {"verifiedDomains": None}, {}]}), id="no domains"),
        pytest.param(of_domains(None, 3, {}, {"name": None}, {"name": "-"}), id="no names"),
    ],
)
async def test_an_answer_without_domains_leaves_only_the_very_address_inside(graph: Organization) -> None:
    home = await home_on(graph)
    assert home.domains == frozenset()
    assert not home.is_outside("ines@contoso.com")


async def home_in(tenant: Tenant, caller: Caller, username: str) -> Home:
    app = build_emulator(tenant, entra=FakeEntra(caller))
    async with client_on(httpx.ASGITransport(app=app)) as client:
        return await home_of(client, username)


@pytest.mark.parametrize(
    ("permission", "as_app"),
    [
        pytest.param("User.Read", False, id="a person with the least there is"),
        pytest.param("Organization.Read.All", True, id="an app that may read about the organisation"),
        pytest.param("Mail.Read", True, id="an app that may not"),
    ],
)
async def test_the_demo_tenant_tells_its_domains(permission: str, *, as_app: bool) -> None:
    tenant = small_tenant()
    person = tenant.person("ada.lind@lindenhall.example")
    caller = app_only(permission) if as_app else delegated(person, permission)
    home = await home_in(tenant, caller, person.user_principal_name)
    assert home.domains == {tenant.domain}
    assert not home.is_outside("bo.mcallister@lindenhall.example")
    assert home.is_outside("j@evil.example")


async def test_only_what_graph_tells_makes_a_second_domain_inside() -> None:
    tenant = small_tenant()
    assert [domain.id for domain in domains_of(tenant)] == [tenant.domain]
    add_domain(tenant, {"id": "fabrikam.example", "isVerified": True})
    add_domain(tenant, {"id": "unproved.example"})
    person = tenant.person("ada.lind@lindenhall.example")
    told = await home_in(tenant, delegated(person, "User.Read"), person.user_principal_name)
    assert told.domains == {tenant.domain, "fabrikam.example"}
    untold = await home_in(tenant, app_only("Mail.Read"), person.user_principal_name)
    assert untold.domains == {tenant.domain}


async def test_it_is_no_matter_of_domains_when_nobody_is_signed_in() -> None:
    class NobodyIsSignedIn:
        async def token(self, *_: object, **__: object) -> str:
            raise SignInNeeded("Open the page.")

    who = Speaker(BearerAuth(NobodyIsSignedIn(), (), HOST), ours.Caller("contoso", "ines"), "nobody")
    async with client_on(of_domains(), who) as client:
        with pytest.raises(SignInNeeded):
            await home_of(client, "ines@contoso.com")
