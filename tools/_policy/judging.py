"""A policy and how it judges: each rule gives its verdict, and the gravest counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from principal import Access
from tools._domains import domain_of, matches
from tools._policy.quiet import Quiet
from tools._policy.verdicts import Judgement, Verdict, gravest
from tools._untrusted import one_line

_MOST_NAMED = 5
_LONGEST_NAMED = 60

_OF_TOOL = {
    Verdict.ALLOW: "the policy approves {} without asking (tools.always_approved)",
    Verdict.ASK: "the policy wants a person asked before each {} (tools.always_asked)",
    Verdict.REFUSE: "the policy never approves {} (tools.never_approved)",
}


@dataclass(frozen=True)
class Recipient:
    """Somebody whom an act reaches; `is_new` says that nothing was ever sent to them through us."""

    address: str
    name: str = ""
    is_outside: bool = False
    is_new: bool = False


@dataclass(frozen=True)
class Act:
    """What a call is about to do."""

    tool: str
    access: Access
    recipients: tuple[Recipient, ...] = ()
    targets: int = 1


@dataclass(frozen=True)
class Policy:
    """The rules of an administrator; without any, it has no opinion on anything.

    `allow` and `deny` are rules on domains, as `tools._domains.pattern_of` writes them; `allow` is None where everybody
    may be written to. `caps` are for `tools._caps` to keep: how often an hour.
    """

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()
    outside: Verdict = Verdict.OPEN
    most: int | None = None
    caps: Mapping[Access, int] = field(default_factory=lambda: MappingProxyType({}))
    quiet: Quiet | None = None
    tools: Mapping[str, Verdict] = field(default_factory=lambda: MappingProxyType({}))

    def judge(self, act: Act, now: datetime) -> Judgement:
        """The verdict on an act at an hour, which has a zone; caps are not looked at."""
        if now.tzinfo is None:
            raise ValueError("The time of an act needs a zone.")
        found = [*self._of_tool(act.tool), *(self._of_recipients(act) if act.recipients else ())]
        if self.quiet is not None:
            found.append(self.quiet.judge(act.access, now))
        return gravest(found)

    def _of_tool(self, tool: str) -> Iterator[Judgement]:
        if verdict := self.tools.get(tool):
            yield Judgement(verdict, _OF_TOOL[verdict].format(tool))

    def _of_recipients(self, act: Act) -> Iterator[Judgement]:
        count = len(act.recipients)
        if self.most is not None and count > self.most:
            text = f"the policy lets a call reach {self.most} recipients at most, and this one has {count}"
            yield _refused(f"{text} (recipients.most)")
        domains = {each: domain_of(each.address) for each in act.recipients}
        yield from self._of_addresses(domains)
        yield from self._of_domains(domains.values())
        yield from self._of_outsiders(act)

    def _of_addresses(self, domains: Mapping[Recipient, str]) -> Iterator[Judgement]:
        """Rules on recipients need a recipient who can be known."""
        is_ruled = self.allow is not None or bool(self.deny) or self.outside is not Verdict.OPEN
        if is_ruled and (unknown := [each.address for each, domain in domains.items() if not domain]):
            named = _some([repr(one_line(address, _LONGEST_NAMED)) for address in unknown])
            yield _refused(f"the policy has rules on recipients, and {named} is no address with a domain (recipients)")

    def _of_domains(self, domains: Iterable[str]) -> Iterator[Judgement]:
        known = sorted({domain for domain in domains if domain})
        denied = [domain for domain in known if _is_in(self.deny, domain)]
        if denied:
            yield _refused(f"the policy lets nothing be sent to {_some(denied)} (recipients.deny)")
        if self.allow is None:
            return
        if missing := [domain for domain in known if domain not in denied and not _is_in(self.allow, domain)]:
            yield _refused(f"the policy does not list {_some(missing)} among whom may be written to (recipients.allow)")

    def _of_outsiders(self, act: Act) -> Iterator[Judgement]:
        if self.outside is Verdict.ALLOW:
            # Whoever lets outsiders be written to unasked did not mean to have colleagues asked about.
            if act.recipients and act.access is not Access.DESTROY:
                yield Judgement(Verdict.ALLOW, "the policy asks nobody before something is sent (recipients.outside)")
            return
        outsiders = [one_line(each.address, _LONGEST_NAMED) for each in act.recipients if each.is_outside]
        if outsiders and self.outside is Verdict.REFUSE:
            text = f"the policy lets nothing leave the organisation, and {_some(outsiders)} is outside"
            yield _refused(f"{text} (recipients.outside)")
        elif outsiders and self.outside is Verdict.ASK:
            text = f"the policy wants a person asked, as {_some(outsiders)} is outside the organisation"
            yield Judgement(Verdict.ASK, f"{text} (recipients.outside)")


def _refused(reason: str) -> Judgement:
    return Judgement(Verdict.REFUSE, reason)


def _is_in(patterns: Iterable[str], domain: str) -> bool:
    return any(matches(domain, pattern) for pattern in patterns)


def _some(names: Sequence[str]) -> str:
    """A few of these; a sentence has an end."""
    more = f" (and {len(names) - _MOST_NAMED} more)" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"
