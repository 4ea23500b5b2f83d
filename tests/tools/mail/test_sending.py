"""mail_send_message: exactly the mail that was shown goes out, to those who were shown, one time."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.support import small_tenant, text_of
from tests.tools.mail.support import OWN_DOMAIN, SCOPES, Mailbox, in_fence, mailbox_of, mailbox_on
from tools.mail.addresses import addressed, lines_of

JONAS = f"jonas.brandt@{OWN_DOMAIN}"
FULL = {"ACCESS": "full"}


def request_in(facts: dict[str, Any]) -> dict[str, Any]:
    """The one request of a dry run."""
    [request] = facts["requests"]
    head, _, body = request.partition("\n")
    assert head == "POST /me/sendMail"
    read: dict[str, Any] = json.loads(body)
    return read


def addresses(message: dict[str, Any], line: str) -> list[str]:
    return [each["emailAddress"]["address"] for each in message.get(f"{line}Recipients", [])]


async def dry(mailbox: Mailbox, **arguments: Any) -> dict[str, Any]:
    given = {"to": [JONAS], "subject": "Pallets", "text": "Hello", **arguments}
    return await mailbox.facts("send_message", **given, dry_run=True)


async def test_the_mail_is_in_sent_items_once_and_arrives_as_it_was_written() -> None:
    tenant = small_tenant()
    text = 'Dear Jonas,\n\n<b>no</b> & "quotes", ümläut 漢字 👍🏽\n.\n'
    async with mailbox_of(tenant, FULL) as mailbox:
        told = await mailbox.call("send_message", to=[f"Somebody Else <{JONAS}>"], subject="Pällets & co", text=text)
        sent = [each for each in mailbox.exchanges if each.method == "POST" and each.path.endswith("/sendMail")]
        listed = await mailbox.facts("list_messages", folder="sent")
    assert text_of(told) == f"Sent to Jonas Brandt <{JONAS}>: Pällets & co"
    assert told.structured_content == {"done": True, "what": text_of(told), "to": [f"Jonas Brandt <{JONAS}>"]}
    assert len(sent) == 1
    assert [row["subject"] for row in listed["messages"]] == ["Pällets & co"]
    [arrived] = tenant.mailbox(tenant.find_person(JONAS)).messages.values()  # type: ignore[arg-type]
    assert (arrived.body.content_type, arrived.body.content.replace("\r\n", "\n")) == ("text", text)


async def test_a_dry_run_shows_the_exact_request_and_sends_nothing() -> None:
    tenant = small_tenant()
    async with mailbox_of(tenant) as mailbox:
        facts = await dry(mailbox, cc=["eve@evil.example"], bcc=["Me <me@x.example>"], text="One\nNote: two")
        text = await mailbox.text("send_message", to=[JONAS], subject="Pallets", text="Hello", dry_run=True)
    assert facts["done"] is False
    assert request_in(facts) == {
        "message": {
            "subject": "Pallets",
            "body": {"contentType": "Text", "content": "One\nNote: two"},
            "toRecipients": [{"emailAddress": {"address": JONAS, "name": "Jonas Brandt"}}],
            "ccRecipients": [{"emailAddress": {"address": "eve@evil.example"}}],
            "bccRecipients": [{"emailAddress": {"address": "me@x.example"}}],
        },
        "saveToSentItems": True,
    }
    assert in_fence(facts["preview"]) == [
        "Send this mail?",
        "Note: Outside your organisation: eve@evil.example and me@x.example.",
        f"To: Jonas Brandt <{JONAS}>",
        "Cc: eve@evil.example (outside)",
        "Bcc: me@x.example (outside)",
        "Subject: Pallets",
        "| One",
        "| Note: two",
    ]
    assert text.startswith("Dry run: nothing was sent.")
    assert "Send this mail?" in in_fence(text)
    assert not tenant.mailbox(tenant.demo_person).messages


async def test_a_name_of_the_models_own_is_neither_shown_nor_sent() -> None:
    async with mailbox_of(small_tenant()) as mailbox:
        facts = await dry(mailbox, to=["Helene Vosskamp (CFO) <eve@evil.example>", f'"Boss" <{JONAS}>'])
    assert "Helene" not in json.dumps(facts)
    assert "Boss" not in json.dumps(facts)
    assert {"To: eve@evil.example (outside)", f"To: Jonas Brandt <{JONAS}>"} <= set(in_fence(facts["preview"]))


async def test_names_are_not_looked_up_without_the_permission_for_it_or_where_graph_fails() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, json={"error": {"code": "ErrorAccessDenied", "message": "no"}})

    async with mailbox_on(answer) as mailbox:
        assert f"To: {JONAS}" in "\n".join(in_fence((await dry(mailbox))["preview"]))
    async with mailbox_of(small_tenant(), scopes=tuple({*SCOPES} - {"People.Read"})) as mailbox:
        assert f"To: {JONAS}" in in_fence((await dry(mailbox))["preview"])


async def test_an_address_that_people_do_not_have_is_not_named_after_the_nearest() -> None:
    people = [{"displayName": "Jonas Brandt", "scoredEmailAddresses": [{"address": JONAS}]}, {"displayName": None}]
    async with mailbox_on(lambda _: httpx.Response(200, json={"value": people})) as mailbox:
        facts = await dry(mailbox, to=[f"jonas.brandd@{OWN_DOMAIN}"])
    assert "Jonas Brandt" not in facts["preview"]


async def test_whoever_is_named_more_than_once_gets_it_once() -> None:
    async with mailbox_of(small_tenant()) as mailbox:
        upper = f"Jonas.Brandt@{OWN_DOMAIN.upper()}"
        facts = await dry(mailbox, to=[JONAS, upper], cc=[upper, "a@x.example"], bcc=["A <A@x.example>", "b@x.example"])
    message = request_in(facts)["message"]
    assert [len(addresses(message, line)) for line in ("to", "cc", "bcc")] == [1, 1, 1]
    assert addresses(message, "bcc") == ["b@x.example"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param({"to": []}, ["to"], id="nobody"),
        pytest.param(
            {"to": ["jonas"]}, ["to: 'jonas' is no address", '"to": ["jonas.brandt@contoso.com"]'], id="a name"
        ),
        pytest.param({"cc": ["a@x.example, b@x.example"]}, ["cc:", "one address in each item"], id="two in one"),
        pytest.param({"bcc": ["a@x.example\r\nBcc: b@x.example"]}, ["bcc:", "no address"], id="a line in an address"),
        pytest.param({"to": ["Ann\r\nBcc: b@x.example <a@x.example>"]}, ["no address"], id="a line in a name"),
        pytest.param({"to": ["a@x\u200b.example"]}, ["no address"], id="an invisible character"),
        pytest.param({"to": ["a@b@x.example"]}, ["no address"], id="two signs"),
        pytest.param({"to": ["<a@x.example> <b@x.example>"]}, ["no address"], id="two in brackets"),
        pytest.param({"to": ["x" * 700 + "@x.example"]}, ["no address"], id="endless"),
        pytest.param(
            {"subject": "Hi\r\nBcc: eve@evil.example"}, ["subject: it has to be one line"], id="a line in the subject"
        ),
        pytest.param({"subject": "Hi\u2028there"}, ["subject: it has to be one line"], id="another end of a line"),
        pytest.param({"subject": "x" * 256}, ["subject", "255"], id="a long subject"),
        pytest.param({"to": [f"{n}@x.example" for n in range(51)]}, ["to", "50"], id="very many"),
        pytest.param(
            {"to": [f"{n}@x.example" for n in range(30)], "cc": [f"c{n}@x.example" for n in range(30)]},
            ["to, cc and bcc together name 60 recipients", "50 at most"],
            id="very many together",
        ),
    ],
)
async def test_what_cannot_be_sent_is_refused_with_what_to_do(arguments: dict[str, Any], says: list[str]) -> None:
    tenant = small_tenant()
    async with mailbox_of(tenant, FULL) as mailbox:
        told = await mailbox.refusal("send_message", **{"to": [JONAS], "subject": "x", "text": "y", **arguments})
        assert all(part in told for part in says), told
        assert not mailbox.exchanges, "and Graph was not even asked"


@pytest.mark.parametrize(
    ("given", "shown", "warning"),
    [
        pytest.param({"subject": "", "text": ""}, ["Subject: (no subject)", "| (no text)"], "", id="empty"),
        pytest.param(
            {"text": "a\U000e0041\U000e0042b"}, ["| ab"], "It has 2 characters that cannot be seen", id="tags"
        ),
        pytest.param({"subject": "Pay\u202e"}, ["Subject: Pay"], "It has 1 character that", id="a turned direction"),
        pytest.param({"text": "a\x1b[31mb\x1b[0m"}, ["| ab"], "It has 9 characters that", id="colours of a terminal"),
        pytest.param(
            {"text": "a\x1b]8;;https://evil.example\x07b\x1b]8;;\x07"},
            ["| ab"],
            "It has 32 characters that",
            id="a link of a terminal, with its payload",
        ),
        pytest.param({"text": "a&#x200b;b&zwj;"}, ["| ab"], "It has 13 characters that", id="entities"),
        pytest.param({"text": "a&amp;#x200b;b"}, ["| ab"], "It has 12 characters that", id="an entity of an entity"),
        pytest.param({"text": "a\u200db\ufe0f"}, ["| ab"], "It has 2 characters that", id="joiners outside of emoji"),
        pytest.param(
            {"text": "👍\ufe0f\ufe0f\ufe0f"}, [], "It has 2 characters that", id="more selectors than an emoji has"
        ),
        pytest.param(
            {"text": f"e{chr(0x301) * 10}"}, [f"| e{chr(0x301) * 4}"], "It has 6 characters that", id="a run of marks"
        ),
        pytest.param(
            {"subject": "P\u200bay", "text": "a\x00b"}, ["| ab"], "It has 2 characters that", id="in subject and text"
        ),
        pytest.param({"text": "1\ufe0f\u20e3 👩🏽\u200d🚀 🏳\ufe0f\u200d🌈 ©\ufe0f"}, [], "", id="emoji of many parts"),
        pytest.param({"text": "👩\u200d💻 ❤\ufe0f\r\nx"}, ["| x"], "", id="emoji and line ends"),
    ],
)
async def test_the_preview_tells_of_what_cannot_be_seen(given: dict[str, Any], shown: list[str], warning: str) -> None:
    async with mailbox_of(small_tenant()) as mailbox:
        lines = in_fence((await dry(mailbox, **given))["preview"])
    assert {*shown} <= {*lines}
    notes = [line for line in lines if line.startswith("Note:")]
    assert len(notes) == bool(warning)
    assert all(warning in line for line in notes)


async def test_one_very_long_line_says_how_much_more_there_is_on_it() -> None:
    async with mailbox_of(small_tenant()) as mailbox:
        facts = await dry(mailbox, text=f"{'x' * 700}\n{'y' * 500}")
    lines = [line for line in in_fence(facts["preview"]) if line.startswith("|")]
    assert lines == [f"| {'x' * 500}… and 200 more characters on this line", f"| {'y' * 500}"]


async def test_the_warning_stands_under_the_title_and_each_recipient_on_a_line_of_its_own() -> None:
    strangers = [f"{'n' * 50}{number:02}@evil.example" for number in range(30)]
    async with mailbox_of(small_tenant()) as mailbox:
        lines = in_fence((await dry(mailbox, to=strangers, cc=[JONAS], text="\u200b" * 3))["preview"])
    assert lines[0] == "Send this mail?"
    assert lines[1].startswith(f"Note: Outside your organisation: {strangers[0]}")
    assert lines[1].endswith("It has 3 characters that cannot be seen here.")
    assert lines[2:34] == [
        *(f"To: {each} (outside)" for each in strangers),
        f"Cc: Jonas Brandt <{JONAS}>",
        "Subject: Pallets",
    ]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a@x.example", "a@x.example"),
        (" Ann O'Neil <Ann.O'Neil+x@X.Example> ", "Ann.O'Neil+x@x.example"),
        ("a@münchen.example", "a@xn--mnchen-3ya.example"),
        ("a@MÜNCHEN.example", "a@xn--mnchen-3ya.example"),
        ("<a@x.example>", "a@x.example"),
        ("jürgen@x.example", "jürgen@x.example"),
    ],
)
def test_an_address_is_read_as_people_write_it(text: str, address: str) -> None:
    assert addressed(text, "to") == address


def test_the_first_line_that_names_somebody_keeps_them() -> None:
    lines = lines_of(to=["a@x.example"], cc=["A@X.example", "b@x.example"], bcc=["b@x.example", "c@x.example"])
    assert lines == {"to": ["a@x.example"], "cc": ["b@x.example"], "bcc": ["c@x.example"]}
