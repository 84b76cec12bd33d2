"""The writing half of a PollDataDAO: the rules of its arguments, and one write for updates that come together."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping

from podium_core.errors import InvalidArgumentError
from podium_core.requirements import require_text

NO_DOMAIN = ""
# In Conductor's Redis layout the field of polls without a domain.
RESERVED_DOMAIN = "DEFAULT"

PollKey = tuple[str, str]
"""A task definition's name and a domain; ``NO_DOMAIN`` is none."""


class PollDataWrites(ABC):
    """``update_last_poll_data`` on top of ``write_polls``. Of updates of one key that come together, the last counts."""

    def __init__(self) -> None:
        self._collected: dict[PollKey, str] = {}
        self._next_write: asyncio.Task[None] | None = None
        self._write_under_way: asyncio.Task[None] | None = None

    @abstractmethod
    async def write_polls(self, polls: Mapping[PollKey, str]) -> None:
        """Store the worker of each key as the last to poll it, now by the store's clock."""

    async def update_last_poll_data(
        self, task_def_name: str, domain: str | None, worker_id: str
    ) -> None:
        key = require_poll_key(task_def_name, domain)
        if worker_id:
            require_text(worker_id, "worker_id")
        self._collected[key] = worker_id
        if self._next_write is None:
            self._next_write = asyncio.create_task(self._write(self._write_under_way))
        # One caller that is cancelled must not take the others' write along.
        await asyncio.shield(self._next_write)

    async def _write(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            # Updates that come meanwhile are collected.
            await asyncio.wait([before])
        polls, self._collected = self._collected, {}
        self._write_under_way, self._next_write = self._next_write, None
        await self.write_polls(polls)


def require_poll_key(task_def_name: str, domain: str | None) -> PollKey:
    """The key, once it is known to be usable.

    Raises:
        InvalidArgumentError: A name is missing or too long, or the domain is the reserved one.
    """
    require_text(task_def_name, "task_def_name")
    if not domain:
        return task_def_name, NO_DOMAIN
    if domain == RESERVED_DOMAIN:
        raise InvalidArgumentError(
            "domain", f"'{RESERVED_DOMAIN}' is reserved: leave the domain out"
        )
    return task_def_name, require_text(domain, "domain")
