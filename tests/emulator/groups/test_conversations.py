"""Conversations, threads and posts of Microsoft 365 groups, and how they reach people's mail."""

from __future__ import annotations

from typing import Any

import httpx

from emulator import Tenant
from emulator.graph.catalogue import demo_graph
from emulator.graph.directory.org_contacts import add_contact
from emulator.graph.groups import conversations as state
from emulator.graph.groups.state import add_group
from emulator.graph.mail.state import Address
from emulator.seeding import seed
from tests.emulator.groups.driver import (
    UNIFIED,
    answer,
    as_app,
    as_person,
    link,
    made,
    named,
    refused,
    small_tenant,
)
from tests.emulator.support import NOW


def talk(topic: str, text: str, **post: Any) -> dict[str, Any]:
    written = {"body": {"contentType": "html", "content": text}, **post}
    return {"topic": topic, "threads": [{"posts": [written]}]}


def inbox(tenant: Tenant, first: str) -> list[str]:
    mailbox = tenant.mailbox(named(tenant, first))
    return [message.subject for message in mailbox.in_folder(mailbox.folder("inbox").id)]


async def fair(client: httpx.AsyncClient, tenant: Tenant, *members: str) -> str:
    """The path of a Microsoft 365 group."""
    path = f"/groups/{(await made(client, 'Fair', UNIFIED))['id']}"
    for first in members:
        await answer(client.post(f"{path}/members/$ref", json=link(named(tenant, first).id)), 204)
    return path


async def test_a_conversation_has_a_thread_and_a_post() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        path = await fair(client, tenant)
        begun = await answer(client.post(f"{path}/conversations", json=talk("Stand", "<p>Hello <b>all</b></p>")), 201)
        assert (begun["topic"], begun["preview"], begun["uniqueSenders"]) == ("Stand", "Hello all", ["Ada Lind"])
        threads = await answer(client.get(f"{path}/conversations/{begun['id']}/threads"))
        assert [one["id"] for one in threads["value"]] == [one["id"] for one in begun["threads"]]
        thread = threads["value"][0]
        assert thread["toRecipients"][0]["emailAddress"]["address"] == f"fair@{tenant.domain}"
        post = (await answer(client.get(f"{path}/threads/{thread['id']}/posts")))["value"][0]
        assert post["from"]["emailAddress"]["name"] == "Ada Lind"
        assert post["conversationThreadId"] == thread["id"]
        assert post["@odata.etag"] == f'W/"{post["changeKey"]}"'


async def test_a_conversation_needs_a_post() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        path = await fair(client, tenant)
        await refused(client.post(f"{path}/conversations", json={"topic": "x"}), 400, "ErrorInvalidRequest", "post")


async def test_a_security_group_has_no_conversations() -> None:
    async with as_person(small_tenant()) as client:
        path = f"/groups/{(await made(client, 'Door'))['id']}"
        await refused(client.get(f"{path}/conversations"), 404, "MailboxNotEnabledForRESTAPI")
        await refused(client.post(f"{path}/threads", json={"topic": "x"}), 404, "MailboxNotEnabledForRESTAPI")


async def test_a_reply_is_the_latest_and_answers_a_post() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client, as_person(tenant, "Bo") as other:
        path = await fair(client, tenant, "Bo")
        begun = await answer(client.post(f"{path}/conversations", json=talk("Stand", "one")), 201)
        thread = f"{path}/threads/{begun['threads'][0]['id']}"
        first = (await answer(client.get(f"{thread}/posts")))["value"][0]
        said = {"post": {"body": {"contentType": "text", "content": "two"}}}
        await answer(other.post(f"{thread}/posts/{first['id']}/reply", json=said), 202)
        await answer(client.post(f"{thread}/reply", json=said), 202)
        posts = (await answer(client.get(f"{thread}/posts?$expand=inReplyTo")))["value"]
        assert [post["body"]["content"] for post in posts] == ["one", "two", "two"]
        assert posts[1]["inReplyTo"]["id"] == first["id"]
        found = await answer(client.get(f"{path}/conversations/{begun['id']}"))
        assert (found["preview"], found["uniqueSenders"]) == ("two", ["Ada Lind", "Bo McAllister"])
        await refused(client.post(f"{thread}/reply", json={}), 400, "ErrorInvalidRequest", "Post")


