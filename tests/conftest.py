"""What every test shares."""

from __future__ import annotations

import pytest
from hypothesis import settings

# Microsoft's own clients have an environment and a pytest root of their own: make test-clients.
collect_ignore = ["clients"]


# On a machine with two busy cores an example may take as long as it takes.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
