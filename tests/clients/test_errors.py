"""What Graph refuses arrives as the SDK's own error, with code, message and the request's id."""

from __future__ import annotations

from uuid import uuid4

import pytest
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph.graph_service_client import GraphServiceClient

from tests.clients.conftest import Cloud
from tests.clients.support import asking, code_of, sure

Query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters


async def test_a_stranger_is_not_found(app: GraphServiceClient) -> None:
    name = str(uuid4())
    with pytest.raises(ODataError) as refused:
        await app.users.by_user_id(name).get()
    error = sure(refused.value.error)
    assert (refused.value.response_status_code, error.code) == (404, "Request_ResourceNotFound")
    assert name in sure(error.message)
    inner = sure(error.inner_error)
    assert inner.request_id
    assert inner.request_id == sure(refused.value.response_headers)["request-id"]
    assert inner.client_request_id
    assert inner.date


async def test_a_throttled_call_is_made_again_after_the_wait(app: GraphServiceClient, cloud: Cloud) -> None:
    place = f"{cloud.base}/_emulator"
    trouble = {"status": 429, "retryAfter": 1, "times": 2, "path": f"/users/{cloud.colleague.id}"}
    assert cloud.browser.delete(f"{place}/calls").status_code == 200
    assert cloud.browser.post(f"{place}/faults", json={"graph": [trouble]}).status_code == 200
    assert sure(await app.users.by_user_id(cloud.colleague.id).get()).user_principal_name == cloud.colleague.upn
    calls = cloud.browser.get(f"{place}/calls").json()["calls"]
    assert [call["status"] for call in calls] == [429, 429, 200]


async def test_an_unreadable_filter_is_a_bad_request(app: GraphServiceClient) -> None:
    with pytest.raises(ODataError) as refused:
        await app.users.get(asking(Query(filter="displayName ~ 'x'")))
    assert refused.value.response_status_code == 400
    assert code_of(refused.value) in {"BadRequest", "Request_BadRequest"}


async def test_a_query_that_needs_the_advanced_capabilities_says_so(app: GraphServiceClient) -> None:
    with pytest.raises(ODataError) as refused:
        await app.users.get(asking(Query(filter="endsWith(mail,'example')")))
    assert (refused.value.response_status_code, code_of(refused.value)) == (400, "Request_UnsupportedQuery")


async def test_a_missing_permission_is_denied(me: GraphServiceClient) -> None:
    with pytest.raises(ODataError) as refused:
        await me.groups.get()
    assert (refused.value.response_status_code, code_of(refused.value)) == (403, "Authorization_RequestDenied")


async def test_the_mailbox_of_somebody_else_is_closed(me: GraphServiceClient, cloud: Cloud) -> None:
    with pytest.raises(ODataError) as refused:
        await me.users.by_user_id(cloud.colleague.id).messages.get()
    assert (refused.value.response_status_code, code_of(refused.value)) == (403, "ErrorAccessDenied")


async def test_an_id_that_is_none_is_malformed(me: GraphServiceClient) -> None:
    with pytest.raises(ODataError) as refused:
        await me.me.messages.by_message_id("not-an-id").get()
    assert (refused.value.response_status_code, code_of(refused.value)) == (400, "ErrorInvalidIdMalformed")


async def test_a_folder_that_is_not_there_is_not_found(me: GraphServiceClient) -> None:
    with pytest.raises(ODataError) as refused:
        await me.me.mail_folders.by_mail_folder_id("nowhere").get()
    assert (refused.value.response_status_code, code_of(refused.value)) in {
        (400, "ErrorInvalidIdMalformed"),
        (404, "ErrorItemNotFound"),
    }
