"""The tenant's state: people, mailboxes, ids and delivery."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import exchange_ids
from emulator.faults import DirectoryNotFound, ItemNotFound, MailboxMissing, MalformedId
from emulator.graph.mail.state import Address, Attachment, Body
from emulator.html_text import html_to_text
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Tenant
from tests.emulator.support import NOW, small_tenant


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


def test_a_person_is_found_by_id_and_by_name_in_any_case(tenant: Tenant) -> None:
    ada = tenant.person("ADA.LIND@lindenhall.example")
    assert tenant.person(ada.id.upper()) is ada
    assert (ada.given_name, ada.surname, ada.mail) == ("Ada", "Lind", "ada.lind@lindenhall.example")
    assert tenant.demo_person is ada


def test_an_unknown_person_is_a_fault_that_names_the_key(tenant: Tenant) -> None:
    with pytest.raises(DirectoryNotFound, match=r"'nobody'"):
        tenant.person("nobody")


def test_an_address_is_a_persons_or_that_of_a_group_with_mail(tenant: Tenant) -> None:
    def group(**values: Any) -> Entity:
        return tenant.store.root("groups").add(tenant.store.entity(schema().kind("group"), values))

    team = group(mail="Team@x.example", mailEnabled=True, proxyAddresses=["SMTP:Team@x.example", "smtp:Crew@x.example"])
    group(displayName="Silent", mail="silent@x.example", mailEnabled=False)
    group(displayName="Without", mailEnabled=True)
    assert tenant.addressee(" ADA.LIND@lindenhall.example ") is tenant.demo_person
    assert [tenant.addressee(text) for text in ("team@X.example", "crew@x.example")] == [team, team]
    assert [tenant.addressee(text) for text in ("silent@x.example", "None", "")] == [None] * 3


def test_the_demo_person_can_be_chosen(tenant: Tenant) -> None:
    tenant.demo_person = tenant.person("cy.falk@lindenhall.example")
    assert tenant.demo_person.display_name == "Cy Falk"


def test_a_person_without_a_mailbox_has_no_mail_address(tenant: Tenant) -> None:
    dee = tenant.person("dee.ruiz@lindenhall.example")
    assert dee.mail is None
    with pytest.raises(MailboxMissing):
        tenant.mailbox(dee)


def test_ids_are_the_same_in_every_tenant_built_alike() -> None:
    first, second = small_tenant(), small_tenant()
    assert list(first.people) == list(second.people)
    assert [box.root.id for box in first.mailboxes.values()] == [box.root.id for box in second.mailboxes.values()]


def test_ids_look_like_those_of_exchange(tenant: Tenant) -> None:
    ada = tenant.demo_person
    message = tenant.add_message(ada, "Hello", attachments=(Attachment("a.txt", "text/plain", b"a"),))
    assert message.id.startswith("AAMkAG")
    assert (len(message.id), len(message.folder_id), len(message.immutable_id)) == (152, 120, 68)
    shown = [message.id, message.folder_id, message.immutable_id, exchange_ids.attachment_id(message.id, 0)]
    assert all(exchange_ids.is_well_formed(identifier) for identifier in shown)


@pytest.mark.parametrize("text", ["", "x", "abcd", "é", "AAMkAG" + "A" * 146, "a b"], ids=repr)
def test_other_text_is_no_exchange_id(text: str) -> None:
    assert not exchange_ids.is_well_formed(text)


def test_a_folder_is_found_by_well_known_name_or_id(tenant: Tenant) -> None:
    mailbox = tenant.mailbox(tenant.demo_person)
    inbox = mailbox.folder("Inbox")
    assert mailbox.folder(inbox.id) is inbox
    assert inbox.parent_id == mailbox.folder("msgfolderroot").id
    assert mailbox.add_folder("Later", "inbox") in mailbox.children(inbox.id)


def test_unknown_items_are_missing_or_malformed(tenant: Tenant) -> None:
    ada = tenant.demo_person
    mailbox = tenant.mailbox(ada)
    message = tenant.add_message(ada, "Hello")
    mailbox.remove(message)
    with pytest.raises(ItemNotFound):
        mailbox.message(message.id)
    with pytest.raises(MalformedId):
        mailbox.message("nonsense")
    with pytest.raises(MalformedId):
        mailbox.folder("nowhere")
    with pytest.raises(MalformedId):
        mailbox.attachment(message, "nothing")


def test_a_delivered_message_is_the_same_for_everyone(tenant: Tenant) -> None:
    ada, bo, cy = list(tenant.people.values())[:3]
    stranger = Address("Out Sider", "out@elsewhere.example")
    sent = tenant.add_message(
        ada,
        "Plan",
        folder="sentitems",
        sender=ada.address,
        to=(bo.address, stranger),
        cc=(ada.address,),
        bcc=(cy.address,),
        is_read=True,
    )
    copies = tenant.deliver(sent, ada)
    assert [copies[0].id in tenant.mailbox(bo).messages, copies[1].id in tenant.mailbox(cy).messages] == [True, True]
    for copy in copies:
        assert copy.internet_message_id == sent.internet_message_id
        assert copy.conversation_id == sent.conversation_id
        assert copy.id != sent.id
        assert (copy.bcc, copy.is_read) == ((), False)
    assert tenant.mailbox(bo).folder("inbox").id == copies[0].folder_id


def test_a_person_without_a_mailbox_gets_no_copy(tenant: Tenant) -> None:
    dee = tenant.person("dee.ruiz@lindenhall.example")
    sent = tenant.add_message(tenant.demo_person, "Plan", to=(dee.address,))
    assert tenant.deliver(sent) == []


def test_a_moved_message_gets_a_new_id_and_keeps_the_immutable_one(tenant: Tenant) -> None:
    ada = tenant.demo_person
    before = tenant.add_message(ada, "Hello", sent=NOW)
    after = tenant.move_message(ada, before.id, "archive")
    mailbox = tenant.mailbox(ada)
    assert after.id != before.id
    assert mailbox.message(before.immutable_id) is after
    assert [message.id for message in mailbox.in_folder(mailbox.folder("archive").id)] == [after.id]
    with pytest.raises(ItemNotFound):
        mailbox.message(before.id)


def test_a_body_is_made_once_and_only_when_read() -> None:
    made: list[str] = []

    def make() -> str:
        made.append("now")
        return "<p>Hello   there</p>"

    body = Body(make)
    assert made == []
    assert (body.text, body.preview, body.content) == ("Hello there", "Hello there", "<p>Hello   there</p>")
    assert made == ["now"]


def test_a_preview_is_the_first_255_characters_of_the_text() -> None:
    assert Body("<p>" + "a" * 300 + "</p>").preview == "a" * 255
    assert Body("a <b>", "text").preview == "a <b>"


def test_html_becomes_readable_text() -> None:
    html = (
        "<html><head><style>p {}</style></head><body><p>One &amp; two</p><hr><ul><li>a</li></ul>"
        '<table><tr><td>k</td><td>v</td></tr></table>line<br>break <img alt="[logo]"><img src="y"></body></html>'
    )
    text = html_to_text(html)
    assert "One & two" in text
    assert "________" in text
    assert "k\tv" in text
    assert "line\r\nbreak [logo]" in text
    assert "p {}" not in text
