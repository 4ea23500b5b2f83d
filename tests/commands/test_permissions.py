"""commands/permissions.py: what the tools need, who has to agree, and the link for it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from commands import needs, permissions, permissions_named, told_for_docs
from commands._permission_map import (
    Need,
    covers,
    identifier,
    is_for_administrators,
    is_for_personal_accounts,
)
from principal import Access
from settings import Settings, read_settings
from tests.commands.support import APP, TENANT, Paper, settings_with
from tools import TOOLSETS

READING_MAIL = [
    replace(tool, wants=())
    for toolset in TOOLSETS
    for tool in toolset.tools
    if tool.name in ("mail_list_messages", "mail_read_message")
]


def shown(settings: Settings, **options: bool) -> str:
    paper = Paper()
    assert permissions(settings, READING_MAIL, paper.output, **options) == 0
    assert paper.told == []
    return paper.shown[0]


def test_every_permission_that_a_tool_names_is_known() -> None:
    unknown = [
        (tool.name, name)
        for toolset in TOOLSETS
        for tool in toolset.tools
        for kind, names in (("delegated", (*tool.delegated, *tool.wants)), ("application", tool.application or ()))
        for name in names
        if identifier(name, kind) is None
    ]
    assert not unknown, "Run scripts/permission_docs.py with Microsoft's list of permissions, or correct the names."


def test_no_fact_is_kept_that_no_tool_needs() -> None:
    from commands._permission_map import _facts  # noqa: PLC0415 - private: only this test counts them

    assert sorted(_facts()) == sorted(permissions_named())


def test_the_needs_are_those_of_the_tools() -> None:
    found = needs()
    (reading,) = [each for each in found if each.toolset == "mail" and each.access is Access.READ]
    assert (reading.delegated, reading.application, reading.has_app_form) == (("Mail.Read",), ("Mail.Read",), True)
    assert {"mail_list_messages", "mail_read_message"} <= set(reading.tools)
    named = {name for each in found for name in each.tools}
    assert named == {tool.name for toolset in TOOLSETS for tool in toolset.tools}


def test_only_the_chosen_tools_are_counted() -> None:
    assert needs(READING_MAIL) == [
        Need("mail", Access.READ, ("Mail.Read",), ("Mail.Read",), ("mail_list_messages", "mail_read_message"), True)
    ]
    assert needs([]) == []
    assert "User.Read" not in shown(settings_with(TOOLSETS="mail")).replace("User.ReadBasic", "")


def test_people_read_a_table_the_sums_and_the_link() -> None:
    text = shown(settings_with(TOOLSETS="mail"))
    lines = text.splitlines()
    assert lines[0].split() == ["toolset", "access", "signed-in", "person", "app", "by", "itself"]
    assert lines[1].split() == ["mail", "read", "Mail.Read", "Mail.Read"]
    assert "A person grants: Mail.Read. The person may agree alone" in text
    assert "An app by itself needs: Mail.Read. An administrator has to agree." in text
    assert f"https://login.microsoftonline.com/{TENANT}/v2.0/adminconsent?client_id={APP}" in text


def test_programs_read_json_with_what_a_registration_wants() -> None:
    found: dict[str, Any] = json.loads(shown(settings_with(TOOLSETS="mail"), json_wanted=True))
    assert found["delegated"] == [{"name": "Mail.Read", "admin_consent": False, "personal_accounts": True}]
    assert found["application"] == [{"name": "Mail.Read", "admin_consent": True}]
    assert found["asked_for"] == ["Mail.Read"]
    assert found["admin_consent_url"].startswith("https://login.microsoftonline.com/")
    assert found["toolsets"][0]["toolset"] == "mail"
    (api,) = found["required_resource_access"]
    assert api["resourceAccess"] == [{"id": "570282fd-fa5c-430d-a7fd-fc8dc98a9dca", "type": "Scope"}]


def test_an_app_by_itself_gets_its_own_link_and_roles() -> None:
    settings = settings_with(ENTRA_CLIENT_SECRET="a-secret-of-the-test", TOOLSETS="mail")
    found: dict[str, Any] = json.loads(shown(settings, json_wanted=True))
    link = (
        f"https://login.microsoftonline.com/{TENANT}/adminconsent?client_id={APP}&redirect_uri=http%3A%2F%2Flocalhost"
    )
    assert found["admin_consent_url"] == link
    assert found["required_resource_access"][0]["resourceAccess"] == [
        {"id": "810c84a8-4a9e-49e6-bf7d-12d183f40d01", "type": "Role"}
    ]


def test_the_link_alone_is_a_line_that_can_be_piped() -> None:
    text = shown(settings_with(), only_link=True)
    assert text.startswith("https://")
    assert " " not in text


def test_scopes_that_were_set_are_what_the_link_asks_for() -> None:
    settings = settings_with(ENTRA_SCOPES="Calendars.Read")
    assert "Calendars.Read" in shown(settings, only_link=True)
    assert "Mail.Read" not in shown(settings, only_link=True)
    assert "ENTRA_SCOPES is set: sign-in asks for Calendars.Read instead." in shown(settings)


OVER_HTTP = {
    "TRANSPORT": "http",
    "PUBLIC_URL": "https://mcp.lindenhall.example",
    "ENTRA_CLIENT_SECRET": "a-secret-of-the-test",
    "TOOLSETS": "mail",
}


def test_for_callers_with_tokens_an_administrator_agrees_to_what_people_may_do() -> None:
    settings = settings_with(HTTP_AUTH="entra", **OVER_HTTP)
    text = shown(settings)
    assert "The API's registration needs these delegated permissions: Mail.Read.\n" in text
    assert "nobody can be asked on the way to Graph (--admin-consent-url)" in text
    assert "The person may agree" not in text
    assert "An app by itself" not in text
    link = shown(settings, only_link=True)
    assert link == f"https://login.microsoftonline.com/{TENANT}/adminconsent?client_id={APP}"
    (api,) = json.loads(shown(settings, json_wanted=True))["required_resource_access"]
    assert {each["type"] for each in api["resourceAccess"]} == {"Scope"}


def test_scopes_that_were_set_are_what_is_asked_for_in_the_name_of_callers() -> None:
    text = shown(settings_with(HTTP_AUTH="entra", ENTRA_SCOPES="Calendars.Read", **OVER_HTTP))
    assert "ENTRA_SCOPES is set: in the name of callers, the server asks for Calendars.Read instead." in text


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"HTTP_AUTH": "apikey"}, id="keys"),
        pytest.param({"HTTP_AUTH": "entra", "ENTRA_AUTH_MODE": "application"}, id="tokens of apps"),
    ],
)
def test_for_callers_who_are_no_people_the_permissions_of_the_app_count(environ: dict[str, str]) -> None:
    settings = settings_with(**environ, **OVER_HTTP)
    text = shown(settings)
    assert "The app needs these application permissions: Mail.Read. An administrator has to agree." in text
    assert "A person grants" not in text
    assert f"/{TENANT}/adminconsent?client_id={APP}" in shown(settings, only_link=True)
    (api,) = json.loads(shown(settings, json_wanted=True))["required_resource_access"]
    assert {each["type"] for each in api["resourceAccess"]} == {"Role"}


def test_keys_stand_for_an_app_before_it_has_a_credential() -> None:
    settings = settings_with(ENTRA_ENABLE_AUTH="false").model_copy(
        update={"transport": "http", "http_auth": "apikey", "entra_client_id": APP}
    )
    assert "The app needs these application permissions" in shown(settings)
    assert "scope=" not in shown(settings, only_link=True)


def test_where_everybody_here_may_call_a_person_signs_in_as_ever() -> None:
    settings = settings_with(TRANSPORT="http", HTTP_AUTH="none", INSECURE_LOOPBACK="true", TOOLSETS="mail")
    assert "A person grants: Mail.Read." in shown(settings)


def test_it_works_before_there_is_an_app() -> None:
    settings, paper = read_settings({"ENTRA_ENABLE_AUTH": "false"}), Paper()
    assert "docs/app-registration.md" in shown(settings)
    assert json.loads(shown(settings, json_wanted=True))["admin_consent_url"] is None
    assert permissions(settings, [], paper.output, only_link=True) == 2
    assert paper.shown == []
    assert "ENTRA_CLIENT_ID" in paper.told[0]


@pytest.mark.parametrize(
    ("granted", "needed", "is_covered"),
    [
        pytest.param("Mail.Read", "Mail.Read", True, id="the same"),
        pytest.param("mail.read", "Mail.Read", True, id="in other letters"),
        pytest.param("Mail.ReadWrite", "Mail.Read", True, id="a write covers its read"),
        pytest.param("Mail.Read", "Mail.ReadWrite", False, id="a read never covers a write"),
        pytest.param("Mail.Read", "Mail.ReadBasic", True, id="all of a mail covers a part"),
        pytest.param("Mail.ReadBasic", "Mail.Read", False, id="a part covers not all"),
        pytest.param("Files.Read.All", "Files.Read", True, id="everybody's covers one's own"),
        pytest.param("Files.Read", "Files.Read.All", False, id="one's own covers not everybody's"),
        pytest.param("Files.ReadWrite.All", "Files.Read", True, id="wider and further"),
        pytest.param("Files.ReadWrite", "Files.Read.All", False, id="further and narrower"),
        pytest.param("Mail.Read.Shared", "Mail.Read", False, id="others' covers not one's own"),
        pytest.param("Mail.ReadWrite.Shared", "Mail.Read.Shared", True, id="the same of others"),
        pytest.param("Mail.ReadWrite", "Mail.Send", False, id="writing is not sending"),
        pytest.param("Mail.Send", "Mail.Read", False, id="sending is not reading"),
        pytest.param("User.ReadWrite.All", "User.Read", True, id="people"),
        pytest.param("Mail.Read", "MailboxSettings.Read", False, id="a longer name"),
        pytest.param("Directory.AccessAsUser.All", "User.Read", False, id="another family"),
        pytest.param("openid", "User.Read", False, id="no permission of Graph"),
    ],
)
def test_what_covers_what(granted: str, needed: str, *, is_covered: bool) -> None:
    assert covers(granted, needed) is is_covered


def test_an_unknown_permission_is_taken_for_one_of_administrators() -> None:
    assert is_for_administrators("Made.Up.All")
    assert not is_for_personal_accounts("Made.Up.All")
    assert identifier("Made.Up.All", "delegated") is None


def test_what_only_administrators_may_grant_is_marked() -> None:
    from commands.permissions import _report  # noqa: PLC0415 - no tool of today needs such a permission

    need = Need("made", Access.WRITE, ("Made.Up.All", "User.Read"), (), ("made_up",), False, ("Mail.Read",))
    text = _report(settings_with(), [need], "https://link.example")
    assert "Made.Up.All*, User.Read; better with Mail.Read  not offered" in text
    assert "An administrator has to agree to: Made.Up.All (marked *)." in text
    assert "Personal Microsoft accounts do not have: Made.Up.All." in text
    assert "`Made.Up.All`\\*, `User.Read`; better with `Mail.Read`" in told_for_docs([need])
