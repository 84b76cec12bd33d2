"""The PollDataDAO on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping

from msgspec import UNSET

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.file.pages import Row, pages, rows_within
from podium_core.models import Page, PollData
from podium_core.paging.page_builder import Found
from podium_core.paging.read_budget import MAX_ANSWER_BYTES
from podium_core.paging.resume_token import resume_key
from podium_core.poll_data import PollDataWrites, PollKey, require_poll_key
from podium_core.ports import PollDataDAO
from podium_core.requirements import require_text

_POLLS = "SELECT task_def_name, domain, worker_id, last_poll_time FROM poll_data"
_PUT = (
    "INSERT INTO poll_data (task_def_name, domain, worker_id, last_poll_time) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (task_def_name, domain) DO UPDATE SET"
    " worker_id = excluded.worker_id, last_poll_time = excluded.last_poll_time"
)


class SqlitePollDataDAO(PollDataWrites):
    """Poll data in one database file."""

    def __init__(self, database: Database, *, max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        self._database = database
        self._max_answer_bytes = max_answer_bytes
        super().__init__()

    async def write_polls(self, polls: Mapping[PollKey, str]) -> None:
        def job(conn: sqlite3.Connection) -> None:
            now_ms = self._database.now_ms()
            conn.executemany(_PUT, [(*key, worker_id, now_ms) for key, worker_id in polls.items()])

        await self._database.write(job, weight=len(polls))

    async def get_poll_data(self, task_def_name: str, domain: str | None) -> PollData | None:
        key = require_poll_key(task_def_name, domain)
        sql = _POLLS + " WHERE task_def_name = ? AND domain = ?"
        row = self._database.read(lambda conn: conn.execute(sql, key).fetchone())
        return None if row is None else _poll_data(row)

    async def get_poll_data_for_task(self, task_def_name: str) -> list[PollData]:
        require_text(task_def_name, "task_def_name")
        sql = _POLLS + " WHERE task_def_name = ? ORDER BY domain"
        return await rows_within(
            self._database, sql, (task_def_name,), _found, max_bytes=self._max_answer_bytes
        )

    def get_all_poll_data(self, *, resume_token: str = "") -> AsyncIterator[Page[PollData]]:
        start = resume_key(resume_token, tuple[str, str], ("", ""))
        sql = _POLLS + " WHERE (task_def_name, domain) > (?, ?) ORDER BY task_def_name, domain"
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, key),
            start,
            _found,
            id_of=lambda row: f"{row[0]}:{row[1]}",
        )


def _found(row: Row) -> Found[PollData]:
    return Found(_poll_data(row), sum(map(len, row[:3])))


def _poll_data(row: Row) -> PollData:
    task_def_name, domain, worker_id, last_poll_time = row
    return PollData(
        queue_name=task_def_name,
        domain=domain or UNSET,
        worker_id=worker_id or UNSET,
        last_poll_time=last_poll_time,
    )


_: type[PollDataDAO] = SqlitePollDataDAO
