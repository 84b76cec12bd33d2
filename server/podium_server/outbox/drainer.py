"""The drainer: carries out what is due in the outbox, with back-off, until its target has confirmed it.

Several servers may drain one store: leases on buckets spare double work, tokens make it harmless.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Mapping, Sequence

import structlog

from podium_core.clock import Clock, system_clock_ms
from podium_core.errors import BackendUnavailableError, OutcomeUnknownError, StorageError
from podium_core.outbox import KIND_REMOVAL, LEASE_MS, Outbox, OutboxEntry
from podium_server.outbox.targets import Target

BATCH = 200
LOOK_SECONDS = 0.5
RENEW_SECONDS = LEASE_MS / 1000 / 3
FIRST_DELAY_MS = 100
MAX_DELAY_MS = 30_000
MAX_ATTEMPTS = 12

_log = structlog.get_logger("podium.outbox")


class Drainer:
    """Drains one outbox for as long as ``run`` runs."""

    def __init__(
        self,
        outbox: Outbox,
        targets: Mapping[str, Target],
        *,
        clock: Clock = system_clock_ms,
        owner: str = "",
    ) -> None:
        self._outbox = outbox
        self._targets = targets
        self._clock = clock
        self._owner = owner or uuid.uuid4().hex
        self._wake = asyncio.Event()
        self._buckets: list[int] = []
        self._renew_at = 0.0

    def wake(self) -> None:
        """Look at once: something was written."""
        self._wake.set()

    async def run(self) -> None:
        """Drain until cancelled; then give the leases back."""
        try:
            while True:
                await self._guarded_round()
        finally:
            with contextlib.suppress(StorageError):  # the leases lapse by themselves
                await asyncio.shield(self._outbox.release_buckets(self._owner))

    async def _guarded_round(self) -> None:
        """One round; a store that can't be reached is tried again, whatever else is a defect that the log shows."""
        try:
            await self._round()
        except StorageError as error:
            _log.warning("the outbox can't be drained", error=str(error))
            await asyncio.sleep(LOOK_SECONDS)
        except Exception:
            _log.exception("the drainer met a defect")
            await asyncio.sleep(LOOK_SECONDS)

    async def _round(self) -> None:
        await self._renew_leases()
        self._wake.clear()
        entries = await self._outbox.due(self._buckets, list(self._targets), BATCH)
        if entries:
            await self.carry_out(entries)
        if len(entries) < BATCH:
            await self._rest()

    async def _renew_leases(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._renew_at:
            self._buckets = await self._outbox.lease_buckets(self._owner)
            self._renew_at = now + RENEW_SECONDS

    async def _rest(self) -> None:
        seconds = LOOK_SECONDS
        due_ms = await self._outbox.next_due_ms(self._buckets, list(self._targets))
        if due_ms is not None:
            seconds = min(seconds, max((due_ms - self._clock()) / 1000, 0.001))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    async def carry_out(self, entries: Sequence[OutboxEntry]) -> None:
        """Hand each entry to its target, and settle all that it confirmed in one write."""
        outcomes = await asyncio.gather(*(self._try(entry) for entry in entries))
        done = [
            entry
            for entry, good in zip(entries, outcomes, strict=True)
            if good and entry.kind != KIND_REMOVAL
        ]
        if done:
            await self._outbox.done(done)

    async def _try(self, entry: OutboxEntry) -> bool:
        try:
            await self._targets[entry.kind](entry)
        except (BackendUnavailableError, OutcomeUnknownError) as error:
            await self._later(
                entry, error
            )  # the target's trouble, not the entry's: never set aside
            return False
        except Exception as error:
            await self._later_or_aside(entry, error)
            return False
        return True

    async def _later(self, entry: OutboxEntry, error: Exception) -> None:
        delay = min(FIRST_DELAY_MS * 2 ** min(entry.attempts, 10), MAX_DELAY_MS)
        await self._outbox.retry(entry, delay_ms=delay, reason=str(error))

    async def _later_or_aside(self, entry: OutboxEntry, error: Exception) -> None:
        if entry.attempts + 1 < MAX_ATTEMPTS:
            await self._later(entry, error)
            return
        _log.error("an outbox entry was set aside", kind=entry.kind, id=entry.id, error=str(error))
        await self._outbox.set_aside(entry, reason=str(error))
