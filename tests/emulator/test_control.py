"""The control routes: what they do, what they show, and whom they turn away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from emulator import DEMO_CLIENT_ID, Policy, Tenant, build_emulator
from emulator.clock import Clock
from emulator.control import PREFIX, Control, controlled
from emulator.graph.subscriptions.state import notifications_of
from emulator.tenant import Person
from tests.emulator.subscriptions.webhook import Webhook, body
from tests.emulator.support import NOW, small_tenant

HOST = "http://localhost:4000"


@pytest.fixture
def control() -> Control:
    clock = Clock(NOW.timestamp)
    return Control(build_emulator(small_tenant(), clock=clock), clock, small_tenant)


@pytest.fixture
async def http(control: Control) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=controlled(control)), base_url=HOST) as client:
        yield client


async def asked(http: httpx.AsyncClient, method: str, name: str, body: Any = None) -> Any:
    response = await http.request(method, f"{PREFIX}/{name}", json=body)
    assert response.status_code in (200, 201), response.text
    assert response.headers["content-type"] == "application/json"
    return response.json()


async def refused(http: httpx.AsyncClient, method: str, name: str, body: Any = None) -> tuple[int, str, str]:
    response = await http.request(method, f"{PREFIX}/{name}", json=body)
    error = response.json()["error"]
    return response.status_code, error["code"], error["message"]


def head(control: Control) -> Person:
    return control.tenant.demo_person


def token(control: Control, *scopes: str) -> dict[str, str]:
    wanted = scopes or ("User.Read", "Mail.Read")
    return {"Authorization": f"Bearer {control.entra.access_token(head(control), scopes=wanted)}"}


async def test_it_says_what_there_is(control: Control, http: httpx.AsyncClient) -> None:
    body = await asked(http, "GET", "")
    assert body["tenant"] == {"id": control.tenant.id, "domain": "lindenhall.example", "displayName": "Lindenhall"}
    assert [each["displayName"] for each in body["people"]] == ["Ada Lind", "Bo McAllister", "Cy Falk", "Dee Ruiz"]
    assert {"POST /_emulator/seed", "GET /_emulator/outbox", "GET /_emulator"} <= set(body["routes"])
    assert body["clock"] == {"now": "2026-03-11T14:30:00Z", "running": True}


async def test_everything_else_goes_to_the_emulator(control: Control, http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1.0/me", headers=token(control))).json()["displayName"] == "Ada Lind"
    assert (await http.get(f"/{control.tenant.id}/v2.0/.well-known/openid-configuration")).status_code == 200
    assert (await http.get("/_emulators")).status_code == 400


# --- seed


async def test_a_seeded_thing_is_there_for_graph(control: Control, http: httpx.AsyncClient) -> None:
    made = await asked(
        http, "POST", "seed", {"path": "users/zed@lindenhall.example", "values": {"displayName": "Zed", "city": "Ulm"}}
    )
    assert made["type"] == "microsoft.graph.user"
    assert (made["values"]["displayName"], made["values"]["city"]) == ("Zed", "Ulm")
    answer = await http.get(f"/v1.0/users/{made['id']}?$select=city", headers=token(control, "User.Read.All"))
    assert answer.json()["city"] == "Ulm"


async def test_several_are_seeded_at_once(control: Control, http: httpx.AsyncClient) -> None:
    person = head(control)
    items = [{"path": f"users/{person.id}/messages", "values": {"subject": subject}} for subject in ("One", "Two")]
    made = await asked(http, "POST", "seed", {"items": items})
    assert [each["values"]["subject"] for each in made["items"]] == ["One", "Two"]
    listed = (await http.get("/v1.0/me/messages?$select=subject", headers=token(control))).json()["value"]
    assert {each["subject"] for each in listed} == {"One", "Two"}


async def test_a_seeded_thing_can_be_filled_and_of_a_type(http: httpx.AsyncClient) -> None:
    body = {"path": "groups", "type": "group", "fill": True}
    made = await asked(http, "POST", "seed", body)
    assert made["type"] == "microsoft.graph.group"
    assert made["values"]["description"]


async def test_passwords_are_not_shown(http: httpx.AsyncClient) -> None:
    values = {"passwordProfile": {"password": "not to be seen"}}
    made = await asked(http, "POST", "seed", {"path": "users/zed@lindenhall.example", "values": values})
    assert "not to be seen" not in str(made)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param({}, "path: Field required", id="nothing"),
        pytest.param({"path": ""}, "path: String should have at least 1 character", id="no path"),
        pytest.param({"path": "users", "value": {}}, "value: Extra inputs are not permitted", id="misspelt"),
        pytest.param({"path": "nonsense"}, "Resource not found for the segment 'nonsense'.", id="no path of Graph"),
        pytest.param({"path": "users/x@y.example", "values": {"nose": 1}}, "'nose' does not exist", id="no property"),
        pytest.param({"items": []}, "items: List should have at least 1 item", id="no items"),
        pytest.param({"items": [{"path": 7}]}, "items.0.path: Input should be a valid string", id="a wrong item"),
        pytest.param([], "valid dictionary", id="a list"),
        pytest.param({"path": "$metadata"}, "", id="no thing"),
    ],
)
async def test_what_cannot_be_seeded_is_told(http: httpx.AsyncClient, body: Any, told: str) -> None:
    status, code, message = await refused(http, "POST", "seed", body)
    assert (status, code) == (400, "BadRequest")
    assert told in message


# --- reset


async def test_a_reset_brings_back_the_beginning(control: Control, http: httpx.AsyncClient) -> None:
    before = token(control, "User.ReadWrite")
    await http.patch("/v1.0/me", json={"city": "Oslo"}, headers=before)
    await asked(http, "POST", "seed", {"path": "users/zed@lindenhall.example"})
    await asked(http, "POST", "faults", {"throttling": {"latency": 1}, "graph": [{}], "entra": [{"kind": "outage"}]})
    await asked(http, "POST", "clock", {"advance": 600, "running": False})
    control.entra.policies.add(Policy(blocks_device_code=True))
    control.entra.state(head(control)).locked = True
    body = await asked(http, "POST", "reset")
    assert len(body["people"]) == 4
    assert body["clock"] == {"now": "2026-03-11T14:30:00Z", "running": True}
    # A token from before stays good.
    assert (await http.get("/v1.0/me?$select=city", headers=before)).json()["city"] == "Bremen"
    assert not control.throttle.is_on
    assert control.chaos.is_fine
    assert control.entra.weather.is_fine
    assert not control.entra.state(head(control)).locked
    assert (await asked(http, "GET", "calls"))["calls"][0]["path"] == "/v1.0/me"


async def test_the_sign_in_half_goes_on_hearing_of_accounts(control: Control, http: httpx.AsyncClient) -> None:
    await asked(http, "POST", "reset")
    await asked(http, "POST", "reset")
    heard: list[str] = []
    control.tenant.account_listeners.append(lambda what, _: heard.append(what))
    control.tenant.tell("disabled", head(control))
    assert heard == ["disabled"]
    assert len(control.tenant.account_listeners) == 2


async def test_a_reset_ends_subscriptions_and_leaves_webhooks_within_reach(
    control: Control, http: httpx.AsyncClient
) -> None:
    webhook = Webhook()
    notifications_of(control.tenant).web.transport = httpx.MockTransport(webhook)

    async def subscribe() -> int:
        mine = token(control, "Mail.ReadWrite")
        return (await http.post("/v1.0/subscriptions", json=body("me/messages"), headers=mine)).status_code

    assert await subscribe() == 201
    await asked(http, "POST", "reset")
    mine = token(control, "Mail.ReadWrite")
    assert (await http.get("/v1.0/subscriptions", headers=mine)).json()["value"] == []
    await http.post("/v1.0/me/messages", json={"subject": "unheard"}, headers=mine)
    await notifications_of(control.tenant).settle()
    assert webhook.news == []
    assert await subscribe() == 201
    await http.post("/v1.0/me/messages", json={"subject": "heard"}, headers=mine)
    await notifications_of(control.tenant).settle()
    assert [one["changeType"] for one in webhook.news] == ["created"]


async def test_what_was_handed_over_is_not_reset() -> None:
    clock = Clock(NOW.timestamp)
    control = Control(build_emulator(small_tenant(), clock=clock), clock)
    transport = httpx.ASGITransport(app=controlled(control))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        status, code, _ = await refused(client, "POST", "reset")
    assert (status, code) == (409, "NothingToResetTo")


# --- clock


@pytest.mark.parametrize(
    ("change", "now", "running"),
    [
        pytest.param({"advance": 90}, "2026-03-11T14:31:30Z", True, id="moved"),
        pytest.param({"advance": -60}, "2026-03-11T14:29:00Z", True, id="moved back"),
        pytest.param({"now": "2030-01-01T01:00:00+01:00"}, "2030-01-01T00:00:00Z", True, id="set"),
        pytest.param({"running": False}, "2026-03-11T14:30:00Z", False, id="stopped"),
        pytest.param({"now": "2030-01-01T00:00:00Z", "running": False}, "2030-01-01T00:00:00Z", False, id="both"),
    ],
)
async def test_the_clock_is_changed(http: httpx.AsyncClient, change: Any, now: str, running: bool) -> None:
    assert await asked(http, "POST", "clock", change) == {"now": now, "running": running}
    assert await asked(http, "GET", "clock") == {"now": now, "running": running}


async def test_a_stopped_clock_goes_on(http: httpx.AsyncClient) -> None:
    await asked(http, "POST", "clock", {"running": False})
    assert (await asked(http, "POST", "clock", {"running": True}))["running"]


async def test_answers_and_tokens_go_by_the_clock(control: Control, http: httpx.AsyncClient) -> None:
    mine = token(control)
    assert (await http.get("/v1.0/me", headers=mine)).status_code == 200
    await asked(http, "POST", "clock", {"advance": 7200})
    late = await http.get("/v1.0/me", headers=mine)
    assert (late.status_code, late.headers["date"]) == (401, "Wed, 11 Mar 2026 16:30:00 GMT")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"now": "2030-01-01T00:00:00"}, id="no zone"),
        pytest.param({"now": "2030-01-01T00:00:00Z", "advance": 1}, id="set and moved"),
        pytest.param({"advance": "soon"}, id="no number"),
        pytest.param({"advance": 1e12}, id="beyond all years"),
        pytest.param({"now": "9999-12-31T23:59:59Z"}, id="the end of all years"),
        pytest.param({"now": "0001-01-01T00:00:00+14:00"}, id="before all years"),
        pytest.param({"now": "1969-12-31T23:59:59Z", "running": False}, id="before time is counted"),
        pytest.param({"advance": -4e9}, id="moved too far back"),
        pytest.param({"forward": 1}, id="misspelt"),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(http: httpx.AsyncClient, change: Any) -> None:
    assert (await refused(http, "POST", "clock", change))[:2] == (400, "BadRequest")
    assert await asked(http, "GET", "clock") == {"now": "2026-03-11T14:30:00Z", "running": True}


async def test_steps_of_the_clock_do_not_add_up_beyond_its_years(http: httpx.AsyncClient) -> None:
    await asked(http, "POST", "clock", {"now": "9000-12-01T00:00:00Z"})
    _, _, message = await refused(http, "POST", "clock", {"advance": 1e8})
    assert message == "The clock shows the years 1970 to 9000 only."
    assert (await http.get("/v1.0/me")).status_code == 401


# --- faults


async def test_the_limits_are_turned_on_and_off(control: Control, http: httpx.AsyncClient) -> None:
    body = await asked(http, "POST", "faults", {"throttling": {"factors": {"directoryUnits": 0.0003}, "latency": 0}})
    assert body["throttling"]["on"]
    assert body["throttling"]["limits"]["directoryUnits"] == {"amount": 1, "seconds": 10}
    assert body["throttling"]["limits"]["mailboxConcurrency"] == {"amount": 4}
    mine = token(control)
    assert [(await http.get("/v1.0/me", headers=mine)).status_code for _ in range(2)] == [200, 429]
    await asked(http, "POST", "faults", {"throttling": {"on": False}})
    assert (await http.get("/v1.0/me", headers=mine)).status_code == 200


async def test_trouble_at_graph_is_made_shown_and_ended(control: Control, http: httpx.AsyncClient) -> None:
    wanted = [
        {"method": "GET", "path": "me", "status": 429, "retryAfter": 3, "times": 2, "body": "json"},
        {"kind": "torn", "times": None},
        {"status": 503, "retryAfter": "2026-03-11T15:00:00Z"},
    ]
    body = await asked(http, "POST", "faults", {"graph": wanted})
    assert [(each["kind"], each["times"]) for each in body["graph"]] == [("error", 2), ("torn", None), ("error", 1)]
    assert body["graph"][2]["retryAfter"] == "2026-03-11T15:00:00Z"
    mine = token(control)
    answer = await http.get("/v1.0/me", headers=mine)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert (await asked(http, "GET", "faults"))["graph"][0]["times"] == 1
    assert (await asked(http, "DELETE", "faults"))["graph"] == []
    assert (await http.get("/v1.0/me", headers=mine)).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        pytest.param({"service": "outlook", "spares": 2}, {"service": "outlook", "spares": 2}, id="for a service"),
        pytest.param(
            {"kind": "redirect", "target": "loop"}, {"status": 302, "target": "loop", "service": None}, id="a redirect"
        ),
        pytest.param(
            {"kind": "link", "target": "another-host", "link": "nextLink"},
            {"target": "another-host", "link": "nextLink"},
            id="a link",
        ),
        pytest.param({"kind": "gzip-bomb", "size": 1000}, {"size": 1000}, id="a bomb"),
        pytest.param({"kind": "slow", "polls": 9}, {"polls": 9}, id="a slow copy"),
        pytest.param({"kind": "slow"}, {"polls": 5}, id="a slow copy as usual"),
        pytest.param(
            {"kind": "challenge", "user": "ada.lind@lindenhall.example", "claims": "{}"}, {"claims": "{}"}, id="claims"
        ),
        pytest.param({"kind": "torn-part"}, {"times": 1}, id="a torn part"),
    ],
)
async def test_every_kind_of_trouble_can_be_made_and_shown(
    control: Control, http: httpx.AsyncClient, wanted: dict[str, Any], shown: dict[str, Any]
) -> None:
    (found,) = (await asked(http, "POST", "faults", {"graph": [wanted]}))["graph"]
    assert shown.items() <= found.items()
    assert found["kind"] == wanted.get("kind", "error")
    if "user" in wanted:
        assert found["user"] == head(control).id


async def test_a_round_trip_can_be_asked_for(control: Control, http: httpx.AsyncClient) -> None:
    body = await asked(http, "POST", "faults", {"throttling": {"on": False, "roundTrip": 0.5}})
    assert (body["throttling"]["roundTrip"], control.throttle.round_trip) == (0.5, 0.5)
    assert (await asked(http, "DELETE", "faults"))["throttling"]["roundTrip"] == 0


async def test_trouble_at_the_sign_in_is_made_and_shown(control: Control, http: httpx.AsyncClient) -> None:
    person = head(control)
    wanted = [
        {"kind": "throttle", "retryAfter": 5, "times": 1, "clientId": DEMO_CLIENT_ID},
        {"kind": "outage", "status": 502, "body": "json", "endpoint": ""},
        {"kind": "tear", "user": person.user_principal_name},
    ]
    body = await asked(http, "POST", "faults", {"entra": wanted})
    assert [each["kind"] for each in body["entra"]] == ["throttle", "outage", "tear"]
    assert [each["status"] for each in body["entra"]][:2] == [429, 502]
    assert body["entra"][2]["user"] == person.id
    form = {"grant_type": "refresh_token", "client_id": DEMO_CLIENT_ID}
    answers = [await http.post(f"/{control.tenant.id}/oauth2/v2.0/token", data=form) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 502, 400]
    assert answers[0].headers["retry-after"] == "5"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param({"graph": [{"status": 200}]}, "graph.0.status", id="a status that is none"),
        pytest.param({"graph": [{"kind": "hiccup"}]}, "graph.0.kind", id="unknown trouble"),
        pytest.param({"graph": [{}, {"kind": "link"}]}, "needs a 'target'", id="a link to nowhere"),
        pytest.param({"graph": [{"kind": "torn", "size": 3}]}, "has no 'size'", id="a fact of another kind"),
        pytest.param({"graph": [{"kind": "challenge", "user": "x"}]}, "nobody called 'x'", id="nobody challenged"),
        pytest.param({"graph": [{"service": "mail"}]}, "graph.0.service", id="unknown service"),
        pytest.param({"graph": [{"times": 0}]}, "graph.0.times", id="never"),
        pytest.param({"throttling": {"factor": 0}}, "throttling.factor", id="no factor"),
        pytest.param({"throttling": {"factors": {"mail": 1}}}, "There is no limit 'mail'", id="no such limit"),
        pytest.param({"entra": [{"kind": "tear", "user": "nobody"}]}, "nobody called 'nobody'", id="nobody"),
        pytest.param({"entra": [{}]}, "entra.0.kind: Field required", id="no kind"),
        pytest.param({"chaos": []}, "chaos: Extra inputs", id="misspelt"),
    ],
)
async def test_trouble_that_makes_no_sense_is_refused(
    control: Control, http: httpx.AsyncClient, body: Any, told: str
) -> None:
    status, code, message = await refused(http, "POST", "faults", body)
    assert (status, code) == (400, "BadRequest")
    assert told in message
    assert (control.throttle.is_on, control.chaos.is_fine, control.entra.weather.is_fine) == (False, True, True)


# --- calls and outbox


async def test_calls_are_kept_with_who_made_them(control: Control, http: httpx.AsyncClient) -> None:
    mine = token(control)
    await http.get("/v1.0/me?$select=id", headers=mine)
    await http.get("/beta/me/events", headers=mine)
    await http.get("/v1.0/me")
    logged = (await asked(http, "GET", "calls"))["calls"]
    person = head(control)
    assert [(each["method"], each["path"], each["query"], each["status"]) for each in logged] == [
        ("GET", "/v1.0/me", "$select=id", 200),
        ("GET", "/beta/me/events", "", 403),
        ("GET", "/v1.0/me", "", 401),
    ]
    assert [each["user"] for each in logged] == [person.id, person.id, None]
    assert logged[0]["at"] == "2026-03-11T14:30:00Z"
    assert not logged[0]["isPart"]
    assert mine["Authorization"].partition(" ")[2] not in str(logged)
    assert await asked(http, "DELETE", "calls") == {"calls": []}
    assert await asked(http, "GET", "calls") == {"calls": []}


async def test_a_pre_authenticated_address_is_kept_without_its_secret(
    control: Control, http: httpx.AsyncClient
) -> None:
    (first, *_) = control.graph.service.open_paths
    await http.get(f"/v1.0/{first}/very-secret?tempauth=secret")
    assert "secret" not in str((await asked(http, "GET", "calls"))["calls"])


async def test_mail_that_left_the_tenant_is_in_the_outbox(control: Control, http: httpx.AsyncClient) -> None:
    to = [{"emailAddress": {"address": address}} for address in ("out@elsewhere.example", "cy.falk@lindenhall.example")]
    message = {"subject": "Hello", "body": {"contentType": "text", "content": "Hi."}, "toRecipients": to}
    sent = await http.post("/v1.0/me/sendMail", json={"message": message}, headers=token(control, "Mail.Send"))
    assert sent.status_code == 202
    (left,) = (await asked(http, "GET", "outbox"))["messages"]
    assert (left["subject"], left["recipients"]) == ("Hello", ["out@elsewhere.example"])
    assert (left["sender"], left["at"]) == ("ada.lind@lindenhall.example", "2026-03-11T14:30:00Z")
    assert left["attachments"] == []
    assert await asked(http, "DELETE", "outbox") == {"messages": []}
    assert await asked(http, "GET", "outbox") == {"messages": []}


# --- mail from outside


async def test_mail_comes_in_from_outside(control: Control, http: httpx.AsyncClient) -> None:
    letter = {"from": "Olga Strand <olga@elsewhere.example>", "to": "ada.lind@lindenhall.example", "subject": "Lamps"}
    answer = await http.post(f"{PREFIX}/mail", json={**letter, "body": "Three of them."})
    assert answer.status_code == 201, answer.text
    (made,) = answer.json()["messages"]
    assert (made["type"], made["values"]["subject"]) == ("microsoft.graph.message", "Lamps")
    (found,) = (await http.get("/v1.0/me/messages", headers=token(control))).json()["value"]
    assert (found["id"], found["receivedDateTime"], found["isRead"]) == (made["id"], "2026-03-11T14:30:01Z", False)
    assert found["from"]["emailAddress"] == {"name": "Olga Strand", "address": "olga@elsewhere.example"}
    assert found["toRecipients"][0]["emailAddress"]["name"] == "Ada Lind"
    assert found["body"] == {"contentType": "text", "content": "Three of them."}


async def test_mail_to_several_is_one_for_each_and_may_be_html(control: Control, http: httpx.AsyncClient) -> None:
    to = [person.address.address for person in list(control.tenant.people.values())[:2]]
    letter = {"from": "olga@elsewhere.example", "to": to, "body": "<p>Hello</p>", "html": True}
    found = (await asked(http, "POST", "mail", letter))["messages"]
    assert len({each["id"] for each in found}) == 2
    assert {each["values"]["body"]["contentType"] for each in found} == {"html"}


async def test_mail_from_outside_meets_rules_and_automatic_replies(control: Control, http: httpx.AsyncClient) -> None:
    headers = token(control, "Mail.ReadWrite", "MailboxSettings.ReadWrite")
    actions = {"displayName": "Lamps", "sequence": 1, "actions": {"markAsRead": True}}
    made = await http.post("/v1.0/me/mailFolders/inbox/messageRules", json=actions, headers=headers)
    away = {"automaticRepliesSetting": {"status": "alwaysEnabled", "externalReplyMessage": "Out"}}
    changed = await http.patch("/v1.0/me/mailboxSettings", json=away, headers=headers)
    assert (made.status_code, changed.status_code) == (201, 200)
    letter = {"from": "olga@elsewhere.example", "to": head(control).address.address, "subject": "Lamps"}
    (found,) = (await asked(http, "POST", "mail", letter))["messages"]
    assert found["values"]["isRead"] is True
    (reply,) = (await asked(http, "GET", "outbox"))["messages"]
    assert (reply["subject"], reply["recipients"]) == ("Automatic reply: Lamps", ["olga@elsewhere.example"])


async def test_mail_from_outside_reaches_the_members_of_a_group(control: Control, http: httpx.AsyncClient) -> None:
    values = {"displayName": "All", "mail": "all@lindenhall.example", "mailEnabled": True}
    group = control.seed("groups", values)
    group.links_of("members").add(head(control))
    letter = {"from": "olga@elsewhere.example", "to": "ALL@lindenhall.example"}
    (found,) = (await asked(http, "POST", "mail", letter))["messages"]
    assert found["values"]["toRecipients"] == [{"emailAddress": {"name": "All", "address": "ALL@lindenhall.example"}}]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param({"to": "ada.lind@lindenhall.example"}, "from: Field required", id="from nobody"),
        pytest.param({"from": "a@b.example"}, "to: Field required", id="to nobody"),
        pytest.param({"from": "a@b.example", "to": []}, "to: List should have at least 1 item", id="to none"),
        pytest.param({"from": "a@b.example", "to": 7}, "to: Input should be a valid list", id="to a number"),
        pytest.param({"from": "olga", "to": "ada.lind@lindenhall.example"}, "'olga' is no mail address", id="a name"),
        pytest.param({"from": "a@b.example", "to": "x@lindenhall.example"}, "gets mail at 'x@", id="an unknown name"),
        pytest.param({"from": "a@b.example", "to": "x@y.example"}, "Nobody here gets mail", id="to an outsider"),
    ],
)
async def test_mail_that_cannot_come_in_is_told(
    control: Control, http: httpx.AsyncClient, body: Any, told: str
) -> None:
    status, code, message = await refused(http, "POST", "mail", body)
    assert (status, code) == (400, "BadRequest")
    assert told in message
    assert control.outbox == []


# --- who may ask, and how


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        pytest.param("192.0.2.7", {}, id="another machine"),
        pytest.param("somewhere", {}, id="a client that has a name"),
        pytest.param("::ffff:192.0.2.7", {}, id="another machine by the newer protocol"),
        pytest.param("127.0.0.1", {"Host": "attacker.example"}, id="a name that leads here"),
        pytest.param("127.0.0.1", {"Host": "[::1"}, id="a name that is none"),
        pytest.param("127.0.0.1", {"Origin": "https://attacker.example"}, id="a page"),
        pytest.param("127.0.0.1", {"X-Emulator-Webhook": "1"}, id="a notification"),
        pytest.param("127.0.0.1", {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"}, id="a page's form"),
    ],
)
async def test_others_are_turned_away(control: Control, client: str, headers: dict[str, str]) -> None:
    transport = httpx.ASGITransport(app=controlled(control), client=(client, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as http:
        answer = await http.post(f"{PREFIX}/reset", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "NotAllowed")


async def test_a_handshake_is_turned_away(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{PREFIX}/reset", params={"validationToken": "x"})
    assert (answer.status_code, answer.json()["error"]["message"]) == (403, "Control is not for webhooks.")


async def test_a_subscription_cannot_reset_the_tenant(control: Control, http: httpx.AsyncClient) -> None:
    async def sleep(_: float) -> None:
        """Wait for nothing between attempts."""

    notifications_of(control.tenant).sleep = sleep
    web = notifications_of(control.tenant).web
    mine = token(control, "Mail.ReadWrite")
    wanted = body("me/messages", notificationUrl=f"{HOST}{PREFIX}/reset")
    here = httpx.ASGITransport(app=controlled(control))
    web.transport = here
    assert (await http.post("/v1.0/subscriptions", json=wanted, headers=mine)).status_code == 400
    web.transport = httpx.MockTransport(Webhook())
    assert (await http.post("/v1.0/subscriptions", json=wanted, headers=mine)).status_code == 201
    web.transport = here
    made = (await http.post("/v1.0/me/messages", json={"subject": "kept"}, headers=mine)).json()
    await notifications_of(control.tenant).settle()
    assert (await http.get(f"/v1.0/me/messages/{made['id']}", headers=mine)).status_code == 200


async def test_a_program_that_names_a_mode_of_fetching_is_no_page(control: Control) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=controlled(control)), base_url=HOST) as http:
        assert (await http.get(PREFIX, headers={"Sec-Fetch-Mode": "cors"})).status_code == 200


@pytest.mark.parametrize(
    ("client", "host"),
    [
        pytest.param("127.0.0.1", "127.0.0.1:4000", id="by its address"),
        pytest.param("::1", "[::1]:4000", id="by its newer address"),
        pytest.param("::ffff:127.0.0.1", "localhost", id="by both"),
        pytest.param("testclient", "localhost", id="in this process"),
    ],
)
async def test_this_computer_is_known_by_every_address(control: Control, client: str, host: str) -> None:
    transport = httpx.ASGITransport(app=controlled(control), client=(client, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as http:
        assert (await http.get(PREFIX, headers={"Host": host})).status_code == 200


async def test_an_unknown_route_or_method_is_told(http: httpx.AsyncClient) -> None:
    assert (await refused(http, "GET", "seeds"))[:2] == (404, "NoSuchRoute")
    status, code, message = await refused(http, "DELETE", "seed")
    assert (status, code, message) == (405, "MethodNotAllowed", "This route takes POST.")


@pytest.mark.parametrize(
    ("content", "kind", "told"),
    [
        pytest.param(b"{", "application/json", "no JSON", id="broken"),
        pytest.param(b"[" * 100_000, "application/json", "no JSON", id="nested too deeply"),
        pytest.param(b"a=1", "application/x-www-form-urlencoded", "has to be JSON", id="a form"),
    ],
)
async def test_a_body_that_is_no_json_is_refused(http: httpx.AsyncClient, content: bytes, kind: str, told: str) -> None:
    answer = await http.post(f"{PREFIX}/clock", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert told in answer.json()["error"]["message"]


async def test_what_listens_otherwise_is_left_to_the_emulator(control: Control) -> None:
    reached: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup" if not reached else "lifespan.shutdown"}

    async def send(message: Any) -> None:
        reached.append(message["type"])

    await controlled(control)({"type": "lifespan", "state": {}}, receive, send)
    assert reached == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_the_demo_has_no_control_routes() -> None:
    app = build_emulator(Tenant(), clock=lambda: datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    assert not any(PREFIX in getattr(route, "path", "") for route in app.routes)
