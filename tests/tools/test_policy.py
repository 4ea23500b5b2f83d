"""How a policy judges an act."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from principal import Access
from tools._policy import Act, Judgement, Policy, Quiet, Recipient, Verdict

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
INES, JONAS = Recipient("ines@contoso.com"), Recipient("j@evil.example", "Jonas", is_outside=True, is_new=True)


def sent_to(*recipients: Recipient, access: Access = Access.SEND) -> Act:
    return Act("mail_send_message", access, recipients, len(recipients))


def judged(policy: Policy, *recipients: Recipient, now: datetime = NOON) -> Judgement:
    return policy.judge(sent_to(*recipients), now)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("access", [pytest.param(each, id=each.value) for each in Access])
def test_without_rules_there_is_no_opinion(access: Access) -> None:
    act = sent_to(INES, JONAS, Recipient("no address"), access=access)
    assert Policy().judge(act, NOON) == Judgement(Verdict.OPEN)


def test_nobody_at_a_denied_domain_gets_anything() -> None:
    policy = Policy(deny=("evil.example", "*.evil.example"))
    assert judged(policy, INES).verdict is Verdict.OPEN
    assert judged(policy, INES, JONAS) == Judgement(
        Verdict.REFUSE, "the policy lets nothing be sent to evil.example (recipients.deny)"
    )
    assert judged(policy, Recipient("a@mail.evil.example")).verdict is Verdict.REFUSE


def test_nobody_that_is_not_listed_gets_anything() -> None:
    policy = Policy(allow=("contoso.com", "*.contoso.com"))
    assert judged(policy, INES, Recipient("x@eu.contoso.com")).verdict is Verdict.OPEN
    refused = judged(policy, INES, JONAS)
    assert refused.verdict is Verdict.REFUSE
    assert "does not list evil.example" in refused.reason
    assert "(recipients.allow)" in refused.reason


def test_an_empty_list_lets_nobody_be_written_to() -> None:
    assert judged(Policy(allow=()), INES).verdict is Verdict.REFUSE
    assert judged(Policy(allow=())).verdict is Verdict.OPEN


def test_what_is_denied_outranks_what_is_allowed_and_is_told_once() -> None:
    policy = Policy(allow=("*.example", "contoso.com"), deny=("evil.example",))
    assert judged(policy, Recipient("a@good.example")).verdict is Verdict.OPEN
    narrow = Policy(allow=("contoso.com",), deny=("evil.example",))
    for each in (policy, narrow):
        assert judged(each, JONAS).reason == "the policy lets nothing be sent to evil.example (recipients.deny)"


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(Policy(allow=("contoso.com",)), id="allow"),
        pytest.param(Policy(deny=("evil.example",)), id="deny"),
        pytest.param(Policy(outside=Verdict.ASK), id="outside"),
        pytest.param(Policy(outside=Verdict.ALLOW), id="outside allowed"),
    ],
)
def test_an_address_without_a_domain_is_refused_as_soon_as_recipients_matter(policy: Policy) -> None:
    refused = judged(policy, INES, Recipient("ines\u202e@\u200bcontoso.com"))
    assert refused.verdict is Verdict.REFUSE
    assert "'ines@contoso.com' is no address with a domain" in refused.reason


def test_a_domain_that_only_looks_like_an_allowed_one_is_not_allowed() -> None:
    refused = judged(Policy(allow=("contoso.com",)), Recipient("ines@\u0441ontoso.com"))
    assert refused.verdict is Verdict.REFUSE
    assert "xn--" in refused.reason


@pytest.mark.parametrize("verdict", [pytest.param(Verdict.ASK, id="ask"), pytest.param(Verdict.REFUSE, id="refuse")])
def test_outsiders_are_asked_about_or_refused_and_colleagues_are_not(verdict: Verdict) -> None:
    policy = Policy(outside=verdict)
    assert judged(policy, INES).verdict is Verdict.OPEN
    found = judged(policy, INES, JONAS)
    assert found.verdict is verdict
    assert "j@evil.example is outside" in found.reason
    assert "(recipients.outside)" in found.reason


def test_whoever_lets_outsiders_be_written_to_unasked_means_colleagues_too() -> None:
    policy = Policy(outside=Verdict.ALLOW)
    assert judged(policy, JONAS).verdict is Verdict.ALLOW
    assert judged(policy, INES).verdict is Verdict.ALLOW
    assert judged(policy).verdict is Verdict.OPEN
    assert policy.judge(sent_to(JONAS, access=Access.DESTROY), NOON).verdict is Verdict.OPEN


def test_a_call_reaches_so_many_and_no_more() -> None:
    policy = Policy(most=2)
    assert judged(policy, INES, JONAS).verdict is Verdict.OPEN
    assert judged(policy, INES, JONAS, INES) == Judgement(
        Verdict.REFUSE,
        "the policy lets a call reach 2 recipients at most, and this one has 3 (recipients.most)",
    )


@pytest.mark.parametrize(
    ("verdict", "rule"),
    [
        pytest.param(Verdict.ALLOW, "tools.always_approved", id="always approved"),
        pytest.param(Verdict.ASK, "tools.always_asked", id="always asked"),
        pytest.param(Verdict.REFUSE, "tools.never_approved", id="never approved"),
    ],
)
def test_a_tool_is_judged_by_its_name(verdict: Verdict, rule: str) -> None:
    policy = Policy(tools={"mail_send_message": verdict})
    found = judged(policy, INES)
    assert found.verdict is verdict
    assert rule in found.reason
    assert policy.judge(Act("mail_read_message", Access.READ), NOON).verdict is Verdict.OPEN


def test_the_gravest_verdict_counts() -> None:
    approved = {"mail_send_message": Verdict.ALLOW}
    asked = judged(Policy(tools=approved, outside=Verdict.ASK), JONAS)
    assert asked.verdict is Verdict.ASK
    assert "always_approved" not in asked.reason
    refused = judged(Policy(tools={"mail_send_message": Verdict.ASK}, outside=Verdict.REFUSE), JONAS)
    assert refused.verdict is Verdict.REFUSE
    assert "always_asked" not in refused.reason


def test_every_reason_to_refuse_is_told() -> None:
    policy = Policy(deny=("evil.example",), most=1, tools={"mail_send_message": Verdict.REFUSE})
    reason = judged(policy, INES, JONAS).reason
    assert [rule in reason for rule in ("recipients.deny", "recipients.most", "tools.never_approved")] == [True] * 3


def test_many_domains_make_no_endless_sentence() -> None:
    crowd = [Recipient(f"x@d{number}.example") for number in range(500)]
    reason = judged(Policy(allow=("contoso.com",)), *crowd).reason
    assert "d0.example" in reason
    assert "(and 495 more)" in reason
    assert len(reason) < 200


OFFICE = Quiet(ZoneInfo("Europe/Berlin"), time(22), time(6), frozenset({5, 6}))


@pytest.mark.parametrize(
    ("now", "is_quiet"),
    [
        pytest.param("2026-11-18T20:59:59+00:00", False, id="a second before"),
        pytest.param("2026-11-18T21:00:00+00:00", True, id="from the first minute on, by the zone's clocks"),
        pytest.param("2026-11-19T04:59:59+00:00", True, id="past midnight"),
        pytest.param("2026-11-19T05:00:00+00:00", False, id="until before the last"),
        pytest.param("2026-07-15T20:00:00+00:00", True, id="in summer an hour earlier"),
        pytest.param("2026-07-16T04:00:00+00:00", False, id="and over an hour earlier"),
        pytest.param("2026-11-21T11:00:00+00:00", True, id="all of Saturday"),
        pytest.param("2026-11-20T23:30:00+00:00", True, id="Saturday begins by the zone's clocks"),
        pytest.param("2026-11-18T13:00:00-09:00", True, id="whatever zone the time is given in"),
    ],
)
def test_quiet_is_by_the_clocks_of_its_zone(now: str, is_quiet: bool) -> None:
    found = judged(Policy(quiet=OFFICE), INES, now=at(now))
    assert found.verdict is (Verdict.REFUSE if is_quiet else Verdict.OPEN)


def test_quiet_says_which_rule_and_when() -> None:
    night, saturday = at("2026-11-18T21:30:00+00:00"), at("2026-11-21T11:00:00+00:00")
    assert judged(Policy(quiet=OFFICE), INES, now=night).reason == (
        "the policy lets nothing of this kind be done at 22:30 in Europe/Berlin (quiet.hours)"
    )
    asking = Quiet(UTC, days=frozenset({5}), then=Verdict.ASK)
    assert judged(Policy(quiet=asking), INES, now=saturday) == Judgement(
        Verdict.ASK, "the policy wants a person asked on a Saturday (quiet.days)"
    )


def test_hours_of_one_day_end_on_it() -> None:
    lunch = Policy(quiet=Quiet(UTC, time(12), time(13)))
    assert judged(lunch, INES).verdict is Verdict.REFUSE
    assert judged(lunch, INES, now=at("2026-11-18T13:00:00+00:00")).verdict is Verdict.OPEN
    assert judged(lunch, INES, now=at("2026-11-18T23:00:00+00:00")).verdict is Verdict.OPEN


def test_days_alone_leave_the_other_days_free() -> None:
    assert judged(Policy(quiet=Quiet(UTC, days=frozenset({5, 6}))), INES).verdict is Verdict.OPEN


@pytest.mark.parametrize(
    ("access", "verdict"),
    [
        pytest.param(Access.READ, Verdict.OPEN, id="reading goes on"),
        pytest.param(Access.WRITE, Verdict.OPEN, id="so does writing"),
        pytest.param(Access.SEND, Verdict.REFUSE, id="sending rests"),
        pytest.param(Access.DESTROY, Verdict.REFUSE, id="destroying rests"),
    ],
)
def test_quiet_is_about_its_classes(access: Access, verdict: Verdict) -> None:
    always = Policy(quiet=Quiet(UTC, time(0), time(0)))
    assert always.judge(Act("any", access), NOON).verdict is verdict


def test_a_time_without_a_zone_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="needs a zone"):
        Policy().judge(sent_to(INES), datetime(2026, 11, 18, 12))  # noqa: DTZ001
