"""Makes searches find what was sent: one refresh of the index for all who wait."""

from __future__ import annotations

import asyncio

from podium_core.ports import IndexTarget


class SharedRefresh:
    """A refresh costs the same for one write as for thousands. Who comes while one is under way shares the next."""

    def __init__(self, target: IndexTarget) -> None:
        self._target = target
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def wait(self) -> None:
        """Return once searches find all that was sent before this call.

        Raises:
            BackendUnavailableError: The index was not reached.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._refresh_after(self._running))
        # A caller that is cancelled takes it from no other.
        await asyncio.shield(self._next)

    async def _refresh_after(self, running: asyncio.Task[None] | None) -> None:
        if running is not None:
            await asyncio.wait({running})
        self._running, self._next = self._next, None
        await self._target.refresh()
