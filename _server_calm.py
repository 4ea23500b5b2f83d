"""Loading without looking for garbage: it comes first, and `is_loaded` ends it.

Nearly everything that is made while modules load stays for good. To look through all of it again and again takes a
third of the start.
"""

from __future__ import annotations

import gc

gc.disable()


def is_loaded() -> None:
    """From now on there may be garbage, though not in what was loaded."""
    gc.freeze()
    gc.enable()
