"""What the tests of the engine share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from emulator import Tenant
from tests.emulator.engine.tiny import graph_of
from tests.emulator.support import small_tenant


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """Graph without any workload, for somebody who may do everything."""
    async with graph_of(tenant) as client:
        yield client
