"""emulator.permissions.addresses: one operation, however it is addressed."""

from __future__ import annotations

import pytest

from emulator.permissions.addresses import above, addresses_of, key_of


@pytest.mark.parametrize(
    ("template", "key"),
    [
        pytest.param("/users/{}/mailFolders", "/users/{}/mailfolders", id="case"),
        pytest.param("/me/reminderView()", "/me/reminderview", id="function"),
        pytest.param("/me/reminderView(StartDateTime='x',EndDateTime='y')", "/me/reminderview", id="arguments"),
        pytest.param("/users/graph.user", "/users/microsoft.graph.user", id="short-namespace"),
        pytest.param("/users/microsoft.graph.user", "/users/microsoft.graph.user", id="full-namespace"),
        pytest.param("/me/", "/me", id="trailing-slash"),
        pytest.param("/me/drive/root:/{}:/content", "/me/drive/items/{}/content", id="file-by-path"),
        pytest.param("/me/drive/root:/{}", "/me/drive/items/{}", id="file-by-path-at-the-end"),
        pytest.param("/drives/{}/items/{}:/{}:/content", "/drives/{}/items/{}/content", id="file-below-an-item"),
        pytest.param("/me/drive/root/children", "/me/drive/items/{}/children", id="below-the-root"),
        pytest.param("/drives/{}/root" + "/children", "/drives/{}/items/{}/children", id="below-the-root-of-any-drive"),
        pytest.param("/drives/{}/root", "/drives/{}/root", id="the-root-itself"),
        pytest.param("/groups/{}/sites/root/drive", "/groups/{}/sites/root/drive", id="root-of-another-kind"),
        pytest.param("", "", id="empty"),
    ],
)
def test_spellings_of_one_template_have_one_key(template: str, key: str) -> None:
    assert key_of(template) == key


@pytest.mark.parametrize(
    ("key", "other"),
    [
        pytest.param("/me/messages", "/users/{}/messages", id="me-is-a-user"),
        pytest.param("/users/{}/messages", "/me/messages", id="a-user-may-be-me"),
        pytest.param("/users/{}/microsoft.graph.assignlicense", "/users/{}/assignlicense", id="full-action-name"),
        pytest.param("/groups/{}/members/microsoft.graph.user", "/groups/{}/members", id="cast"),
        pytest.param("/me/messages/$count", "/me/messages", id="count"),
        pytest.param("/me/messages/{}/$value", "/me/messages/{}", id="value"),
        pytest.param("/users/{}/manager/$ref", "/users/{}/manager", id="reference"),
        pytest.param("/me/drive/items/{}/content", "/drives/{}/items/{}/content", id="my-file"),
        pytest.param("/users/{}/drive/root", "/drives/{}/items/{}", id="root-of-a-drive"),
        pytest.param("/drive/items/{}/children", "/drives/{}/items/{}/children", id="my-drive"),
        pytest.param("/groups/{}/drive", "/drives/{}", id="group-drive"),
        pytest.param("/sites/{}/drives/{}/root", "/drives/{}/items/{}", id="library-of-a-site"),
        pytest.param("/users/{}/drive/special/{}/children", "/drives/{}/items/{}/children", id="special-folder"),
        pytest.param("/shares/{}/driveitem/content", "/drives/{}/items/{}/content", id="shared-file"),
        pytest.param("/drives/{}/items/{}/children/{}/children/{}", "/drives/{}/items/{}", id="child-of-a-child"),
        pytest.param("/me/mailfolders/{}/childfolders/{}/childfolders/{}", "/me/mailfolders/{}", id="nested-folder"),
        pytest.param("/me/mailfolders/{}/messages/{}", "/me/messages/{}", id="message-in-a-folder"),
        pytest.param("/me/contactfolders/{}/childfolders/{}/contacts", "/me/contacts", id="contact-in-a-folder"),
        pytest.param("/me/calendargroups/{}/calendars/{}/events/{}", "/me/events/{}", id="event-in-a-calendar-group"),
        pytest.param("/me/calendar/calendarview", "/me/calendarview", id="default-calendar"),
        pytest.param("/me/calendars/{}/calendarpermissions", "/me/calendar/calendarpermissions", id="calendar"),
        pytest.param("/me/calendarview/{}/accept", "/me/events/{}/accept", id="event-in-a-view"),
        pytest.param("/me/events/{}/instances/{}", "/me/events/{}", id="instance"),
        pytest.param("/groups/{}/conversations/{}/threads/{}", "/groups/{}/threads/{}", id="thread"),
        pytest.param("/directory/deleteditems/microsoft.graph.group/$count", "/groups/$count", id="deleted-groups"),
    ],
)
def test_the_same_thing_is_found_under_its_other_address(key: str, other: str) -> None:
    assert other in addresses_of(key)


@pytest.mark.parametrize(
    ("key", "never"),
    [
        pytest.param("/me/contacts/{}/photo", "/me/photo", id="photo-of-a-contact"),
        pytest.param("/menu", "/users/{}nu", id="name-that-begins-alike"),
        pytest.param("/users/{}/messages", "/messages", id="root-taken-away"),
        pytest.param("/drives/{}/rooted", "/drives/{}/items/{}ed", id="part-of-a-name"),
        pytest.param("/microsoft.graph.user", "", id="nothing-left"),
    ],
)
def test_another_thing_is_no_address_of_it(key: str, never: str) -> None:
    assert never not in addresses_of(key)


def test_its_own_address_comes_first_and_none_comes_twice() -> None:
    found = list(addresses_of("/me/calendargroups/{}/calendars/{}/events/{}/instances/{}"))
    assert found[0] == "/me/calendargroups/{}/calendars/{}/events/{}/instances/{}"
    assert len(found) == len(set(found))


def test_a_long_path_has_not_addresses_without_end() -> None:
    folders = "/mailfolders/{}/childfolders/{}/messages/{}/contactfolders/{}/contacts/{}"
    events = "/calendargroups/{}/calendars/{}/calendarview/{}/instances/{}/conversations/{}/threads/{}"
    hostile = "/me" + (folders + events + "/items/{}/children/{}/microsoft.graph.any") * 40 + "/$count"
    assert 64 <= len(list(addresses_of(hostile))) < 100


def test_what_a_thing_lies_in_is_told_from_the_inside() -> None:
    assert list(above("/me/messages/{}/attachments")) == ["/me/messages/{}", "/me/messages", "/me"]
    assert list(above("/me")) == []
