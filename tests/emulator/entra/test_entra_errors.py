"""The AADSTS table itself."""

from __future__ import annotations

from string import Formatter
from typing import Any

import pytest

from emulator import entra
from emulator.entra import Entra
from emulator.entra.errors import AADSTS, EntraError
from emulator.tenant import Tenant
from tests.emulator.entra.driver import Clock


@pytest.mark.parametrize("code", [pytest.param(code, id=f"AADSTS{code}") for code in AADSTS])
def test_every_error_can_be_raised_and_is_a_sentence(code: int) -> None:
    names = {name for _, name, _, _ in Formatter().parse(AADSTS[code].text) if name}
    values: dict[str, Any] = dict.fromkeys(names, "VALUE")
    error = EntraError(code, **values)
    assert str(error).startswith(f"AADSTS{code}: ")
    assert str(error).endswith(".")
    assert str(error).count("VALUE") == len(names)
    assert (error.status == 401) <= (error.error == "invalid_client")


def test_a_value_with_braces_is_shown_as_it_is() -> None:
    assert "'{tenant} {0}'" in str(EntraError(90002, tenant="{tenant} {0}"))


def test_the_package_offers_what_it_lists() -> None:
    assert all(hasattr(entra, name) for name in entra.__all__)


def test_making_an_entra_generates_no_key(clock: Clock) -> None:
    keys = Entra(Tenant(), clock=clock)._realm.keys
    assert not {"current", "standby"} & set(vars(keys))
