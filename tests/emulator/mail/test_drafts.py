"""Drafts: made from JSON or MIME, changed until they are sent; what was sent keeps its words."""

from __future__ import annotations

import base64

import httpx
import pytest

from emulator import Tenant
from emulator.graph.mail.parts import Body
from emulator.tenant import Person
from tests.emulator.mail.scene import ADA, BO, CY, OLGA, draft, inside, letter, to
from tests.emulator.support import NOW, error_of

MIME = b"""From: Ada Lind <ada.lind@lindenhall.example>
To: "Bo, junior" <bo.mcallister@lindenhall.example>, cy.falk@lindenhall.example
Cc: olga@elsewhere.example
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Importance: high
Date: Tue, 10 Mar 2026 09:00:00 +0100
Message-ID: <one@elsewhere.example>
X-Ticket: 7
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="x"

--x
Content-Type: text/html; charset=utf-8

<p>Hello</p>
--x
Content-Type: text/csv; name="a.csv"
Content-Disposition: attachment; filename="a.csv"
Content-Transfer-Encoding: base64

YTti
--x
Content-Type: image/png
Content-ID: <logo>
Content-Disposition: inline

PNG
--x--
"""


async def test_a_draft_has_what_was_written_and_all_that_exchange_adds(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person
) -> None:
    response = await graph.post("/me/messages", json=letter(BO, importance="low", categories=["Red category"]))
    made = response.json()
    assert response.status_code == 201
    assert response.headers["location"].endswith(f"/me/messages('{made['id']}')")
    assert (made["isDraft"], made["isRead"], made["importance"], made["categories"]) == (
        True,
        True,
        "low",
        ["Red category"],
    )
    assert made["from"]["emailAddress"] == {"name": "Ada Lind", "address": ADA}
    assert made["toRecipients"][0]["emailAddress"] == {"name": BO, "address": BO}
    assert made["createdDateTime"] == made["receivedDateTime"] == "2026-03-11T14:30:00Z"
    assert made["body"]["content"].startswith("<html><head>")
    assert made["bodyPreview"] == "Hello"
    assert made["@odata.etag"] == f'W/"{made["changeKey"]}"'
    read = (await graph.get(f"/me/messages/{made['id']}")).json()
    assert {name: read[name] for name in read if name != "@odata.context"} == {
        name: made[name] for name in made if name != "@odata.context"
    }


async def test_a_draft_may_be_made_in_any_folder(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    response = await graph.post("/me/mailFolders/inbox/messages", json=letter(BO))
    assert response.json()["parentFolderId"] == tenant.mailbox(ada).folder("inbox").id
    assert [message.is_draft for message in inside(tenant, ada, "inbox")] == [True]


async def test_a_text_body_stays_text_and_what_nobody_may_set_is_left_alone(graph: httpx.AsyncClient) -> None:
    made = await draft(
        graph,
        {
            "body": {"content": "a <b>"},
            "id": "mine",
            "hasAttachments": True,
            "receivedDateTime": "2001-01-01T00:00:00Z",
        },
    )
    assert made["body"] == {"contentType": "text", "content": "a <b>"}
    assert (made["hasAttachments"], made["receivedDateTime"][:4], made["id"] == "mine", made["subject"]) == (
        False,
        "2026",
        False,
        "",
    )


@pytest.mark.parametrize("path", ["/me/messages", "/me/mailFolders/drafts/messages"])
async def test_a_draft_is_made_from_mime(graph: httpx.AsyncClient, path: str) -> None:
    response = await graph.post(path, content=base64.b64encode(MIME), headers={"Content-Type": "text/plain"})
    made = response.json()
    assert response.status_code == 201
    assert (made["subject"], made["importance"], made["hasAttachments"]) == ("Grüße", "high", True)
    assert [one["emailAddress"]["name"] for one in made["toRecipients"]] == ["Bo, junior", CY]
    assert (made["body"]["contentType"], made["bodyPreview"]) == ("html", "Hello")
    assert made["internetMessageId"] == "<one@elsewhere.example>"
    files = (await graph.get(f"/me/messages/{made['id']}/attachments")).json()["value"]
    assert [(one["name"], one["isInline"], one["contentId"]) for one in files] == [
        ("a.csv", False, None),
        ("logo", True, "logo"),
    ]
    assert base64.b64decode(files[0]["contentBytes"]) == b"a;b"


async def test_mail_is_sent_from_mime(graph: httpx.AsyncClient, tenant: Tenant, bo: Person) -> None:
    response = await graph.post("/me/sendMail", content=base64.b64encode(MIME), headers={"Content-Type": "text/plain"})
    assert response.status_code == 202
    (copy,) = inside(tenant, bo, "inbox")
    assert (copy.subject, copy.header("x-ticket"), len(copy.attachments)) == ("Grüße", "7", 2)
    assert [left.recipients for left in tenant.outbox] == [("olga@elsewhere.example",)]


@pytest.mark.parametrize(
    ("content", "subject"),
    [
        pytest.param(b"Subject: bare\r\n\r\njust text", "bare", id="no recipients"),
        pytest.param(b"no header at all", "", id="no header"),
        pytest.param(b"Date: some day\nSubject: x\n\ny", "x", id="odd date"),
    ],
)
async def test_meagre_mime_still_makes_a_draft(graph: httpx.AsyncClient, content: bytes, subject: str) -> None:
    response = await graph.post(
        "/me/messages", content=base64.b64encode(content), headers={"Content-Type": "text/plain"}
    )
    assert (response.status_code, response.json()["subject"], response.json()["body"]["contentType"]) == (
        201,
        subject,
        "text",
    )


async def test_mime_that_is_not_base64_is_refused(graph: httpx.AsyncClient) -> None:
    response = await graph.post("/me/messages", content=b"Subject: x!", headers={"Content-Type": "text/plain"})
    assert error_of(response)[:2] == (400, "ErrorMimeContentInvalidBase64String")


async def test_a_draft_may_be_rewritten(graph: httpx.AsyncClient) -> None:
    made = await draft(graph, letter(BO))
    change = {
        "subject": "Other",
        "toRecipients": to(CY),
        "body": {"contentType": "text", "content": "new"},
        "isDraft": False,
    }
    response = await graph.patch(f"/me/messages/{made['id']}", json=change)
    found = response.json()
    assert response.status_code == 200
    assert (found["subject"], found["body"]["content"], found["bodyPreview"], found["isDraft"]) == (
        "Other",
        "new",
        "new",
        True,
    )
    assert found["toRecipients"][0]["emailAddress"]["address"] == CY
    assert found["changeKey"] != made["changeKey"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"subject": "Other"}, id="subject"),
        pytest.param({"body": {"contentType": "text", "content": "other"}}, id="body"),
        pytest.param({"toRecipients": to(CY)}, id="recipients"),
        pytest.param({"from": to(CY)[0]}, id="sender"),
    ],
)
async def test_what_was_sent_keeps_its_words(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, change: dict[str, object]
) -> None:
    received = tenant.add_message(ada, "Hello", "<p>x</p>", sender=OLGA, to=(ada.address,))
    response = await graph.patch(f"/me/messages/{received.id}", json=change)
    assert error_of(response)[:2] == (400, "ErrorInvalidPropertyUpdateSentMessage")
    assert received.subject == "Hello"


