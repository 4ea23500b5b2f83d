"""scripts/fidelity on small folders of samples made by hand: what it finds the same, different, or not there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scripts._fidelity.command import main
from tests.scripts.fidelity_samples import CONTACT, Twist, folder_of, outcome_of, sample, told, without

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "fidelity"


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(sample("GET", "/me/contacts/{id}", 200, {"id": "x", "displayName": "Kim"}), id="a thing by id"),
        pytest.param(sample("GET", "/me/contacts", 200, {"value": [{"displayName": "Kim"}]}), id="a list"),
        pytest.param(
            sample("GET", "/users/{id | userPrincipalName}", 200, {"displayName": "K"}), id="either of two keys"
        ),
        pytest.param(sample("GET", "/users/%7Bid%7D", 200, {"displayName": "K"}), id="an encoded placeholder"),
        pytest.param(sample("GET", "/users/kim@contoso.com", 200, {"displayName": "K"}), id="a user principal name"),
        pytest.param(sample("GET", "/users('abc')", 200, {"displayName": "K"}), id="a key in parentheses"),
        pytest.param(sample("POST", "/me/contacts", 201, {"id": "x", **CONTACT}, CONTACT), id="a creation, read back"),
        pytest.param(sample("PATCH", "/me/contacts/{id}", 200, CONTACT, CONTACT), id="a change, read back"),
        pytest.param(sample("DELETE", "/me/contacts/{id}", 204), id="a deletion, read back"),
        pytest.param(
            sample(
                "GET",
                "/users?$filter=startswith(displayName,'Al') and city eq 'Kiel'&$select=city",
                200,
                {"value": [{"city": "Kiel"}]},
            ),
            id="a filter that must find something",
        ),
        pytest.param(
            sample(
                "GET", "/users/delta?$deltatoken=abc", 200, {"@odata.deltaLink": "x", "value": [{"displayName": "K"}]}
            ),
            id="what changed since",
        ),
        pytest.param(
            sample(
                "GET", "/users/delta?$skiptoken=abc", 200, {"@odata.nextLink": "x", "value": [{"displayName": "K"}]}
            ),
            id="the next page",
        ),
        pytest.param(
            sample("GET", "/me?$expand=manager($select=id)&$select=id", 200, {"id": "x", "manager": {"id": "y"}}),
            id="an expanded relation",
        ),
        pytest.param(
            sample(
                "POST",
                "/groups/{id}/members/$ref",
                204,
                body={"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/{id}"},
            ),
            id="a reference to a thing that has to be there",
        ),
        pytest.param(sample("DELETE", "/groups/{id}/owners/{id}/$ref", 204), id="a reference taken away"),
        pytest.param(
            sample(
                "POST",
                "/me/contacts",
                201,
                {"id": "x"},
                {"displayName": "displayName-value", "birthday": "datetime-value"},
            ),
            id="placeholders in a body",
        ),
        pytest.param(
            sample("POST", "/me/contacts", 201, {"id": "x", "surname": "Holt"}, request_body_unknown=True),
            id="a body that is not known",
        ),
        pytest.param(sample("GET", "/users/{id}", 404, {"error": {"code": "a", "message": "b"}}), id="a refusal"),
    ],
)
async def test_a_sample_matches(tmp_path: Path, record: dict[str, Any]) -> None:
    outcome = await outcome_of(tmp_path, record)
    assert outcome.reason == ""
    assert outcome.verdict == "matching"


ONE = sample("GET", "/me/contacts/{id}", 200, {"id": "x", "displayName": "Kim", "homeAddress": {"city": "Kiel"}})
MANY = sample("GET", "/me/contacts", 200, {"value": [{"displayName": "Kim", "businessPhones": ["1"]}]})


@pytest.mark.parametrize(
    ("record", "twist", "reason"),
    [
        pytest.param(
            {**ONE, "response": {**ONE["response"], "status": 202}},
            None,
            "response.status: expected 202, got 200",
            id="status",
        ),
        pytest.param(ONE, without("displayName"), "response.body.displayName: expected string, got missing", id="key"),
        pytest.param(
            ONE,
            told({"id": "x", "displayName": 1, "homeAddress": {"city": "K"}}),
            "response.body.displayName: expected string, got number",
            id="type",
        ),
        pytest.param(
            ONE,
            told({"id": "x", "displayName": "K", "homeAddress": {}}),
            "response.body.homeAddress.city: expected string, got missing",
            id="nested key",
        ),
        pytest.param(
            ONE,
            told({"id": "x", "displayName": "K", "homeAddress": "Kiel"}),
            "response.body.homeAddress: expected object, got string",
            id="nesting",
        ),
        pytest.param(MANY, told({"value": []}), "response.body.value: expected items, got none", id="an empty list"),
        pytest.param(MANY, told({"items": []}), "response.body.value: expected array, got missing", id="no list"),
        pytest.param(
            MANY,
            told({"value": ["Kim"]}),
            "response.body.value[]: expected object, got string",
            id="other members",
        ),
        pytest.param(
            MANY,
            told({"value": [{"displayName": "K", "businessPhones": [1]}]}),
            "response.body.value[].businessPhones[]: expected string, got number",
            id="members of a member",
        ),
        pytest.param(MANY, told(Response("text")), "response.body: expected object, got no JSON", id="no JSON at all"),
        pytest.param(
            sample("GET", "/me/contacts?$select=displayName", 200, {"value": [{"displayName": "K"}]}),
            told({"value": [{"id": "x", "displayName": "K", "surname": "H"}]}),
            "response.body.value[].surname: expected nothing, got string",
            id="more than was selected",
        ),
        pytest.param(
            sample("GET", "/me/contacts?$count=true", 200, {"@odata.count": 2, "value": [{"displayName": "K"}]}),
            without("@odata.count"),
            "response.body.@odata.count: expected number, got missing",
            id="no count",
        ),
        pytest.param(
            sample("POST", "/me/contacts", 201, {"id": "x"}, CONTACT, answers={"ETag": "x"}),
            None,
            "response.headers.etag: expected a value, got missing",
            id="a header",
        ),
        pytest.param(
            sample("GET", "/users/delta?$deltatoken=abc", 200, {"value": [{"id": "x"}]}),
            without("@odata.deltaLink"),
            "expected a delta link to go on from, got none",
            id="no delta link",
        ),
        pytest.param(
            sample("PATCH", "/me/contacts/{id}", 200, {"id": "x"}, {"jobTitle": "Baker"}),
            without("jobTitle"),
            "read back jobTitle: expected string, got null",
            id="a change that is lost",
        ),
        pytest.param(
            sample("PATCH", "/me/contacts/{id}", 200, {"id": "x"}, {"jobTitle": "Baker"}),
            lambda request, body: {**body, "jobTitle": "Cook"} if request.method == "GET" else body,
            "read back jobTitle: expected 'Baker', got 'Cook'",
            id="a change into something else",
        ),
        pytest.param(
            sample("POST", "/me/contacts", 201, {"id": "x"}, CONTACT),
            lambda request, body: JSONResponse({"error": {}}, 404) if request.method == "GET" else body,
            "read back: expected 200, got 404",
            id="a creation that is not there",
        ),
        pytest.param(
            sample("DELETE", "/me/contacts/{id}", 204),
            lambda request, body: JSONResponse({"id": "x"}) if request.method == "GET" else body,
            "read back: expected 404, got 200",
            id="a deletion that did nothing",
        ),
        pytest.param(
            sample(
                "POST",
                "/groups/{id}/members/$ref",
                204,
                body={"@odata.id": "https://graph.microsoft.com/v1.0/users/{id}"},
            ),
            lambda request, body: {"value": []} if request.method == "GET" else body,
            "read back: expected the reference, got none",
            id="a reference that is not there",
        ),
    ],
)
async def test_a_sample_differs_and_says_where(
    tmp_path: Path, record: dict[str, Any], twist: Twist | None, reason: str
) -> None:
    outcome = await outcome_of(tmp_path, record, twist)
    assert outcome.verdict == "differing"
    assert outcome.reason == reason


@pytest.mark.parametrize(
    ("record", "twist", "why"),
    [
        pytest.param(sample("GET", "/nowhere", 200, {}), None, "Resource not found for the segment", id="a path"),
        pytest.param(sample("GET", "/me/nothing/{id}", 200, {}), None, "Resource not found", id="a relation"),
        pytest.param(sample("PUT", "/users", 200, {}), None, "method is not allowed", id="a method"),
        pytest.param(
            sample("GET", "/me", 200, {}),
            told(JSONResponse({"error": {"code": "NotImplemented", "message": "no"}}, 501)),
            "NotImplemented: no",
            id="an operation",
        ),
        pytest.param(
            {"docs_page": "errors", "request": None, "response": {"status": 400}}, None, "no request", id="nothing"
        ),
        pytest.param(sample("GET", "/me", 0), None, "no request or no response", id="no answer"),
    ],
)
async def test_what_the_emulator_does_not_have_is_not_covered(
    tmp_path: Path, record: dict[str, Any], twist: Twist | None, why: str
) -> None:
    outcome = await outcome_of(tmp_path, record, twist)
    assert outcome.verdict == "not covered"
    assert why in outcome.reason


async def test_a_permission_that_the_service_adds_to_those_of_the_operation_is_noted(tmp_path: Path) -> None:
    asked = []

    def twist(_: Request, body: Any) -> Any:
        asked.append(body)
        return JSONResponse({"error": {"code": "x", "message": "y"}}, 403) if len(asked) == 1 else body

    outcome = await outcome_of(tmp_path, sample("GET", "/users/{id}", 200, {"id": "x"}), twist)
    assert (outcome.verdict, outcome.rules) == ("matching", ("refined-permission",))


async def test_the_last_page_is_as_good_as_the_next(tmp_path: Path) -> None:
    record = sample("GET", "/users/delta?$skiptoken=abc", 200, {"value": []})

    def twist(request: Request, body: Any) -> Any:
        return {"@odata.deltaLink": str(request.url), **body} if body.pop("@odata.nextLink", None) else body

    outcome = await outcome_of(tmp_path, record, twist)
    assert outcome.reason == ""


async def test_a_list_that_is_refused_has_no_next_page(tmp_path: Path) -> None:
    outcome = await outcome_of(tmp_path, sample("GET", "/users?$skiptoken=abc&$select=nothing", 200, {"value": []}))
    assert outcome.reason.startswith("response.status: expected 200, got 400")


async def test_a_property_that_cannot_be_selected_either_is_missing(tmp_path: Path) -> None:
    def twist(request: Request, body: Any) -> Any:
        return JSONResponse({"error": {}}, 400) if "$select" in request.query_params else body

    record = sample("GET", "/users/{id}", 200, {"city": "Kiel"})
    outcome = await outcome_of(tmp_path, record, twist)
    assert (outcome.verdict, outcome.reason) == ("differing", "response.body.city: expected a value, got missing")


async def test_a_crash_of_the_emulator_is_a_difference(tmp_path: Path) -> None:
    def twist(_: Request, __: Any) -> Any:
        raise LookupError("gone")

    outcome = await outcome_of(tmp_path, sample("GET", "/me", 200, {"id": "x"}), twist)
    assert (outcome.verdict, outcome.reason) == ("differing", "crashed: LookupError: gone")


BATCH = {
    "requests": [
        {"id": "1", "method": "GET", "url": "/me/contacts"},
        {"id": "2", "method": "GET", "url": "/nowhere"},
        {"id": "3", "method": "DELETE", "url": "/me/contacts/{id}"},
    ]
}


def parts(*changes: dict[str, Any]) -> dict[str, Any]:
    usual = [
        {"id": "1", "status": 200, "body": {"value": [{"displayName": "K"}]}},
        {"id": "2", "status": 200, "body": {}},
        {"id": "3", "status": 403, "body": {"error": {"code": "x"}}},
    ]
    return {"responses": [{**part, **change} for part, change in zip(usual, changes, strict=False)] or usual}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(parts(), "", id="every part that it has"),
        pytest.param(
            parts({"status": 202}),
            "response.body.responses[1].status: expected 202, got 200",
            id="status of a part",
        ),
        pytest.param(parts({"id": "9"}), "response.body.responses[9]: expected a part, got none", id="no such part"),
        pytest.param(
            parts({"body": {"value": [], "x": 1}}),
            "response.body.responses[1].body.x: expected number, got missing",
            id="body of a part",
        ),
        pytest.param(
            parts({}, {}, {"status": 204, "body": {"id": "x"}}),
            "response.body.responses[3].body: expected object, got nothing",
            id="no body of a part",
        ),
    ],
)
async def test_the_parts_of_a_batch_are_held_against_their_answers(
    tmp_path: Path, answer: dict[str, Any], reason: str
) -> None:
    outcome = await outcome_of(tmp_path, sample("POST", "/$batch", 200, answer, BATCH))
    assert (outcome.verdict, outcome.reason) == ("differing" if reason else "matching", reason)


async def test_a_batch_that_is_refused_differs(tmp_path: Path) -> None:
    outcome = await outcome_of(tmp_path, sample("POST", "/$batch", 200, {"responses": []}, {"requests": []}))
    assert outcome.reason.startswith("response.status: expected 200, got 400")


SHEET = [
    sample("GET", "/me", 200, {"id": "x"}),
    sample("GET", "/users/{id}", 200, {"id": "x", "city": "Kiel"}),
    sample("GET", "/nowhere", 200, {}),
    sample("GET", "/me", 202, {"id": "x"}),
]


def test_the_result_as_json_counts_each_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder_of(tmp_path, people=SHEET, other=[sample("GET", "/nowhere", 200, {})])
    assert main([str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {
        "workloads": {
            "other": {"total": 1, "covered": 0, "matching": 0, "noted": 0, "not_covered": 1, "differences": []},
            "people": {
                "total": 4, "covered": 3, "matching": 2, "noted": 1, "not_covered": 1,
                "differences": ["people: GET /me: response.status: expected 202, got 200"],
            },
        }
    }  # fmt: skip


def test_the_result_as_text_has_a_line_for_each_file_and_one_for_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_of(tmp_path, people=SHEET, other=[sample("GET", "/nowhere", 200, {})])
    assert main([str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:1] for line in lines[:3]] == [["workload"], ["other"], ["people"]]
    assert lines[3].split() == ["in", "all", "5", "3", "(", "60.0%)", "2", "(", "66.7%)", "1", "2", "1"]
    assert lines[5:] == ["people: GET /me: response.status: expected 202, got 200"]


def test_only_the_files_named_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder_of(tmp_path, people=SHEET[:1], other=[sample("GET", "/nowhere", 200, {})])
    assert main([str(tmp_path), "--only", "people"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["workload", "people", "in"]


def test_every_sample_of_a_file_is_shown_with_its_outcome(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder_of(tmp_path, people=SHEET)
    assert main([str(tmp_path), "--show", "people"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "   1 matching    GET /me",
        "   2 matching    GET /users/{id} <shown-when-selected>",
        "   3 not covered GET /nowhere: Resource not found for the segment 'nowhere'.",
        "   4 differing   GET /me: response.status: expected 202, got 200",
    ]


def test_the_leniencies_that_were_needed_are_listed_with_their_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_of(tmp_path, people=SHEET)
    assert main([str(tmp_path), "--rules"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("    1  shown-when-selected: The sample shows a property that ")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["nowhere"], id="no folder"),
        pytest.param(["."], id="a folder without samples"),
    ],
)
def test_without_samples_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2


def test_it_runs_as_a_script_of_its_own(tmp_path: Path) -> None:
    folder_of(tmp_path, people=SHEET[:1])
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path), "--json"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["workloads"]["people"]["matching"] == 1
