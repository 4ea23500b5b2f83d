"""People through the SDK: lists, pages, one person from hiring to leaving, managers, photos."""

from __future__ import annotations

import base64
from uuid import uuid4

import pytest
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.password_profile import PasswordProfile
from msgraph.generated.models.reference_update import ReferenceUpdate
from msgraph.generated.models.user import User
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph.graph_service_client import GraphServiceClient

from tests.clients.conftest import Cloud
from tests.clients.support import asking, code_of, everything, sure

Query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters
Select = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters
ONE_PIXEL = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgy"
    "PC4zNDL/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q=="
)


async def hired(app: GraphServiceClient, cloud: Cloud, name: str = "Noemi Brandt") -> User:
    """A new account."""
    nickname = f"new.{uuid4().hex[:12]}"
    user = User(
        account_enabled=True,
        display_name=name,
        mail_nickname=nickname,
        user_principal_name=f"{nickname}@{cloud.domain}",
        password_profile=PasswordProfile(force_change_password_next_sign_in=True, password=f"Aa1!{uuid4().hex}"),
    )
    return sure(await app.users.post(user))


async def test_a_page_has_as_many_people_as_asked_for(app: GraphServiceClient) -> None:
    page = sure(await app.users.get(asking(Query(top=3, select=["id", "displayName"]))))
    assert len(sure(page.value)) == 3
    assert "skiptoken" in sure(page.odata_next_link)
    assert sure(page.value)[0].display_name
    assert sure(page.value)[0].mail is None


async def test_the_page_iterator_finds_everybody_once(app: GraphServiceClient) -> None:
    count = sure(await app.users.count.get(asking(ConsistencyLevel="eventual")))
    found = await everything(app, await app.users.get(asking(Query(top=7, select=["id"]))))
    assert len({user.id for user in found}) == len(found) == count


async def test_people_can_be_filtered_counted_and_ordered(app: GraphServiceClient) -> None:
    query = Query(filter="startsWith(displayName,'M')", count=True, orderby=["displayName desc"], top=999)
    page = sure(await app.users.get(asking(query, ConsistencyLevel="eventual")))
    found = [sure(user.display_name) for user in sure(page.value)]
    assert page.odata_count == len(found) > 1
    assert all(name.startswith("M") for name in found)
    assert found == sorted(found, reverse=True)


async def test_people_can_be_searched(app: GraphServiceClient, cloud: Cloud) -> None:
    person = sure(await app.users.by_user_id(cloud.person.id).get())
    query = Query(search=f'"displayName:{person.surname}"', select=["id"])
    page = sure(await app.users.get(asking(query, ConsistencyLevel="eventual")))
    assert cloud.person.id in [user.id for user in sure(page.value)]


async def test_a_manager_can_be_expanded(app: GraphServiceClient, cloud: Cloud) -> None:
    asked = asking(Select(select=["id"], expand=["manager($select=id,displayName)"]))
    user = sure(await app.users.by_user_id(cloud.person.id).get(asked))
    assert user.id == cloud.person.id
    assert isinstance(user.manager, User)
    assert user.manager.display_name


async def test_the_manager_and_their_reports_lead_back(app: GraphServiceClient, cloud: Cloud) -> None:
    manager = sure(await app.users.by_user_id(cloud.person.id).manager.get())
    assert isinstance(manager, User)
    reports = sure(await app.users.by_user_id(sure(manager.id)).direct_reports.get())
    assert cloud.person.id in [report.id for report in sure(reports.value)]


async def test_an_account_is_made_changed_and_deleted(app: GraphServiceClient, cloud: Cloud) -> None:
    made = await hired(app, cloud)
    user = app.users.by_user_id(sure(made.id))
    await user.patch(User(job_title="Lighting Planner", business_phones=["+49 421 555 0199"]))
    changed = sure(await user.get(asking(Select(select=["jobTitle", "businessPhones", "displayName"]))))
    assert (changed.job_title, changed.display_name) == ("Lighting Planner", "Noemi Brandt")
    assert changed.business_phones == ["+49 421 555 0199"]
    await user.delete()
    with pytest.raises(ODataError) as refused:
        await user.get()
    assert (refused.value.response_status_code, code_of(refused.value)) == (404, "Request_ResourceNotFound")


async def test_a_property_is_emptied_with_null(app: GraphServiceClient, cloud: Cloud) -> None:
    user = app.users.by_user_id(sure((await hired(app, cloud)).id))
    await user.patch(User(department="Projects"))
    await user.patch(User(additional_data={"department": None}))
    assert sure(await user.get(asking(Select(select=["department"])))).department is None
    await user.delete()


async def test_two_accounts_cannot_have_one_name(app: GraphServiceClient, cloud: Cloud) -> None:
    first = await hired(app, cloud)
    twin = User(
        account_enabled=True,
        display_name="Twin",
        mail_nickname="twin",
        user_principal_name=first.user_principal_name,
        password_profile=PasswordProfile(password=f"Aa1!{uuid4().hex}"),
    )
    with pytest.raises(ODataError) as refused:
        await app.users.post(twin)
    assert (refused.value.response_status_code, code_of(refused.value)) == (400, "Request_BadRequest")
    assert "userPrincipalName" in sure(sure(refused.value.error).message)
    await app.users.by_user_id(sure(first.id)).delete()


async def test_a_manager_is_assigned_and_taken_away(app: GraphServiceClient, cloud: Cloud) -> None:
    made = await hired(app, cloud)
    user = app.users.by_user_id(sure(made.id))
    await user.manager.ref.put(ReferenceUpdate(odata_id=f"{cloud.base}/v1.0/users/{cloud.person.id}"))
    assert sure(await user.manager.get()).id == cloud.person.id
    await user.manager.ref.delete()
    with pytest.raises(ODataError) as refused:
        await user.manager.get()
    assert refused.value.response_status_code == 404
    await user.delete()


async def test_a_photo_comes_back_as_it_was_sent(app: GraphServiceClient, cloud: Cloud) -> None:
    photo = app.users.by_user_id(cloud.colleague.id).photo
    await photo.content.put(ONE_PIXEL)
    assert sure(await photo.content.get()).startswith(b"\xff\xd8")
    assert sure(await photo.get()).id
