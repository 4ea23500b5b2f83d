"""Exchange's keyword language: what a `$search` on messages finds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from emulator import Tenant
from emulator.graph.mail.state import Address, Attachment
from emulator.odata import ODataError
from emulator.tenant import Person
from tests.emulator.support import NOW, client_for, delegated, error_of, pages, small_tenant, subjects

OLGA = Address("Olga Strand", "olga@elsewhere.example")


def fill(tenant: Tenant, ada: Person, bo: Person) -> None:
    tenant.add_message(
        ada,
        "Budget review",
        "<p>The quarterly numbers look fine.</p>",
        sent=NOW - timedelta(minutes=30),
        sender=bo.address,
        to=(ada.address,),
        attachments=(Attachment("figures.csv", "text/csv", b""),),
    )
    tenant.add_message(
        ada,
        "Lunch",
        "<p>Pizza or numbers quarterly?</p>",
        sent=NOW - timedelta(days=1),
        sender=OLGA,
        to=(ada.address, bo.address),
        cc=(Address("Carla", "carla@elsewhere.example"),),
        importance="high",
        is_read=True,
    )
    tenant.add_message(
        ada,
        "Re: Budget",
        "<p>Second opinion</p>",
        sent=NOW - timedelta(days=33),
        sender=OLGA,
        to=(bo.address,),
        bcc=(ada.address,),
        categories=("Red category",),
    )


@pytest.fixture
def tenant() -> Tenant:
    tenant = small_tenant()
    ada, bo = list(tenant.people.values())[:2]
    fill(tenant, ada, bo)
    return tenant


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with client_for(tenant, delegated(tenant.demo_person)) as client:
        yield client


BUDGET, LUNCH, OLD = "Budget review", "Lunch", "Re: Budget"


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        pytest.param("budget", [BUDGET, OLD], id="bare word, no quotes"),
        pytest.param('"BUDGET"', [BUDGET, OLD], id="case does not matter"),
        pytest.param('"olga"', [LUNCH, OLD], id="word in the sender"),
        pytest.param('"quart"', [BUDGET, LUNCH], id="beginning of a word"),
        pytest.param('"uarter"', [], id="not inside a word"),
        pytest.param('"numbers pizza"', [LUNCH], id="all words"),
        pytest.param('"\\"quarterly numbers\\""', [BUDGET], id="phrase"),
        pytest.param('"subject:budget from:olga"', [OLD], id="properties together"),
        pytest.param('"subject:\\"budget review\\""', [BUDGET], id="phrase in a property"),
        pytest.param('"from:olga@elsewhere.example"', [LUNCH, OLD], id="from by address"),
        pytest.param('"to:ada"', [BUDGET, LUNCH], id="to"),
        pytest.param('"cc:carla"', [LUNCH], id="cc"),
        pytest.param('"bcc:ada"', [OLD], id="bcc"),
        pytest.param('"recipients:ada"', [BUDGET, LUNCH, OLD], id="recipients"),
        pytest.param('"participants:bo"', [BUDGET, LUNCH, OLD], id="participants"),
        pytest.param('"body:opinion"', [OLD], id="body"),
        pytest.param('"attachment:figures"', [BUDGET], id="attachment name"),
        pytest.param('"hasAttachments:true"', [BUDGET], id="with attachments"),
        pytest.param('"hasAttachment:no"', [LUNCH, OLD], id="without attachments"),
        pytest.param('"isread:true"', [LUNCH], id="read"),
        pytest.param('"importance:high"', [LUNCH], id="importance"),
        pytest.param('"category:red"', [OLD], id="category"),
        pytest.param('"kind:email budget"', [BUDGET, OLD], id="kind"),
        pytest.param('"pizza OR opinion"', [LUNCH, OLD], id="or"),
        pytest.param('"budget NOT opinion"', [BUDGET], id="not"),
        pytest.param('"budget AND (opinion OR pizza)"', [OLD], id="parentheses"),
        pytest.param('"subject:(lunch OR review)"', [BUDGET, LUNCH], id="parentheses after a property"),
        pytest.param('"foo:budget"', [], id="unknown property is text"),
        pytest.param('"received:2026-03-10"', [LUNCH], id="a day"),
        pytest.param('"received:03/10/2026"', [LUNCH], id="a day, American"),
        pytest.param('"received>=2026-03-10"', [BUDGET, LUNCH], id="from a day on"),
        pytest.param('"received>2026-03-10"', [BUDGET], id="after a day"),
        pytest.param('"received<2026-03-10"', [OLD], id="before a day"),
        pytest.param('"received<=2026-03-10"', [LUNCH, OLD], id="up to a day"),
        pytest.param('"received:2026-02-01..2026-03-10"', [LUNCH, OLD], id="range"),
        pytest.param('"received>=2026-03-11T13:00:00Z"', [BUDGET], id="a moment"),
        pytest.param('"sent>=2026-03-11T13:00:00"', [BUDGET], id="a moment without zone"),
        pytest.param('"received:today"', [BUDGET], id="today"),
        pytest.param('"received:yesterday"', [LUNCH], id="yesterday"),
        pytest.param('"received:\\"this week\\""', [BUDGET, LUNCH], id="this week"),
        pytest.param('"received:\\"last month\\""', [OLD], id="last month"),
    ],
)
async def test_a_search_finds_the_newest_first(graph: httpx.AsyncClient, search: str, expected: list[str]) -> None:
    assert subjects(await graph.get("/me/messages", params={"$search": search})) == expected


@pytest.mark.parametrize(
    "search",
    [
        pytest.param('"(budget"', id="open parenthesis"),
        pytest.param('"budget)"', id="closed parenthesis"),
        pytest.param('"budget OR"', id="nothing after OR"),
        pytest.param('"AND budget"', id="nothing before AND"),
        pytest.param('"received:someday"', id="no date"),
        pytest.param('"received:2026-02-30T00:00:00"', id="impossible moment"),
        pytest.param('"hasAttachments:perhaps"', id="neither true nor false"),
        pytest.param('"subject:***"', id="no word"),
        pytest.param('budget "open', id="open quote"),
    ],
)
async def test_a_bad_search_is_refused(graph: httpx.AsyncClient, search: str) -> None:
    status, code, _ = error_of(await graph.get("/me/messages", params={"$search": search}))
    assert (status, code) == (400, "BadRequest")


async def test_search_pages_by_an_opaque_token(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    for number in range(21):
        tenant.add_message(tenant.demo_person, f"Needle {number}", sent=NOW - timedelta(hours=number + 40))
    seen = [page async for page in pages(graph, '/me/messages?$search="needle"&$top=8&$count=true')]
    assert [len(page["value"]) for page in seen] == [8, 8, 5]
    assert [page.get("@odata.count") for page in seen] == [21, None, None]
    assert "$skiptoken=" in seen[0]["@odata.nextLink"]
    assert len({item["id"] for page in seen for item in page["value"]}) == 21


async def test_search_stays_inside_the_folder(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    tenant.add_message(tenant.demo_person, "Budget kept", folder="archive")
    assert subjects(await graph.get('/me/mailFolders/archive/messages?$search="budget"')) == ["Budget kept"]


def test_odata_errors_are_plain_exceptions() -> None:
    assert str(ODataError("why")) == "why"