async def test_what_was_sent_may_be_marked(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    received = tenant.add_message(ada, "Hello", sender=OLGA, to=(ada.address,), sent=NOW)
    due = {"dateTime": "2026-03-20T10:00:00", "timeZone": "UTC"}
    marks = {
        "isRead": True,
        "categories": ["Blue category"],
        "importance": "high",
        "inferenceClassification": "other",
        "subject": "Hello",
    }
    found = (
        await graph.patch(
            f"/me/messages/{received.id}", json={**marks, "flag": {"flagStatus": "flagged", "dueDateTime": due}}
        )
    ).json()
    assert {name: found[name] for name in marks} == marks
    assert found["flag"] == {"flagStatus": "flagged", "dueDateTime": due}
    assert (received.is_read, received.modified) == (True, NOW)
    cleared = (await graph.patch(f"/me/messages/{received.id}", json={"flag": {"flagStatus": "notFlagged"}})).json()
    assert cleared["flag"] == {"flagStatus": "notFlagged"}
    assert (await graph.get("/me/mailFolders/inbox")).json()["unreadItemCount"] == 0


async def test_a_change_made_for_an_earlier_state_is_refused(graph: httpx.AsyncClient) -> None:
    made = await draft(graph, letter(BO))
    path, tag = f"/me/messages/{made['id']}", {"If-Match": made["@odata.etag"]}
    assert (await graph.patch(path, json={"subject": "1"}, headers=tag)).status_code == 200
    assert error_of(await graph.patch(path, json={"subject": "2"}, headers=tag))[:2] == (
        412,
        "ErrorIrresolvableConflict",
    )
    assert error_of(await graph.delete(path, headers=tag))[0] == 412
    assert (await graph.patch(path, json={"subject": "3"}, headers={"If-Match": "*"})).json()["subject"] == "3"


async def test_a_message_is_read_as_mime(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    file = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": "a\n.txt",
        "contentBytes": "aGk=",
        "contentType": "text/plain",
    }
    made = await draft(
        graph, letter(BO, subject="Grüße\r\nX: y", bccRecipients=to(CY), importance="high", attachments=[file])
    )
    response = await graph.get(f"/me/messages/{made['id']}/$value")
    assert response.headers["content-type"].startswith("text/plain")
    assert response.content == (await graph.get(f"/me/messages/{made['id']}/$value")).content
    assert b"\r\nX: y" not in response.content
    again = await graph.post(
        "/me/messages", content=base64.b64encode(response.content), headers={"Content-Type": "text/plain"}
    )
    found = again.json()
    assert (found["subject"], found["importance"], found["hasAttachments"]) == ("Grüße X: y", "high", True)
    assert found["bccRecipients"][0]["emailAddress"]["address"] == CY
    assert found["bodyPreview"] == "Hello"


async def test_html_is_shown_without_what_runs_unless_that_is_wanted(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person
) -> None:
    link = '<a href="javascript:x()">l</a>'
    evil = f'<html><body><p onclick="steal()" class=a>Hi</p><script>steal()</script>{link}<iframe src=x></body></html>'
    message = tenant.add_message(ada, "Evil", Body(evil), sender=OLGA)
    shown = (await graph.get(f"/me/messages/{message.id}")).json()["body"]["content"]
    assert "Hi</p>" in shown
    assert not any(part in shown for part in ("script", "onclick", "iframe", "steal"))
    response = await graph.get(f"/me/messages/{message.id}", headers={"Prefer": "outlook.allow-unsafe-html"})
    assert response.json()["body"]["content"] == evil


async def test_mail_that_came_in_keeps_its_headers_as_mime(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person
) -> None:
    headers = (("X-Route", "a\nb"), ("To", "x"))
    message = tenant.add_message(ada, "Hi", Body("plain", "text"), sender=OLGA, headers=headers)
    mime = (await graph.get(f"/me/messages/{message.id}/$value")).text
    assert "X-Route: a b\r\n" in mime
    assert "From: Olga Strand <olga@elsewhere.example>" in mime
    assert "\r\nTo:" not in mime
    assert "text/plain" in mime
