"""The MetadataDAO on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from typing import Any

from msgspec import UNSET, Raw, UnsetType

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.file.pages import Row, pages, rows_within
from podium_core.definitions import (
    require_task_def,
    require_workflow_def,
    require_workflow_def_key,
    workflow_def_id,
)
from podium_core.errors import AlreadyExistsError, NotFoundError
from podium_core.models import Page, TaskDef, WorkflowDef
from podium_core.models.documents import require_utf8
from podium_core.models.json_text import raw_text
from podium_core.paging.page_builder import Found
from podium_core.paging.read_budget import MAX_ANSWER_BYTES
from podium_core.paging.resume_token import resume_key
from podium_core.ports import MetadataDAO
from podium_core.requirements import require_text

_TASK_DEFS = "SELECT name, owner_app, owner_email, create_time, update_time, CAST(document AS BLOB) FROM task_defs"
_WORKFLOW_DEFS = (
    "SELECT name, version, owner_app, owner_email, create_time, update_time, CAST(document AS BLOB)"
    " FROM workflow_defs"
)
_INSERT_WORKFLOW_DEF = (
    "INSERT INTO workflow_defs (owner_app, owner_email, create_time, update_time, document, name, version)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name, version) DO NOTHING"
)
# Of a version in an answer.
_VERSION_BYTES = 5
_LATEST = " version = (SELECT max(version) FROM workflow_defs AS other WHERE other.name = workflow_defs.name)"


class SqliteMetadataDAO:
    """Definitions in one database file."""

    def __init__(self, database: Database, *, max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        self._database = database
        self._max_answer_bytes = max_answer_bytes

    # task definitions

    async def create_task_def(self, task_def: TaskDef) -> None:
        values = _task_def_values(task_def)
        sql = (
            "INSERT INTO task_defs (owner_app, owner_email, create_time, update_time, document, name)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET owner_app = excluded.owner_app,"
            " owner_email = excluded.owner_email, create_time = excluded.create_time,"
            " update_time = excluded.update_time, document = excluded.document"
        )
        await self._execute(sql, values)

    async def update_task_def(self, task_def: TaskDef) -> None:
        values = _task_def_values(task_def)
        sql = (
            "UPDATE task_defs SET owner_app = ?, owner_email = ?, create_time = ?, update_time = ?, document = ?"
            " WHERE name = ?"
        )
        if not await self._execute(sql, values):
            raise NotFoundError("task definition", task_def.name)

    async def get_task_def(self, name: str) -> TaskDef | None:
        require_text(name, "name")
        row = self._row(_TASK_DEFS + " WHERE name = ?", name)
        return None if row is None else _task_def(row)

    def get_all_task_defs(self, *, resume_token: str = "") -> AsyncIterator[Page[TaskDef]]:
        start = resume_key(resume_token, tuple[str], ("",))
        sql = _TASK_DEFS + " WHERE name > ? ORDER BY name"
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, key),
            start,
            lambda row: Found(_task_def(row), len(row[-1])),
            id_of=lambda row: str(row[0]),
        )

    async def remove_task_def(self, name: str) -> None:
        require_text(name, "name")
        if not await self._execute("DELETE FROM task_defs WHERE name = ?", (name,)):
            raise NotFoundError("task definition", name)

    # workflow definitions

    async def create_workflow_def(self, workflow_def: WorkflowDef) -> None:
        values = _workflow_def_values(workflow_def)
        if not await self._execute(_INSERT_WORKFLOW_DEF, values):
            raise AlreadyExistsError(
                "workflow definition", workflow_def_id(workflow_def.name, workflow_def.version)
            )

    async def update_workflow_def(self, workflow_def: WorkflowDef) -> None:
        values = _workflow_def_values(workflow_def)
        sql = (
            "UPDATE workflow_defs SET owner_app = ?, owner_email = ?, create_time = ?, update_time = ?, document = ?"
            " WHERE name = ? AND version = ?"
        )
        if not await self._execute(sql, values):
            raise NotFoundError(
                "workflow definition", workflow_def_id(workflow_def.name, workflow_def.version)
            )

    async def get_latest_workflow_def(self, name: str) -> WorkflowDef | None:
        require_text(name, "name")
        row = self._row(_WORKFLOW_DEFS + " WHERE name = ? ORDER BY version DESC LIMIT 1", name)
        return None if row is None else _workflow_def(row)

    async def get_workflow_def(self, name: str, version: int) -> WorkflowDef | None:
        require_workflow_def_key(name, version)
        row = self._row(_WORKFLOW_DEFS + " WHERE name = ? AND version = ?", name, version)
        return None if row is None else _workflow_def(row)

    async def remove_workflow_def(self, name: str, version: int) -> None:
        require_workflow_def_key(name, version)
        sql = "DELETE FROM workflow_defs WHERE name = ? AND version = ?"
        if not await self._execute(sql, (name, version)):
            raise NotFoundError("workflow definition", workflow_def_id(name, version))

    def get_all_workflow_defs(self, *, resume_token: str = "") -> AsyncIterator[Page[WorkflowDef]]:
        return self._workflow_defs(
            " WHERE (name, version) > (?, ?) ORDER BY name, version", resume_token
        )

    def get_all_workflow_defs_latest_versions(
        self, *, resume_token: str = ""
    ) -> AsyncIterator[Page[WorkflowDef]]:
        condition = " WHERE (name, version) > (?, ?) AND" + _LATEST + " ORDER BY name, version"
        return self._workflow_defs(condition, resume_token)

    def _workflow_defs(self, condition: str, resume_token: str) -> AsyncIterator[Page[WorkflowDef]]:
        start = resume_key(resume_token, tuple[str, int], ("", 0))
        sql = _WORKFLOW_DEFS + condition
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, key),
            start,
            lambda row: Found(_workflow_def(row), len(row[-1])),
            id_of=lambda row: workflow_def_id(row[0], row[1]),
        )

    async def get_workflow_names(self) -> list[str]:
        sql = "SELECT DISTINCT name FROM workflow_defs ORDER BY name"
        return await rows_within(
            self._database,
            sql,
            (),
            lambda row: Found(row[0], len(row[0])),
            max_bytes=self._max_answer_bytes,
        )

    async def get_workflow_versions(self, name: str) -> list[int]:
        require_text(name, "name")
        sql = "SELECT version FROM workflow_defs WHERE name = ? ORDER BY version"
        return await rows_within(
            self._database,
            sql,
            (name,),
            lambda row: Found(row[0], _VERSION_BYTES),
            max_bytes=self._max_answer_bytes,
        )

    # how it is read and written

    def _row(self, sql: str, *arguments: Any) -> Row | None:
        def query(conn: sqlite3.Connection) -> Row | None:
            row: Row | None = conn.execute(sql, arguments).fetchone()
            return row

        return self._database.read(query)

    async def _execute(self, sql: str, values: Row) -> bool:
        """Write one statement; whether it touched a row."""
        return await self._database.write(lambda conn: conn.execute(sql, values).rowcount > 0)


def _task_def_values(task_def: TaskDef) -> Row:
    return *_facts(task_def), require_task_def(task_def)


def _workflow_def_values(workflow_def: WorkflowDef) -> Row:
    return *_facts(workflow_def), *require_workflow_def(workflow_def)


def _facts(definition: TaskDef | WorkflowDef) -> Row:
    return (
        _null(definition.owner_app),
        _null(definition.owner_email),
        _null(definition.create_time),
        _null(definition.update_time),
        raw_text(definition.document),
    )


def _null(value: Any | UnsetType) -> Any:
    return None if value is UNSET else value


def _unset(value: Any) -> Any:
    return UNSET if value is None else value


def _task_def(row: Row) -> TaskDef:
    name, owner_app, owner_email, create_time, update_time, document = row
    return TaskDef(
        document=Raw(require_utf8(document, "task definition", name)),
        name=name,
        owner_app=_unset(owner_app),
        owner_email=_unset(owner_email),
        create_time=_unset(create_time),
        update_time=_unset(update_time),
    )


def _workflow_def(row: Row) -> WorkflowDef:
    name, version, owner_app, owner_email, create_time, update_time, document = row
    return WorkflowDef(
        document=Raw(require_utf8(document, "workflow definition", workflow_def_id(name, version))),
        name=name,
        version=version,
        owner_app=_unset(owner_app),
        owner_email=_unset(owner_email),
        create_time=_unset(create_time),
        update_time=_unset(update_time),
    )


_: type[MetadataDAO] = SqliteMetadataDAO
