"""The IndexDAO on a SQLite file: writes take effect at once, searches run in threads of their own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TypeVar

from msgspec import Raw

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.index.entry_table import TASK_TABLE, WORKFLOW_TABLE
from podium_backends.sqlite.index.layout import TASKS, WORKFLOWS, Layout
from podium_backends.sqlite.index.lookup_table import EVENTS, MESSAGES, TASK_LOGS, LookupTable
from podium_backends.sqlite.index.search import Search, documents_of
from podium_backends.sqlite.index.searchers import Searchers
from podium_backends.sqlite.index.target import weight_of
from podium_backends.sqlite.index.writes import apply
from podium_core.errors import CorruptRecordError, NotFoundError
from podium_core.index import (
    TASK_ENTRY,
    WORKFLOW_ENTRY,
    IndexChange,
    IndexOutcome,
    IndexWrites,
    Put,
    decode_event_execution,
    decode_message,
    decode_task_log,
)
from podium_core.index.documents import members_of
from podium_core.models import EventExecution
from podium_core.models.json_text import raw_bytes
from podium_core.models.search import (
    IndexedMessage,
    SearchResult,
    TaskExecLog,
    TaskSummary,
    Wait,
    WorkflowSummary,
)
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget
from podium_core.ports import IndexDAO
from podium_core.query import parse_free_text, parse_query, parse_sort
from podium_core.requirements import (
    require_count,
    require_duration,
    require_not_negative,
    require_text,
)

T = TypeVar("T")

# The index that ``search_archivable_workflows`` searches, by Conductor's name.
WORKFLOW_INDEX = "conductor_workflow"
MAX_ARCHIVABLE = 1_000
MAX_COUNT = 10_000
_DAY_MS = timedelta(days=1) // timedelta(milliseconds=1)
# The document to set fields in isn't known before the write.
_MERGE_WEIGHT = 60

_ARCHIVABLE = (
    "SELECT workflow_id FROM workflows WHERE end_time >= ? AND end_time < ? AND archived IS NOT 1"
    " AND status IN ('COMPLETED', 'FAILED', 'TIMED_OUT', 'TERMINATED')"
    " ORDER BY end_time, workflow_id LIMIT ?"
)


class SqliteIndexDAO(IndexWrites):
    """Implements ``IndexDAO``.

    Attributes:
        clock: The store's.
    """

    def __init__(
        self,
        database: Database,
        searchers: Searchers,
        lookups: Searchers,
        *,
        task_log_result_limit: int = 10,
        right_grouping: bool = False,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._database = database
        self._searchers = searchers
        self._lookups = lookups
        self._task_log_result_limit = task_log_result_limit
        self._right_grouping = right_grouping
        self._max_answer_bytes = max_answer_bytes
        self.clock = database.now_ms

    async def setup(self) -> None:
        # Opening the file has made the tables.
        self._database.read(lambda conn: conn.execute("SELECT 1 FROM workflows LIMIT 1").fetchone())

    async def write(self, changes: Sequence[IndexChange], *, wait: Wait) -> list[IndexOutcome]:
        now_ms = self._database.now_ms()

        def job(conn: sqlite3.Connection) -> list[IndexOutcome]:
            return apply(conn, changes, now_ms=now_ms)

        outcomes = await self._database.write(job, weight=sum(map(_weight, changes)))
        return outcomes if wait is Wait.INDEXED else [IndexOutcome.ACCEPTED] * len(outcomes)

    async def task_ids(self, workflow_id: str, *, after: str = "", limit: int = 1_000) -> list[str]:
        return await self._searchers.run(
            lambda conn: TASK_TABLE.ids_of_workflow(conn, workflow_id, after, limit)
        )

    # searching

    async def search_workflows(
        self,
        query: str = "",
        free_text: str = "",
        *,
        start: int = 0,
        count: int = 100,
        sort: Sequence[str] = (),
    ) -> SearchResult[str]:
        return await self._search_ids(WORKFLOWS, query, free_text, start, count, sort)

    async def search_workflow_summary(
        self,
        query: str = "",
        free_text: str = "",
        *,
        start: int = 0,
        count: int = 100,
        sort: Sequence[str] = (),
    ) -> SearchResult[WorkflowSummary]:
        search = self._search(WORKFLOWS, query, free_text, start, count, sort)
        decode = WORKFLOW_ENTRY.decode
        return await self._searchers.run(
            lambda conn: _summaries(conn, WORKFLOWS, search, decode, start, count, self._budget())
        )

    async def search_tasks(
        self,
        query: str = "",
        free_text: str = "",
        *,
        start: int = 0,
        count: int = 100,
        sort: Sequence[str] = (),
    ) -> SearchResult[str]:
        return await self._search_ids(TASKS, query, free_text, start, count, sort)

    async def search_task_summary(
        self,
        query: str = "",
        free_text: str = "",
        *,
        start: int = 0,
        count: int = 100,
        sort: Sequence[str] = (),
    ) -> SearchResult[TaskSummary]:
        search = self._search(TASKS, query, free_text, start, count, sort)
        decode = TASK_ENTRY.decode
        return await self._searchers.run(
            lambda conn: _summaries(conn, TASKS, search, decode, start, count, self._budget())
        )

    def _budget(self) -> ReadBudget:
        return ReadBudget(self._max_answer_bytes)

    async def get_workflow_count(self, query: str = "", free_text: str = "") -> int:
        search = self._search(WORKFLOWS, query, free_text, 0, 0, ())
        return await self._searchers.run(search.total)

    def _search(
        self,
        layout: Layout,
        query: str,
        free_text: str,
        start: int,
        count: int,
        sort: Sequence[str],
    ) -> Search:
        require_not_negative(start, "start")
        if count:
            require_count(count, limit=MAX_COUNT)
        return Search(
            layout,
            parse_query(query, layout.fields, right_grouping=self._right_grouping),
            parse_free_text(free_text, layout.fields),
            parse_sort(sort, layout.fields),
        )

    async def _search_ids(
        self,
        layout: Layout,
        query: str,
        free_text: str,
        start: int,
        count: int,
        sort: Sequence[str],
    ) -> SearchResult[str]:
        search = self._search(layout, query, free_text, start, count, sort)
        hits = await self._searchers.run(partial(search.run, start=start, count=count))
        return SearchResult(total_hits=hits.total, results=tuple(id_ for _, id_ in hits.rows))

    async def search_archivable_workflows(
        self, archive_ttl_days: int, *, index_name: str = ""
    ) -> list[str]:
        if index_name not in {"", WORKFLOW_INDEX}:
            raise NotFoundError("index", index_name)
        ttl_ms = require_duration(archive_ttl_days * _DAY_MS, "archive_ttl_days")
        today_ms = self._database.now_ms() // _DAY_MS * _DAY_MS
        days = (today_ms - ttl_ms - _DAY_MS, today_ms - ttl_ms)
        return await self._lookups.run(
            lambda conn: [row[0] for row in conn.execute(_ARCHIVABLE, (*days, MAX_ARCHIVABLE))]
        )

    # looking up

    async def get(self, workflow_id: str, field: str) -> Raw | None:
        require_text(workflow_id, "workflow_id")
        require_text(field, "field")
        # In a thread, since an archived entry is large; apart from searches, which take long.
        return await self._lookups.run(lambda conn: _member(conn, workflow_id, field))

    async def get_task_execution_logs(
        self, task_id: str, *, count: int | None = None
    ) -> list[TaskExecLog]:
        require_text(task_id, "task_id")
        limit = self._task_log_result_limit if count is None else count
        return await self._records(TASK_LOGS, task_id, limit, decode_task_log)

    async def get_event_executions(self, event: str, *, count: int = 1_000) -> list[EventExecution]:
        require_text(event, "event")
        return await self._records(EVENTS, event, count, decode_event_execution)

    async def get_messages(self, queue_name: str, *, count: int = 1_000) -> list[IndexedMessage]:
        require_text(queue_name, "queue_name")
        return await self._records(MESSAGES, queue_name, count, decode_message)

    async def _records(
        self, table: LookupTable, owner: str, count: int, decode: Callable[[bytes, str], T]
    ) -> list[T]:
        require_count(count, limit=MAX_COUNT)

        def query(conn: sqlite3.Connection) -> list[T]:
            budget = self._budget()
            found: list[T] = []
            for id_, document in table.of_owner(conn, owner, count):
                budget.take_document(len(document))
                found.append(decode(document, id_))
            return found

        return await self._lookups.run(query)


def _member(conn: sqlite3.Connection, workflow_id: str, field: str) -> Raw | None:
    entry = WORKFLOW_TABLE.entry(conn, workflow_id)
    if entry is None:
        return None
    value = members_of(entry.document, "workflow entry", workflow_id).get(field)
    # As in Java, where null is no value.
    return None if value is None or raw_bytes(value) == b"null" else value.copy()


def _weight(change: IndexChange) -> int:
    if isinstance(change.action, Put):
        return weight_of(raw_bytes(change.action.document))
    return _MERGE_WEIGHT


def _summaries(
    conn: sqlite3.Connection,
    layout: Layout,
    search: Search,
    decode: Callable[[bytes, str], T],
    start: int,
    count: int,
    budget: ReadBudget,
) -> SearchResult[T]:
    hits = search.run(conn, start=start, count=count)
    results: list[T] = []
    unreadable: list[str] = []
    for id_, document in documents_of(conn, layout, hits.rows):
        budget.take_document(len(document))
        try:
            results.append(decode(document, id_))
        except CorruptRecordError:
            unreadable.append(id_)
    return SearchResult(
        total_hits=hits.total, results=tuple(results), unreadable_ids=tuple(unreadable)
    )


_: type[IndexDAO] = SqliteIndexDAO