async def test_posts_reach_those_who_follow_and_those_who_were_added() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client, as_person(tenant, "Bo") as bo:
        path = await fair(client, tenant, "Bo", "Cy")
        await answer(bo.post(f"{path}/subscribeByMail"), 204)
        newcomer = {"emailAddress": {"name": "Cy", "address": named(tenant, "Cy").mail}}
        await answer(client.post(f"{path}/conversations", json=talk("Plain", "x")), 201)
        await answer(client.post(f"{path}/conversations", json=talk("Wide", "x", newParticipants=[newcomer])), 201)
        assert inbox(tenant, "Ada") == []
        assert sorted(inbox(tenant, "Bo")) == ["Plain", "Wide"]
        assert inbox(tenant, "Cy") == ["Wide"]


async def test_unseen_posts_are_counted_until_they_were_seen() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        path = await fair(client, tenant)
        await answer(client.post(f"{path}/conversations", json=talk("Stand", "x")), 201)
        assert (await answer(client.get(f"{path}?$select=unseenCount")))["unseenCount"] == 1
        await answer(client.post(f"{path}/resetUnseenCount"), 204)
        assert (await answer(client.get(f"{path}?$select=unseenCount")))["unseenCount"] == 0


async def test_a_thread_is_begun_locked_and_deleted() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        path = await fair(client, tenant)
        whole = {"topic": "Lamps", "posts": [{"body": {"contentType": "text", "content": "x"}}]}
        thread = await answer(client.post(f"{path}/threads", json=whole), 201)
        begun = (await answer(client.get(f"{path}/conversations")))["value"]
        assert [one["topic"] for one in begun] == ["Lamps"]
        second = await answer(client.post(f"{path}/conversations/{begun[0]['id']}/threads", json=whole), 201)
        await answer(client.patch(f"{path}/threads/{thread['id']}", json={"isLocked": True}), 204)
        said = {"post": {"body": {"contentType": "text", "content": "two"}}}
        locked = client.post(f"{path}/threads/{thread['id']}/reply", json=said)
        await refused(locked, 403, "ErrorAccessDenied", "locked")
        for one in (thread, second):
            await answer(client.delete(f"{path}/threads/{one['id']}"), 204)
            await refused(client.get(f"{path}/threads/{one['id']}"), 404, "ErrorItemNotFound")
        assert (await answer(client.get(f"{path}/conversations")))["value"] == []


async def test_a_post_has_files_and_is_forwarded() -> None:
    tenant = small_tenant()
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "aGVsbG8="}
    async with as_person(tenant) as client:
        path = await fair(client, tenant)
        begun = await answer(client.post(f"{path}/conversations", json=talk("Stand", "x", attachments=[file])), 201)
        thread = f"{path}/threads/{begun['threads'][0]['id']}"
        post = (await answer(client.get(f"{thread}/posts?$expand=attachments")))["value"][0]
        assert post["hasAttachments"] is True
        assert [one["name"] for one in post["attachments"]] == ["a.txt"]
        await answer(client.post(f"{thread}/posts/{post['id']}/attachments", json={**file, "name": "b.txt"}), 201)
        assert len((await answer(client.get(f"{thread}/posts/{post['id']}/attachments")))["value"]) == 2
        assert (await answer(client.get(thread)))["hasAttachments"] is True
        to = [{"emailAddress": {"address": named(tenant, name).mail or name}} for name in ("Bo", "Dee")]
        order = {"comment": "See", "toRecipients": to}
        await answer(client.post(f"{thread}/posts/{post['id']}/forward", json=order), 202)
        assert inbox(tenant, "Bo") == ["FW: Stand"]
        await refused(client.post(f"{thread}/posts/{post['id']}/forward", json={}), 400, "ErrorInvalidRecipients")


