"""auth/inbound/compact.py: what is odd about a token is seen before anybody looks for a key, or at a signature."""

from __future__ import annotations

from typing import Any

import pytest

from auth.inbound.compact import MAX_TOKEN, check_size, taken_apart
from errors import NotAdmitted
from tests.auth.inbound.corpus import bad_json
from tests.auth.inbound.jwts import KID, claims, header, other_signatures, token


def test_a_token_is_read_without_being_believed() -> None:
    found = taken_apart(token(sign=other_signatures()["another key"]))
    assert (found.kid, found.claims) == (KID, claims())
    assert KID not in repr(found)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(header(alg="PS256"), id="another algorithm"),
        pytest.param(header(alg="none"), id="no algorithm"),
        pytest.param(header(crit=["exp"]), id="something critical that everybody knows"),
        pytest.param(header(crit=[]), id="nothing critical"),
        pytest.param(header(b64=True), id="b64 as it is anyway"),
        pytest.param(header(kid="k" * 257), id="a key id of many letters"),
        pytest.param(header(kid=""), id="an empty key id"),
        pytest.param(header(typ="JWE"), id="another type"),
    ],
)
def test_an_odd_header_is_refused_for_itself(head: dict[str, Any]) -> None:
    with pytest.raises(NotAdmitted):
        taken_apart(token(head=head))


def test_a_key_id_may_have_256_letters() -> None:
    assert taken_apart(token(head=header(kid="k" * 256))).kid == "k" * 256


@pytest.mark.parametrize(
    "part", [pytest.param(0, id="header"), pytest.param(1, id="claims"), pytest.param(2, id="signature")]
)
def test_no_part_has_a_second_spelling(part: int) -> None:
    for ending in ("A", "AB", "AAB", "AA==", "AA+", "AA/"):
        parts = token().split(".")
        parts[part] = parts[part][: len(parts[part]) // 4 * 4] + ending
        with pytest.raises(NotAdmitted, match="base64url"):
            taken_apart(".".join(parts))


def test_bytes_that_parsers_disagree_on_are_refused_as_such() -> None:
    for name, text in bad_json():
        if not name.startswith("claims b'{}'"):
            with pytest.raises(NotAdmitted):
                pytest.fail(f"{name} was read as {taken_apart(text)}")


def test_the_longest_token_is_still_looked_at() -> None:
    check_size("A" * MAX_TOKEN)
    with pytest.raises(NotAdmitted, match="longer"):
        check_size("A" * (MAX_TOKEN + 1))


@pytest.mark.parametrize(
    ("levels", "is_read"), [pytest.param(7, True, id="7 levels"), pytest.param(8, False, id="8 levels")]
)
def test_claims_are_not_read_to_any_depth(levels: int, is_read: bool) -> None:
    deep: Any = 1
    for _ in range(levels):
        deep = [deep]
    if is_read:
        assert taken_apart(token(claims(deep=deep))).claims["deep"] == deep
    else:
        with pytest.raises(NotAdmitted, match="too deep"):
            taken_apart(token(claims(deep=deep)))
