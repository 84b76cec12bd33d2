"""The outbox for operators: how far it is behind, and a new try for what was set aside."""

from __future__ import annotations

from collections.abc import Callable

from podium_core.ports import Outbox
from podium_core.reconcile import OutboxState

_STEP = 500


class OutboxAdmin:
    """Looks at an outbox from outside."""

    def __init__(self, outbox: Outbox, wake: Callable[[], None]) -> None:
        """Args: the outbox, and what wakes those who drain it."""
        self._outbox = outbox
        self._wake = wake

    async def state(self, limit: int) -> OutboxState:
        """How far it is behind, with at most so many failures."""
        stats = await self._outbox.stats()
        failures = await self._outbox.failures(limit) if limit else []
        return OutboxState(
            depth=stats.depth,
            oldest_age_ms=stats.oldest_age_ms,
            set_aside=stats.set_aside,
            failures=tuple(failures),
        )

    async def try_again(self) -> int:
        """Make what was set aside due again; how many entries that were."""
        # Those that are there now, and no more: what fails again at once would keep this going for ever.
        left = (await self._outbox.stats()).set_aside
        total = 0
        while left > 0 and (done := await self._outbox.try_again(min(left, _STEP))):
            total += done
            left -= done
        if total:
            self._wake()
        return total
