"""The drainer: carries out what is due in the outbox, with back-off, until its target has confirmed it.

Several servers may drain one store: leases on buckets spare double work, tokens make it harmless.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog

from podium_core.errors import BackendUnavailableError, OutcomeUnknownError, StorageError
from podium_core.outbox import Bucket, DueEntries, OutboxEntry
from podium_core.ports import Outbox
from podium_server.outbox.handlers import Handler, PoisonError, Settled, Settlement
from podium_server.outbox.leases import Leases

BATCH = 200
LOOK_SECONDS = 0.5
FIRST_DELAY_MS = 100
MAX_DELAY_MS = 30_000
# Where the target is away, which tells nothing of the entry: soon after it has come back, all is there.
MAX_AWAY_DELAY_MS = 2_000
MAX_ATTEMPTS = 12
BEHIND_MS = 2_000

_log = structlog.get_logger("podium.outbox")


class Drainer:
    """Drains the kinds of one handler for as long as ``run`` runs.

    ``gather_seconds`` is how long it waits between two rounds: of a document that is written again meanwhile, one mark is
    left, and in a burst those who write go first. Entries that have waited for ``BEHIND_MS`` are drained without a pause,
    and up to ``backlog_batch`` at once.
    """

    def __init__(
        self,
        outbox: Outbox,
        handler: Handler,
        leases: Leases | None = None,
        *,
        batch: int = BATCH,
        backlog_batch: int = BATCH,
        gather_seconds: float = 0.0,
    ) -> None:
        self._outbox = outbox
        self._handler = handler
        self._leases = leases or Leases(outbox)
        self._batch = batch
        self._backlog_batch = backlog_batch
        self._is_behind = False
        self._gather_seconds = gather_seconds
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look at once: something was written."""
        self._wake.set()

    async def run(self) -> None:
        """Drain until cancelled."""
        try:
            while True:
                await self._try_round()
        finally:
            await self._handler.close()

    async def _try_round(self) -> None:
        try:
            await self._round()
        except StorageError as error:
            # A store that can't be reached is tried again. Any other error is a defect, and logged.
            _log.warning("the outbox can't be drained", error=str(error))
            await asyncio.sleep(LOOK_SECONDS)
        except Exception:
            _log.exception("the drainer met a defect")
            await asyncio.sleep(LOOK_SECONDS)

    async def _round(self) -> None:
        buckets = await self._leases.buckets()
        self._wake.clear()
        batch = self._backlog_batch if self._is_behind else self._batch
        due = await self._outbox.due_entries(buckets, self._handler.kinds, batch)
        self._is_behind = bool(due.entries) and due.now_ms - due.entries[0].since_ms > BEHIND_MS
        away = bool(due.entries) and await self.carry_out(due)
        if len(due.entries) < self._batch:
            await self._rest(buckets)
        elif away:
            # More waits than a batch: it isn't tried all at once, over and over.
            await asyncio.sleep(LOOK_SECONDS)
        elif self._gather_seconds and not self._is_behind:
            await asyncio.sleep(self._gather_seconds)

    async def _rest(self, buckets: Sequence[Bucket]) -> None:
        seconds = LOOK_SECONDS
        due_in_ms = await self._outbox.due_in_ms(buckets, self._handler.kinds)
        if due_in_ms is not None:
            seconds = min(seconds, max(due_in_ms, 1) / 1000)
        # Not wait_for, which loses a cancellation that comes together with the wake.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        if self._gather_seconds:
            await asyncio.sleep(self._gather_seconds)

    async def carry_out(self, due: DueEntries) -> bool:
        """Hand entries to the handler, and settle all that it confirmed in one write; whether its target is away."""
        entries = due.entries
        settlements = await self._handler.carry_out(due)
        done = [e for e, s in zip(entries, settlements, strict=True) if s is Settled.DONE]
        if done:
            await self._outbox.finish(done)
        # At once: they share a transaction.
        await asyncio.gather(
            *(
                self._postpone(entry, settlement)
                for entry, settlement in zip(entries, settlements, strict=True)
                if isinstance(settlement, Exception)
            )
        )
        return all(_is_away(settlement) for settlement in settlements)

    async def _postpone(self, entry: OutboxEntry, error: Exception) -> None:
        # The target's own trouble is never the entry's: tried again as long as it takes.
        away = _is_away(error)
        hopeless = isinstance(error, PoisonError) or entry.attempts + 1 >= MAX_ATTEMPTS
        if hopeless and not away:
            _log.error(
                "an outbox entry was set aside", kind=entry.kind, id=entry.id, error=str(error)
            )
            await self._outbox.set_aside(entry, reason=str(error))
            return
        longest = min(MAX_AWAY_DELAY_MS, MAX_DELAY_MS) if away else MAX_DELAY_MS
        delay = min(FIRST_DELAY_MS * 2 ** min(entry.attempts, 10), longest)
        await self._outbox.retry(entry, delay_ms=delay, reason=str(error))


def _is_away(settlement: Settlement) -> bool:
    return isinstance(settlement, BackendUnavailableError | OutcomeUnknownError)
