"""Keeps the log of this process while it runs: its lease, and no hint longer than it is needed."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from podium_backends.cassandra.rounds.log import Log
from podium_backends.cassandra.rounds.waiting import WaitingEntries
from podium_backends.cassandra.rounds.writes import PartitionWrites
from podium_core.errors import StorageError

RENEW_SECONDS = 2.5

_log = structlog.get_logger("podium.cassandra")


class LogKeeper:
    """A task beside the store."""

    def __init__(self, log: Log, writes: PartitionWrites, waiting: WaitingEntries) -> None:
        self._log_of_hints = log
        self._writes = writes
        self._waiting = waiting
        self._task = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await self._look()
            except StorageError as error:
                # Writes look at the lease themselves.
                _log.warning("the log of this server can't be kept", error=str(error))

    async def _look(self) -> None:
        if self._log_of_hints.owner:
            await self._log_of_hints.renew()
            await self._log_of_hints.drop_old_windows(self._is_needed)

    def _is_needed(self, workflow_id: str) -> bool:
        return self._waiting.has_of(workflow_id) or self._writes.is_at_work(workflow_id)

    async def close(self) -> None:
        """Stop, and leave the log as small as it can be."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        try:
            await self._log_of_hints.end(self._is_needed)
        except StorageError as error:
            _log.warning("the log of this server wasn't ended; an heir does it", error=str(error))
