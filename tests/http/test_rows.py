"""Each attack of the list against the whole service: what is named in ROWS fails when its defence is taken out."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from emulator.tenant import Person
from tests.http.edge import SENDS
from tests.http.forging import forged, forgeries
from tests.http.rows import NOT_OURS, ROWS
from tests.http.scene import CLIENT, PUBLIC_URL, RESOURCE, SCOPE, HttpCloud
from tests.http.service import HeldCloud, Service, heard, message_in, modern, older, service, until

ROOT = Path(__file__).resolve().parents[2]
HOST = PUBLIC_URL.removeprefix("https://")
APP = "https://app.contoso.com"
LISTS = "mail_list_messages"
MAIL: dict[str, Any] = {"to": ["eve@elsewhere.example"], "subject": "Minutes", "text": "Here they are."}
WELL_KNOWN = "/.well-known/oauth-protected-resource"
HEAD = f"Host: {HOST}\r\nConnection: close\r\n"


def test_every_row_is_held_by_tests_that_there_are() -> None:
    wanted = {f"A{number:02}" for number in range(1, 18)} | {f"T{number:02}" for number in range(1, 23)}
    assert wanted <= ROWS.keys() | NOT_OURS
    for name in {name for names in ROWS.values() for name in names}:
        path, _, test = (name if "/" in name else f"tests/http/test_rows.py::{name}").partition("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^(?:async )?def {test or 'test_'}", text, re.MULTILINE), name


@pytest.fixture(scope="module")
def cloud() -> HeldCloud:
    cloud = HeldCloud(exposed_scopes=("mcp.access", "mcp.read", "mcp.other"))
    for person in (cloud.ines, cloud.jonas):
        for number in range(3):
            cloud.tenant.add_message(person, f"Mail of {person.display_name} {number}", f"Text {person.display_name}")
    return cloud


@pytest.fixture(scope="module")
async def house(cloud: HeldCloud) -> AsyncIterator[Service]:
    """The service as most people run it."""
    async with service(cloud, {"CORS_ORIGINS": APP, "HTTP_CLIENTS": CLIENT, "HTTP_BODY_BYTES": "65536"}) as running:
        yield running


@pytest.fixture(scope="module")
async def behind(cloud: HeldCloud) -> AsyncIterator[Service]:
    """The same behind a proxy that says where requests come from, with little patience."""
    rates = {"HTTP_ADDRESS_RATE": "8/hour", "HTTP_FAILURE_RATE": "3/hour", "HTTP_CALLER_RATE": "6/hour"}
    async with service(cloud, {"TRUSTED_PROXIES": "127.0.0.1", "HTTP_CALLER_CALLS": "2", **rates}) as running:
        yield running


async def knock(house: Service, token: str, **headers: str) -> httpx.Response:
    """Who is let in hears that this is no message."""
    async with house.http(token, **headers) as http:
        return await http.post(RESOURCE, json={})


async def read(house: Service, token: str) -> str:
    answer = await house.calls(token, LISTS)
    return str(message_in(answer.text)["result"]["content"][0]["text"])


def challenge_in(answer: httpx.Response) -> str:
    return str(answer.headers.get("www-authenticate", ""))


# Who may call.


async def test_without_a_good_token_there_is_a_challenge_and_no_detail(house: Service) -> None:
    expired = forged(house.cloud, {"exp": int(time.time()) - 600})
    answers = [await knock(house, token) for token in ("", "garbage", expired)]
    start = f'Bearer resource_metadata="{PUBLIC_URL}{WELL_KNOWN}/mcp", scope="{SCOPE}"'
    assert [answer.status_code for answer in answers] == [401] * 3
    assert all(challenge_in(answer).startswith(start) for answer in answers)
    assert answers[1].content == answers[2].content
    assert all(len(answer.content) < 200 for answer in answers)


async def test_the_metadata_is_at_both_places_and_names_the_public_url_whatever_the_host(house: Service) -> None:
    async with house.http() as http:
        answers = [
            await http.get(path, headers={"Host": host})
            for path in (WELL_KNOWN, f"{WELL_KNOWN}/mcp")
            for host in (HOST, "127.0.0.1", "localhost:9")
        ]
        refused = [await http.post(RESOURCE, json={}, headers={"Host": host}) for host in (HOST, "127.0.0.1")]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    document = answers[0].json()
    assert document["resource"] == RESOURCE
    assert document["authorization_servers"] == [
        f"https://login.microsoftonline.com/{house.cloud.tenant.id}/v2.0",
    ]
    assert "offline_access" not in answers[0].text
    assert challenge_in(refused[0]) == challenge_in(refused[1])


async def test_a_session_opens_no_door_and_a_token_that_was_revoked_between_calls_is_turned_away(
    house: Service,
) -> None:
    token = house.cloud.token()
    session = await house.session(token)
    call = ("tools/call", {"name": LISTS, "arguments": {}}, 3)
    assert "Mail of Ines" in (await house.within(token, session, *call)).text
    for shown in ("", "garbage", forged(house.cloud, {"exp": int(time.time()) - 600})):
        assert (await house.within(shown, session, *call)).status_code == 401
        async with house.http(shown, **{"Mcp-Session-Id": session}) as http:
            assert (await http.get(RESOURCE)).status_code == 401
    house.cloud.entra.revoke_sessions(house.cloud.ines)
    assert "Mail of Ines" not in (await house.within(token, session, *call)).text
    assert (await house.within(token, session, *call)).status_code == 401
    assert (await house.calls(token, LISTS)).status_code == 401


async def test_a_forged_token_lets_nobody_in(house: Service) -> None:
    assert (await knock(house, forged(house.cloud))).status_code == 400, "one that is only forged well is taken"
    async with house.http() as http:
        for name, token in forgeries(house.cloud).items():
            answer = await http.post(RESOURCE, json={}, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 401, name
            assert "invalid_token" in challenge_in(answer), name


async def test_a_token_for_graph_is_no_token_for_us(house: Service) -> None:
    graph = house.cloud.entra.access_token(house.cloud.ines, scopes=["Mail.Read"])
    assert (await knock(house, graph)).status_code == 401


async def test_an_app_is_no_person(house: Service) -> None:
    for roles in ((), ("mcp.full",)):
        assert (await knock(house, house.cloud.app_token(*roles, client=CLIENT))).status_code in {401, 403}


async def test_too_narrow_a_scope_is_challenged_with_the_whole_one(house: Service) -> None:
    cloud = house.cloud
    none = cloud.entra.access_token(cloud.ines, scopes=[f"{RESOURCE}/mcp.other"], client_id=CLIENT)
    narrow, wide = cloud.token(cloud.ines, "mcp.read"), cloud.token()
    answers = [await knock(house, none), await house.calls(narrow, SENDS, arguments=MAIL)]
    for answer in answers:
        assert answer.status_code == 403
        assert f'scope="{SCOPE}", error="insufficient_scope"' in challenge_in(answer)
    assert "Mail of Ines" in await read(house, narrow)
    asked = message_in((await house.calls(wide, SENDS, arguments=MAIL)).text)
    assert asked["result"]["resultType"] == "input_required"


async def test_a_tool_beyond_the_scope_is_neither_listed_nor_done(house: Service) -> None:
    cloud, names = house.cloud, dict[str, set[str]]()
    for scope in ("mcp.access", "mcp.read"):
        async with house.http(cloud.token(cloud.jonas, scope)) as http:
            listed = message_in((await http.post(RESOURCE, **modern("tools/list"))).text)
        names[scope] = {tool["name"] for tool in listed["result"]["tools"]}
    assert names["mcp.access"] - names["mcp.read"] == {SENDS}
    narrow = cloud.token(cloud.jonas, "mcp.read")
    answers = [await house.calls(narrow, SENDS, arguments=MAIL) for _ in range(2)]
    assert message_in(answers[1].text)["result"]["isError"]


async def test_a_flood_of_unknown_keys_fetches_nothing(house: Service) -> None:
    assert isinstance(house.cloud, HeldCloud)
    before = house.cloud.key_fetches
    async with house.http() as http:
        for number in range(50):
            token = forged(house.cloud, {}, {"kid": f"unknown-{number}"})
            assert (await http.post(RESOURCE, json={}, headers={"Authorization": f"Bearer {token}"})).is_error
    assert house.cloud.key_fetches <= before + 1


async def test_a_token_anywhere_but_in_the_one_header_is_refused(house: Service) -> None:
    token = house.cloud.token()
    async with house.http() as http:
        answers = [
            await http.post(f"{RESOURCE}?access_token={token}", json={}),
            await http.post(RESOURCE, data={"access_token": token}),
            await http.post(RESOURCE, json={"access_token": token}, headers={"Cookie": f"access_token={token}"}),
            await http.post(RESOURCE, json={}, headers={"Authorization": f"Basic {token}"}),
        ]
        twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {house.cloud.token()}")]
        both = await http.post(RESOURCE, json={}, headers=twice)
    async with house.http(token) as http:
        beside = await http.post(f"{RESOURCE}?access_token={token}", **modern("tools/list"))
    assert [answer.status_code for answer in answers] == [400, 401, 401, 401]
    assert (both.status_code, beside.status_code) == (400, 400)
    assert not [answer for answer in (*answers, both) if token in answer.text]


async def test_a_token_of_a_megabyte_is_not_read(house: Service) -> None:
    head = f"POST /mcp HTTP/1.1\r\n{HEAD}Content-Length: 2\r\nAuthorization: Bearer {'x' * 1_000_000}"
    assert (await house.ask(head.encode())).startswith(b"HTTP/1.1 431 ")


# What a request looks like.


async def test_only_our_own_names_are_answered(house: Service) -> None:
    token = house.cloud.token()
    evil = ["evil.example", f"{HOST}.evil.example", f"evil.example:{house.port}", f"{HOST}@evil.example", "0.0.0.0", ""]
    async with house.http(token) as http:
        for host in (*evil, "169.254.169.254", f"{HOST}:99999", "[::ffff:8.8.8.8]"):
            for path in ("/mcp", "/healthz", WELL_KNOWN):
                answer = await http.request("POST" if path == "/mcp" else "GET", path, headers={"Host": host})
                assert answer.status_code == (421 if host else 400), host
        for host in (HOST, HOST.upper(), f"{HOST}:443", "127.0.0.1"):
            assert (await http.get("/healthz", headers={"Host": host})).status_code == 200, host


async def test_pages_of_other_sites_are_refused(house: Service) -> None:
    token = house.cloud.token()
    others = [
        "null",
        "https://evil.example",
        f"{APP}.evil.example",
        f"{APP}:444",
        "http://app.contoso.com",
        "file://",
        "",
    ]
    for origin in (*others, "http://127.0.0.1", f"{APP}/path", f"{APP},{APP}"):
        assert (await knock(house, token, Origin=origin)).status_code == 403, origin
    for origin in (APP, PUBLIC_URL):
        assert (await knock(house, token, Origin=origin)).status_code == 400, "it came as far as the SDK"


async def test_only_listed_pages_may_call_and_a_preflight_opens_nothing(house: Service) -> None:
    wants = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, x-evil"}
    async with house.http() as http:
        listed = await http.options("/mcp", headers={"Origin": APP, **wants})
        other = await http.options("/mcp", headers={"Origin": PUBLIC_URL, **wants})
        evil = await http.options("/mcp", headers={"Origin": "https://evil.example", **wants})
        bare = await http.options("/mcp", headers={"Origin": APP})
        posted = await http.post("/mcp", json={}, headers={"Origin": APP, **wants})
        plain = await http.post("/mcp", json={})
    assert (listed.status_code, listed.headers["access-control-allow-origin"]) == (204, APP)
    assert "x-evil" not in listed.headers["access-control-allow-headers"].lower()
    assert "authorization" in listed.headers["access-control-allow-headers"].lower()
    assert [other.status_code, evil.status_code, bare.status_code, posted.status_code] == [403, 403, 401, 401]
    assert posted.headers["access-control-allow-origin"] == APP
    for answer in (listed, other, evil, posted, plain):
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers.get("access-control-allow-origin") in {APP, None}
        assert "Origin" in answer.headers.get("vary", "") or answer is evil
    assert "access-control-allow-origin" not in plain.headers


MISMATCHES: dict[str, dict[str, str]] = {
    "another method": {"Mcp-Method": "tools/list"},
    "no method": {"Mcp-Method": ""},
    "another tool": {"Mcp-Name": SENDS},
    "no name": {"Mcp-Name": ""},
    "another tool in base64": {"Mcp-Name": f"=?base64?{base64.b64encode(SENDS.encode()).decode()}?="},
    "a name that is no base64": {"Mcp-Name": "=?base64?@@?="},
    "a name that is not the usual base64": {"Mcp-Name": "=?base64?bWFpbF9saXN0X21lc3NhZ2Vz=?="},
    "another version": {"MCP-Protocol-Version": "2099-01-01"},
}


async def test_headers_that_disagree_with_the_body_are_refused(house: Service) -> None:
    made = modern("tools/call", {"name": LISTS, "arguments": {}})
    async with house.http(house.cloud.token()) as http:
        for name, changes in MISMATCHES.items():
            answer = await http.post(RESOURCE, json=made["json"], headers={**made["headers"], **changes})
            assert answer.status_code == 400, name
            assert message_in(answer.text)["error"]["code"] in {-32020, -32022}, name
        same = f"=?base64?{base64.b64encode(LISTS.encode()).decode()}?="
        assert (await http.post(RESOURCE, json=made["json"], headers={**made["headers"], "Mcp-Name": same})).is_success


async def test_what_two_readers_could_take_in_two_ways_is_refused(house: Service) -> None:
    smuggled = f"GET /healthz HTTP/1.1\r\n{HEAD}\r\n"
    bearer = f"Authorization: Bearer {house.cloud.token()}\r\n"
    keeps, chunked = f"Host: {HOST}\r\n", "Transfer-Encoding: chunked\r\n"
    requests = {
        "length and coding": f"POST /mcp HTTP/1.1\r\n{keeps}Content-Length: 5\r\n{chunked}\r\n0\r\n\r\n",
        "two lengths": f"POST /mcp HTTP/1.1\r\n{keeps}Content-Length: 2\r\nContent-Length: 0\r\n\r\n",
        "two hosts": f"GET /healthz HTTP/1.1\r\n{keeps}Host: evil.example\r\n\r\n",
        "two tokens": f"POST /mcp HTTP/1.1\r\n{keeps}{bearer}{bearer}Content-Length: 0\r\n\r\n",
        "two origins": f"GET /healthz HTTP/1.1\r\n{keeps}Origin: {APP}\r\nOrigin: https://evil.example\r\n\r\n",
        "two names": f"POST /mcp HTTP/1.1\r\n{keeps}Mcp-Name: a\r\nMcp-Name: b\r\nContent-Length: 0\r\n\r\n",
        "a folded line": f"GET /healthz HTTP/1.1\r\n{keeps}X: a\r\n b\r\n\r\n",
        "a bad chunk": f"POST /healthz HTTP/1.1\r\n{keeps}{chunked}\r\nzz\r\n",
        "NUL": f"GET /healthz HTTP/1.1\r\n{keeps}X: a\0b\r\n\r\n",
        "a bare CR": f"GET /healthz HTTP/1.1\r\n{keeps}X: a\rY: b\r\n\r\n",
        "another's address": f"GET http://evil.example/healthz HTTP/1.1\r\n{keeps}\r\n",
        "HTTP/2.0": f"GET /healthz HTTP/2.0\r\n{keeps}\r\n",
        "a hidden slash": f"GET /mcp%2f..%2fhealthz HTTP/1.1\r\n{keeps}\r\n",
    }
    for name, request in requests.items():
        answer = await house.ask((request + smuggled).encode("latin-1"))
        assert re.findall(rb"HTTP/1\.1 (\d+)", answer) in ([b"400"], [b"401"], [b"405"]), name
        assert b"connection: close" in answer.lower(), name
        assert not answer.endswith(b"ok\n"), name


async def test_forwarding_headers_count_from_our_proxies_alone(house: Service, behind: Service) -> None:
    spoofs = {
        "X-Forwarded-For": "198.51.100.1, 203.0.113.50",
        "X-Forwarded-Host": "evil.example",
        "X-Real-IP": "9.9.9.9",
    }
    for running, expected in ((house, "127.0.0.1"), (behind, "203.0.113.50")):
        with heard() as records:
            async with running.http() as http:
                answer = await http.get(
                    WELL_KNOWN, headers={**spoofs, "X-Original-URL": "/mcp", "X_Forwarded_For": "1.1.1.1"}
                )
        assert answer.json()["resource"] == RESOURCE
        assert [each.address for each in records if each.getMessage() == "request"] == [expected]
    async with behind.http() as http:
        told = {"X-Forwarded-For": "203.0.113.51", "Forwarded": "for=198.51.100.9"}
        assert (await http.get("/healthz", headers=told)).status_code == 400


async def test_what_is_too_long_too_many_or_too_deep_is_refused(house: Service) -> None:
    bearer = f"Authorization: Bearer {house.cloud.token()}\r\n"
    accept = "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
    start = f"POST /mcp HTTP/1.1\r\n{HEAD}{bearer}{accept}"
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"

    async def status(rest: bytes) -> int:
        return int((await house.ask(start.encode() + rest))[9:12])

    def whole(body: bytes) -> bytes:
        return b"Content-Length: %d\r\n\r\n" % len(body) + body

    assert await status(b"Content-Length: 67108864\r\n\r\n" + b" " * 100_000) == 413
    assert await status(b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 3) == 413
    assert await status(b"X: " + b"a" * 40_000 + b"\r\n\r\n") == 431
    assert await status(b"X: a\r\n" * 150 + b"\r\n") == 431
    assert (
        await status(whole(b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b"[" * 9999 + b"]" * 9999 + b"}"))
        == 400
    )
    assert await status(whole(b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]')) == 400


async def test_slow_senders_and_hogs_are_turned_away(cloud: HeldCloud) -> None:
    changes = {"http_receive_seconds": 0.05, "http_idle_seconds": 0.05, "http_connections_per_address": 3}
    async with service(cloud, changes=changes) as hasty:
        assert await hasty.ask(b"") == b""
        assert (await hasty.ask(b"GET /healthz HTTP/1.1\r\nHost: ")).startswith(b"HTTP/1.1 408 ")
        bearer = f"Authorization: Bearer {cloud.token()}\r\n"
        half = f"POST /mcp HTTP/1.1\r\n{HEAD}{bearer}Content-Length: 9\r\n\r\n{{".encode()
        assert (await hasty.ask(half)).startswith(b"HTTP/1.1 408 ")
        kept = await hasty.connect()
        await kept.send(f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert (await kept.answer()).status == 200
        assert await kept.rest() == b""
        kept.hang_up()
        await hasty.until_quiet()
        peers = [await hasty.connect() for _ in range(4)]
        assert b"HTTP/1.1 503 " in b"".join([await each.rest() for each in peers])
        for each in peers:
            each.hang_up()
        await hasty.until_quiet()


async def _statuses(http: httpx.AsyncClient, count: int, address: str, token: str = "") -> list[int]:
    headers = {"X-Forwarded-For": address, **({"Authorization": f"Bearer {token}"} if token else {})}
    return [(await http.post(RESOURCE, json={}, headers=headers)).status_code for _ in range(count)]


async def test_each_address_has_its_rate_and_guesses_a_smaller_one(behind: Service) -> None:
    cloud = behind.cloud
    good = cloud.token(cloud.tenant.add_person("Rated Person"))
    async with behind.http() as http:
        assert await _statuses(http, 9, "203.0.113.1") == [401] * 8 + [429]
        limited = await http.get("/healthz", headers={"X-Forwarded-For": "203.0.113.1"})
        assert (limited.status_code, int(limited.headers["retry-after"]) > 0) == (429, True)
        assert await _statuses(http, 1, "203.0.113.2", good) == [400], "others do not feel it"
        assert await _statuses(http, 4, "203.0.113.2", "guess") == [401] * 3 + [429]
        assert await _statuses(http, 1, "203.0.113.2", good) == [400], "who was let in before stays in"
        assert await _statuses(http, 1, "203.0.113.2") == [401]


async def test_each_caller_has_their_rate_and_so_many_calls_at_once(behind: Service) -> None:
    cloud = behind.cloud
    assert isinstance(cloud, HeldCloud)
    hog, victim = (cloud.token(cloud.tenant.add_person(name)) for name in ("Greedy Hog", "Patient Victim"))
    answers: list[httpx.Response] = []

    async def call() -> None:
        answers.append(await behind.calls(hog, "account_whoami"))

    with cloud.holding() as gate:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            tasks.start_soon(call)
            await cloud.until_waiting(1)
            third = await _until_refused(behind, hog)
            assert (third.status_code, "under way" in third.text) == (429, True)
            assert third.headers["retry-after"]
            assert (await knock(behind, victim)).status_code == 400
            gate.set()
    assert [answer.status_code for answer in answers] == [200, 200]
    async with behind.http() as http:
        assert (await _statuses(http, 6, "203.0.113.3", hog))[-1] == 429
        assert await _statuses(http, 1, "203.0.113.3", victim) == [400]


async def _until_refused(running: Service, token: str) -> httpx.Response:
    """The second of the two may still be on its way in."""
    answer = await knock(running, token)
    return answer if answer.status_code == 429 else await knock(running, token)


# One caller and another.


async def test_a_session_is_nothing_to_another_person(house: Service) -> None:
    mine, theirs = house.cloud.token(), house.cloud.token(house.cloud.jonas)
    session = await house.session(mine)
    call = ("tools/call", {"name": LISTS, "arguments": {}}, 1)
    stolen, unknown = [await house.within(theirs, name, *call) for name in (session, "0" * 32)]
    assert re.fullmatch(r"[0-9a-f]{32,}", session)
    assert (stolen.status_code, stolen.content) == (404, unknown.content)
    assert "Mail of Ines" in (await house.within(mine, session, *call)).text


@pytest.mark.parametrize("era", ["modern", "older"])
async def test_of_many_callers_with_the_same_id_each_gets_their_own_answer(house: Service, era: str) -> None:
    cloud, answers = house.cloud, dict[str, str]()
    assert isinstance(cloud, HeldCloud)
    people = _crowd(cloud)
    call = ("tools/call", {"name": LISTS, "arguments": {}}, 1)

    async def ask(name: str, token: str, session: str) -> None:
        async with house.http(token) as http:
            made = older(*call, session=session) if session else modern(*call)
            answers[name] = (await http.post(RESOURCE, **made)).text

    tokens = {person.display_name: cloud.token(person) for person in people}
    sessions = {name: await house.session(token) if era == "older" else "" for name, token in tokens.items()}
    with cloud.holding() as gate:
        async with anyio.create_task_group() as tasks:
            for name, token in tokens.items():
                tasks.start_soon(ask, name, token, sessions[name])
            await cloud.until_waiting(len(people))
            gate.set()
    for name, text in answers.items():
        assert set(re.findall(r"Crowd \w+", text)) == {name}


def _crowd(cloud: HttpCloud) -> list[Person]:
    people = [each for each in cloud.tenant.people.values() if each.display_name.startswith("Crowd")]
    if not people:
        people = [cloud.tenant.add_person(f"Crowd P{number}") for number in range(6)]
        for each in people:
            cloud.tenant.add_message(each, f"For {each.display_name}")
    return people


async def test_states_handles_and_cursors_of_one_are_nothing_to_another(house: Service) -> None:
    mine, theirs = house.cloud.token(), house.cloud.token(house.cloud.jonas)
    text = message_in((await house.calls(mine, LISTS, arguments={"limit": 2})).text)["result"]["content"][0]["text"]
    handle, cursor = re.findall(r"msg_[2-9a-z]{6,8}\b", text)[0], re.findall(r"next_[2-9a-z]{10}", text)[0]
    for tool, arguments in (("mail_read_message", {"id": handle}), (LISTS, {"cursor": cursor})):
        stolen, own = [await house.calls(token, tool, arguments=arguments) for token in (theirs, mine)]
        assert "known here" in stolen.text
        assert "Ines" not in stolen.text
        assert "Ines" in own.text
    asked = message_in((await house.calls(mine, SENDS, arguments=MAIL)).text)["result"]
    yes = {"action": "accept", "content": {"approve": True}}
    answered = {
        "arguments": MAIL,
        "requestState": asked["requestState"],
        "inputResponses": dict.fromkeys(asked["inputRequests"], yes),
    }
    before = _sent(house.cloud)
    swapped = await house.calls(theirs, SENDS, **answered)
    other = await house.calls(mine, SENDS, **{**answered, "arguments": {**MAIL, "subject": "Other"}})
    assert message_in(swapped.text)["error"]["data"] == {"reason": "invalid_request_state"}
    assert "error" in message_in(other.text) or message_in(other.text)["result"].get("resultType") == "input_required"
    assert _sent(house.cloud) == before
    assert not message_in((await house.calls(mine, SENDS, **answered)).text)["result"].get("isError")
    assert _sent(house.cloud) == before + 1
    await house.calls(mine, SENDS, **answered)
    assert _sent(house.cloud) == before + 1, "a yes is good once"


def _sent(cloud: HttpCloud) -> int:
    boxes = [cloud.tenant.mailbox(person) for person in (cloud.ines, cloud.jonas)]
    return sum(
        each.values["parentFolderId"] == box.folder("sentitems").id for box in boxes for each in box.messages.values()
    )


@pytest.mark.parametrize("era", ["modern", "older"])
async def test_a_client_that_leaves_ends_the_work_for_it(house: Service, era: str) -> None:
    """Older clients only leave when they say so. What was on its way to Graph is let land: see graph/connections.py."""
    cloud = house.cloud
    assert isinstance(cloud, HeldCloud)
    token = cloud.token()
    session = await house.session(token) if era == "older" else ""
    call = ("tools/call", {"name": LISTS, "arguments": {}}, 7)
    with cloud.holding(), heard() as records:
        async with house.http(token) as http, anyio.create_task_group() as tasks:
            made = older(*call, session=session) if session else modern(*call)
            tasks.start_soon(lambda: http.post(RESOURCE, **made))
            await cloud.until_waiting(1)
            if session:
                await house.within(token, session, "notifications/cancelled", {"requestId": 7})
            tasks.cancel_scope.cancel()
        await house.until_quiet()
        await until(lambda: _outcomes(records) == ["cancelled"])


def _outcomes(records: list[Any]) -> list[str]:
    return [each.outcome for each in records if each.getMessage() == "tool call"]


# What there is to see.


async def test_only_what_is_needed_is_served_and_nothing_says_by_what(house: Service) -> None:
    token = house.cloud.token()
    async with house.http(token) as http:
        for verb in ("TRACE", "PUT", "PATCH", "PROPFIND"):
            assert (await http.request(verb, "/mcp")).status_code == 405, verb
        for path in ("/docs", "/openapi.json", "/redoc", "/debug", "/metrics", "/.env", "/sse", "/messages", "/mcp/x"):
            assert (await http.get(path)).status_code == 404, path
        answers = [await http.get("/healthz"), await http.post("/mcp", json={}), await http.get("/nothing")]
    for answer in answers:
        assert not {"server", "x-powered-by"} & {*answer.headers}
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["strict-transport-security"]


async def test_health_says_one_word_and_asks_nobody_twice(house: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(house.cloud, HeldCloud)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nothing is there: Graph cannot be reached
    before, statuses = house.cloud.key_fetches, list[str]()
    with heard() as records:
        async with house.http() as http, anyio.create_task_group() as tasks:
            assert (await http.get("/healthz")).content == b"ok\n"

            async def ask() -> None:
                statuses.append((await http.get("/readyz")).text)

            for _ in range(20):
                tasks.start_soon(ask)
    assert set(statuses) == {"not ready: graph\n"}
    assert house.cloud.key_fetches == before
    assert len([each for each in records if each.getMessage() == "not ready"]) <= 1
