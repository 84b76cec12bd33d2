"""Limits of tasks whose documents don't say theirs: those of the registered definitions.

Definitions may be routed to another store than limits, so the facade looks them up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from podium_core.errors import CorruptRecordError, InvalidArgumentError
from podium_core.limits import (
    NO_RATE_LIMIT,
    RateLimit,
    concurrency_limit_of,
    definition_limited_by,
    embedded_concurrency_limit,
    embedded_rate_limit,
    place_of,
    rate_limit_of,
)
from podium_core.models import Task
from podium_core.ports import ConcurrentExecutionLimitDAO, MetadataDAO, RateLimitingDAO
from podium_core.write_set import WriteSet

# An update to IN_PROGRESS doesn't read the definition each time.
KNOWN_SECONDS = 5.0
MAX_KNOWN = 10_000


class _RegisteredLimit(NamedTuple):
    limited: bool
    until: float


class ConcurrencyLimits:
    """Implements ``ConcurrentExecutionLimitDAO`` over the store that serves limits."""

    def __init__(
        self,
        store: ConcurrentExecutionLimitDAO,
        metadata: MetadataDAO,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._metadata = metadata
        self._clock = clock
        self._known: dict[str, _RegisteredLimit] = {}
        # Nobody asks for a limit here.
        self.add_task_to_limit = store.add_task_to_limit
        self.remove_task_from_limit = store.remove_task_from_limit

    async def exceeds_limit(self, task: Task, *, limit: int | None = None) -> bool:
        definition_name, _ = place_of(task)
        if limit is None:
            limit = embedded_concurrency_limit(task)
        if limit is None:
            limit = await self._registered_limit(definition_name)
        return await self._store.exceeds_limit(task, limit=limit)

    async def _registered_limit(self, definition_name: str) -> int:
        definition = await self._metadata.get_task_def(definition_name)
        return 0 if definition is None else concurrency_limit_of(definition.document) or 0

    async def mark_limited(self, write_set: WriteSet) -> WriteSet:
        """Mark the tasks in progress that take a place, because a registered definition has a limit."""
        puts = write_set.task_puts
        limited = set()
        for put in puts:
            if put.in_progress and not put.limited and await self._is_limited(put.definition_name):
                limited.add(put.definition_name)
        if not limited:
            return write_set
        return msgspec.structs.replace(
            write_set,
            task_puts=tuple(
                msgspec.structs.replace(put, limited=True)
                if put.in_progress and put.definition_name in limited
                else put
                for put in puts
            ),
        )

    async def _is_limited(self, definition_name: str) -> bool:
        known = self._known.get(definition_name)
        now = self._clock()
        if known is not None and now < known.until:
            return known.limited
        try:
            limited = await self._registered_limit(definition_name) > 0
        except (CorruptRecordError, InvalidArgumentError):
            limited = False  # no definition can have that name, or it can't be read: no reason to refuse an update
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[definition_name] = _RegisteredLimit(limited, now + KNOWN_SECONDS)
        return limited


class RateLimits:
    """Implements ``RateLimitingDAO`` over the store that serves rate limits."""

    def __init__(self, store: RateLimitingDAO, metadata: MetadataDAO) -> None:
        self._store = store
        self._metadata = metadata

    async def exceeds_rate_limit_per_frequency(
        self,
        task: Task,
        *,
        rate_limit_per_frequency: int | None = None,
        rate_limit_frequency_seconds: int | None = None,
    ) -> bool:
        own = RateLimit(task.rate_limit_per_frequency, task.rate_limit_frequency_in_seconds)
        asked = rate_limit_per_frequency is not None or rate_limit_frequency_seconds is not None
        definition_name = definition_limited_by(task)
        limit = own if asked or own.limits else embedded_rate_limit(task)
        if not asked and not limit.limits:
            limit = await self._registered_limit(definition_name)
        grants, seconds = rate_limit_per_frequency, rate_limit_frequency_seconds
        return await self._store.exceeds_rate_limit_per_frequency(
            task,
            rate_limit_per_frequency=limit.grants if grants is None else grants,
            rate_limit_frequency_seconds=limit.seconds if seconds is None else seconds,
        )

    async def _registered_limit(self, definition_name: str) -> RateLimit:
        definition = await self._metadata.get_task_def(definition_name)
        return NO_RATE_LIMIT if definition is None else rate_limit_of(definition.document)


_: type[ConcurrentExecutionLimitDAO] = ConcurrencyLimits
_rates: type[RateLimitingDAO] = RateLimits
