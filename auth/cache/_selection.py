"""Which account is the default of a client id: a small file beside the token cache, which has no room for it."""

from __future__ import annotations

import json
from typing import Any

from storage import FileTooLarge, PrivateFile


class Selection:
    """The choice of one client id; a file that makes no sense counts as no choice."""

    def __init__(self, file: PrivateFile, client_id: str) -> None:
        self._file = file
        self._client_id = client_id
        self._wanted: str | None = None
        self.is_unsaved = False

    def get(self) -> str | None:
        return self._wanted if self.is_unsaved else self._choices().get(self._client_id)

    def want(self, home_account_id: str | None) -> None:
        """Choose; `save` makes it last."""
        self._wanted, self.is_unsaved = home_account_id, True

    def save(self) -> None:
        """Write the choice beside those of other client ids. Only for whoever holds the cache's lock."""
        before = self._choices()
        others = {name: chosen for name, chosen in before.items() if name != self._client_id}
        after = others if self._wanted is None else {**others, self._client_id: self._wanted}
        if after != before:
            self._file.replace(json.dumps(after, indent=4).encode())
        self.is_unsaved = False

    def _choices(self) -> dict[str, str]:
        try:
            choices: Any = json.loads(self._file.read() or b"{}")
        except (ValueError, RecursionError, FileTooLarge):
            return {}
        if not isinstance(choices, dict):
            return {}
        return {name: chosen for name, chosen in choices.items() if isinstance(chosen, str)}
