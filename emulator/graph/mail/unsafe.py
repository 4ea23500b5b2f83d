"""HTML without what could run or load by itself when shown; Exchange sends mail this way unless told otherwise."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"<(script|iframe|object|embed|applet|noscript)\b.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_SINGLE = re.compile(r"</?(?:script|iframe|object|embed|applet|noscript|base|form|input|button)\b[^>]*>", re.IGNORECASE)
_REFRESH = re.compile(r"<meta\b[^>]*http-equiv\s*=\s*[\"']?refresh[^>]*>", re.IGNORECASE)
_HANDLER = re.compile(r"(<[^>]*?)\s+on\w+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)
_SCHEME = re.compile(
    r"(\b(?:href|src|action|background)\s*=\s*[\"']?)\s*(?:javascript|vbscript):[^\"'>\s]*", re.IGNORECASE
)
_HINT = re.compile(
    r"script|<iframe|<object|<embed|<applet|<base|<form|<input|<button|refresh|\son\w+\s*=", re.IGNORECASE
)


def safe_html(html: str) -> str:
    """The HTML with everything active taken out."""
    if not _HINT.search(html):
        return html
    cleaned = _REFRESH.sub("", _SINGLE.sub("", _WHOLE.sub("", html)))
    count = 1
    while count:
        cleaned, count = _HANDLER.subn(r"\1", cleaned)
    return _SCHEME.sub(r"\1#", cleaned)
