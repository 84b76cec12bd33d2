"""The reads of ExecutionDAO on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from podium_backends.sqlite import limit_statements
from podium_backends.sqlite.database import Database
from podium_backends.sqlite.executions.rows import READABLE
from podium_backends.sqlite.pages import Found, Row, pages
from podium_core.errors import InvalidArgumentError
from podium_core.models import Page, Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.requirements import (
    MAX_IDS,
    require_count,
    require_ids,
    require_not_negative,
    require_text,
)
from podium_core.resume_token import resume_key


class ExecutionReads:
    """Documents by id, and pages of the sets that columns and partial indexes keep."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_task(self, task_id: str) -> Task | None:
        require_text(task_id, "task_id")
        sql = "SELECT document FROM tasks WHERE id = ?"
        row = self._database.read(lambda conn: conn.execute(sql, (task_id,)).fetchone())
        return None if row is None else TASK.decode(row[0], task_id)

    async def get_tasks(self, task_ids: Sequence[str]) -> list[Task]:
        require_ids(task_ids, "task_ids")
        sql = "SELECT t.id, t.document FROM json_each(?) AS j JOIN tasks AS t ON t.id = j.value ORDER BY j.key"
        wanted = msgspec.json.encode(task_ids).decode()
        rows = self._database.read(lambda conn: conn.execute(sql, (wanted,)).fetchall())
        return [TASK.decode(document, id_) for id_, document in rows]

    async def get_tasks_by_type(
        self, task_type: str, *, start_key: str = "", count: int
    ) -> list[Task]:
        require_text(task_type, "task_type")
        require_count(count, limit=MAX_IDS)
        sql = (
            "SELECT id, document FROM tasks WHERE definition_name = ? AND pending = 1 AND id > ?"
            " ORDER BY id LIMIT ?"
        )
        rows = self._database.read(
            lambda conn: conn.execute(sql, (task_type, start_key, count)).fetchall()
        )
        return [TASK.decode(document, id_) for id_, document in rows]

    def get_pending_tasks_by_workflow(
        self, task_name: str, workflow_id: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(task_name, "task_name")
        require_text(workflow_id, "workflow_id")
        sql = (
            "SELECT id, document FROM tasks WHERE workflow_id = ? AND pending = 1 AND definition_name = ?"
            " AND id > ? ORDER BY id"
        )
        return self._tasks(sql, (workflow_id, task_name), resume_token)

    def get_pending_tasks_for_task_type(
        self, task_type: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(task_type, "task_type")
        sql = "SELECT id, document FROM tasks WHERE definition_name = ? AND pending = 1 AND id > ? ORDER BY id"
        return self._tasks(sql, (task_type,), resume_token)

    def get_tasks_for_workflow(
        self, workflow_id: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(workflow_id, "workflow_id")
        sql = "SELECT id, document FROM tasks WHERE workflow_id = ? AND id > ? ORDER BY id"
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
        return self._database.read(
            lambda conn: limit_statements.in_progress_count(conn, task_def_name)
        )

    async def get_workflow(
        self, workflow_id: str, *, include_tasks: bool = False
    ) -> Workflow | None:
        require_text(workflow_id, "workflow_id")
        now_ms = self._database.now_ms()
        if not include_tasks:
            return self._database.read(lambda conn: _workflow(conn, workflow_id, now_ms=now_ms))
        return self._database.read_snapshot(
            lambda conn: workflow_with_tasks(conn, _live_row(conn, workflow_id, now_ms=now_ms))
        )

    def get_workflows(
        self, workflow_ids: Sequence[str], *, include_tasks: bool = False, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_ids(workflow_ids, "workflow_ids")
        wanted = msgspec.json.encode(workflow_ids).decode()
        sql = (
            "SELECT j.key, w.id, w.document FROM json_each(?) AS j JOIN workflows AS w ON w.id = j.value"
            f" WHERE {READABLE} AND j.key > ? ORDER BY j.key"
        )
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, (wanted, self._database.now_ms(), *key)),
            resume_key(resume_token, tuple[int], (-1,)),
            self._reader(include_tasks=include_tasks),
            id_of=_id_of,
        )

    def _reader(self, *, include_tasks: bool) -> Callable[[Row], Found[Workflow]]:
        if not include_tasks:
            return _workflow_of
        return lambda row: self._database.read(
            lambda conn: _filled(conn, _workflow_of(row), _id_of(row))
        )

    def get_running_workflow_ids(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[str]]:
        require_text(workflow_name, "workflow_name")
        sql, arguments = _pending_sql("id", workflow_name, version)
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, (*arguments, *key)),
            resume_key(resume_token, tuple[str], ("",)),
            lambda row: Found(str(row[0]), len(row[0])),
            id_of=lambda row: str(row[0]),
        )

    def get_pending_workflows_by_type(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_text(workflow_name, "workflow_name")
        sql, arguments = _pending_sql("id, document", workflow_name, version)
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
            "SELECT create_time, id, document FROM workflows WHERE name = ? AND listed = 1 AND create_time <= ?"
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
            "SELECT id, document FROM workflows WHERE correlation_id = ? AND name = ? AND listed = 1 AND id > ?"
            " ORDER BY id"
        )
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, (correlation_id, workflow_name, *key)),
            resume_key(resume_token, tuple[str], ("",)),
            self._reader(include_tasks=include_tasks),
            id_of=_id_of,
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


# Rows of pages end with id and document.


def _id_of(row: Row) -> str:
    return str(row[-2])


def _task_of(row: Row) -> Found[Task]:
    id_, document = row[-2:]
    return Found(TASK.decode(document, id_), len(document))


def _workflow_of(row: Row) -> Found[Workflow]:
    id_, document = row[-2:]
    return Found(WORKFLOW.decode(document, id_), len(document))


def _filled(conn: sqlite3.Connection, found: Found[Workflow], workflow_id: str) -> Found[Workflow]:
    """The workflow with its tasks, by ``seq``."""
    sql = "SELECT id, document FROM tasks WHERE workflow_id = ? ORDER BY id"
    tasks = [_task_of(row) for row in conn.execute(sql, (workflow_id,))]
    in_order = sorted((task.item for task in tasks), key=lambda task: task.seq)
    return Found(
        msgspec.structs.replace(found.item, tasks=tuple(in_order)),
        found.size + sum(task.size for task in tasks),
    )


def _workflow(conn: sqlite3.Connection, workflow_id: str, *, now_ms: int) -> Workflow | None:
    row = _live_row(conn, workflow_id, now_ms=now_ms)
    return None if row is None else _workflow_of(row).item


def workflow_with_tasks(conn: sqlite3.Connection, row: Row | None) -> Workflow | None:
    """The workflow of a row that ends with id and document, with its tasks by ``seq``."""
    return None if row is None else _filled(conn, _workflow_of(row), _id_of(row)).item


def _live_row(conn: sqlite3.Connection, workflow_id: str, *, now_ms: int) -> Row | None:
    sql = f"SELECT id, document FROM workflows WHERE id = ? AND {READABLE}"
    row: Row | None = conn.execute(sql, (workflow_id, now_ms)).fetchone()
    return row
