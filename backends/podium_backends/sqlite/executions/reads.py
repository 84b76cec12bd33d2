"""The reads of ExecutionDAO on SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence

import msgspec

from podium_backends.sqlite.executions import limit_places
from podium_backends.sqlite.executions.rows import READABLE
from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.file.pages import Row, Select, pages
from podium_backends.sqlite.file.short_read import SHORT_BYTES
from podium_core.execution_reads import ExecutionReads, with_tasks
from podium_core.models import Page, Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.paging.page_builder import Found
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget

# Rows of pages end with id and document.
_COLUMNS = "id, CAST(document AS BLOB)"


class SqliteExecutionReads(ExecutionReads):
    """Documents by id, and pages of the sets that columns and partial indexes keep."""

    def __init__(self, database: Database, *, max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        super().__init__(max_answer_bytes=max_answer_bytes)
        self._database = database

    # tasks

    async def read_task(self, task_id: str) -> Task | None:
        sql = "SELECT CAST(document AS BLOB) FROM tasks WHERE id = ?"
        row = self._database.read(lambda conn: conn.execute(sql, (task_id,)).fetchone())
        if row is None:
            return None
        if len(row[0]) > SHORT_BYTES:
            await asyncio.sleep(0)  # what decodes and encodes it has a turn of its own
        return TASK.decode(row[0], task_id)

    async def read_tasks(self, task_ids: Sequence[str], budget: ReadBudget) -> list[Task]:
        # No ORDER BY, which would read all documents first: CROSS JOIN keeps the order of the array.
        sql = (
            "SELECT t.id, CAST(t.document AS BLOB) FROM json_each(?) AS j CROSS JOIN tasks AS t"
            " ON t.id = j.value"
        )
        return await self._list_tasks(sql, (msgspec.json.encode(task_ids).decode(),), budget)

    async def read_pending_tasks(
        self, definition_name: str, after: str, count: int, budget: ReadBudget
    ) -> list[Task]:
        sql = (
            f"SELECT {_COLUMNS} FROM tasks WHERE definition_name = ? AND pending = 1 AND id > ?"
            " ORDER BY id LIMIT ?"
        )
        return await self._list_tasks(sql, (definition_name, after, count), budget)

    async def _list_tasks(self, sql: str, arguments: Row, budget: ReadBudget) -> list[Task]:
        return await self._database.read_compound(
            lambda conn, left: _tasks_within(conn.execute(sql, arguments), left), budget
        )

    def pending_tasks(self, definition_name: str, after: str) -> AsyncIterator[Page[Task]]:
        sql = f"SELECT {_COLUMNS} FROM tasks WHERE definition_name = ? AND pending = 1 AND id > ? ORDER BY id"
        return self._task_pages(sql, (definition_name,), after)

    def pending_tasks_of_workflow(
        self, definition_name: str, workflow_id: str, after: str
    ) -> AsyncIterator[Page[Task]]:
        sql = (
            f"SELECT {_COLUMNS} FROM tasks WHERE workflow_id = ? AND pending = 1 AND definition_name = ?"
            " AND id > ? ORDER BY id"
        )
        return self._task_pages(sql, (workflow_id, definition_name), after)

    def tasks_of_workflow(self, workflow_id: str, after: str) -> AsyncIterator[Page[Task]]:
        sql = f"SELECT {_COLUMNS} FROM tasks WHERE workflow_id = ? AND id > ? ORDER BY id"
        return self._task_pages(sql, (workflow_id,), after)

    def _task_pages(self, sql: str, arguments: Row, after: str) -> AsyncIterator[Page[Task]]:
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, (*arguments, *key)),
            (after,),
            _task_of,
            id_of=_id_of,
        )

    async def count_in_progress(self, definition_name: str) -> int:
        return self._database.read(
            lambda conn: limit_places.in_progress_count(conn, definition_name)
        )

    # workflows

    async def read_workflow(self, workflow_id: str) -> Workflow | None:
        now_ms = self._database.now_ms()
        row = self._database.read(lambda conn: _live_row(conn, workflow_id, now_ms=now_ms))
        if row is None:
            return None
        if len(row[-1]) > SHORT_BYTES:
            await asyncio.sleep(0)
        return _workflow_of(row).item

    async def read_whole_workflow(
        self, workflow_id: str, budget: ReadBudget
    ) -> Found[Workflow] | None:
        now_ms = self._database.now_ms()

        def query(conn: sqlite3.Connection, left: ReadBudget) -> Found[Workflow] | None:
            row = _live_row(conn, workflow_id, now_ms=now_ms)
            return None if row is None else _with_tasks(conn, row, left)

        return await self._database.read_compound(query, budget)

    def workflows(self, workflow_ids: Sequence[str], after: int) -> AsyncIterator[Page[Workflow]]:
        wanted = msgspec.json.encode(workflow_ids).decode()
        sql = (
            "SELECT j.key, w.id, CAST(w.document AS BLOB) FROM json_each(?) AS j"
            f" CROSS JOIN workflows AS w ON w.id = j.value WHERE {READABLE} AND j.key > ?"
        )
        return self._workflow_pages(
            lambda conn, key: conn.execute(sql, (wanted, self._database.now_ms(), *key)), (after,)
        )

    def pending_workflow_ids(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Page[str]]:
        sql, arguments = _pending_sql("id", name, version)
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, (*arguments, *key)),
            (after,),
            lambda row: Found(str(row[0]), len(row[0])),
            id_of=lambda row: str(row[0]),
        )

    def pending_workflows(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Page[Workflow]]:
        sql, arguments = _pending_sql(_COLUMNS, name, version)
        return self._workflow_pages(
            lambda conn, key: conn.execute(sql, (*arguments, *key)), (after,)
        )

    async def count_pending_workflows(self, name: str) -> int:
        sql = "SELECT count(*) FROM workflows WHERE name = ? AND pending = 1"
        return int(self._database.read(lambda conn: conn.execute(sql, (name,)).fetchone()[0]))

    def workflows_by_time(
        self, name: str, after: tuple[int, str], end_time: int
    ) -> AsyncIterator[Page[Workflow]]:
        sql = (
            f"SELECT create_time, {_COLUMNS} FROM workflows WHERE name = ? AND listed = 1 AND create_time <= ?"
            " AND (create_time, id) > (?, ?) ORDER BY create_time, id"
        )
        return self._workflow_pages(
            lambda conn, key: conn.execute(sql, (name, end_time, *key)), after
        )

    def correlated_workflows(
        self, name: str, correlation_id: str, after: str
    ) -> AsyncIterator[Page[Workflow]]:
        sql = (
            f"SELECT {_COLUMNS} FROM workflows"
            " WHERE correlation_id = ? AND name = ? AND listed = 1 AND id > ? ORDER BY id"
        )
        return self._workflow_pages(
            lambda conn, key: conn.execute(sql, (correlation_id, name, *key)), (after,)
        )

    def _workflow_pages(self, select: Select, after: Row) -> AsyncIterator[Page[Workflow]]:
        return pages(self._database, select, after, _workflow_of, id_of=_id_of)

    async def can_search_across_workflows(self) -> bool:
        return True


def _pending_sql(columns: str, workflow_name: str, version: int | None) -> tuple[str, Row]:
    if version is None:
        sql = (
            f"SELECT {columns} FROM workflows WHERE name = ? AND pending = 1 AND id > ? ORDER BY id"
        )
        return sql, (workflow_name,)
    sql = f"SELECT {columns} FROM workflows WHERE name = ? AND pending = 1 AND version = ? AND id > ? ORDER BY id"
    return sql, (workflow_name, version)


def _id_of(row: Row) -> str:
    return str(row[-2])


def _task_of(row: Row) -> Found[Task]:
    id_, document = row[-2:]
    return Found(TASK.decode(document, id_), len(document))


def _workflow_of(row: Row) -> Found[Workflow]:
    id_, document = row[-2:]
    return Found(WORKFLOW.decode(document, id_), len(document))


def _tasks_within(rows: Iterable[Row], budget: ReadBudget) -> list[Task]:
    tasks: list[Task] = []
    for id_, document in rows:
        budget.take_document(len(document))
        tasks.append(TASK.decode(document, id_))
    return tasks


def _with_tasks(conn: sqlite3.Connection, row: Row, budget: ReadBudget) -> Found[Workflow]:
    """The workflow of a row that ends with id and document, with its tasks."""
    id_, document = row[-2:]
    before = budget.left
    budget.take_document(len(document))
    workflow = WORKFLOW.decode(document, id_)
    sql = f"SELECT {_COLUMNS} FROM tasks WHERE workflow_id = ?"
    tasks = _tasks_within(conn.execute(sql, (id_,)), budget)
    return Found(with_tasks(workflow, tasks), before - budget.left)


def _live_row(conn: sqlite3.Connection, workflow_id: str, *, now_ms: int) -> Row | None:
    sql = f"SELECT {_COLUMNS} FROM workflows WHERE id = ? AND {READABLE}"
    row: Row | None = conn.execute(sql, (workflow_id, now_ms)).fetchone()
    return row
