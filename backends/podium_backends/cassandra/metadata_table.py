"""Task and workflow definitions on Cassandra: Java's tables of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from functools import partial

from podium_backends.cassandra.connection import Session, Write
from podium_core.clock import token_now
from podium_core.definitions import (
    VERSION_BYTES,
    stored_task_def,
    stored_workflow_def,
    workflow_def_id,
)
from podium_core.models import Page, TaskDef, WorkflowDef
from podium_core.models.json_text import raw_text
from podium_core.paging.ordered_window import ordered_ids
from podium_core.paging.pages_of import Row, found_if_readable, pages_of
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports import MetadataTable

_TASK_KEY = " WHERE task_defs = 'task_defs' AND task_def_name = ?"
_TASK_ADD = (
    "INSERT INTO task_definitions (task_defs, task_def_name, task_definition)"
    " VALUES ('task_defs', ?, ?) IF NOT EXISTS"
)
_TASK_REPLACE = f"UPDATE task_definitions SET task_definition = ?{_TASK_KEY} IF EXISTS"
_TASK_REMOVE = f"DELETE FROM task_definitions{_TASK_KEY} IF EXISTS"
_TASK = f"SELECT task_definition FROM task_definitions{_TASK_KEY}"
_TASKS = (
    "SELECT task_def_name, task_definition FROM task_definitions"
    " WHERE task_defs = 'task_defs' AND task_def_name > ?"
)

_KEY = " WHERE workflow_def_name = ? AND version = ?"
_ADD = (
    "INSERT INTO workflow_definitions (workflow_def_name, version, workflow_definition)"
    " VALUES (?, ?, ?) IF NOT EXISTS"
)
_REPLACE = f"UPDATE workflow_definitions SET workflow_definition = ?{_KEY} IF EXISTS"
_REMOVE = f"DELETE FROM workflow_definitions{_KEY} IF EXISTS"
_ONE = f"SELECT workflow_definition FROM workflow_definitions{_KEY}"
_LATER = (
    "SELECT version, workflow_definition FROM workflow_definitions"
    " WHERE workflow_def_name = ? AND version > ?"
)
_LATEST = (
    "SELECT version, workflow_definition FROM workflow_definitions"
    " WHERE workflow_def_name = ? ORDER BY version DESC LIMIT 1"
)
_VERSIONS = "SELECT version FROM workflow_definitions WHERE workflow_def_name = ?"
_NAMES = "SELECT DISTINCT workflow_def_name FROM workflow_definitions"

_INDEX = "'workflow_def_version_index'"
_LIST = (
    "INSERT INTO workflow_defs_index (workflow_def_version_index, workflow_def_name_version,"
    f" workflow_def_index_value) VALUES ({_INDEX}, ?, ?) USING TIMESTAMP ?"
)
_UNLIST = (
    "DELETE FROM workflow_defs_index USING TIMESTAMP ?"
    f" WHERE workflow_def_version_index = {_INDEX} AND workflow_def_name_version = ?"
)

# Documents that one request reads; a definition is rarely above a few kilobytes.
_PAGE_ROWS = 100


class CassandraMetadataTable:
    """Definitions that a Java Conductor may read and write at the same time.

    Java lists workflow definitions by an index of its own. It is kept for Java; we read what is there.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        # Conditional writes to one partition are slow where they meet, and all task definitions are in one.
        self._turn = asyncio.Lock()

    # task definitions

    async def put_task_def(self, task_def: TaskDef) -> None:
        document = raw_text(task_def.document)
        while not await self._apply(_TASK_ADD, task_def.name, document):
            if await self.replace_task_def(task_def):
                return

    async def replace_task_def(self, task_def: TaskDef) -> bool:
        return await self._apply(_TASK_REPLACE, raw_text(task_def.document), task_def.name)

    async def remove_task_def(self, name: str) -> bool:
        return await self._apply(_TASK_REMOVE, name)

    async def task_def(self, name: str) -> TaskDef | None:
        for (document,) in await self._session.rows(_TASK, name):
            return stored_task_def(_bytes(document), name)
        return None

    def task_defs(self, after: str) -> AsyncIterator[Page[TaskDef]]:
        return pages_of(self._task_defs(after))

    async def _task_defs(self, after: str) -> AsyncIterator[Row[TaskDef]]:
        async for rows in self._session.pages(_TASKS, [after], size=_PAGE_ROWS):
            for name, text in rows:
                document = _bytes(text)
                parse = partial(stored_task_def, document, name)
                yield Row((name,), name, found_if_readable(parse, len(document)))

    # workflow definitions

    async def add_workflow_def(self, workflow_def: WorkflowDef) -> bool:
        name, version = workflow_def.name, workflow_def.version
        # Before: Java passes over an entry without a definition, and never lists a definition without an entry.
        await self._list(name, version)
        if not await self._apply(_ADD, name, version, raw_text(workflow_def.document)):
            return False
        # And after: a removal under way may have deleted the first one.
        await self._list(name, version)
        return True

    async def replace_workflow_def(self, workflow_def: WorkflowDef) -> bool:
        name, version = workflow_def.name, workflow_def.version
        if not await self._apply(_REPLACE, raw_text(workflow_def.document), name, version):
            return False
        await self._list(name, version)
        return True

    async def remove_workflow_def(self, name: str, version: int) -> bool:
        # The entry of a definition that is created after this one's removal is newer, and stays.
        before = token_now()
        removed = await self._apply(_REMOVE, name, version)
        await self._session.write(_UNLIST, before, _entry(name, version))
        return removed

    async def _list(self, name: str, version: int) -> None:
        entry = _entry(name, version)
        await self._session.write(_LIST, entry, entry, token_now())

    async def workflow_def(self, name: str, version: int) -> WorkflowDef | None:
        for (document,) in await self._session.rows(_ONE, name, version):
            return stored_workflow_def(_bytes(document), name, version)
        return None

    async def latest_workflow_def(self, name: str) -> WorkflowDef | None:
        for version, document in await self._session.rows(_LATEST, name):
            return stored_workflow_def(_bytes(document), name, version)
        return None

    def workflow_defs(
        self, after: tuple[str, int], *, latest_only: bool
    ) -> AsyncIterator[Page[WorkflowDef]]:
        return pages_of(self._workflow_defs(after, latest_only=latest_only))

    async def _workflow_defs(
        self, after: tuple[str, int], *, latest_only: bool
    ) -> AsyncIterator[Row[WorkflowDef]]:
        first, seen = after
        # The token's own name may have versions left.
        if first and not latest_only:
            async for row in self._versions_after(first, seen):
                yield row
        async for names in ordered_ids(self._scan_names, after=first):
            for name in names:
                found = self._latest(name) if latest_only else self._versions_after(name, 0)
                async for row in found:
                    yield row

    async def _versions_after(self, name: str, after: int) -> AsyncIterator[Row[WorkflowDef]]:
        async for rows in self._session.pages(_LATER, [name, after], size=_PAGE_ROWS):
            for version, document in rows:
                yield _row(name, version, _bytes(document))

    async def _latest(self, name: str) -> AsyncIterator[Row[WorkflowDef]]:
        for version, document in await self._session.rows(_LATEST, name):
            yield _row(name, version, _bytes(document))

    async def workflow_names(self, budget: ReadBudget) -> list[str]:
        names: list[str] = []
        async for page in self._scan_names():
            for name in page:
                budget.take(len(name))
                names.append(name)
        return names

    async def _scan_names(self) -> AsyncIterator[Iterable[str]]:
        """The names of all definitions, in Cassandra's order."""
        async for rows in self._session.pages(_NAMES, []):
            yield [name for (name,) in rows]

    async def workflow_versions(self, name: str, budget: ReadBudget) -> list[int]:
        versions: list[int] = []
        async for rows in self._session.pages(_VERSIONS, [name]):
            budget.take(VERSION_BYTES * len(rows))
            versions += [version for (version,) in rows]
        return versions

    async def _apply(self, cql: str, *values: object) -> bool:
        async with self._turn:
            return await self._session.apply([Write(cql, values)])


def _entry(name: str, version: int) -> str:
    """Key and value of Java's index of workflow definitions."""
    return f"{name}/{version}"


def _bytes(document: str | None) -> bytes:
    return (document or "").encode()


def _row(name: str, version: int, document: bytes) -> Row[WorkflowDef]:
    parse = partial(stored_workflow_def, document, name, version)
    id_ = workflow_def_id(name, version)
    return Row((name, version), id_, found_if_readable(parse, len(document)))


_: type[MetadataTable] = CassandraMetadataTable
