"""Task and workflow definitions on Redis: Java's hashes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial

from podium_backends.redis.connection import Link, Script
from podium_backends.redis.keys import Keys, require_key_part
from podium_backends.redis.script_files import script
from podium_backends.redis.stored_definitions import SLICE, fields_of, rows_of, texts
from podium_core.definitions import (
    VERSION_BYTES,
    stored_task_def,
    stored_workflow_def,
    workflow_def_id,
)
from podium_core.models import Page, TaskDef, WorkflowDef
from podium_core.models.json_text import raw_bytes
from podium_core.paging.pages_of import Row, found_if_readable, pages_of
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports import MetadataTable

_ADD = script("definitions/add_field")
_REPLACE = script("definitions/replace_field")
_REMOVE = script("definitions/remove_field")


class RedisMetadataTable:
    """Definitions that a Java Conductor may read and write at the same time.

    A definition whose name ends in a dot is refused: Conductor cuts the dot off, and it would share another one's key.
    """

    def __init__(self, calls: Link, bulk: Link, keys: Keys) -> None:
        """Take the connections for calls, and for what reads much."""
        self._calls = calls
        self._bulk = bulk
        self._keys = keys

    # task definitions

    async def put_task_def(self, task_def: TaskDef) -> None:
        document = raw_bytes(task_def.document)
        await self._calls.write("HSET", self._keys.task_defs, task_def.name, document)

    async def replace_task_def(self, task_def: TaskDef) -> bool:
        document = raw_bytes(task_def.document)
        keys = [self._keys.task_defs]
        return bool(await self._calls.run(_REPLACE, keys, [task_def.name, document]))

    async def remove_task_def(self, name: str) -> bool:
        return bool(await self._calls.write("HDEL", self._keys.task_defs, name))

    async def task_def(self, name: str) -> TaskDef | None:
        document = await self._calls.read("HGET", self._keys.task_defs, name)
        return None if document is None else stored_task_def(document, name)

    def task_defs(self, after: str) -> AsyncIterator[Page[TaskDef]]:
        return pages_of(rows_of(self._bulk, self._keys.task_defs, after, stored_task_def))

    # workflow definitions

    async def add_workflow_def(self, workflow_def: WorkflowDef) -> bool:
        return await self._put(_ADD, workflow_def)

    async def replace_workflow_def(self, workflow_def: WorkflowDef) -> bool:
        return await self._put(_REPLACE, workflow_def)

    async def _put(self, how: Script, workflow_def: WorkflowDef) -> bool:
        name = require_key_part(workflow_def.name, "workflow_def.name")
        keys = [self._keys.workflow_def(name), self._keys.workflow_def_names]
        document = raw_bytes(workflow_def.document)
        return bool(await self._calls.run(how, keys, [workflow_def.version, document, name]))

    async def remove_workflow_def(self, name: str, version: int) -> bool:
        keys = [self._keys.workflow_def(name), self._keys.workflow_def_names]
        return bool(await self._calls.run(_REMOVE, keys, [version, name]))

    async def workflow_def(self, name: str, version: int) -> WorkflowDef | None:
        document = await self._calls.read("HGET", self._keys.workflow_def(name), version)
        return None if document is None else stored_workflow_def(document, name, version)

    async def latest_workflow_def(self, name: str) -> WorkflowDef | None:
        while versions := await self._versions(name):
            found = await self.workflow_def(name, versions[-1])
            if found is not None:  # otherwise it was removed meanwhile
                return found
        return None

    def workflow_defs(
        self, after: tuple[str, int], *, latest_only: bool
    ) -> AsyncIterator[Page[WorkflowDef]]:
        return pages_of(self._workflow_defs(after, latest_only=latest_only))

    async def _workflow_defs(
        self, after: tuple[str, int], *, latest_only: bool
    ) -> AsyncIterator[Row[WorkflowDef]]:
        names = await texts(self._bulk, "SMEMBERS", self._keys.workflow_def_names)
        wanted = [name for name in names if name >= after[0]]
        for at in range(0, len(wanted), SLICE):
            part = wanted[at : at + SLICE]
            fields = await self._bulk.read_all(
                [("HKEYS", self._keys.workflow_def(name)) for name in part]
            )
            for name, found in zip(part, fields, strict=True):
                versions = _versions_in(found)[-1:] if latest_only else _versions_in(found)
                later = [version for version in versions if (name, version) > after]
                async for row in self._versions_of(name, later):
                    yield row

    async def _versions_of(
        self, name: str, versions: Sequence[int]
    ) -> AsyncIterator[Row[WorkflowDef]]:
        key = self._keys.workflow_def(name)
        async for field, document in fields_of(self._bulk, key, [str(v) for v in versions]):
            version = int(field)
            parse = partial(stored_workflow_def, document, name, version)
            id_ = workflow_def_id(name, version)
            yield Row((name, version), id_, found_if_readable(parse, len(document)))

    async def workflow_names(self, budget: ReadBudget) -> list[str]:
        names = await texts(self._bulk, "SMEMBERS", self._keys.workflow_def_names)
        for name in names:
            budget.take(len(name))
        return names

    async def workflow_versions(self, name: str, budget: ReadBudget) -> list[int]:
        versions = await self._versions(name)
        budget.take(VERSION_BYTES * len(versions))
        return versions

    async def _versions(self, name: str) -> list[int]:
        return _versions_in(await self._calls.read("HKEYS", self._keys.workflow_def(name)))


def _versions_in(fields: Iterable[bytes]) -> list[int]:
    """Those of a hash, ascending; an older Conductor kept a field ``latest`` beside them."""
    return sorted(int(field) for field in fields if field.isdigit())


_: type[MetadataTable] = RedisMetadataTable
