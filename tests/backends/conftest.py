"""A store with an outbox, of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_core.backend import ConnectedStore
from podium_core.ports import Outbox
from tests.backends.outbox_stores import KINDS, opened
from tests.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=KINDS)
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock
) -> AsyncIterator[ConnectedStore]:
    async with opened(request.param, request, tmp_path, clock) as one:
        yield one


@pytest.fixture
def outbox(store: ConnectedStore) -> Outbox:
    assert store.outbox is not None
    return store.outbox