async def test_a_post_carries_open_extensions() -> None:
    tenant = small_tenant()
    extra = {"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "example.stand", "hall": 4}
    async with as_person(tenant) as client:
        path = await fair(client, tenant)
        begun = await answer(client.post(f"{path}/conversations", json=talk("Stand", "x", extensions=[extra])), 201)
        thread = f"{path}/threads/{begun['threads'][0]['id']}"
        post = (await answer(client.get(f"{thread}/posts?$expand=extensions")))["value"][0]
        assert post["extensions"][0]["hall"] == 4


async def test_an_app_on_its_own_reads_conversations_but_writes_none() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        path = await fair(client, tenant)
        await answer(client.post(f"{path}/conversations", json=talk("Stand", "x")), 201)
    async with as_app(tenant) as client:
        assert len((await answer(client.get(f"{path}/conversations")))["value"]) == 1
        await refused(client.post(f"{path}/conversations", json=talk("Stand", "x")), 403, "ErrorAccessDenied")


async def test_a_seeded_conversation_is_the_groups_own() -> None:
    tenant = small_tenant()
    kind = {"groupTypes": ["Unified"], "mailEnabled": True, "securityEnabled": False}
    graph = demo_graph()
    seed(graph, tenant, "groups/g1", kind, now=NOW)
    post = seed(graph, tenant, "groups/g1/conversations/c1/threads/t1/posts/p1", now=NOW)
    assert post["from"]["emailAddress"]["name"] == "Ada Lind"


async def test_mail_to_the_group_continues_the_thread_of_its_subject() -> None:
    tenant = small_tenant()
    bo = named(tenant, "Bo")
    async with as_person(tenant) as client:
        path = await fair(client, tenant)
        group = next(iter(tenant.store.root("groups")))
        text = {"contentType": "text", "content": "by mail"}
        for subject in ("Lamps", "RE: fw: lamps", "Other"):
            mail = {"subject": subject, "body": text}
            state.receive(tenant, group, bo.address, mail, "2026-03-12T08:00:00Z")
        threads = (await answer(client.get(f"{path}/threads")))["value"]
        assert sorted(one["topic"] for one in threads) == ["Lamps", "Other"]
        lamps = next(one for one in threads if one["topic"] == "Lamps")
        assert len((await answer(client.get(f"{path}/threads/{lamps['id']}/posts")))["value"]) == 2


def mail(to: str, subject: str = "Lamps") -> dict[str, Any]:
    whom = [{"emailAddress": {"address": to}}]
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "aGVsbG8="}
    text = {"contentType": "text", "content": "by mail"}
    return {"message": {"subject": subject, "toRecipients": whom, "body": text, "attachments": [file]}}


async def test_what_is_sent_to_the_group_becomes_a_post() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client, as_person(tenant, "Bo") as bo:
        path = await fair(client, tenant, "Cy")
        await answer(bo.post("/me/sendMail", json=mail(f"fair@{tenant.domain}")), 202)
        thread = (await answer(client.get(f"{path}/threads")))["value"][0]
        assert (thread["topic"], thread["uniqueSenders"], thread["hasAttachments"]) == (
            "Lamps",
            ["Bo McAllister"],
            True,
        )
        found = (await answer(client.get(f"{path}/threads/{thread['id']}/posts?$expand=attachments")))["value"][0]
        assert [one["name"] for one in found["attachments"]] == ["a.txt"]
        assert inbox(tenant, "Cy") == []


async def test_who_is_kept_out_writes_nothing() -> None:
    tenant = small_tenant()
    group_address = f"fair@{tenant.domain}"
    async with as_person(tenant) as client, as_person(tenant, "Bo") as bo:
        path = await fair(client, tenant)
        await answer(client.post(f"{path}/rejectedSenders/$ref", json=link(named(tenant, "Bo").id)), 204)
        await answer(bo.post("/me/sendMail", json=mail(group_address)), 202)
        await answer(client.post(f"{path}/acceptedSenders/$ref", json=link(named(tenant, "Cy").id)), 204)
        await answer(client.post("/me/sendMail", json=mail(group_address)), 202)
        assert (await answer(client.get(f"{path}/threads")))["value"] == []
    group = next(iter(tenant.store.root("groups")))
    stranger = Address("Uma", "uma@x.example")
    assert not state.may_write(tenant, group, stranger)
    group.links_of("acceptedSenders").drop(named(tenant, "Cy"))
    assert not state.may_write(tenant, group, stranger)
    group.update({"allowExternalSenders": True})
    assert state.may_write(tenant, group, stranger)
    add_contact(tenant, "Eli Moor", "eli@moor.example")
    group.update({"allowExternalSenders": False})
    assert state.may_write(tenant, group, Address("Eli", "ELI@moor.example"))


async def test_mail_to_a_list_goes_to_its_members() -> None:
    tenant = small_tenant()
    values = {"displayName": "List", "mailNickname": "list", "mailEnabled": True, "securityEnabled": False}
    listed = add_group(tenant, values, "2026-01-01T00:00:00Z")
    listed.links_of("members").add(named(tenant, "Cy"))
    async with as_person(tenant) as client:
        await fair(client, tenant)
        await answer(client.post("/me/sendMail", json=mail(f"list@{tenant.domain}")), 202)
    assert inbox(tenant, "Cy") == ["Lamps"]
