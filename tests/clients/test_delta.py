"""What has changed since last time: people and messages."""

from __future__ import annotations

from typing import Any

from msgraph.generated.models.mail_folder import MailFolder
from msgraph.generated.models.message import Message
from msgraph.generated.models.user import User
from msgraph.generated.users.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.item.mail_folders.item.messages.delta.delta_request_builder import (
    DeltaRequestBuilder as MessagesDelta,
)
from msgraph.graph_service_client import GraphServiceClient

from tests.clients.conftest import Cloud
from tests.clients.support import asking, sure, unique
from tests.clients.test_users import hired

Query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters
MessageQuery = MessagesDelta.DeltaRequestBuilderGetQueryParameters


async def round_of(builder: Any, page: Any) -> tuple[list[Any], str]:
    """Everything up to the link for next time, and that link."""
    found = list(page.value or [])
    while page.odata_next_link:
        page = await builder.with_url(page.odata_next_link).get()
        found += page.value or []
    return found, sure(page.odata_delta_link)


async def changes(builder: Any, link: str) -> tuple[dict[str, Any], str]:
    found, following = await round_of(builder, await builder.with_url(link).get())
    return {item.id: item for item in found}, following


async def test_a_new_a_changed_and_a_deleted_person_are_told_in_turn(app: GraphServiceClient, cloud: Cloud) -> None:
    delta = app.users.delta
    people, link = await round_of(delta, await delta.get(asking(Query(select=["displayName", "jobTitle"]))))
    assert cloud.person.id in [person.id for person in people]
    made = await hired(app, cloud, "Imke Sand")
    user = app.users.by_user_id(sure(made.id))
    found, link = await changes(delta, link)
    assert found[sure(made.id)].display_name == "Imke Sand"
    await user.patch(User(job_title="Controller"))
    found, link = await changes(delta, link)
    assert found[sure(made.id)].job_title == "Controller"
    await user.delete()
    found, link = await changes(delta, link)
    assert found[sure(made.id)].additional_data["@removed"] == {"reason": "changed"}
    found, _ = await changes(delta, link)
    assert sure(made.id) not in found


async def test_only_what_changes_from_now_on_can_be_asked_for(app: GraphServiceClient, cloud: Cloud) -> None:
    delta = app.users.delta
    page = sure(await delta.with_url(f"{cloud.base}/v1.0/users/delta?$deltatoken=latest").get())
    assert not page.value
    made = await hired(app, cloud)
    found, _ = await changes(delta, sure(page.odata_delta_link))
    assert sure(made.id) in found
    await app.users.by_user_id(sure(made.id)).delete()


async def test_a_new_a_read_and_a_deleted_message_are_told_in_turn(me: GraphServiceClient) -> None:
    folder = sure(await me.me.mail_folders.post(MailFolder(display_name=unique("Watched"))))
    place = me.me.mail_folders.by_mail_folder_id(sure(folder.id))
    delta = place.messages.delta
    found, link = await round_of(delta, await delta.get(asking(MessageQuery(select=["subject", "isRead"]))))
    assert found == []
    made = sure(await place.messages.post(Message(subject=unique("Watched"))))
    message = me.me.messages.by_message_id(sure(made.id))
    news, link = await changes(delta, link)
    assert news[sure(made.id)].subject == made.subject
    await message.patch(Message(is_read=not made.is_read))
    news, link = await changes(delta, link)
    assert news[sure(made.id)].is_read is not made.is_read
    await message.delete()
    news, _ = await changes(delta, link)
    assert news[sure(made.id)].additional_data["@removed"] == {"reason": "deleted"}
    await place.delete()


async def test_pages_of_messages_are_as_long_as_preferred(me: GraphServiceClient) -> None:
    delta = me.me.mail_folders.by_mail_folder_id("inbox").messages.delta
    asked = asking(MessageQuery(select=["subject"]), Prefer="odata.maxpagesize=10")
    page = sure(await delta.get(asked))
    assert len(sure(page.value)) == 10
    assert page.odata_next_link
