"""tools/_scopes.py: what a token holds is enough for what a tool declares. The pairs are from Microsoft's own map."""

from __future__ import annotations

import pytest

from tools._scopes import missing, satisfied


@pytest.mark.parametrize(
    ("needed", "granted"),
    [
        pytest.param("Mail.Read", "Mail.Read", id="the same"),
        pytest.param("Mail.Read", "mail.read", id="in other letters"),
        pytest.param("Mail.Read", "https://graph.microsoft.com/Mail.Read", id="with its resource"),
        pytest.param("Mail.Read", "Mail.ReadWrite", id="write for read"),
        pytest.param("Mail.ReadBasic", "Mail.Read", id="read for basic"),
        pytest.param("Mail.ReadBasic", "Mail.ReadWrite", id="write for basic"),
        pytest.param("Mail.Read", "Mail.Read.Shared", id="shared comes with one's own"),
        pytest.param("Mail.ReadBasic.All", "Mail.Read", id="an app's mail role is for all mailboxes"),
        pytest.param("Calendars.ReadBasic.All", "Calendars.ReadWrite", id="an app's calendar role is for all"),
        pytest.param("Files.Read", "Files.ReadWrite.All", id="everybody's files for one's own"),
        pytest.param("Files.Read.All", "Sites.Read.All", id="sites hold the files"),
        pytest.param("Files.ReadWrite.All", "Sites.FullControl.All", id="full control of the sites too"),
        pytest.param("Sites.ReadWrite.All", "Sites.Manage.All", id="manage for write"),
        pytest.param("Sites.Manage.All", "Sites.FullControl.All", id="full control for manage"),
        pytest.param("Sites.Read.All", "Sites.Selected", id="chosen sites, which Graph tells apart"),
        pytest.param("User.ReadBasic.All", "User.Read.All", id="profiles for names"),
        pytest.param("User.Read", "User.Read.All", id="all profiles for one's own"),
        pytest.param("User.Read.All", "Directory.Read.All", id="the directory for its users"),
        pytest.param("Device.Read.All", "Directory.ReadWrite.All", id="the directory for its devices"),
        pytest.param("Application.Read.All", "Directory.Read.All", id="the directory for its apps"),
        pytest.param("GroupMember.Read.All", "Group.Read.All", id="groups for their members"),
        pytest.param("GroupMember.ReadWrite.All", "Directory.ReadWrite.All", id="the directory for its members"),
        pytest.param("Group.Read.All", "Directory.AccessAsUser.All", id="the directory as the person"),
        pytest.param("User.Invite.All", "User.ReadWrite.All", id="write for inviting"),
        pytest.param("User.DeleteRestore.All", "User.ReadWrite.All", id="write for deleting"),
        pytest.param("Channel.ReadBasic.All", "ChannelSettings.Read.All", id="settings for names of channels"),
        pytest.param("ChannelMessage.Read.All", "Group.Read.All", id="groups for what is said in them"),
        pytest.param("ChatMessage.Send", "Chat.ReadWrite", id="a chat for its messages"),
        pytest.param("Chat.Create", "Chat.ReadWrite", id="write for opening chats"),
        pytest.param("Notes.Create", "Notes.ReadWrite.All", id="write for creating"),
        pytest.param("TeamMember.ReadWriteNonOwnerRole.All", "TeamMember.ReadWrite.All", id="all roles for some"),
        pytest.param("LifecycleWorkflows-Reports.Read.All", "LifecycleWorkflows.Read.All", id="a part of a family"),
        pytest.param("UserAuthMethod-Phone.Read.All", "UserAuthenticationMethod.ReadWrite.All", id="a renamed family"),
        pytest.param("Policy.Read.ConditionalAccess", "Policy.Read.All", id="all policies for one sort"),
        pytest.param("RoleManagement.Read.Directory", "RoleManagement.Read.All", id="all roles for the directory's"),
        pytest.param("CloudPC.Read.All", "CloudPC.ReadWrite.All", id="an admin's area"),
        pytest.param("openid", "openid", id="a name without parts"),
    ],
)
def test_a_higher_permission_is_enough(needed: str, granted: str) -> None:
    assert satisfied([needed], [granted])


