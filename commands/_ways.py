"""Which ways of signing in have a person who could sign in or out."""

from __future__ import annotations

from settings import HttpAuth, Settings, Way

_AS_APP = "the server works as an app, with {}, and nobody signs in. Set ENTRA_AUTH_MODE=delegated to work as a person."
_STDIO = "Unset TRANSPORT for the sign-in that servers over stdio share."
_OVER_HTTP = (
    "over HTTP the running server keeps tokens in its memory, and the tools account_login and account_logout reach it. "
    f"{_STDIO}"
)
_CALLERS: dict[HttpAuth, str] = {
    "entra": f"whoever calls over HTTP brings a token of Entra (HTTP_AUTH=entra), got by their own client. {_STDIO}",
    "apikey": f"whoever calls over HTTP shows a key (HTTP_AUTH=apikey), and the server works as an app. {_STDIO}",
}
_WHY: dict[Way, str] = {
    "off": "sign-in is switched off (ENTRA_ENABLE_AUTH=false). Unset it, then repeat the command.",
    "demo": "the demo signs in by itself, as a person of its own. Leave out --demo (DEMO) to use your own tenant.",
    "supplied": (
        "the token comes from GRAPH_ACCESS_TOKEN or its file, and nobody signs in here. "
        "Put a new token there when it has expired, or unset it and set ENTRA_CLIENT_ID."
    ),
    "secret": _AS_APP.format("ENTRA_CLIENT_SECRET"),
    "certificate": _AS_APP.format("ENTRA_CLIENT_CERTIFICATE"),
    "federated": _AS_APP.format("ENTRA_FEDERATED_TOKEN_FILE"),
    "managed-identity": _AS_APP.format("ENTRA_MANAGED_IDENTITY"),
}


def why_nobody_signs_in(settings: Settings) -> str:
    """Why there is nobody to sign in or out, and how to change that; empty where somebody could."""
    if settings.way in ("off", "demo"):
        return _WHY[settings.way]
    if settings.way == "person" and settings.transport == "http":
        return _OVER_HTTP
    told = _CALLERS.get(settings.callers) if settings.callers else None
    return told or _WHY.get(settings.way, "")
