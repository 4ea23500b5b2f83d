"""Opening a page in the browser of the person at this computer, if there is one."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Callable, Mapping

_HAS_A_DESKTOP = ("win32", "darwin")
_SIGNS_OF_ONE = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def opened_in_browser(
    url: str,
    environ: Mapping[str, str],
    *,
    platform: str = sys.platform,
    opener: Callable[[str], bool] = webbrowser.open,
) -> bool:
    """Whether a browser took the page. Blocks for as long as the browser's launcher does."""
    # Without a desktop Python would start a text browser, inside the terminal that we write to.
    if platform not in _HAS_A_DESKTOP and not any(environ.get(name) for name in _SIGNS_OF_ONE):
        return False
    try:
        return opener(url)
    except (webbrowser.Error, OSError):
        return False
