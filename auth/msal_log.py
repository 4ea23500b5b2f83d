"""MSAL's own log records, without what Entra was sent and what it answered.

The log's redaction knows the look of tokens. It cannot know a one-time code, or a name in the text of an error.
"""

from __future__ import annotations

import logging

# Where MSAL writes such a record, and how it begins; the rest, level DEBUG included, tells of nobody.
_RECORDS = {
    "msal.token_cache": "event=",
    "msal.application": "Refresh failed",
    "msal.oauth2cli.oauth2": "Token response is not in json format",
    "msal.managed_identity": "IMDS emits unexpected payload",
}


class _WithoutAnswer(logging.Filter):
    """Lets a record through, cut off after its beginning."""

    def __init__(self, beginning: str) -> None:
        super().__init__()
        self._beginning = beginning

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith(self._beginning):
            record.msg, record.args = f"{self._beginning} (left out)", ()
        return True


_FILTERS = {name: _WithoutAnswer(beginning) for name, beginning in _RECORDS.items()}


def keep_answers_out() -> None:
    """Once is enough; more often does no harm."""
    for name, cut in _FILTERS.items():
        logging.getLogger(name).addFilter(cut)
