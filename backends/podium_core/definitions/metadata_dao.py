"""The MetadataDAO of every store: checks arguments, and says what it means that a definition is there or isn't."""

from __future__ import annotations

from collections.abc import AsyncIterator

from podium_core.definitions.documents import TASK_DEF, WORKFLOW_DEF, workflow_def_id
from podium_core.errors import AlreadyExistsError, NotFoundError
from podium_core.models import Page, TaskDef, WorkflowDef
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget
from podium_core.paging.resume_token import resume_key
from podium_core.ports.metadata import MetadataDAO
from podium_core.ports.metadata_table import MetadataTable
from podium_core.requirements import require_text, require_version

# Of a version in an answer.
VERSION_BYTES = 5


class TableMetadataDAO:
    """The definitions of one store."""

    def __init__(self, table: MetadataTable, *, max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        """On a store's definitions; ``max_answer_bytes`` as of ``StoreContext``."""
        self._table = table
        self._max_answer_bytes = max_answer_bytes

    # task definitions

    async def create_task_def(self, task_def: TaskDef) -> None:
        require_text(task_def.name, "task_def.name")
        await self._table.put_task_def(task_def)

    async def update_task_def(self, task_def: TaskDef) -> None:
        require_text(task_def.name, "task_def.name")
        if not await self._table.replace_task_def(task_def):
            raise NotFoundError(TASK_DEF, task_def.name)

    async def get_task_def(self, name: str) -> TaskDef | None:
        return await self._table.task_def(require_text(name, "name"))

    def get_all_task_defs(self, *, resume_token: str = "") -> AsyncIterator[Page[TaskDef]]:
        (after,) = resume_key(resume_token, tuple[str], ("",))
        return self._table.task_defs(after)

    async def remove_task_def(self, name: str) -> None:
        if not await self._table.remove_task_def(require_text(name, "name")):
            raise NotFoundError(TASK_DEF, name)

    # workflow definitions

    async def create_workflow_def(self, workflow_def: WorkflowDef) -> None:
        _require_workflow_def(workflow_def)
        if not await self._table.add_workflow_def(workflow_def):
            raise AlreadyExistsError(WORKFLOW_DEF, _id(workflow_def))

    async def update_workflow_def(self, workflow_def: WorkflowDef) -> None:
        _require_workflow_def(workflow_def)
        if not await self._table.replace_workflow_def(workflow_def):
            raise NotFoundError(WORKFLOW_DEF, _id(workflow_def))

    async def get_latest_workflow_def(self, name: str) -> WorkflowDef | None:
        return await self._table.latest_workflow_def(require_text(name, "name"))

    async def get_workflow_def(self, name: str, version: int) -> WorkflowDef | None:
        _require_key(name, version)
        return await self._table.workflow_def(name, version)

    async def remove_workflow_def(self, name: str, version: int) -> None:
        _require_key(name, version)
        if not await self._table.remove_workflow_def(name, version):
            raise NotFoundError(WORKFLOW_DEF, workflow_def_id(name, version))

    def get_all_workflow_defs(self, *, resume_token: str = "") -> AsyncIterator[Page[WorkflowDef]]:
        after = resume_key(resume_token, tuple[str, int], ("", 0))
        return self._table.workflow_defs(after, latest_only=False)

    def get_all_workflow_defs_latest_versions(
        self, *, resume_token: str = ""
    ) -> AsyncIterator[Page[WorkflowDef]]:
        after = resume_key(resume_token, tuple[str, int], ("", 0))
        return self._table.workflow_defs(after, latest_only=True)

    async def get_workflow_names(self) -> list[str]:
        return sorted(await self._table.workflow_names(ReadBudget(self._max_answer_bytes)))

    async def get_workflow_versions(self, name: str) -> list[int]:
        require_text(name, "name")
        budget = ReadBudget(self._max_answer_bytes)
        return sorted(await self._table.workflow_versions(name, budget))


def _require_workflow_def(workflow_def: WorkflowDef) -> None:
    require_text(workflow_def.name, "workflow_def.name")
    require_version(workflow_def.version, "workflow_def.version")


def _require_key(name: str, version: int) -> None:
    require_text(name, "name")
    require_version(version, "version")


def _id(workflow_def: WorkflowDef) -> str:
    return workflow_def_id(workflow_def.name, workflow_def.version)


_: type[MetadataDAO] = TableMetadataDAO
