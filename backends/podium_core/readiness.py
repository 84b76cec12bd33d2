"""Whether a store is prepared: one that is away at start is looked at when it comes, before anything is sent to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from podium_core.errors import BackendUnavailableError, IncompatibleStoreError


class Readiness:
    """Runs a setup, or checks, until that has succeeded once; who comes meanwhile shares it."""

    def __init__(self, store: str, set_up: Callable[[], Awaitable[None]]) -> None:
        """Takes the store's configured name, and what prepares it."""
        self._store = store
        self._set_up = set_up
        self._running: asyncio.Task[None] | None = None
        self._done = False

    async def wait(self) -> None:
        """Return once the setup has succeeded.

        Raises:
            BackendUnavailableError: It hasn't; the next call tries again.
        """
        if self._done:
            return
        try:
            await self.run()
        except IncompatibleStoreError as error:
            # Found out while we run: whoever runs the store may mend it, and what waits for it is kept.
            raise BackendUnavailableError(self._store, error.message) from error

    async def run(self) -> None:
        """Run the setup, whether it has succeeded before or not, or join one that runs. Raises what it raises."""
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        # A caller that is cancelled ends it for no other.
        await asyncio.shield(self._running)

    async def _run(self) -> None:
        try:
            await self._set_up()
            self._done = True
        finally:
            self._running = None

    async def close(self) -> None:
        """End a setup that runs."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})
