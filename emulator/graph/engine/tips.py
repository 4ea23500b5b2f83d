"""The hint to use `$select` that Graph adds for clients in developer mode."""

from __future__ import annotations

from emulator.graph.engine.view import View
from emulator.odata import Options

# The place, what stands for the key and the two properties that the hint names, as Graph names them for these types.
_EXAMPLES = {
    "message": ("me/messages", "<key>", "bccRecipients,body"),
    "user": ("users", "<guid>", "signInActivity,accountEnabled"),
}


def tips(view: View, options: Options) -> dict[str, str]:
    """The annotation for an answer that sends all default properties to a client that asks for such hints."""
    short = view.target.kind.name.rpartition(".")[2]
    if options.select or short not in _EXAMPLES or "ms-graph-dev-mode" not in view.call.preferences:
        return {}
    place, key, example = _EXAMPLES[short]
    resource = place if view.target.plan.is_collection else f"{place}('{key}')"
    return {
        "@microsoft.graph.tips": (
            "Use $select to choose only the properties your app needs, as this can lead to performance improvements. "
            f"For example: GET {resource}?$select={example}"
        )
    }
