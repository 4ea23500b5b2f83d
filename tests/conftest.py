"""What every test shares."""

from __future__ import annotations

import pytest

# Microsoft's own clients have an environment and a pytest root of their own: make test-clients.
collect_ignore = ["clients"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
