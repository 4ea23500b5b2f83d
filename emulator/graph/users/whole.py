"""A person as actions answer with it: every property that the directory itself keeps."""

from __future__ import annotations

from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import View

# Kept elsewhere, or shown only when asked for.
_LEFT_OUT = frozenset(
    {
        "aboutMe", "birthday", "customSecurityAttributes", "hireDate", "interests", "mailboxSettings", "mySite",
        "pastProjects", "preferredName", "print", "responsibilities", "schools", "signInActivity", "skills",
    }
)  # fmt: skip


def whole(call: Call, target: Target) -> Answer:
    """The answer with the person that the call is about."""
    shown = View(target.service, call, target).shown(target.thing)
    names = [name for name in shown.kind.properties if name not in _LEFT_OUT]
    context = {"@odata.context": f"{call.root}/$metadata#users/$entity"}
    return Answer({**context, **{name: shown.get(name) for name in names}})
