"""Poll data on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping

from msgspec import UNSET

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.file.pages import Row, pages, rows_within
from podium_core.models import Page, PollData
from podium_core.paging.page_builder import Found
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports import PollDataTable
from podium_core.ports.poll_data_table import PollKey

_POLLS = "SELECT task_def_name, domain, worker_id, last_poll_time FROM poll_data"
_PUT = (
    "INSERT INTO poll_data (task_def_name, domain, worker_id, last_poll_time) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (task_def_name, domain) DO UPDATE SET"
    " worker_id = excluded.worker_id, last_poll_time = excluded.last_poll_time"
)


class SqlitePollDataTable:
    """Poll data in one database file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write_polls(self, polls: Mapping[PollKey, str]) -> None:
        def job(conn: sqlite3.Connection) -> None:
            now_ms = self._database.now_ms()
            conn.executemany(_PUT, [(*key, worker_id, now_ms) for key, worker_id in polls.items()])

        await self._database.write(job, weight=len(polls))

    async def poll(self, key: PollKey) -> PollData | None:
        sql = _POLLS + " WHERE task_def_name = ? AND domain = ?"
        row = self._database.read(lambda conn: conn.execute(sql, key).fetchone())
        return None if row is None else _poll_data(row)

    async def polls_of_task(self, task_def_name: str, budget: ReadBudget) -> list[PollData]:
        sql = _POLLS + " WHERE task_def_name = ? ORDER BY domain"
        return await rows_within(self._database, sql, (task_def_name,), _poll_of, budget)

    def polls(self, after: PollKey) -> AsyncIterator[Page[PollData]]:
        sql = _POLLS + " WHERE (task_def_name, domain) > (?, ?) ORDER BY task_def_name, domain"
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, key),
            after,
            _poll_of,
            id_of=lambda row: f"{row[0]}:{row[1]}",
        )


def _poll_of(row: Row) -> Found[PollData]:
    return Found(_poll_data(row), sum(map(len, row[:3])))


def _poll_data(row: Row) -> PollData:
    task_def_name, domain, worker_id, last_poll_time = row
    return PollData(
        queue_name=task_def_name,
        domain=domain or UNSET,
        worker_id=worker_id or UNSET,
        last_poll_time=last_poll_time,
    )


_: type[PollDataTable] = SqlitePollDataTable
