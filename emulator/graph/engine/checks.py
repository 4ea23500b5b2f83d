"""What the workloads refuse beyond the permission table, asked of everything that a path passes."""

from __future__ import annotations

from dataclasses import replace

from emulator.graph.engine.call import Call
from emulator.graph.engine.permits import permit_beyond
from emulator.graph.engine.plan import Passed, Plan
from emulator.graph.engine.target import Target


def check(call: Call, target: Target) -> None:
    """Let the workloads of whose it is, of what lies on the way, and of what it is, refuse the call."""
    rules = [*(target.service.rules(entity.kind) for entity in target.trail), target.rules]
    hooks = (one.hooks.get("check") for one in rules)
    for hook in dict.fromkeys(hook for hook in hooks if hook is not None):
        hook(call, target)


def pass_beyond(call: Call, plan: Plan, passed: Passed, target: Target) -> None:
    """Let a path go on behind what is only referred to: who may follow the relation and enter it at its own place."""
    permit_beyond(call, plan, passed, target.entity)
    way = replace(plan, steps=plan.steps[: passed.at], ending="", type=None, template=target.place)
    check(replace(call, method="GET"), replace(target, plan=way))
