"""The reads of ExecutionDAO on SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterable, Sequence

import msgspec

from podium_backends.sqlite.executions import limit_places
from podium_backends.sqlite.executions.rows import READABLE
from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.file.pages import Row, Select, pages
from podium_backends.sqlite.file.short_read import SHORT_BYTES
from podium_core.errors import InvalidArgumentError
from podium_core.models import Page, Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.paging.filled_pages import filled_pages
from podium_core.paging.page_builder import Found
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget
from podium_core.paging.resume_token import resume_key
from podium_core.requirements import (
    MAX_IDS,
    require_count,
    require_ids,
    require_not_negative,
    require_text,
)

# Rows of pages end with id and document.
_COLUMNS = "id, CAST(document AS BLOB)"
# With tasks a workflow is read apart, so that one that is too large is known by its id alone.
_BY_INCLUDED = {True: "w.id", False: "w.id, CAST(w.document AS BLOB)"}


class ExecutionReads:
    """Documents by id, and pages of the sets that columns and partial indexes keep."""

    def __init__(self, database: Database, *, max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        self._database = database
        self._max_answer_bytes = max_answer_bytes

    async def get_task(self, task_id: str) -> Task | None:
        require_text(task_id, "task_id")
        sql = "SELECT CAST(document AS BLOB) FROM tasks WHERE id = ?"
        row = self._database.read(lambda conn: conn.execute(sql, (task_id,)).fetchone())
        if row is None:
            return None
        if len(row[0]) > SHORT_BYTES:
            await asyncio.sleep(0)  # what decodes and encodes it has a turn of its own
        return TASK.decode(row[0], task_id)

    async def get_tasks(self, task_ids: Sequence[str]) -> list[Task]:
        require_ids(task_ids, "task_ids")
        # No ORDER BY, which would read all documents first: CROSS JOIN keeps the order of the array.
        sql = (
            "SELECT t.id, CAST(t.document AS BLOB) FROM json_each(?) AS j CROSS JOIN tasks AS t"
            " ON t.id = j.value"
        )
        return await self._list_tasks(sql, (msgspec.json.encode(task_ids).decode(),))

    async def get_tasks_by_type(
        self, task_type: str, *, start_key: str = "", count: int
    ) -> list[Task]:
        require_text(task_type, "task_type")
        require_count(count, limit=MAX_IDS)
        sql = (
            f"SELECT {_COLUMNS} FROM tasks WHERE definition_name = ? AND pending = 1 AND id > ?"
            " ORDER BY id LIMIT ?"
        )
        return await self._list_tasks(sql, (task_type, start_key, count))

    async def _list_tasks(self, sql: str, arguments: Row) -> list[Task]:
        return await self._database.read_compound(
            lambda conn, budget: _tasks_within(conn.execute(sql, arguments), budget),
            ReadBudget(self._max_answer_bytes),
        )

    def get_pending_tasks_by_workflow(
        self, task_name: str, workflow_id: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(task_name, "task_name")
        require_text(workflow_id, "workflow_id")
        sql = (
            f"SELECT {_COLUMNS} FROM tasks WHERE workflow_id = ? AND pending = 1 AND definition_name = ?"
            " AND id > ? ORDER BY id"
        )
        return self._tasks(sql, (workflow_id, task_name), resume_token)

    def get_pending_tasks_for_task_type(
        self, task_type: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(task_type, "task_type")
        sql = f"SELECT {_COLUMNS} FROM tasks WHERE definition_name = ? AND pending = 1 AND id > ? ORDER BY id"
        return self._tasks(sql, (task_type,), resume_token)

    def get_tasks_for_workflow(
        self, workflow_id: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(workflow_id, "workflow_id")
        sql = f"SELECT {_COLUMNS} FROM tasks WHERE workflow_id = ? AND id > ? ORDER BY id"
        return self._tasks(sql, (workflow_id,), resume_token)

    def _tasks(self, sql: str, arguments: Row, resume_token: str) -> AsyncIterator[Page[Task]]:
        start = resume_key(resume_token, tuple[str], ("",))
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, (*arguments, *key)),
            start,
            _task_of,
            id_of=_id_of,
        )

    async def get_in_progress_task_count(self, task_def_name: str) -> int:
        require_text(task_def_name, "task_def_name")
        return self._database.read(lambda conn: limit_places.in_progress_count(conn, task_def_name))

    async def get_workflow(
        self, workflow_id: str, *, include_tasks: bool = False
    ) -> Workflow | None:
        require_text(workflow_id, "workflow_id")
        if not include_tasks:
            now_ms = self._database.now_ms()
            row = self._database.read(lambda conn: _live_row(conn, workflow_id, now_ms=now_ms))
            if row is None:
                return None
            if len(row[-1]) > SHORT_BYTES:
                await asyncio.sleep(0)
            return _workflow_of(row).item
        found = await self._whole_workflow(workflow_id)
        return None if found is None else found.item

    async def _whole_workflow(self, workflow_id: str) -> Found[Workflow] | None:
        """The workflow with its tasks, on one state."""
        now_ms = self._database.now_ms()

        def query(conn: sqlite3.Connection, budget: ReadBudget) -> Found[Workflow] | None:
            row = _live_row(conn, workflow_id, now_ms=now_ms)
            return None if row is None else _with_tasks(conn, row, budget)

        subject = f"workflow '{workflow_id}' with its tasks"
        return await self._database.read_compound(
            query, ReadBudget(self._max_answer_bytes, subject)
        )

    def get_workflows(
        self, workflow_ids: Sequence[str], *, include_tasks: bool = False, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_ids(workflow_ids, "workflow_ids")
        wanted = msgspec.json.encode(workflow_ids).decode()
        sql = (
            f"SELECT j.key, {_BY_INCLUDED[include_tasks]} FROM json_each(?) AS j"
            f" CROSS JOIN workflows AS w ON w.id = j.value WHERE {READABLE} AND j.key > ?"
        )
        return self._workflows(
            lambda conn, key: conn.execute(sql, (wanted, self._database.now_ms(), *key)),
            resume_key(resume_token, tuple[int], (-1,)),
            include_tasks=include_tasks,
        )

    def _workflows(
        self, select: Select, start: Row, *, include_tasks: bool
    ) -> AsyncIterator[Page[Workflow]]:
        if not include_tasks:
            return pages(self._database, select, start, _workflow_of, id_of=_id_of)
        ids = pages(self._database, select, start, _text_of, id_of=_last_of)
        return filled_pages(ids, self._whole_workflow, id_of=str)

    def get_running_workflow_ids(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[str]]:
        require_text(workflow_name, "workflow_name")
        sql, arguments = _pending_sql("id", workflow_name, version)
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, (*arguments, *key)),
            resume_key(resume_token, tuple[str], ("",)),
            _text_of,
            id_of=_last_of,
        )

    def get_pending_workflows_by_type(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_text(workflow_name, "workflow_name")
        sql, arguments = _pending_sql(_COLUMNS, workflow_name, version)
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, (*arguments, *key)),
            resume_key(resume_token, tuple[str], ("",)),
            _workflow_of,
            id_of=_id_of,
        )

    async def get_pending_workflow_count(self, workflow_name: str) -> int:
        require_text(workflow_name, "workflow_name")
        sql = "SELECT count(*) FROM workflows WHERE name = ? AND pending = 1"
        return int(
            self._database.read(lambda conn: conn.execute(sql, (workflow_name,)).fetchone()[0])
        )

    def get_workflows_by_type(
        self, workflow_name: str, *, start_time: int, end_time: int, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_text(workflow_name, "workflow_name")
        require_not_negative(start_time, "start_time")
        if end_time < start_time:
            raise InvalidArgumentError("end_time", "must not be before start_time")
        sql = (
            f"SELECT create_time, {_COLUMNS} FROM workflows WHERE name = ? AND listed = 1 AND create_time <= ?"
            " AND (create_time, id) > (?, ?) ORDER BY create_time, id"
        )
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, (workflow_name, end_time, *key)),
            resume_key(resume_token, tuple[int, str], (start_time, "")),
            _workflow_of,
            id_of=_id_of,
        )

    def get_workflows_by_correlation_id(
        self,
        workflow_name: str,
        correlation_id: str,
        *,
        include_tasks: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        require_text(workflow_name, "workflow_name")
        require_text(correlation_id, "correlation_id")
        sql = (
            f"SELECT {_BY_INCLUDED[include_tasks]} FROM workflows AS w"
            " WHERE correlation_id = ? AND name = ? AND listed = 1 AND id > ? ORDER BY id"
        )
        return self._workflows(
            lambda conn, key: conn.execute(sql, (correlation_id, workflow_name, *key)),
            resume_key(resume_token, tuple[str], ("",)),
            include_tasks=include_tasks,
        )

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


def _text_of(row: Row) -> Found[str]:
    return Found(_last_of(row), len(row[-1]))


def _last_of(row: Row) -> str:
    return str(row[-1])


def _tasks_within(rows: Iterable[Row], budget: ReadBudget) -> list[Task]:
    tasks: list[Task] = []
    for id_, document in rows:
        budget.take_document(len(document))
        tasks.append(TASK.decode(document, id_))
    return tasks


def _with_tasks(conn: sqlite3.Connection, row: Row, budget: ReadBudget) -> Found[Workflow]:
    """The workflow of a row that ends with id and document, with its tasks by ``seq``."""
    id_, document = row[-2:]
    before = budget.left
    budget.take_document(len(document))
    workflow = WORKFLOW.decode(document, id_)
    sql = f"SELECT {_COLUMNS} FROM tasks WHERE workflow_id = ? ORDER BY id"
    tasks = _tasks_within(conn.execute(sql, (id_,)), budget)
    in_order = tuple(sorted(tasks, key=lambda task: task.seq))
    return Found(msgspec.structs.replace(workflow, tasks=in_order), before - budget.left)


def workflow_with_tasks(conn: sqlite3.Connection, row: Row | None) -> Workflow | None:
    """The workflow of a row that ends with id and document, with its tasks by ``seq``, however large."""
    return None if row is None else _with_tasks(conn, row, ReadBudget(sys.maxsize)).item


def _live_row(conn: sqlite3.Connection, workflow_id: str, *, now_ms: int) -> Row | None:
    sql = f"SELECT {_COLUMNS} FROM workflows WHERE id = ? AND {READABLE}"
    row: Row | None = conn.execute(sql, (workflow_id, now_ms)).fetchone()
    return row
