"""Poll data on Cassandra: a table of ours, a partition for each task definition."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from msgspec import UNSET

from podium_backends.cassandra.connection import Row as StoredRow, Session, Write
from podium_core.clock import Clock, token_now
from podium_core.models import Page, PollData
from podium_core.paging.ordered_window import ordered_ids
from podium_core.paging.page_builder import Found
from podium_core.paging.pages_of import Row, pages_of
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports import PollDataTable
from podium_core.ports.poll_data_table import PollKey

# At the poll's own time: one that is written late doesn't replace a newer one.
_PUT = (
    "INSERT INTO poll_data (task_def_name, domain, worker_id, last_poll_time)"
    " VALUES (?, ?, ?, ?) USING TIMESTAMP ?"
)
_POLL = (
    "SELECT domain, worker_id, last_poll_time FROM poll_data WHERE task_def_name = ? AND domain = ?"
)
_OF_TASK = "SELECT domain, worker_id, last_poll_time FROM poll_data WHERE task_def_name = ?"
_NAMES = "SELECT DISTINCT task_def_name FROM poll_data"

# Task definitions that are read at once.
_TOGETHER = 32


class CassandraPollDataTable:
    """Last polls, which Java doesn't keep on Cassandra."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    async def write_polls(self, polls: Mapping[PollKey, str]) -> None:
        now_ms, timestamp = self._clock(), token_now()
        await self._session.write_all(
            [Write(_PUT, (*key, worker_id, now_ms, timestamp)) for key, worker_id in polls.items()]
        )

    async def poll(self, key: PollKey) -> PollData | None:
        for row in await self._session.rows(_POLL, *key):
            return _poll(key[0], row)
        return None

    async def polls_of_task(self, task_def_name: str, budget: ReadBudget) -> list[PollData]:
        polls = []
        async for rows in self._session.pages(_OF_TASK, [task_def_name]):
            for row in rows:
                budget.take(_size(task_def_name, row))
                polls.append(_poll(task_def_name, row))
        return polls

    def polls(self, after: PollKey) -> AsyncIterator[Page[PollData]]:
        return pages_of(self._polls(after))

    async def _polls(self, after: PollKey) -> AsyncIterator[Row[PollData]]:
        name, _ = after
        # The token's own name may have domains left.
        async for row in self._polls_of([name] if name else [], after):
            yield row
        async for names in ordered_ids(self._scan_names, after=name):
            for at in range(0, len(names), _TOGETHER):
                async for row in self._polls_of(names[at : at + _TOGETHER], after):
                    yield row

    async def _polls_of(self, names: Sequence[str], after: PollKey) -> AsyncIterator[Row[PollData]]:
        found = await asyncio.gather(*(self._session.rows(_OF_TASK, name) for name in names))
        for name, rows in zip(names, found, strict=True):
            for row in rows:
                key = (name, row[0])
                if key > after:
                    poll = Found(_poll(name, row), _size(name, row))
                    yield Row(key, ":".join(key), poll)

    async def _scan_names(self) -> AsyncIterator[Iterable[str]]:
        """The names of all task definitions that were polled, in Cassandra's order."""
        async for rows in self._session.pages(_NAMES, []):
            yield [name for (name,) in rows]


def _poll(task_def_name: str, row: StoredRow) -> PollData:
    domain, worker_id, last_poll_time = row
    return PollData(
        queue_name=task_def_name,
        domain=domain or UNSET,
        worker_id=worker_id or UNSET,
        last_poll_time=last_poll_time,
    )


def _size(task_def_name: str, row: StoredRow) -> int:
    domain, worker_id, _ = row
    return len(task_def_name) + len(domain) + len(worker_id or "")


_: type[PollDataTable] = CassandraPollDataTable
