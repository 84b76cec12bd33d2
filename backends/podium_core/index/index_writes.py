"""Gives an adapter or facade the writing methods of IndexDAO: checks, documents and ids, once for all."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence

from msgspec import UNSET, Raw
from msgspec.structs import replace

from podium_core.clock import Clock, system_clock_ms
from podium_core.errors import NotFoundError
from podium_core.index.changes import EntryKind, IndexChange, IndexOutcome, Merge, Put, Remove
from podium_core.index.documents import TASK_ENTRY, WORKFLOW_ENTRY
from podium_core.index.lookup import (
    encode_event_execution,
    encode_message,
    encode_task_log,
    event_entry_id,
    message_entry_id,
)
from podium_core.index.requirements import (
    require_message,
    require_task_fields,
    require_task_logs,
    require_task_summary,
    require_workflow_fields,
    require_workflow_summary,
)
from podium_core.models import (
    EventExecution,
    IndexedMessage,
    TaskExecLog,
    TaskSummary,
    Wait,
    WorkflowSummary,
)
from podium_core.requirements import require_text
from podium_core.write_set.validation import require_event_execution


class IndexWrites(ABC):
    """The writes of IndexDAO on top of ``write``."""

    clock: Clock = staticmethod(system_clock_ms)

    @abstractmethod
    async def write(self, changes: Sequence[IndexChange], *, wait: Wait) -> list[IndexOutcome]:
        """Make changes, in order; they are known to be valid.

        Returns:
            An outcome for each change.
        Raises:
            DeadlineExceededError: With ``Wait.INDEXED``: not confirmed in time; they are still going to be made.
            BackendUnavailableError: The store was not reached.
        """

    @abstractmethod
    async def task_ids(self, workflow_id: str, *, after: str = "", limit: int = 1_000) -> list[str]:
        """As ``IndexTarget.task_ids``."""

    # workflows and tasks

    async def index_workflow(self, workflow: WorkflowSummary, *, wait: Wait = Wait.INDEXED) -> None:
        require_workflow_summary(workflow, "workflow")
        document = WORKFLOW_ENTRY.encode(workflow)
        await self._put(EntryKind.WORKFLOW, str(workflow.workflow_id), document, wait)

    async def index_task(self, task: TaskSummary, *, wait: Wait = Wait.INDEXED) -> None:
        require_task_summary(task, "task")
        await self._put(EntryKind.TASK, str(task.task_id), TASK_ENTRY.encode(task), wait)

    async def update_workflow(
        self, workflow_id: str, fields: Raw, *, wait: Wait = Wait.INDEXED
    ) -> None:
        require_text(workflow_id, "workflow_id")
        merge = Merge(require_workflow_fields(fields, workflow_id))
        await self._merge(IndexChange(EntryKind.WORKFLOW, workflow_id, merge), wait)

    async def update_task(
        self, workflow_id: str, task_id: str, fields: Raw, *, wait: Wait = Wait.INDEXED
    ) -> None:
        require_text(workflow_id, "workflow_id")
        require_text(task_id, "task_id")
        merge = Merge(require_task_fields(fields, workflow_id, task_id), workflow_id)
        await self._merge(IndexChange(EntryKind.TASK, task_id, merge), wait)

    async def remove_workflow(
        self, workflow_id: str, *, include_tasks: bool = False, wait: Wait = Wait.INDEXED
    ) -> bool | None:
        require_text(workflow_id, "workflow_id")
        if include_tasks:
            await self._remove_tasks(workflow_id, wait)
        return await self._remove(IndexChange(EntryKind.WORKFLOW, workflow_id, Remove()), wait)

    async def _remove_tasks(self, workflow_id: str, wait: Wait) -> None:
        after = ""
        while ids := await self.task_ids(workflow_id, after=after):
            remove = Remove(workflow_id)
            await self.write([IndexChange(EntryKind.TASK, id_, remove) for id_ in ids], wait=wait)
            after = ids[-1]

    async def remove_task(
        self, workflow_id: str, task_id: str, *, wait: Wait = Wait.INDEXED
    ) -> bool | None:
        require_text(workflow_id, "workflow_id")
        require_text(task_id, "task_id")
        return await self._remove(IndexChange(EntryKind.TASK, task_id, Remove(workflow_id)), wait)

    # what is kept for looking up

    async def add_task_execution_logs(
        self, logs: Sequence[TaskExecLog], *, wait: Wait = Wait.INDEXED
    ) -> None:
        require_task_logs(logs)
        if logs:
            now = self.clock()
            changes = (_log_change(log, now) for log in logs)
            # Of two lines of one id the later one stays.
            await self.write(list({change.id: change for change in changes}.values()), wait=wait)

    async def add_event_execution(
        self, event_execution: EventExecution, *, wait: Wait = Wait.INDEXED
    ) -> None:
        require_event_execution(event_execution, "event_execution")
        document = encode_event_execution(event_execution)
        await self._put(EntryKind.EVENT, event_entry_id(event_execution), document, wait)

    async def add_message(self, message: IndexedMessage, *, wait: Wait = Wait.INDEXED) -> None:
        require_message(message, "message")
        if message.created_time is UNSET:
            message = replace(message, created_time=self.clock())
        document = encode_message(message)
        await self._put(EntryKind.MESSAGE, message_entry_id(message), document, wait)

    # one change

    async def _put(self, kind: EntryKind, id_: str, document: bytes, wait: Wait) -> None:
        await self.write([IndexChange(kind, id_, Put(Raw(document)))], wait=wait)

    async def _merge(self, change: IndexChange, wait: Wait) -> None:
        (outcome,) = await self.write([change], wait=wait)
        if outcome is IndexOutcome.ABSENT:
            raise NotFoundError(f"{change.kind} entry", change.id)

    async def _remove(self, change: IndexChange, wait: Wait) -> bool | None:
        (outcome,) = await self.write([change], wait=wait)
        return None if outcome is IndexOutcome.ACCEPTED else outcome is IndexOutcome.WRITTEN


def _log_change(log: TaskExecLog, now_ms: int) -> IndexChange:
    id_ = uuid.uuid4().hex if log.id is UNSET else log.id
    if log.created_time is UNSET:
        log = replace(log, created_time=now_ms)
    return IndexChange(EntryKind.TASK_LOG, id_, Put(Raw(encode_task_log(log))))
