"""The MetadataDAO on Redis: Java's hashes of definitions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial

from podium_backends.redis.connection import Link, Script
from podium_backends.redis.keys import Keys, require_key_part
from podium_backends.redis.script_files import script
from podium_backends.redis.stored_definitions import (
    SLICE,
    definition,
    fields_of,
    readable,
    rows_of,
    texts,
)
from podium_core.definitions import (
    require_task_def,
    require_workflow_def,
    require_workflow_def_key,
    task_def_of,
    workflow_def_id,
    workflow_def_of,
)
from podium_core.errors import AlreadyExistsError, NotFoundError
from podium_core.models import Page, TaskDef, WorkflowDef
from podium_core.models.json_text import raw_bytes
from podium_core.paging.pages_of import Row, pages_of
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget
from podium_core.paging.resume_token import resume_key
from podium_core.ports import MetadataDAO
from podium_core.requirements import require_text

_ADD = script("definitions/add_field")
_REPLACE = script("definitions/replace_field")
_REMOVE = script("definitions/remove_field")
_TASK_DEF = "task definition"
_WORKFLOW_DEF = "workflow definition"
# Of a version in an answer.
_VERSION_BYTES = 5


class RedisMetadataDAO:
    """Definitions that a Java Conductor may read and write at the same time.

    A definition whose name ends in a dot is refused: Conductor cuts the dot off, and it would share another one's key.
    """

    def __init__(
        self, calls: Link, bulk: Link, keys: Keys, *, max_answer_bytes: int = MAX_ANSWER_BYTES
    ) -> None:
        """Take the connections for calls, and for what reads much."""
        self._calls = calls
        self._bulk = bulk
        self._keys = keys
        self._max_answer_bytes = max_answer_bytes

    # task definitions

    async def create_task_def(self, task_def: TaskDef) -> None:
        name = require_task_def(task_def)
        await self._calls.write("HSET", self._keys.task_defs, name, raw_bytes(task_def.document))

    async def update_task_def(self, task_def: TaskDef) -> None:
        name = require_task_def(task_def)
        document = raw_bytes(task_def.document)
        if not await self._calls.run(_REPLACE, [self._keys.task_defs], [name, document]):
            raise NotFoundError(_TASK_DEF, name)

    async def get_task_def(self, name: str) -> TaskDef | None:
        require_text(name, "name")
        document = await self._calls.read("HGET", self._keys.task_defs, name)
        return None if document is None else _task_def(document, name)

    def get_all_task_defs(self, *, resume_token: str = "") -> AsyncIterator[Page[TaskDef]]:
        (after,) = resume_key(resume_token, tuple[str], ("",))
        return pages_of(rows_of(self._bulk, self._keys.task_defs, after, _task_def))

    async def remove_task_def(self, name: str) -> None:
        require_text(name, "name")
        if not await self._calls.write("HDEL", self._keys.task_defs, name):
            raise NotFoundError(_TASK_DEF, name)

    # workflow definitions

    async def create_workflow_def(self, workflow_def: WorkflowDef) -> None:
        if not await self._put(_ADD, workflow_def):
            raise AlreadyExistsError(_WORKFLOW_DEF, _id(workflow_def))

    async def update_workflow_def(self, workflow_def: WorkflowDef) -> None:
        if not await self._put(_REPLACE, workflow_def):
            raise NotFoundError(_WORKFLOW_DEF, _id(workflow_def))

    async def _put(self, how: Script, workflow_def: WorkflowDef) -> bool:
        name, version = require_workflow_def(workflow_def)
        require_key_part(name, "workflow_def.name")
        keys = [self._keys.workflow_def(name), self._keys.workflow_def_names]
        document = raw_bytes(workflow_def.document)
        return bool(await self._calls.run(how, keys, [version, document, name]))

    async def get_latest_workflow_def(self, name: str) -> WorkflowDef | None:
        require_text(name, "name")
        while versions := await self.get_workflow_versions(name):
            found = await self.get_workflow_def(name, versions[-1])
            if found is not None:  # otherwise it was removed meanwhile
                return found
        return None

    async def get_workflow_def(self, name: str, version: int) -> WorkflowDef | None:
        require_workflow_def_key(name, version)
        document = await self._calls.read("HGET", self._keys.workflow_def(name), version)
        return None if document is None else _workflow_def(document, name, version)

    async def remove_workflow_def(self, name: str, version: int) -> None:
        require_workflow_def_key(name, version)
        keys = [self._keys.workflow_def(name), self._keys.workflow_def_names]
        if not await self._calls.run(_REMOVE, keys, [version, name]):
            raise NotFoundError(_WORKFLOW_DEF, workflow_def_id(name, version))

    def get_all_workflow_defs(self, *, resume_token: str = "") -> AsyncIterator[Page[WorkflowDef]]:
        after = resume_key(resume_token, tuple[str, int], ("", 0))
        return pages_of(self._workflow_defs(after, latest=False))

    def get_all_workflow_defs_latest_versions(
        self, *, resume_token: str = ""
    ) -> AsyncIterator[Page[WorkflowDef]]:
        after = resume_key(resume_token, tuple[str, int], ("", 0))
        return pages_of(self._workflow_defs(after, latest=True))

    async def _workflow_defs(
        self, after: tuple[str, int], *, latest: bool
    ) -> AsyncIterator[Row[WorkflowDef]]:
        names = await texts(self._bulk, "SMEMBERS", self._keys.workflow_def_names)
        wanted = [name for name in names if name >= after[0]]
        for at in range(0, len(wanted), SLICE):
            part = wanted[at : at + SLICE]
            fields = await self._bulk.read_all(
                [("HKEYS", self._keys.workflow_def(name)) for name in part]
            )
            for name, found in zip(part, fields, strict=True):
                versions = _versions(found)[-1:] if latest else _versions(found)
                later = [version for version in versions if (name, version) > after]
                async for row in self._versions_of(name, later):
                    yield row

    async def _versions_of(
        self, name: str, versions: Sequence[int]
    ) -> AsyncIterator[Row[WorkflowDef]]:
        key = self._keys.workflow_def(name)
        async for field, document in fields_of(self._bulk, key, [str(v) for v in versions]):
            version = int(field)
            found = readable(partial(_workflow_def, document, name, version), len(document))
            yield Row((name, version), workflow_def_id(name, version), found)

    async def get_workflow_names(self) -> list[str]:
        names = await texts(self._bulk, "SMEMBERS", self._keys.workflow_def_names)
        budget = ReadBudget(self._max_answer_bytes)
        for name in names:
            budget.take(len(name))
        return names

    async def get_workflow_versions(self, name: str) -> list[int]:
        require_text(name, "name")
        versions = _versions(await self._calls.read("HKEYS", self._keys.workflow_def(name)))
        ReadBudget(self._max_answer_bytes).take(_VERSION_BYTES * len(versions))
        return versions


def _versions(fields: Iterable[bytes]) -> list[int]:
    """Those of a hash, ascending; an older Conductor kept a field ``latest`` beside them."""
    return sorted(int(field) for field in fields if field.isdigit())


def _id(workflow_def: WorkflowDef) -> str:
    return workflow_def_id(workflow_def.name, workflow_def.version)


def _task_def(document: bytes, name: str) -> TaskDef:
    return definition(task_def_of, document, _TASK_DEF, name)


def _workflow_def(document: bytes, name: str, version: int) -> WorkflowDef:
    return definition(workflow_def_of, document, _WORKFLOW_DEF, workflow_def_id(name, version))


_: type[MetadataDAO] = RedisMetadataDAO
