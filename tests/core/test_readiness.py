"""A setup that fails is made again by the next who needs it, and what waits for it isn't lost."""

from __future__ import annotations

import asyncio

import pytest

from podium_core.errors import BackendUnavailableError, IncompatibleStoreError
from podium_core.readiness import Readiness


class Setup:
    """Fails as often as there are errors."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.runs = 0

    async def __call__(self) -> None:
        self.runs += 1
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop(0)


async def test_it_is_made_until_it_has_succeeded_once() -> None:
    setup = Setup(BackendUnavailableError("search", "down"))
    readiness = Readiness("search", setup)
    with pytest.raises(BackendUnavailableError):
        await readiness.wait()
    await asyncio.gather(*(readiness.wait() for _ in range(5)))
    await readiness.wait()
    assert setup.runs == 2


async def test_a_wrong_cluster_is_told_at_start_and_waited_for_later() -> None:
    setup = Setup(*(IncompatibleStoreError("this is version 5") for _ in range(2)))
    readiness = Readiness("search", setup)
    with pytest.raises(IncompatibleStoreError):
        await readiness.run()
    # Of marks that fail for another reason than this, a few tries are the last.
    with pytest.raises(BackendUnavailableError, match="this is version 5"):
        await readiness.wait()
    await readiness.wait()
    assert setup.runs == 3
