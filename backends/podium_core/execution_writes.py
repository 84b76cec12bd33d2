"""Makes any ExecutionStore a whole ExecutionDAO: the writing methods, from the builders, without side effects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from podium_core.clock import Clock, system_clock_ms
from podium_core.decide.effects import Effect
from podium_core.decide.removal_record import RemovalRecord
from podium_core.models import (
    CreatedTasks,
    CreatedWorkflow,
    EventExecution,
    Task,
    TaskUpdate,
    Workflow,
)
from podium_core.removal import RemovalMachine, RemovalStage, StoredRemoval
from podium_core.write_set import builders
from podium_core.write_set.refusals import RemovalUnderWayError
from podium_core.write_set.write_set import PutMode, WriteOutcome, WriteSet


class ExecutionWrites(ABC):
    """The writes of ExecutionDAO on top of ``apply``; removals of workflows aside.

    The facade is one too: its own methods are those that add side effects to what a builder gives.
    """

    clock: Clock = staticmethod(system_clock_ms)

    @abstractmethod
    async def apply(self, write_set: WriteSet) -> WriteOutcome:
        """As ``ExecutionStore.apply``."""

    async def create_tasks(
        self, tasks: Sequence[Task], *, allow_missing_workflow: bool = False
    ) -> CreatedTasks:
        if not tasks:
            return CreatedTasks(created_task_ids=())
        return created_tasks(
            await self.apply(
                builders.create_tasks(
                    tasks, now_ms=self.clock(), allow_missing_workflow=allow_missing_workflow
                )
            )
        )

    async def update_task(
        self, task: Task, *, expected_update_time: int | None = None, upsert: bool = False
    ) -> int:
        update = TaskUpdate(task=task, expected_update_time=expected_update_time)
        outcome = await self.apply(builders.update_task(update, now_ms=self.clock(), upsert=upsert))
        return outcome.task_times[str(task.task_id)]

    async def update_tasks(
        self, updates: Sequence[TaskUpdate], *, upsert: bool = False
    ) -> list[int]:
        if not updates:
            return []
        outcome = await self.apply(
            builders.update_tasks(updates, now_ms=self.clock(), upsert=upsert)
        )
        return [outcome.task_times[str(update.task.task_id)] for update in updates]

    async def remove_task(self, task_id: str) -> bool:
        outcome = await self.apply(builders.remove_task(task_id))
        return outcome.tasks_removed[0]

    async def create_workflow(
        self, workflow: Workflow, *, replace: bool = False
    ) -> CreatedWorkflow:
        outcome = await self.apply(
            builders.create_workflow(workflow, now_ms=self.clock(), replace_existing=replace)
        )
        return created_workflow(outcome, str(workflow.workflow_id))

    async def update_workflow(
        self, workflow: Workflow, *, expected_update_time: int | None = None, upsert: bool = False
    ) -> int:
        outcome = await self.apply(
            builders.update_workflow(
                workflow,
                now_ms=self.clock(),
                expected_update_time=expected_update_time,
                upsert=upsert,
            )
        )
        return outcome.workflow_times[str(workflow.workflow_id)]

    async def remove_from_pending_workflow(self, workflow_type: str, workflow_id: str) -> None:
        await self.apply(builders.remove_from_pending(workflow_type, workflow_id))

    async def add_event_execution(self, event_execution: EventExecution) -> bool:
        outcome = await self.apply(builders.put_event_execution(event_execution, PutMode.CREATE))
        return outcome.event_created[0]

    async def update_event_execution(self, event_execution: EventExecution) -> None:
        await self.apply(builders.put_event_execution(event_execution, PutMode.UPSERT))

    async def remove_event_execution(self, event_execution: EventExecution) -> bool:
        outcome = await self.apply(builders.remove_event_execution(event_execution))
        return outcome.events_removed[0]


class StoreWrites(ExecutionWrites):
    """All writes of ExecutionDAO, for an adapter: on top of ``apply_once`` and the primitives of ``RemovalStore``.

    Without an index: a removal that archives stops where the index has to hold the documents.
    """

    @abstractmethod
    async def apply_once(self, write_set: WriteSet) -> WriteOutcome:
        """As ``ExecutionStore.apply``; an id that belongs to a removal under way is always RemovalUnderWayError."""

    @abstractmethod
    async def removal(self, workflow_id: str, *, tasks: int = 0) -> StoredRemoval | None:
        """As ``RemovalStore.removal``."""

    @abstractmethod
    async def advance_removal(
        self, removal: StoredRemoval, record: RemovalRecord | None, effects: Sequence[Effect]
    ) -> bool:
        """As ``RemovalStore.advance_removal``."""

    async def apply(self, write_set: WriteSet) -> WriteOutcome:
        while True:
            try:
                return await self.apply_once(write_set)
            except RemovalUnderWayError as error:
                # The id is wanted again: the removal that holds it ends first, unless it has to be archived.
                await RemovalMachine(self).carry_out(error.workflow_id)
                removal = await self.removal(error.workflow_id)
                if removal is not None and removal.stage is RemovalStage.ARCHIVE:
                    raise

    async def remove_workflow(self, workflow_id: str, *, archive: bool = False) -> bool:
        return await self._remove(builders.remove_workflow(workflow_id, require_terminal=archive))

    async def remove_workflow_with_expiry(
        self, workflow_id: str, *, ttl_seconds: int, archive: bool = False
    ) -> bool:
        return await self._remove(
            builders.remove_workflow(
                workflow_id, require_terminal=archive, ttl_ms=ttl_seconds * 1000
            )
        )

    async def _remove(self, write_set: WriteSet) -> bool:
        outcome = await self.apply(write_set)
        if outcome.workflows_removed[0]:
            await RemovalMachine(self).carry_out(write_set.workflow_removals[0].workflow_id)
        return outcome.workflows_removed[0]


def created_tasks(outcome: WriteOutcome) -> CreatedTasks:
    """The answer of CreateTasks."""
    return CreatedTasks(
        created_task_ids=outcome.created_task_ids,
        left_out_task_ids=outcome.left_out_task_ids,
        update_time=max(outcome.task_times.values(), default=0),
    )


def created_workflow(outcome: WriteOutcome, workflow_id: str) -> CreatedWorkflow:
    """The answer of CreateWorkflow: replacing counts as creating."""
    return CreatedWorkflow(
        created=outcome.workflow_created is not False,
        updated_time=outcome.workflow_times.get(workflow_id, 0),
    )