@pytest.mark.parametrize(
    ("needed", "granted"),
    [
        pytest.param("Mail.ReadWrite", "Mail.Read", id="read for write"),
        pytest.param("Mail.Read", "Mail.ReadBasic", id="basic for read"),
        pytest.param("Mail.Send", "Mail.ReadWrite", id="write for send"),
        pytest.param("Mail.Send", "Mail.ReadWrite.Shared", id="shared write for send"),
        pytest.param("Mail.Read.Shared", "Mail.Read", id="one's own for shared"),
        pytest.param("Mail.Read", "MailboxSettings.Read", id="a family that begins alike"),
        pytest.param("Files.Read.All", "Files.Read", id="one's own for everybody's"),
        pytest.param("Sites.Read.All", "Files.Read.All", id="files for sites"),
        pytest.param("Sites.FullControl.All", "Sites.Selected", id="chosen sites for full control"),
        pytest.param("Mail.Read", "Sites.Selected", id="chosen sites for mail"),
        pytest.param("User.ReadWrite.All", "Directory.Read.All", id="a read directory for a write"),
        pytest.param("Directory.Read.All", "User.Read.All", id="users for the directory"),
        pytest.param("Application.ReadWrite.All", "Directory.ReadWrite.All", id="the directory for changing apps"),
        pytest.param("User.Read.All", "User.ReadBasic.All", id="names for profiles"),
        pytest.param("ChannelMessage.Send", "Group.ReadWrite.All", id="groups for speaking in them"),
        pytest.param("Policy.ReadWrite.ConditionalAccess", "Policy.Read.All", id="reading for changing policies"),
        pytest.param(
            "DeviceManagementManagedDevices.PrivilegedOperations.All",
            "DeviceManagementManagedDevices.ReadWrite.All",
            id="write for a wipe",
        ),
        pytest.param("User-PasswordProfile.ReadWrite.All", "User.ReadWrite.All", id="users for their passwords"),
        pytest.param("User-Phone.ReadWrite.All", "Directory.ReadWrite.All", id="the directory for telephones"),
        pytest.param("User.EnableDisableAccount.All", "User.ReadWrite.All", id="write for blocking"),
        pytest.param("Mail.Read", "", id="an empty name"),
        pytest.param("Mail.Read", "Mail", id="a family alone"),
        pytest.param("openid", "profile", id="two names without parts"),
    ],
)
def test_another_permission_is_not(needed: str, granted: str) -> None:
    assert not satisfied([needed], [granted])


def test_each_of_the_needed_ones_wants_one_that_is_granted() -> None:
    assert satisfied(["Mail.Read", "User.Read"], ["User.Read.All", "Mail.ReadWrite", "offline_access"])
    assert not satisfied(["Mail.Read", "Mail.Send"], ["Mail.ReadWrite"])


def test_nothing_needed_is_satisfied_by_nothing() -> None:
    assert satisfied([], [])
    assert not satisfied(["User.Read"], [])


def test_what_is_missing_is_named_as_it_was_written_and_in_order() -> None:
    assert missing(["Mail.Send", "Mail.Read", "Chat.Read"], ["mail.readwrite"]) == ["Mail.Send", "Chat.Read"]
    assert missing(("User.Read",), {"User.Read"}) == []


@pytest.mark.parametrize(
    ("needed", "granted"),
    [
        pytest.param("Sites.Read.All", "Sites.Selected", id="all sites for chosen ones"),
        pytest.param("User.ReadWrite.All", "Directory.AccessAsUser.All", id="all users for what the person may"),
    ],
)
def test_what_is_asked_for_is_never_another_permission_than_the_one_allowed(needed: str, granted: str) -> None:
    assert missing([needed], [granted]) == []
    assert missing([needed], [granted], strictly=True) == [needed]
    assert missing([granted], [granted], strictly=True) == []
    assert missing(["Mail.Read"], [granted, "Mail.ReadWrite"], strictly=True) == [], "a lesser one may be asked for"
