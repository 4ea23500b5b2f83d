"""The hint to use `$select` that Graph adds for clients in developer mode."""

from __future__ import annotations

from emulator.graph.call import Call
from emulator.odata import Options

# The two properties that the hint names, as Graph names them for these types.
MESSAGE_TIP, USER_TIP = "bccRecipients,body", "signInActivity,accountEnabled"


def tips(call: Call, options: Options, resource: str, example: str) -> dict[str, str]:
    """The annotation for an answer that sends all default properties to a client that asks for such hints."""
    if options.select or "ms-graph-dev-mode" not in call.preferences:
        return {}
    return {
        "@microsoft.graph.tips": (
            "Use $select to choose only the properties your app needs, as this can lead to performance improvements. "
            f"For example: GET {resource}?$select={example}"
        )
    }
