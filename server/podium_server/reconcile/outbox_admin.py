"""The outbox for operators: its backlog, and another try for entries that were set aside."""

from __future__ import annotations

from collections.abc import Callable

from podium_core.ports import Outbox
from podium_core.reconcile import OutboxState

_STEP = 500


class OutboxAdmin:
    """Reports an outbox, and retries entries that were set aside."""

    def __init__(self, outbox: Outbox, wake: Callable[[], None]) -> None:
        """Args: the outbox, and what wakes those who drain it."""
        self._outbox = outbox
        self._wake = wake

    async def state(self, limit: int) -> OutboxState:
        """Its backlog, with at most so many failures."""
        stats = await self._outbox.stats()
        failures = await self._outbox.failures(limit) if limit else []
        return OutboxState(
            depth=stats.depth,
            oldest_age_ms=stats.oldest_age_ms,
            set_aside=stats.set_aside,
            failures=tuple(failures),
        )

    async def try_again(self) -> int:
        """Make entries that were set aside due again; returns their number."""
        # Only those that are there now: entries that fail again at once would keep this going for ever.
        left = (await self._outbox.stats()).set_aside
        total = 0
        while left > 0 and (done := await self._outbox.try_again(min(left, _STEP))):
            total += done
            left -= done
        if total:
            self._wake()
        return total
