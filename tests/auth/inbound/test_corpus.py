"""auth/inbound: of hundreds of tokens that are not for this server, none lets anybody in, and none costs a fetch."""

from __future__ import annotations

import pytest

from errors import NotAdmitted
from tests.auth.inbound.corpus import all_cases
from tests.auth.inbound.jwts import Scene, token


async def outcome(scene: Scene, name: str, text: str) -> str:
    """What is wrong with how a token was answered; nothing where it was turned away as it has to be."""
    try:
        await scene.door.sender(text)
    except NotAdmitted as error:
        may_lack_scopes = name.startswith(("wrong_bearers: scopes", "wrong_bearers: an app's", "strange_claims: scp"))
        allowed = ("invalid_token", "insufficient_scope") if may_lack_scopes else ("invalid_token",)
        is_told = error.error in allowed and not error.claims
        leaks = [part for part in text.split(".") if len(part) > 8 and part in str(error)]
        return "" if is_told and not leaks and str(error) else f"{error.error}: {error}"
    except Exception as error:  # noqa: BLE001 - whatever it is, the case is to be named
        return f"crashed with {type(error).__name__}"
    return "let in"


async def test_none_of_them_lets_anybody_in_and_none_fetches_anything() -> None:
    scene, cases = Scene(), all_cases()
    await scene.door.sender(token())
    failed = {name: found for name, text in cases.items() if (found := await outcome(scene, name, text))}
    assert not failed, "\n".join(f"{name}: {found}" for name, found in failed.items())
    assert len(cases) >= 400
    assert len(scene.service.asked) == 1
    assert (await scene.door.sender(token())).name == "Ines Aldana"


async def test_before_any_key_is_known_only_what_could_be_good_has_keys_fetched() -> None:
    scene = Scene()
    for text in [
        text for name, text in all_cases().items() if name.startswith(("wrong_claims", "wrong_times", "bad_"))
    ]:
        with pytest.raises(NotAdmitted):
            await scene.door.sender(text)
    assert scene.service.asked == []
