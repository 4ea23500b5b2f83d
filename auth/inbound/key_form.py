"""What a key looks like: `gw_<id>_<secret>`, with a checksum at its end that scanners and typing errors meet."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

LONGEST = 200

_LOWER = string.ascii_lowercase + string.digits
_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID_LENGTH = 10
# 43 letters out of 62 are 256 bits.
_SECRET_LENGTH = 43
_CHECK_LENGTH = 6
_ID = rf"[a-z0-9]{{{_ID_LENGTH}}}"
_KEY = re.compile(rf"gw_({_ID})_[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECK_LENGTH}}}")

ID = re.compile(_ID)


def new_key() -> tuple[str, str]:
    """A key that nobody can guess, and its id."""
    key_id = "".join(secrets.choice(_LOWER) for _ in range(_ID_LENGTH))
    body = f"gw_{key_id}_" + "".join(secrets.choice(_LETTERS) for _ in range(_SECRET_LENGTH))
    return body + checksum(body), key_id


def id_in(text: str) -> str:
    """The id in a key; empty where the text is none, or was not copied to the letter."""
    match = _KEY.fullmatch(text) if len(text) <= LONGEST else None
    is_whole = match is not None and checksum(text[:-_CHECK_LENGTH]) == text[-_CHECK_LENGTH:]
    return match[1] if match and is_whole else ""


def hash_of(key: str) -> str:
    """What is kept of a key. It has 256 random bits, so that one round is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def checksum(text: str) -> str:
    """The end of a key that begins like this."""
    number, letters = zlib.crc32(text.encode()), ""
    for _ in range(_CHECK_LENGTH):
        number, place = divmod(number, len(_LETTERS))
        letters = _LETTERS[place] + letters
    return letters
