"""Task and workflow definitions on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from typing import Any

from msgspec import UNSET, Raw, UnsetType

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.file.pages import Row, pages, rows_within
from podium_core.definitions import VERSION_BYTES, workflow_def_id
from podium_core.models import Page, TaskDef, WorkflowDef
from podium_core.models.documents import require_utf8
from podium_core.models.json_text import raw_text
from podium_core.paging.page_builder import Found
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports import MetadataTable

_TASK_DEFS = "SELECT name, owner_app, owner_email, create_time, update_time, CAST(document AS BLOB) FROM task_defs"
_WORKFLOW_DEFS = (
    "SELECT name, version, owner_app, owner_email, create_time, update_time, CAST(document AS BLOB)"
    " FROM workflow_defs"
)
_LATEST = " AND version = (SELECT max(version) FROM workflow_defs AS other WHERE other.name = workflow_defs.name)"


class SqliteMetadataTable:
    """Definitions in one database file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # task definitions

    async def put_task_def(self, task_def: TaskDef) -> None:
        sql = (
            "INSERT INTO task_defs (owner_app, owner_email, create_time, update_time, document, name)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET owner_app = excluded.owner_app,"
            " owner_email = excluded.owner_email, create_time = excluded.create_time,"
            " update_time = excluded.update_time, document = excluded.document"
        )
        await self._execute(sql, (*_values(task_def), task_def.name))

    async def replace_task_def(self, task_def: TaskDef) -> bool:
        sql = (
            "UPDATE task_defs SET owner_app = ?, owner_email = ?, create_time = ?, update_time = ?, document = ?"
            " WHERE name = ?"
        )
        return await self._execute(sql, (*_values(task_def), task_def.name))

    async def remove_task_def(self, name: str) -> bool:
        return await self._execute("DELETE FROM task_defs WHERE name = ?", (name,))

    async def task_def(self, name: str) -> TaskDef | None:
        row = self._row(_TASK_DEFS + " WHERE name = ?", name)
        return None if row is None else _task_def(row)

    def task_defs(self, after: str) -> AsyncIterator[Page[TaskDef]]:
        sql = _TASK_DEFS + " WHERE name > ? ORDER BY name"
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, key),
            (after,),
            lambda row: Found(_task_def(row), len(row[-1])),
            id_of=lambda row: str(row[0]),
        )

    # workflow definitions

    async def add_workflow_def(self, workflow_def: WorkflowDef) -> bool:
        sql = (
            "INSERT INTO workflow_defs (owner_app, owner_email, create_time, update_time, document, name, version)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name, version) DO NOTHING"
        )
        key = (workflow_def.name, workflow_def.version)
        return await self._execute(sql, (*_values(workflow_def), *key))

    async def replace_workflow_def(self, workflow_def: WorkflowDef) -> bool:
        sql = (
            "UPDATE workflow_defs SET owner_app = ?, owner_email = ?, create_time = ?, update_time = ?, document = ?"
            " WHERE name = ? AND version = ?"
        )
        key = (workflow_def.name, workflow_def.version)
        return await self._execute(sql, (*_values(workflow_def), *key))

    async def remove_workflow_def(self, name: str, version: int) -> bool:
        sql = "DELETE FROM workflow_defs WHERE name = ? AND version = ?"
        return await self._execute(sql, (name, version))

    async def workflow_def(self, name: str, version: int) -> WorkflowDef | None:
        row = self._row(_WORKFLOW_DEFS + " WHERE name = ? AND version = ?", name, version)
        return None if row is None else _workflow_def(row)

    async def latest_workflow_def(self, name: str) -> WorkflowDef | None:
        row = self._row(_WORKFLOW_DEFS + " WHERE name = ? ORDER BY version DESC LIMIT 1", name)
        return None if row is None else _workflow_def(row)

    def workflow_defs(
        self, after: tuple[str, int], *, latest_only: bool
    ) -> AsyncIterator[Page[WorkflowDef]]:
        condition = " WHERE (name, version) > (?, ?)" + (_LATEST if latest_only else "")
        sql = _WORKFLOW_DEFS + condition + " ORDER BY name, version"
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, key),
            after,
            lambda row: Found(_workflow_def(row), len(row[-1])),
            id_of=lambda row: workflow_def_id(row[0], row[1]),
        )

    async def workflow_names(self, budget: ReadBudget) -> list[str]:
        sql = "SELECT DISTINCT name FROM workflow_defs"
        return await rows_within(
            self._database, sql, (), lambda row: Found(row[0], len(row[0])), budget
        )

    async def workflow_versions(self, name: str, budget: ReadBudget) -> list[int]:
        sql = "SELECT version FROM workflow_defs WHERE name = ?"
        return await rows_within(
            self._database, sql, (name,), lambda row: Found(row[0], VERSION_BYTES), budget
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


def _values(definition: TaskDef | WorkflowDef) -> Row:
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


_: type[MetadataTable] = SqliteMetadataTable
