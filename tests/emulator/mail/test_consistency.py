"""Whatever is written, lists, counts, single reads and delta agree with one another."""

from __future__ import annotations

from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.mail.scene import ADA, BO, SCOPES, letter
from tests.emulator.support import client_for, delegated, ids, pages, small_tenant

FOLDERS = ("inbox", "archive", "drafts", "deleteditems", "sentitems")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("draft", "send", "mark", "move", "copy", "delete", "purge", "reply")),
        st.integers(0, 20),
        st.sampled_from(FOLDERS),
    ),
    max_size=14,
)


class Replica:
    """A mailbox as somebody knows it who only follows delta."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.links = {folder: f"/me/mailFolders/{folder}/messages/delta?$select=isRead" for folder in FOLDERS}
        self.known: dict[str, dict[str, Any]] = {folder: {} for folder in FOLDERS}

    async def follow(self) -> None:
        for folder in FOLDERS:
            link: str | None = self.links[folder]
            while link is not None:
                page = (await self.client.get(link)).json()
                for item in page["value"]:
                    if "@removed" in item:
                        self.known[folder].pop(item["id"], None)
                    else:
                        self.known[folder][item["id"]] = item["isRead"]
                link = page.get("@odata.nextLink")
                self.links[folder] = page.get("@odata.deltaLink", self.links[folder])


async def step(client: httpx.AsyncClient, what: str, which: int, folder: str) -> None:
    """One write, of whatever message is there; there may be none."""
    held = ids((await client.get("/me/messages?$select=id&$top=1000")).json())
    if what == "draft":
        await client.post(f"/me/mailFolders/{folder}/messages", json=letter(BO))
    elif what == "send":
        await client.post("/me/sendMail", json={"message": letter(ADA, BO), "saveToSentItems": which % 2 == 0})
    elif held:
        path = f"/me/messages/{held[which % len(held)]}"
        if what == "mark":
            await client.patch(path, json={"isRead": which % 2 == 0})
        elif what == "delete":
            await client.delete(path)
        elif what == "purge":
            await client.post(f"{path}/permanentDelete")
        elif what == "reply":
            await client.post(
                f"{path}/reply", json={"comment": "x", "message": {"toRecipients": letter(ADA)["toRecipients"]}}
            )
        else:
            await client.post(f"{path}/{what}", json={"destinationId": folder})


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
async def test_all_ways_to_read_agree_after_any_writes(steps: list[tuple[str, int, str]]) -> None:
    tenant = small_tenant()
    ada = tenant.demo_person
    async with client_for(tenant, delegated(ada, *SCOPES)) as client:
        replica = Replica(client)
        for number, (what, which, folder) in enumerate(steps):
            await step(client, what, which, folder)
            if number % 3 == 0:
                await replica.follow()
        await replica.follow()
        everything: set[str] = set()
        for folder in FOLDERS:
            listed = [
                item
                async for page in pages(client, f"/me/mailFolders/{folder}/messages?$top=3")
                for item in page["value"]
            ]
            facts = (await client.get(f"/me/mailFolders/{folder}")).json()
            counted = (await client.get(f"/me/mailFolders/{folder}/messages/$count")).text
            assert len(listed) == facts["totalItemCount"] == int(counted)
            assert sum(not item["isRead"] for item in listed) == facts["unreadItemCount"]
            assert {item["id"]: item["isRead"] for item in listed} == replica.known[folder]
            for item in listed[:2]:
                assert (await client.get(f"/me/messages/{item['id']}")).json()["changeKey"] == item["changeKey"]
            everything |= {item["id"] for item in listed}
        assert everything == set(ids((await client.get("/me/messages?$top=1000")).json()))
