"""What scripts/fidelity makes ready for a sample, so that its ids, filters, links and tokens find something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scripts.fidelity_samples import outcome_of, sample

GROUP, SKU = "bd7c6263-4dd5-4ae8-8c96-000000000001", "bd7c6263-4dd5-4ae8-8c96-000000000002"
PERSON, SERVICE = "bd7c6263-4dd5-4ae8-8c96-000000000003", "bd7c6263-4dd5-4ae8-8c96-000000000004"
AT = {"dateTime": "2026-02-02T09:00:00", "timeZone": "Pacific Standard Time"}
UNTIL = {"dateTime": "2026-02-02T10:00:00", "timeZone": "Pacific Standard Time"}
VIEW = "startDateTime=2026-02-01T19:00:00-08:00&endDateTime=2026-02-09T19:00:00-08:00"
WINDOW = "startDateTime='2026-02-01T00:00:00',endDateTime='2026-02-09T00:00:00'"


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(
            sample("POST", "/me/checkMemberGroups", 200, {"value": [GROUP]}, {"groupIds": [GROUP]}),
            id="groups to check",
        ),
        pytest.param(
            sample("POST", "/me/getMemberGroups", 200, {"value": ["x"]}, {"securityEnabledOnly": True}),
            id="groups to find",
        ),
        pytest.param(
            sample(
                "POST",
                "/me/assignLicense",
                200,
                {"id": "x"},
                {"addLicenses": [{"skuId": SKU, "disabledPlans": ["x"]}], "removeLicenses": []},
            ),
            id="a licence to give",
        ),
        pytest.param(
            sample("POST", "/me/assignLicense", 200, {"id": "x"}, {"addLicenses": [], "removeLicenses": [SKU]}),
            id="a licence to take",
        ),
        pytest.param(
            sample(
                "POST",
                f"/users/{PERSON}/appRoleAssignments",
                201,
                {"id": "x"},
                {"principalId": PERSON, "resourceId": SERVICE, "appRoleId": GROUP},
            ),
            id="a role to assign",
        ),
        pytest.param(
            sample("POST", "/applications/{id}/removePassword", 204, body={"keyId": SKU}), id="a password to remove"
        ),
        pytest.param(sample("POST", "/me/events/{id}/accept", 202, body={"comment": "Fine"}), id="an invitation"),
        pytest.param(
            sample("POST", "/users/kim@contoso.com/events/{id}/decline", 202, body={"comment": "No"}),
            id="an invitation of somebody else",
        ),
        pytest.param(
            sample("POST", "/me/messages/{id}/move", 201, {"id": "x"}, {"destinationId": "deleteditems"}),
            id="a folder by its name",
        ),
        pytest.param(
            sample("POST", "/me/messages/{id}/move", 201, {"id": "x"}, {"destinationId": "AAMk="}),
            id="a folder by an id",
        ),
        pytest.param(
            sample(
                "POST",
                "/me/sendMail",
                202,
                body={"message": {"subject": "Hi", "toRecipients": [{"emailAddress": {"address": "kim@contoso.com"}}]}},
            ),
            id="an addressee in the organisation",
        ),
        pytest.param(
            sample(
                "POST",
                "/users",
                201,
                {"id": "x"},
                {
                    "accountEnabled": True,
                    "displayName": "Kim",
                    "mailNickname": "kim",
                    "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d"},
                    "userPrincipalName": "kim@fabrikam.com",
                },
            ),
            id="a name in a domain of the organisation",
        ),
        pytest.param(
            sample(
                "POST",
                "/groups",
                201,
                {"id": "x"},
                {
                    "displayName": "Bakers",
                    "mailEnabled": False,
                    "mailNickname": "bakers",
                    "securityEnabled": True,
                    "members@odata.bind": [f"https://graph.microsoft.com/v1.0/users/{PERSON}"],
                },
            ),
            id="members to bind",
        ),
        pytest.param(
            sample("PUT", "/users/{id}/manager/$ref", 204, body={"@odata.id": f"users/{PERSON}"}), id="a relative link"
        ),
        pytest.param(
            sample("DELETE", f"/groups/{{id}}/members/$ref?$id=https://graph.microsoft.com/v1.0/users/{PERSON}", 204),
            id="a reference named in the query",
        ),
        pytest.param(
            sample(
                "POST",
                "/subscriptions",
                201,
                {"id": "x"},
                {
                    "changeType": "created",
                    "notificationUrl": "{URL}",
                    "resource": "me/messages",
                    "expirationDateTime": "2016-11-20T18:23:45.9356913Z",
                    "clientState": "secret",
                },
                truncated=True,
            ),
            id="a webhook that answers, in the time of the sample",
        ),
        pytest.param(
            sample("GET", f"/me/calendarView?{VIEW}", 200, {"value": [{"subject": "x"}]}), id="an event in a view"
        ),
        pytest.param(
            sample("GET", f"/me/events/{{id}}/instances?{VIEW}", 200, {"value": [{"subject": "x"}]}),
            id="instances of a series",
        ),
        pytest.param(
            sample("GET", f"/me/reminderView({WINDOW})", 200, {"value": [{"eventId": "x"}]}), id="reminders of a view"
        ),
        pytest.param(
            sample("GET", "/me/calendarView/delta?$skiptoken=abc", 200, {"value": [{"subject": "x"}]}),
            id="a view whose days are not known",
        ),
        pytest.param(
            sample("POST", "/me/events", 201, {"id": "x"}, {"subject": "Plans", "start": AT, "end": UNTIL}),
            id="times read back in the zone that was sent",
        ),
        pytest.param(
            sample(
                "GET", "/me/events/{id}", 200, {"id": "x"}, answers={"Preference-Applied": 'outlook.timezone="UTC"'}
            ),
            id="a preference that the source dropped",
        ),
        pytest.param(sample("GET", "/me/drive/items/{id}", 200, {"id": "x", "folder": {}}), id="a folder, as shown"),
        pytest.param(
            sample("GET", "/me/drive/special/{name}", 200, {"id": "x", "name": "Documents"}), id="a special folder"
        ),
        pytest.param(
            sample(
                "PATCH",
                "/me/drive/items/{item-id}",
                200,
                {"id": "x"},
                {"name": "May.txt", "parentReference": {"id": "{folder-id}", "driveId": "{drive-id}"}},
            ),
            id="a folder to move to",
        ),
        pytest.param(
            sample(
                "POST",
                "/me/drive/items/{item-id}/copy",
                202,
                None,
                {"name": "May.txt", "parentReference": {"path": "/drive/root:/Plans"}},
                answers={"Location": "https://x"},
            ),
            id="a folder to copy to, by path",
        ),
        pytest.param(
            sample(
                "POST",
                "/directoryObjects/getAvailableExtensionProperties",
                200,
                {"value": []},
                {"isSyncedFromOnPremises": False},
            ),
            id="extensions to list",
        ),
        pytest.param(
            sample(
                "GET",
                "/me/drive/items/{item-id}/thumbnails/{thumb-id}/{size}",
                200,
                {"height": 1, "width": 1, "url": "x"},
            ),
            id="a placeholder for a property",
        ),
        pytest.param(
            sample(
                "POST",
                "/groups",
                201,
                {"id": "x", "allowExternalSenders": False},
                {
                    "displayName": "Bakers",
                    "mailEnabled": True,
                    "mailNickname": "bakers",
                    "securityEnabled": False,
                    "groupTypes": ["Unified"],
                },
            ),
            id="a property that is shown when selected, of what was made",
        ),
        pytest.param(sample("PUT", "/me/photo/$value", 200, headers={"Content-type": "image/jpeg"}), id="a picture"),
        pytest.param(
            sample("GET", "/me/people?$top=1&$skip=3", 200, {"value": [{"displayName": "K"}]}), id="enough to skip some"
        ),
        pytest.param(
            sample(
                "GET",
                "/me?$expand=manager($levels=max;$select=id)&$select=id",
                200,
                {"id": "x", "manager": {"id": "y", "manager": {"id": "z"}}},
                headers={"ConsistencyLevel": "eventual"},
            ),
            id="managers of managers",
        ),
        pytest.param(
            sample("GET", f"/users?$filter=id eq '{PERSON}'&$select=id", 200, {"value": [{"id": "x"}]}),
            id="an id to find",
        ),
        pytest.param(
            sample(
                "GET",
                "/groups/{id}/members",
                200,
                {
                    "value": [
                        {"@odata.type": "#microsoft.graph.device", "deviceId": "x"},
                        {"displayName": "K", "userPrincipalName": "k"},
                    ]
                },
            ),
            id="members of several types",
        ),
        pytest.param(
            sample("POST", "/me/contacts", 201, {"id": "x"}, 'Content-type: application/json\n\n{"displayName": "K",}'),
            id="a body below header lines",
        ),
        pytest.param(
            sample("GET", "/me/contacts", 200, {"value": [{"displayName": "K"}]}, "Prefer: odata.maxpagesize=2"),
            id="a header where a body would be",
        ),
        pytest.param(
            sample("PATCH", "/me/mailFolders/{id}", 200, {"id": "x"}, {"displayName": "Plans", "nolonger": 2}),
            id="a property that is gone",
        ),
        pytest.param(
            sample(
                "POST",
                "/me/messages/{id}/attachments",
                201,
                {"id": "x"},
                {"@odata.type": "#Microsoft.OutlookServices.FileAttachment", "name": "x", "contentBytes": "AAEC"},
            ),
            id="a type under its former name",
        ),
        pytest.param(
            sample(
                "POST",
                "/me/messages/{id}/attachments",
                201,
                {"id": "x", "name": "x", "contentBytes": "AAEC"},
                request_body_unknown=True,
            ),
            id="a body that is not known of a type that is not said",
        ),
        pytest.param(
            sample("PATCH", "/me/contacts/{id}", 200, request_body_unknown=True), id="a change that is not known at all"
        ),
        pytest.param(
            sample("POST", "/me/findMeetingTimes", 200, {"meetingTimeSuggestions": []}, request_body_unknown=True),
            id="parameters that are not known",
        ),
        pytest.param(
            sample(
                "PATCH",
                "/groups(uniqueName='bakers')",
                201,
                {"id": "x"},
                {"displayName": "Bakers", "mailEnabled": False, "mailNickname": "bakers", "securityEnabled": True},
                headers={"Prefer": "create-if-missing"},
            ),
            id="what a change is to make",
        ),
        pytest.param(
            sample(
                "GET",
                "/users/delta?$deltatoken=abc",
                200,
                {"value": [{"id": "x", "@removed": {"reason": "changed"}}, {"id": "y", "displayName": "K"}]},
            ),
            id="something removed since",
        ),
        pytest.param(
            sample("POST", "/users/{user-id}/messages/{id}/move", 201, {"id": "x"}, {"destinationId": "shelf"}),
            id="a folder of somebody whose place is open",
        ),
        pytest.param(sample("POST", "/me/messages/{id}/send", 202), id="somebody to send a draft to"),
        pytest.param(
            sample("POST", "/me/calendars/{id}/events/{id}/decline", 202, body={"comment": "No"}),
            id="an invitation in another calendar",
        ),
        pytest.param(
            sample(
                "POST",
                "/groups/{id}/appRoleAssignments",
                201,
                {"id": "x"},
                {"principalId": GROUP, "resourceId": SERVICE, "appRoleId": SKU},
            ),
            id="who gets a role, where the path leaves it open",
        ),
        pytest.param(
            sample("POST", "/drives/{id}/items/{id}/copy", 202, body={"parentReference": {"id": "here"}, "name": "b"}),
            id="a folder in the drive of the path",
        ),
        pytest.param(
            sample("POST", "/drives/{id}/items/{id}/checkin", 204, body={"comment": "x"}), id="a file checked out"
        ),
        pytest.param(
            sample("GET", "/drives/{id}/special/{name}", 200, {"id": "x", "folder": {}}), id="a special folder"
        ),
        pytest.param(
            sample("PUT", "/me/drive/root:/Plans/May.txt:/content", 201, {"id": "x", "name": "May.txt"}, "Hello"),
            id="a file that is not there yet",
        ),
        pytest.param(
            sample("POST", "/me/drive/root:/May.bin:/createUploadSession", 200, {"uploadUrl": "x"}, {}),
            id="an upload of a file that is not there yet",
        ),
        pytest.param(
            sample("GET", "/me/drive/root/search(q='apple cake')", 200, {"value": [{"id": "x", "file": {}}]}),
            id="a file that a search finds",
        ),
        pytest.param(
            sample("GET", "/me/drive/search(q='apple')", 200, {"value": [{"folder": {}}, {"file": {}}]}),
            id="a folder and a file that a search of the drive finds",
        ),
        pytest.param(
            sample("GET", "/me/drive/root/delta?token=abc", 200, {"value": [{"id": "x", "deleted": {"state": "y"}}]}),
            id="a file removed since",
        ),
        pytest.param(
            sample("GET", "/me/reminderView(startDateTime='{start}',endDateTime='{end}')", 200, {"value": []}),
            id="days that a path leaves open",
        ),
        pytest.param(
            sample(
                "POST",
                "/directoryObjects/getByIds",
                200,
                {"value": [{"@odata.type": "#microsoft.graph.group", "id": GROUP, "groupTypes": []}]},
                {"ids": [GROUP]},
            ),
            id="objects of the types that the answer shows",
        ),
        pytest.param(
            sample(
                "POST",
                "/directory/deletedItems/getUserOwnedObjects",
                200,
                {"value": [{"@odata.type": "#microsoft.graph.group", "id": "x"}]},
                {"userId": PERSON, "type": "Group"},
            ),
            id="something that a person owned",
        ),
        pytest.param(
            sample("GET", "/directory/deletedItems/{id}", 200, {"id": "x", "groupTypes": [], "mailEnabled": True}),
            id="a thing whose type its properties tell",
        ),
        pytest.param(
            sample(
                "POST",
                "/groups/{id}/assignLicense",
                202,
                {"id": "x", "assignedLicenses": []},
                {"addLicenses": [{"skuId": SKU, "disabledPlans": []}], "removeLicenses": []},
            ),
            id="what an action was called on shows the rest",
        ),
        pytest.param(
            sample("PUT", "/users/{id}/manager/$ref", 204, request_body_unknown=True), id="something to refer to"
        ),
        pytest.param(
            sample(
                "PATCH", "/me/outlook/masterCategories/{id}", 200, {"displayName": "Red"}, request_body_unknown=True
            ),
            id="a change that may be refused",
        ),
        pytest.param(
            sample(
                "PATCH",
                "/subscriptions/{id}",
                200,
                {"id": "x", "expirationDateTime": "2017-05-04T08:15:00Z"},
                request_body_unknown=True,
            ),
            id="a time that only the answer tells",
        ),
        pytest.param(
            sample(
                "POST",
                "/groups/{id}/validateProperties",
                422,
                {"error": {"code": "x", "message": "y", "details": []}},
                {"displayName": "Bakers", "mailNickname": "bakers"},
            ),
            id="a group that has the name already",
        ),
        pytest.param(sample("GET", "/users/delta?$deltatoken=latest", 200, {"value": []}), id="the latest token"),
        pytest.param(
            sample("GET", "/users?$skiptoken=abc&$select=id", 200, {"value": [{"id": "x"}]}), id="a page of a list"
        ),
    ],
)
async def test_a_sample_finds_what_it_needs(tmp_path: Path, record: dict[str, Any]) -> None:
    outcome = await outcome_of(tmp_path, record)
    assert outcome.reason == ""
    assert outcome.verdict == "matching"
