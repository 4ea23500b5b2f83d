"""graph/throttle/limits.py: which limits a call meets, and what it takes from them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.calls import Call, Caller
from graph.throttle.limits import LIMITS, Demand, Limits, Rate, blamed, demand_of

ADELE = Caller("contoso", "Adele@contoso.com")
MAILBOX = ("outlook", "contoso", "adele@contoso.com")


def keys(
    method: str, path: str, query: str = "", version: str = "v1.0", caller: Caller = ADELE
) -> list[tuple[str, ...]]:
    """The lanes of a call, without those that every call has."""
    demand = demand_of(Call(method, path, query, version), caller)
    shared = [("tenant", caller.tenant), ("all",)]
    if caller.user:
        shared.insert(0, ("person", caller.tenant, caller.user.lower()))
    found = [lane.key for lane, _ in demand.lanes]
    assert found[-len(shared) :] == shared
    return found[: -len(shared)]


def units(method: str, path: str, query: str = "") -> int:
    return demand_of(Call(method, path, query), ADELE).lanes[0][1]


@pytest.mark.parametrize(
    ("path", "mailbox"),
    [
        pytest.param("me/messages", "adele@contoso.com", id="me"),
        pytest.param("me/mailFolders/inbox/messages/delta()", "adele@contoso.com", id="deep"),
        pytest.param("ME/MailFolders", "adele@contoso.com", id="any-case"),
        pytest.param("users/Adele%40Contoso.com/events", "adele@contoso.com", id="encoded"),
        pytest.param("users/diego@contoso.com/calendarView", "diego@contoso.com", id="another"),
        pytest.param("users('diego%40contoso.com')/events", "diego@contoso.com", id="key-in-brackets"),
        pytest.param("users(userPrincipalName='diego@contoso.com')/events", "diego@contoso.com", id="named-key"),
        pytest.param("users(%27diego@contoso.com%27)/events", "diego@contoso.com", id="encoded-quotes"),
        pytest.param("groups/1234/conversations", "1234", id="group"),
        pytest.param("me/photo/$value", "adele@contoso.com", id="photo"),
        pytest.param("me/todo/lists", "adele@contoso.com", id="tasks"),
        pytest.param("me/microsoft.graph.getMailTips", "adele@contoso.com", id="namespace"),
        pytest.param("me/reminderView(StartDateTime='a',EndDateTime='b')", "adele@contoso.com", id="function"),
    ],
)
def test_what_is_in_a_mailbox_meets_the_limits_of_that_mailbox(path: str, mailbox: str) -> None:
    assert keys("GET", path) == [("outlook", "contoso", mailbox)]


@pytest.mark.parametrize(
    ("method", "path", "is_sent"),
    [
        pytest.param("POST", "me/sendMail", True, id="send-mail"),
        pytest.param("POST", "users/x/messages/1/send", True, id="draft"),
        pytest.param("POST", "me/messages/1/reply", True, id="reply"),
        pytest.param("POST", "me/messages/1/replyAll", True, id="reply-all"),
        pytest.param("POST", "me/messages/1/microsoft.graph.forward", True, id="forward"),
        pytest.param("POST", "me/messages/1/createReply", False, id="draft-of-a-reply"),
        pytest.param("POST", "me/messages", False, id="new-draft"),
        pytest.param("GET", "me/messages/send", False, id="read"),
    ],
)
def test_sending_meets_a_limit_of_its_own_besides(method: str, path: str, is_sent: bool) -> None:
    assert [key[0] for key in keys(method, path)] == (["outlook", "outlook.send"] if is_sent else ["outlook"])


def test_a_refused_message_is_taken_to_be_about_the_mailbox() -> None:
    demand = demand_of(Call("POST", "me/sendMail"), ADELE)
    assert blamed(demand, {}).key == MAILBOX


@pytest.mark.parametrize(
    ("method", "path", "rows"),
    [
        pytest.param("GET", "drives/1/items/2/children", ["sharepoint"], id="files"),
        pytest.param("GET", "me/drive/root", ["sharepoint"], id="own-files"),
        pytest.param("GET", "groups/1/sites/root", ["sharepoint"], id="group-site"),
        pytest.param("GET", "sites/a,b,c/lists/1/items", ["sharepoint"], id="list"),
        pytest.param("GET", "shares/u!1/driveItem", ["sharepoint"], id="share"),
        pytest.param("GET", "me/drive/items/1/workbook/worksheets", ["excel", "excel-app"], id="excel"),
        pytest.param(
            "POST", "me/drive/root:/a/b.xlsx:/workbook/createSession", ["excel", "excel-app"], id="excel-path"
        ),
        pytest.param("GET", "me/drive/root:/workbook/a.txt", ["sharepoint"], id="folder-called-workbook"),
        pytest.param("GET", "me/onenote/notebooks", ["onenote"], id="notes"),
        pytest.param("GET", "sites/1/onenote/pages", ["onenote"], id="site-notes"),
        pytest.param("GET", "sites('1')/onenote/pages", ["onenote"], id="site-notes-key-in-brackets"),
        pytest.param("GET", "sites/h.com:/sites/mark:/onenote/pages", ["onenote"], id="site-notes-by-path"),
        pytest.param("GET", "sites/root/getByPath(path='/a/b')/onenote", ["onenote"], id="site-notes-by-function"),
        pytest.param("GET", "sites/1/sites/2/onenote/pages", ["onenote"], id="notes-of-a-site-below"),
        pytest.param("GET", "groups/1/sites/2/onenote/pages", ["onenote"], id="notes-of-a-groups-site"),
        pytest.param("GET", "groups/1/sites/h.com:/a:/onenote", ["onenote"], id="notes-of-a-groups-site-by-path"),
        pytest.param("GET", "sites/1/lists/onenote/items", ["sharepoint"], id="list-called-onenote"),
        pytest.param("GET", "sites/1/drive/root:/onenote/a.txt", ["sharepoint"], id="folder-called-onenote"),
        pytest.param("GET", "sites/h.com:/sites/onenote:/lists", ["sharepoint"], id="site-called-onenote"),
        pytest.param("GET", "me/presence", ["presence"], id="presence"),
        pytest.param("POST", "communications/getPresencesByUserId", ["presence"], id="presences"),
        pytest.param("GET", "communications/callRecords/1", ["callrecords"], id="calls"),
        pytest.param("GET", "deviceManagement/managedDevices", ["intune"], id="devices"),
        pytest.param("POST", "deviceManagement/managedDevices/1/wipe", ["intune", "intune.write"], id="wipe"),
        pytest.param("GET", "users/1/managedDevices", ["intune"], id="devices-of-a-person"),
        pytest.param("GET", "deviceManagement/virtualEndpoint/cloudPCs", ["other"], id="cloud-pc"),
        pytest.param("GET", "subscriptions", ["subscriptions.list"], id="subscriptions"),
        pytest.param("GET", "subscriptions/1", ["subscriptions"], id="one-subscription"),
        pytest.param("POST", "subscriptions", ["subscriptions"], id="subscribe"),
        pytest.param("GET", "auditLogs/signIns", ["audit"], id="sign-ins"),
        pytest.param("GET", "identityProtection/riskyUsers", ["protection"], id="risk"),
        pytest.param("GET", "identity/conditionalAccess/policies", ["protection"], id="conditional-access"),
        pytest.param("GET", "identity/b2xUserFlows", ["identityproviders"], id="user-flows"),
        pytest.param("POST", "invitations", ["invitations"], id="invitations"),
        pytest.param("GET", "security/alerts_v2", ["alerts"], id="alerts"),
        pytest.param("GET", "security/secureScores", ["securescores"], id="secure-scores"),
        pytest.param("GET", "security/cases/ediscoveryCases", ["ediscovery"], id="ediscovery"),
        pytest.param("GET", "security/attackSimulation", ["other"], id="other-security"),
        pytest.param("GET", "admin/serviceAnnouncement/issues", ["health"], id="health"),
        pytest.param("GET", "schemaExtensions", ["extensions"], id="extensions"),
        pytest.param("GET", "education/classes", ["education"], id="education"),
        pytest.param("GET", "me/insights/used", ["insights"], id="insights"),
        pytest.param("POST", "search/query", ["other"], id="search"),
        pytest.param("GET", "planner/tasks", ["other"], id="planner"),
        pytest.param("GET", "identityGovernance/accessReviews/definitions", ["other"], id="governance"),
        pytest.param("GET", "networkAccess/logs", ["other"], id="network"),
    ],
)
def test_a_path_tells_the_workload(method: str, path: str, rows: list[str]) -> None:
    assert [key[0] for key in keys(method, path)] == rows


@pytest.mark.parametrize(
    ("method", "path", "rows"),
    [
        pytest.param("GET", "teams/1", ["teams.place", "teams.read"], id="team"),
        pytest.param("GET", "me/joinedTeams", ["teams.read"], id="own-teams"),
        pytest.param("GET", "groups/1/team", ["teams.place", "teams.read"], id="team-of-a-group"),
        pytest.param("GET", "teams/1/channels", ["teams.place", "teams.list"], id="channels"),
        pytest.param("GET", "teams/1/members", ["teams.place", "teams.list"], id="members"),
        pytest.param("GET", "teams/1/channels/2/messages", ["teams.place", "teams.messages"], id="channel-messages"),
        pytest.param("GET", "chats/1/messages/2", ["teams.messages"], id="chat-message"),
        pytest.param("GET", "users/1/chats/getAllMessages", ["teams.export"], id="all-messages"),
        pytest.param("GET", "teams/getAllMessages()", ["teams.export"], id="all-channel-messages"),
        pytest.param("GET", "me/chats", ["teams.other"], id="chats"),
        pytest.param("GET", "appCatalogs/teamsApps", ["teams.other"], id="apps"),
        pytest.param("POST", "teams", ["teams.create"], id="new-team"),
        pytest.param("POST", "teams/1/clone", ["teams.place", "teams.clone"], id="clone"),
        pytest.param("PUT", "groups/1/team", ["teams.place", "teams.clone"], id="team-for-a-group"),
        pytest.param("PATCH", "teams/1", ["teams.place", "teams.write"], id="change"),
        pytest.param("DELETE", "teams/1/channels/2", ["teams.place", "teams.delete"], id="delete"),
        pytest.param(
            "POST", "teams/1/channels/2/messages", ["teams.place", "teams.post", "teams.posts"], id="channel-post"
        ),
        pytest.param("POST", "chats/1/messages", ["teams.chat"], id="chat-post"),
        pytest.param("POST", "users/1/teamwork/sendActivityNotification", ["teams.notify"], id="notification"),
    ],
)
def test_teams_counts_each_kind_of_request_apart(method: str, path: str, rows: list[str]) -> None:
    assert [key[0] for key in keys(method, path)] == rows


@pytest.mark.parametrize(
    ("path", "place"),
    [
        pytest.param("teams/A/channels/19%3Ab%40thread.tacv2/messages", "19:b@thread.tacv2", id="channel"),
        pytest.param("teams/A/channels", "a", id="team"),
        pytest.param("me/joinedTeams/A/channels", "a", id="joined-team"),
        pytest.param("groups/A/team/channels", "a", id="group"),
    ],
)
def test_a_team_and_a_channel_have_a_limit_of_their_own(path: str, place: str) -> None:
    assert ("teams.place", "contoso", place) in keys("GET", path)


@pytest.mark.parametrize(
    ("method", "path", "query", "cost"),
    [
        pytest.param("GET", "users", "", 2, id="users"),
        pytest.param("GET", "users", "$select=id", 1, id="select"),
        pytest.param("GET", "users", "%24select=id", 1, id="select-encoded"),
        pytest.param("GET", "users", "$select=id&$top=5", 1, id="never-nothing"),
        pytest.param("GET", "users", "$top=20", 2, id="page-not-small"),
        pytest.param("GET", "users", "$top=" + "9" * 5000, 2, id="page-beyond-all-numbers"),
        pytest.param("GET", "users", "$expand=manager", 3, id="expand"),
        pytest.param("GET", "users", "$filter=startswith(displayName,'select=')", 2, id="word-in-a-filter"),
        pytest.param("GET", "users/1", "", 1, id="user"),
        pytest.param("GET", "me", "", 1, id="me"),
        pytest.param("GET", "applications", "", 2, id="applications"),
        pytest.param("GET", "contracts", "", 3, id="contracts"),
        pytest.param("GET", "groups/1/members", "", 3, id="members"),
        pytest.param("GET", "groups/1/members/$count", "", 3, id="count"),
        pytest.param("GET", "groups/1/members/microsoft.graph.user", "", 3, id="cast"),
        pytest.param("GET", "groups/1/transitiveMembers", "", 5, id="transitive-members"),
        pytest.param("GET", "me/memberOf", "", 2, id="member-of"),
        pytest.param("GET", "subscribedSkus", "", 3, id="licences"),
        pytest.param("GET", "oauth2PermissionGrants", "", 2, id="grants"),
        pytest.param("POST", "directoryObjects/getByIds", "", 3, id="by-ids"),
        pytest.param("POST", "me/checkMemberGroups", "", 4, id="check"),
        pytest.param("POST", "users/1/microsoft.graph.getMemberGroups", "", 2, id="member-groups"),
        pytest.param("POST", "users", "", 1, id="create"),
    ],
)
def test_the_directory_charges_what_it_documents(method: str, path: str, query: str, cost: int) -> None:
    assert keys(method, path)[0] == ("directory", "contoso")
    assert units(method, path, query) == cost


@pytest.mark.parametrize(
    ("method", "path", "half"),
    [
        pytest.param("GET", "groups", "read", id="read"),
        pytest.param("POST", "groups", "write", id="create"),
        pytest.param("DELETE", "groups/1/members/2/$ref", "write", id="remove"),
        pytest.param("POST", "directoryObjects/getByIds", "read", id="a-question"),
        pytest.param("PATCH", "policies/authorizationPolicy", "write", id="policy"),
    ],
)
def test_writes_to_the_directory_have_limits_besides(method: str, path: str, half: str) -> None:
    rows = [key[0] for key in keys(method, path)]
    assert rows == ["directory", f"directory.{half}", "directory-app", f"directory-app.{half}"]


@pytest.mark.parametrize(
    ("method", "path", "query", "cost"),
    [
        pytest.param("GET", "me/drive/items/1", "", 1, id="item"),
        pytest.param("GET", "me/drive/items/1/content", "", 1, id="download"),
        pytest.param("GET", "me/drive/root/children", "", 2, id="list"),
        pytest.param("GET", "me/drive/root:/a/b:/children", "", 2, id="list-by-path"),
        pytest.param("GET", "me/drive/root/search(q='x')", "", 2, id="search"),
        pytest.param("GET", "me/drive/root/delta", "", 2, id="delta"),
        pytest.param("GET", "me/drive/root/delta", "token=abc", 1, id="delta-token"),
        pytest.param("GET", "me/drive/root/delta(token='abc')", "", 1, id="delta-token-in-the-path"),
        pytest.param("GET", "me/drive/root/delta", "$skiptoken=abc", 1, id="delta-page"),
        pytest.param("PUT", "me/drive/root:/a.txt:/content", "", 2, id="upload"),
        pytest.param("DELETE", "me/drive/items/1", "", 2, id="delete"),
        pytest.param("GET", "me/drive/items/1/permissions", "", 5, id="permissions"),
        pytest.param("DELETE", "me/drive/items/1/permissions/2", "", 5, id="permission"),
        pytest.param("POST", "me/drive/items/1/invite", "", 5, id="invite"),
        pytest.param("GET", "me/drive/items/1", "$expand=permissions", 5, id="expanded-permissions"),
        pytest.param("GET", "sites", "search=x", 2, id="sites"),
    ],
)
def test_files_cost_what_is_documented(method: str, path: str, query: str, cost: int) -> None:
    assert keys(method, path)[0] == ("sharepoint", "contoso")
    assert units(method, path, query) == cost


def test_each_usage_report_is_counted_apart() -> None:
    assert keys("GET", "reports/getTeamsUserActivityUserDetail(period='D7')") == [
        ("reports", "contoso", "getteamsuseractivityuserdetail")
    ]
    assert keys("GET", "reports/getMailboxUsageDetail(date=2026-01-01)") == [
        ("reports", "contoso", "getmailboxusagedetail")
    ]
    assert keys("GET", "reports/authenticationMethods/userRegistrationDetails")[0][0] == "other"


def test_a_report_as_json_has_a_limit_of_its_own() -> None:
    path = "reports/getMailboxUsageDetail(period='D7')"
    assert keys("GET", path, "$format=application/json", "beta")[0][0] == "reports.json"
    assert keys("GET", path, "", "beta")[0][0] == "reports"


def test_what_is_not_known_has_a_lane_for_each_user_and_each_kind() -> None:
    assert keys("GET", "planner/tasks/1") == [("other", "contoso", "adele@contoso.com", "planner")]
    assert keys("GET", "print/printers") == [("other", "contoso", "adele@contoso.com", "print")]
    assert keys("GET", "me/planner/tasks") == [("other", "contoso", "adele@contoso.com", "planner")]
    assert keys("GET", "users/diego/planner/tasks") == [("other", "contoso", "adele@contoso.com", "planner")]
    assert keys("GET", "security/labels/1") == [("other", "contoso", "adele@contoso.com", "security/labels")]
    assert LIMITS["other"][1] == Limits(4, (Rate(600, 60.0),))


def test_notes_are_counted_for_who_reads_them_not_for_whose_they_are() -> None:
    assert keys("GET", "users/diego/onenote/pages") == [("onenote", "contoso", "adele@contoso.com")]


def test_nobody_in_particular_has_one_mailbox_for_all() -> None:
    assert keys("GET", "me/messages", caller=Caller()) == [("outlook", "", "")]


def test_who_speaks_for_nobody_is_held_to_the_tenants_slots_alone() -> None:
    rows = [
        [lane.key[0] for lane, _ in demand_of(Call("GET", "x"), Caller("contoso", user)).lanes] for user in ("", "a")
    ]
    assert rows == [["other", "tenant", "all"], ["other", "person", "tenant", "all"]]


# Demands.


def test_a_batch_takes_the_same_of_the_same_lanes() -> None:
    demand = demand_of(Call("GET", "me/messages"), ADELE)
    batch = demand.times(20)
    assert batch == Demand(demand.lanes, demand.batch_key, 20)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        pytest.param("me/messages/1", "me/events/2", True, id="one-mailbox"),
        pytest.param("me/messages", "users/adele@contoso.com/messages", True, id="written-otherwise"),
        pytest.param("me/messages", "users/diego/messages", False, id="two-mailboxes"),
        pytest.param("me/messages", "me", False, id="two-services"),
        pytest.param("users", "users/1", False, id="two-costs"),
        pytest.param("users/1", "groups/1", True, id="one-cost"),
    ],
)
def test_calls_of_the_same_lanes_and_cost_may_share_a_batch(one: str, other: str, together: bool) -> None:
    first, second = (demand_of(Call("GET", path), ADELE) for path in (one, other))
    assert (first.batch_key == second.batch_key) is together
    assert (first.lanes == second.lanes) is together


def test_what_a_batch_may_hold_is_told_by_the_services_lanes_alone() -> None:
    own, shared = (demand_of(Call("GET", f"{root}/messages"), ADELE) for root in ("me", "users/diego"))
    assert own.batch_key == (*MAILBOX, "1")
    assert shared.batch_key == demand_of(Call("GET", "me/messages"), Caller("contoso", "diego")).batch_key


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        pytest.param("GET", "me/messages", 10_000, id="mail"),
        pytest.param("POST", "me/sendMail", 30, id="sending"),
        pytest.param("GET", "auditLogs/signIns", 5, id="sign-ins"),
        pytest.param("GET", "identityProtection/riskyUsers", 1, id="one-a-second"),
        pytest.param("GET", "me/drive/items/1/permissions", 240, id="costly"),
    ],
)
def test_a_demand_says_how_many_of_its_calls_its_rates_ever_let_through(method: str, path: str, most: int) -> None:
    assert demand_of(Call(method, path), ADELE).most == most


def test_a_demand_without_rates_may_be_repeated_once_at_least() -> None:
    assert Demand((), ()).most == 1


def test_the_table_has_no_number_that_makes_no_sense() -> None:
    for _, limits in LIMITS.values():
        assert limits.slots is None or limits.slots > 0
        assert all(rate.amount > 0 and rate.seconds > 0 for rate in limits.rates)


segments = st.text(string.ascii_letters + string.digits + "$%()'=:.,-_@ü", max_size=12)
roots = st.sampled_from(["me", "users", "groups", "teams", "sites", "drives", "reports", "identity", "x", "users('a')"])


@given(
    st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE"]),
    st.builds(lambda root, rest: "/".join([root, *rest]), roots | segments, st.lists(segments, max_size=6)),
    st.text(string.printable, max_size=30),
)
def test_any_path_has_lanes_and_takes_no_more_than_there_is(method: str, path: str, query: str) -> None:
    demand = demand_of(Call(method, path, query), ADELE)
    assert len(demand.lanes) >= 3
    assert len({lane.key for lane, _ in demand.lanes}) == len(demand.lanes)
    assert all(rate.amount >= units >= 1 for lane, units in demand.lanes for rate in lane.limits.rates)


def test_two_people_share_the_lanes_of_their_tenant_and_no_others() -> None:
    call = Call("GET", "me")
    ines, jonas = (
        [lane for lane, _ in demand_of(call, Caller("contoso", name)).lanes]
        for name in ("ines@contoso", "jonas@contoso")
    )
    shared = [one.key for one, other in zip(ines, jonas, strict=True) if one is other]
    assert shared == [lane.key for lane in ines if lane.key[0] != "person"]
    assert ("directory", "contoso") in shared
