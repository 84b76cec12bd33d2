"""The reads of ExecutionDAO on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence

import msgspec

from podium_backends.sqlite import limit_statements
from podium_backends.sqlite.database import Database
from podium_backends.sqlite.pages import Row, pages
from podium_core.models import Page, Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.resume_token import resume_key
from podium_core.write_set.validation import (
    MAX_IDS,
    require_at_most,
    require_not_negative,
    require_text,
)

_LIVE = "(removal_due_ms IS NULL OR removal_due_ms > ?)"


class ExecutionReads:
    """Documents by id, and pages of the sets that columns and partial indexes keep."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get_task(self, task_id: str) -> Task | None:
        require_text(task_id, "task_id")
        sql = "SELECT document FROM tasks WHERE id = ?"
        row = self._db.read(lambda conn: conn.execute(sql, (task_id,)).fetchone())
        return None if row is None else TASK.decode(row[0], task_id)

    async def get_tasks(self, task_ids: Sequence[str]) -> list[Task]:
        require_at_most(task_ids, MAX_IDS, "task_ids")
        for at, task_id in enumerate(task_ids):
            require_text(task_id, f"task_ids[{at}]")
        sql = "SELECT t.id, t.document FROM json_each(?) AS j JOIN tasks AS t ON t.id = j.value ORDER BY j.key"
        wanted = msgspec.json.encode(task_ids).decode()
        rows = self._db.read(lambda conn: conn.execute(sql, (wanted,)).fetchall())
        return [TASK.decode(document, id_) for id_, document in rows]

    async def get_tasks_by_type(
        self, task_type: str, *, start_key: str = "", count: int
    ) -> list[Task]:
        require_text(task_type, "task_type")
        require_not_negative(count, "count")
        sql = (
            "SELECT id, document FROM tasks WHERE definition_name = ? AND pending = 1 AND id > ?"
            " ORDER BY id LIMIT ?"
        )
        rows = self._db.read(
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
            self._db,
            lambda conn, key: conn.execute(sql, (*arguments, *key)),
            start,
            lambda row: TASK.decode(row[1], row[0]),
        )

    async def get_in_progress_task_count(self, task_def_name: str) -> int:
        require_text(task_def_name, "task_def_name")
        return self._db.read(lambda conn: limit_statements.in_progress_count(conn, task_def_name))

    async def get_workflow(
        self, workflow_id: str, *, include_tasks: bool = False
    ) -> Workflow | None:
        require_text(workflow_id, "workflow_id")
        now = self._db.now_ms()
        if include_tasks:
            return self._db.read_snapshot(
                lambda conn: _workflow(conn, workflow_id, now, include_tasks=True)
            )
        return self._db.read(lambda conn: _workflow(conn, workflow_id, now, include_tasks=False))

    def get_workflows(
        self, workflow_ids: Sequence[str], *, include_tasks: bool = False, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_at_most(workflow_ids, MAX_IDS, "workflow_ids")
        for at, workflow_id in enumerate(workflow_ids):
            require_text(workflow_id, f"workflow_ids[{at}]")
        wanted = msgspec.json.encode(workflow_ids).decode()
        sql = (
            "SELECT j.key, w.id, w.document FROM json_each(?) AS j JOIN workflows AS w ON w.id = j.value"
            f" WHERE {_LIVE} AND j.key > ? ORDER BY j.key"
        )
        return pages(
            self._db,
            lambda conn, key: conn.execute(sql, (wanted, self._db.now_ms(), *key)),
            resume_key(resume_token, tuple[int], (-1,)),
            lambda row: self._with_tasks(row[2], row[1], include_tasks=include_tasks),
        )

    def _with_tasks(self, document: str, workflow_id: str, *, include_tasks: bool) -> Workflow:
        workflow = WORKFLOW.decode(document, workflow_id)
        if not include_tasks:
            return workflow
        return self._db.read(lambda conn: _filled(conn, workflow, workflow_id))

    def get_running_workflow_ids(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[str]]:
        require_text(workflow_name, "workflow_name")
        sql, arguments = _pending_sql("id", workflow_name, version)
        return pages(
            self._db,
            lambda conn, key: conn.execute(sql, (*arguments, *key)),
            resume_key(resume_token, tuple[str], ("",)),
            lambda row: str(row[0]),
        )

    def get_pending_workflows_by_type(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_text(workflow_name, "workflow_name")
        sql, arguments = _pending_sql("id, document", workflow_name, version)
        return pages(
            self._db,
            lambda conn, key: conn.execute(sql, (*arguments, *key)),
            resume_key(resume_token, tuple[str], ("",)),
            lambda row: WORKFLOW.decode(row[1], row[0]),
        )

    async def get_pending_workflow_count(self, workflow_name: str) -> int:
        require_text(workflow_name, "workflow_name")
        sql = "SELECT count(*) FROM workflows WHERE name = ? AND pending = 1"
        return int(self._db.read(lambda conn: conn.execute(sql, (workflow_name,)).fetchone()[0]))

    def get_workflows_by_type(
        self, workflow_name: str, *, start_time: int, end_time: int, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_text(workflow_name, "workflow_name")
        require_not_negative(start_time, "start_time")
        require_not_negative(end_time, "end_time")
        sql = (
            "SELECT create_time, id, document FROM workflows WHERE name = ? AND listed = 1 AND create_time <= ?"
            " AND (create_time, id) > (?, ?) ORDER BY create_time, id"
        )
        return pages(
            self._db,
            lambda conn, key: conn.execute(sql, (workflow_name, end_time, *key)),
            resume_key(resume_token, tuple[int, str], (start_time, "")),
            lambda row: WORKFLOW.decode(row[2], row[1]),
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
            self._db,
            lambda conn, key: conn.execute(sql, (correlation_id, workflow_name, *key)),
            resume_key(resume_token, tuple[str], ("",)),
            lambda row: self._with_tasks(row[1], row[0], include_tasks=include_tasks),
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


def _workflow(
    conn: sqlite3.Connection, workflow_id: str, now: int, *, include_tasks: bool
) -> Workflow | None:
    sql = f"SELECT document FROM workflows WHERE id = ? AND {_LIVE}"
    row = conn.execute(sql, (workflow_id, now)).fetchone()
    if row is None:
        return None
    workflow = WORKFLOW.decode(row[0], workflow_id)
    return _filled(conn, workflow, workflow_id) if include_tasks else workflow


def _filled(conn: sqlite3.Connection, workflow: Workflow, workflow_id: str) -> Workflow:
    """The workflow with its tasks, by ``seq``."""
    sql = "SELECT id, document FROM tasks WHERE workflow_id = ? ORDER BY id"
    tasks = [TASK.decode(document, id_) for id_, document in conn.execute(sql, (workflow_id,))]
    return msgspec.structs.replace(workflow, tasks=tuple(sorted(tasks, key=lambda task: task.seq)))
