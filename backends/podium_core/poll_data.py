"""The PollDataDAO of every store: the rules of its arguments, and one write for updates that come together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from podium_core.errors import InvalidArgumentError
from podium_core.models import Page, PollData
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget
from podium_core.paging.resume_token import resume_key
from podium_core.ports.poll_data import PollDataDAO
from podium_core.ports.poll_data_table import NO_DOMAIN, PollDataTable, PollKey
from podium_core.requirements import require_text

# In Conductor's Redis layout the field of polls without a domain.
RESERVED_DOMAIN = "DEFAULT"


class TablePollDataDAO:
    """The poll data of one store. Of updates of one key that come together, the last counts."""

    def __init__(
        self,
        table: PollDataTable,
        *,
        require_stored_name: Callable[[str, str], str] = require_text,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        """On a store's poll data.

        Args:
            table: The poll data.
            require_stored_name: Checks the name of a task definition that is polled, where the store can't keep every one.
            max_answer_bytes: As of ``StoreContext``.
        """
        self._table = table
        self._require_stored_name = require_stored_name
        self._max_answer_bytes = max_answer_bytes
        self._collected: dict[PollKey, str] = {}
        self._next_write: asyncio.Task[None] | None = None
        self._write_under_way: asyncio.Task[None] | None = None

    async def update_last_poll_data(
        self, task_def_name: str, domain: str | None, worker_id: str
    ) -> None:
        key = _require_key(task_def_name, domain)
        self._require_stored_name(task_def_name, "task_def_name")
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
        await self._table.write_polls(polls)

    async def get_poll_data(self, task_def_name: str, domain: str | None) -> PollData | None:
        return await self._table.poll(_require_key(task_def_name, domain))

    async def get_poll_data_for_task(self, task_def_name: str) -> list[PollData]:
        require_text(task_def_name, "task_def_name")
        budget = ReadBudget(self._max_answer_bytes)
        return await self._table.polls_of_task(task_def_name, budget)

    def get_all_poll_data(self, *, resume_token: str = "") -> AsyncIterator[Page[PollData]]:
        return self._table.polls(resume_key(resume_token, tuple[str, str], ("", "")))


def _require_key(task_def_name: str, domain: str | None) -> PollKey:
    require_text(task_def_name, "task_def_name")
    if not domain:
        return task_def_name, NO_DOMAIN
    if domain == RESERVED_DOMAIN:
        raise InvalidArgumentError(
            "domain", f"'{RESERVED_DOMAIN}' is reserved: leave the domain out"
        )
    return task_def_name, require_text(domain, "domain")


_: type[PollDataDAO] = TablePollDataDAO
