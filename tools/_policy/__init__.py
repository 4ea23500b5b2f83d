"""The administrator's policy: what may be done, what needs a person's yes, and what is refused."""

from __future__ import annotations

from tools._policy.judging import Act, Policy, Recipient
from tools._policy.quiet import Quiet
from tools._policy.reading import read_policy
from tools._policy.verdicts import Judgement, Verdict

__all__ = ["Act", "Judgement", "Policy", "Quiet", "Recipient", "Verdict", "read_policy"]
