"""The leniencies of scripts/fidelity: each is noted by its name where it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse

from tests.scripts.fidelity_samples import CONTACT, Twist, outcome_of, sample, told


@pytest.mark.parametrize(
    ("record", "twist", "rule"),
    [
        pytest.param(sample("POST", "/me/contacts", 200, {"id": "x"}, CONTACT), None, "created-200", id="created-200"),
        pytest.param(sample("DELETE", "/me/contacts/{id}", 200), None, "silent-200", id="silent-200"),
        pytest.param(sample("GET", "/me/contacts", 201, {"value": []}), None, "read-201", id="read-201"),
        pytest.param(
            sample("GET", "/users?$orderbydisplayName&$top=1", 200, {"value": [{"displayName": "K"}]}),
            None,
            "dangling-option",
            id="dangling-option",
        ),
        pytest.param(
            sample("GET", '/users?$search="displayName:al"', 200, {"value": [{"displayName": "K"}]}),
            None,
            "lost-header",
            id="lost-header",
        ),
        pytest.param(
            sample("GET", "/users?$count=true", 200, {"@odata.count": 1, "value": [{"displayName": "K"}]}),
            None,
            "lost-header",
            id="lost-header, of a count",
        ),
        pytest.param(
            sample("GET", "/users/{id}", 200, {"displayName": "K", "city": "Kiel"}),
            None,
            "shown-when-selected",
            id="shown-when-selected",
        ),
        pytest.param(
            sample("GET", "/me/directReports", 200, {"id": "x", "@odata.type": "#microsoft.graph.user"}),
            None,
            "member-for-list",
            id="member-for-list",
        ),
        pytest.param(sample("GET", "/me", 200, {"DisplayName": "K"}), None, "other-case", id="other-case"),
        pytest.param(sample("GET", "/me", 200, {"theme": "dark"}), None, "own-keys", id="own-keys"),
        pytest.param(
            sample("GET", "/subscribedSkus", 200, {"value": [{"skuId": "x", "price": 1}]}),
            None,
            "gone-from-metadata",
            id="gone-from-metadata",
        ),
        pytest.param(sample("GET", "/me", 200, {"manager": {"id": "x"}}), None, "not-expanded", id="not-expanded"),
        pytest.param(
            sample("GET", "/me?$select=id", 200, {"id": "x", "city": "Kiel"}),
            None,
            "not-selected",
            id="not-selected",
        ),
        pytest.param(
            sample("GET", "/users/delta", 200, {"value": [{"id": "x", "@removed": {"reason": "changed"}}]}),
            None,
            "deleted-shown",
            id="deleted-shown",
        ),
        pytest.param(
            sample("GET", "/me", 200, {"businessPhones": "String"}),
            None,
            "by-metadata",
            id="by-metadata",
        ),
        pytest.param(
            sample("GET", "/me", 200, {"note": "{note}"}),
            told({"note": 1}),
            "placeholder",
            id="placeholder",
        ),
        pytest.param(
            sample("GET", "/me", 200, {"id": "x", "@odata.editLink": "x"}),
            None,
            "legacy-annotation",
            id="legacy-annotation",
        ),
        pytest.param(
            sample("GET", "/users", 200, {"value": [{"id": "x", "@odata.type": "#microsoft.graph.user"}]}),
            None,
            "same-type-named",
            id="same-type-named",
        ),
        pytest.param(sample("GET", "/me", 200, "{ not JSON at all"), None, "unreadable-body", id="unreadable-body"),
        pytest.param(
            sample("GET", "/users/$count", 200, "893", headers={"ConsistencyLevel": "eventual"}),
            None,
            "text-body",
            id="text-body",
        ),
        pytest.param(
            sample("GET", "/me/contacts", 200, {"@odata.nextLink": "x", "value": []}),
            None,
            "page-links",
            id="page-links",
        ),
        pytest.param(
            sample("PATCH", "/me/contacts/{id}", 200, {"id": "x"}, {"birthday": "1974-07-22"}),
            None,
            "normalised",
            id="normalised",
        ),
        pytest.param(
            sample("PATCH", "/me/contacts/{id}", 200, {"id": "x"}, {"changeKey": "x", "surname": "Holt"}),
            None,
            "read-only",
            id="read-only",
        ),
        pytest.param(
            sample("POST", "/me/contacts", 201, {"id": "x", "surname": "H"}, request_body_unknown=True),
            None,
            "invented-body",
            id="invented-body",
        ),
        pytest.param(
            sample("DELETE", "/me/contacts/{id}", 204),
            lambda request, body: JSONResponse({"error": {}}, 403) if request.method == "GET" else body,
            "not-read-back",
            id="not-read-back, deleted",
        ),
        pytest.param(
            sample("PATCH", "/me/contacts/{id}", 200, {"id": "x"}, CONTACT),
            lambda request, body: JSONResponse({"error": {}}, 405) if request.method == "GET" else body,
            "not-read-back",
            id="not-read-back, changed",
        ),
        pytest.param(
            sample("PUT", "/users/{id}/manager/$ref", 204, body={"@odata.id": "users/boss"}),
            lambda request, body: JSONResponse({"error": {}}, 403) if request.method == "GET" else body,
            "not-read-back",
            id="not-read-back, referred to",
        ),
        pytest.param(
            sample(
                "POST",
                "/$batch",
                200,
                {"responses": [{"id": "1", "status": 200}]},
                {"requests": [{"id": "1", "method": "GET", "url": "/nowhere"}]},
            ),
            None,
            "part-not-covered",
            id="part-not-covered",
        ),
    ],
)
async def test_a_leniency_is_noted_by_its_name(
    tmp_path: Path, record: dict[str, Any], twist: Twist | None, rule: str
) -> None:
    outcome = await outcome_of(tmp_path, record, twist)
    assert outcome.reason == ""
    assert outcome.verdict == "matching"
    assert rule in outcome.rules
