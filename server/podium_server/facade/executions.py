"""The execution facade: every write one WriteSet, from the builders, with Conductor's side effects added."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podium_core.backend import Capability, ExecutionAdapter
from podium_core.errors import (
    ConflictError,
    FailedPreconditionError,
    NotFoundError,
    OutcomeUnknownError,
)
from podium_core.execution_service import ExecutionService, WorkflowSource
from podium_core.execution_writes import (
    ExecutionWrites,
    created_tasks,
    created_workflow,
)
from podium_core.models import (
    DECIDER_QUEUE,
    Commit,
    CommitResult,
    CreatedTasks,
    CreatedWorkflow,
    Guarantee,
    Task,
    TaskStatus,
    TaskUpdate,
    Workflow,
)
from podium_core.write_set import (
    PushOp,
    WriteOutcome,
    WriteSet,
    builders,
    commit_builder,
)
from podium_core.write_set.refusals import RemovalUnderWayError
from podium_core.write_set.write_limits import require_within
from podium_server.facade.commit_records import commit_result, records_of, with_records
from podium_server.facade.execution_parts import ExecutionParts, ExecutionRules
from podium_server.facade.execution_reads import ExecutionReadsFacade
from podium_server.facade.limits import ConcurrencyLimits
from podium_server.facade.removal import RemovalFacade
from podium_server.facade.two_stores import require_receipts

EXTEND_LEASE_TRIES = 5


class ExecutionFacade(ExecutionReadsFacade, ExecutionWrites):
    """Implements ``ExecutionService`` over the store that serves executions."""

    def __init__(
        self,
        store: ExecutionAdapter,
        *,
        limits: ConcurrencyLimits,
        rules: ExecutionRules | None = None,
        parts: ExecutionParts | None = None,
    ) -> None:
        """Put a facade on a store.

        Args:
            store: Serves executions.
            limits: Concurrency limits, those of registered definitions too.
            rules: What the store declares and the configuration adds; None: everything is allowed.
            parts: What it works with; None: without archive, payload store and index.
        """
        rules, parts = rules or ExecutionRules(), parts or ExecutionParts()
        super().__init__(store, rules, parts.payload_reads, parts.archive_reads)
        self._removals = parts.removals or RemovalFacade(store)
        self._write_limits = rules.write_limits if rules.write_limits.are_limits else None
        self._queues_elsewhere = parts.queues_elsewhere
        self._effects = rules.side_effects
        self._payload_writes = parts.payload_writes
        self._wake = parts.wake
        self._wake_indexer = parts.wake_indexer
        self._limits = limits
        self.exceeds_in_progress_limit = limits.exceeds_limit

    async def apply(self, write_set: WriteSet) -> WriteOutcome:
        if self._write_limits is not None:
            require_within(write_set, self._write_limits)
        marked = self._marks(write_set)
        if marked:
            write_set = msgspec.structs.replace(write_set, mark_index=True)
        for put in write_set.task_puts:
            if put.status is TaskStatus.IN_PROGRESS and not put.limited:
                write_set = await self._limits.mark_limited(write_set)
                break
        while True:
            try:
                outcome = await self._store.apply(write_set)
            except RemovalUnderWayError as error:
                await self._end_removal(error)
            else:
                break
        if marked:
            self._wake_indexer()
        if write_set.workflow_removals:
            self._wake()
        if outcome.intents and self._queues_elsewhere is not None:
            return await self._queues_elsewhere.carry_out(write_set, outcome)
        return outcome

    async def _end_removal(self, error: RemovalUnderWayError) -> None:
        """The id is to be created again; finish the removal of its old workflow first."""
        try:
            await self._removals.end(error.workflow_id)
        except OutcomeUnknownError as unknown:
            raise error from unknown  # of what was asked for, surely nothing was written

    def _marks(self, write_set: WriteSet) -> bool:
        if write_set.event_puts:
            return self._effects.index_event_executions
        return self._effects.index_executions

    # tasks

    async def create_tasks(
        self, tasks: Sequence[Task], *, allow_missing_workflow: bool = False
    ) -> CreatedTasks:
        if not tasks:
            return CreatedTasks(created_task_ids=())
        paths = [f"tasks[{at}]" for at in range(len(tasks))]
        stored, uploaded_keys = await self._payload_writes.move_all_out(tasks, paths)
        write_set = builders.create_tasks(
            stored, now_ms=self.clock(), allow_missing_workflow=allow_missing_workflow
        )
        return created_tasks(await self.apply(_with_uploads(write_set, uploaded_keys)))

    async def update_task(
        self, task: Task, *, expected_update_time: int | None = None, upsert: bool = False
    ) -> int:
        stored, uploaded_keys = await self._payload_writes.move_out(task, "task")
        update = TaskUpdate(task=stored, expected_update_time=expected_update_time)
        write_set = builders.update_task(update, now_ms=self.clock(), upsert=upsert)
        outcome = await self.apply(_with_uploads(write_set, uploaded_keys))
        return outcome.task_times[str(task.task_id)]

    async def update_tasks(
        self, updates: Sequence[TaskUpdate], *, upsert: bool = False
    ) -> list[int]:
        if not updates:
            return []
        stored, uploaded_keys = await self._move_payloads(updates, "tasks")
        write_set = builders.update_tasks(stored, now_ms=self.clock(), upsert=upsert)
        outcome = await self.apply(_with_uploads(write_set, uploaded_keys))
        return [outcome.task_times[str(update.task.task_id)] for update in updates]

    async def _move_payloads(
        self, updates: Sequence[TaskUpdate], field: str
    ) -> tuple[list[TaskUpdate], tuple[str, ...]]:
        paths = [f"{field}[{at}].task" for at in range(len(updates))]
        tasks, uploaded_keys = await self._payload_writes.move_all_out(
            [u.task for u in updates], paths
        )
        stored = [
            update if task is update.task else msgspec.structs.replace(update, task=task)
            for update, task in zip(updates, tasks, strict=True)
        ]
        return stored, uploaded_keys

    async def remove_task(self, task_id: str) -> bool:
        write_set = builders.remove_task(
            task_id, remove_message=True, delete_payloads=self._effects.remove_payloads
        )
        return (await self.apply(write_set)).tasks_removed[0]

    async def extend_lease(self, task_id: str) -> int:
        for _ in range(EXTEND_LEASE_TRIES):
            task = await self._running_task(task_id)
            try:
                return await self.update_task(task, expected_update_time=task.update_time)
            except ConflictError as error:
                conflict = error  # another writer came between: its document is the one to stamp
        raise conflict

    async def _running_task(self, task_id: str) -> Task:
        task = await self._store.get_task(task_id)
        if task is None:
            raise NotFoundError("task", task_id)
        if task.status is msgspec.UNSET:
            raise FailedPreconditionError(
                "TASK_WITHOUT_STATUS", f"task/{task_id}", f"task '{task_id}' has no status"
            )
        if task.status.is_terminal:
            raise FailedPreconditionError(
                "TASK_TERMINAL",
                f"task/{task_id}",
                f"task '{task_id}' is {task.status.value}: its lease is over",
            )
        return task

    # workflows

    async def create_workflow(
        self, workflow: Workflow, *, replace: bool = False
    ) -> CreatedWorkflow:
        stored, uploaded_keys = await self._payload_writes.move_out(workflow, "workflow")
        write_set = builders.create_workflow(stored, now_ms=self.clock(), replace_existing=replace)
        pushing = self._with_decider_push(_with_uploads(write_set, uploaded_keys), workflow)
        return created_workflow(await self.apply(pushing), str(workflow.workflow_id))

    async def update_workflow(
        self, workflow: Workflow, *, expected_update_time: int | None = None, upsert: bool = False
    ) -> int:
        stored, uploaded_keys = await self._payload_writes.move_out(workflow, "workflow")
        write_set = builders.update_workflow(
            stored,
            now_ms=self.clock(),
            expected_update_time=expected_update_time,
            upsert=upsert,
        )
        outcome = await self.apply(_with_uploads(write_set, uploaded_keys))
        return outcome.workflow_times[str(workflow.workflow_id)]

    def _with_decider_push(self, write_set: WriteSet, workflow: Workflow) -> WriteSet:
        if not self._effects.decider_queue:
            return write_set
        own = any(
            isinstance(op, PushOp)
            and (op.queue_name, op.message_id) == (DECIDER_QUEUE, workflow.workflow_id)
            for op in write_set.queue_ops
        )
        if own:
            return write_set
        push = PushOp(
            queue_name=DECIDER_QUEUE,
            message_id=str(workflow.workflow_id),
            priority=workflow.priority,
            offset_ms=self._effects.decider_offset_ms,
            workflow_id=str(workflow.workflow_id),
        )
        return msgspec.structs.replace(write_set, queue_ops=(*write_set.queue_ops, push))

    # removals

    async def remove_workflow(self, workflow_id: str, *, archive: bool = False) -> bool:
        return await self.remove_found_workflow(workflow_id, archive=archive) is not None

    async def remove_workflow_with_expiry(
        self, workflow_id: str, *, ttl_seconds: int, archive: bool = False
    ) -> bool:
        source = await self.remove_found_workflow(
            workflow_id, archive=archive, ttl_seconds=ttl_seconds
        )
        return source is not None

    async def remove_found_workflow(
        self, workflow_id: str, *, archive: bool = False, ttl_seconds: int | None = None
    ) -> WorkflowSource | None:
        if ttl_seconds is not None:
            self._rules.require(Capability.EXPIRY, "RemoveWorkflowWithExpiry")
        delete_payloads = self._effects.remove_payloads and not archive
        write_set = builders.remove_workflow(
            workflow_id,
            require_terminal=archive,
            archive=archive,
            ttl_ms=(ttl_seconds or 0) * 1000,
            remove_messages=True,
            delete_payloads=delete_payloads,
        )
        if archive:
            self._removals.require_archive(workflow_id)
        if await self._remove(write_set, at_once=not ttl_seconds):
            return WorkflowSource.PRIMARY
        if not archive and await self._removals.remove_archived(
            workflow_id, delete_payloads=delete_payloads
        ):
            return WorkflowSource.ARCHIVE
        return None

    async def reset_workflow(self, workflow_id: str) -> bool:
        write_set = builders.remove_workflow(
            workflow_id, require_terminal=False, delete_payloads_later=self._effects.remove_payloads
        )
        return await self._remove(write_set, at_once=True) or await self._removals.remove_archived(
            workflow_id, delete_payloads=False
        )

    async def _remove(self, write_set: WriteSet, *, at_once: bool) -> bool:
        outcome = await self.apply(write_set)
        if outcome.workflows_removed[0]:
            removal = write_set.workflow_removals[0]
            if at_once:
                await self._removals.complete(
                    removal.workflow_id, cancel_on_failure=removal.archive
                )
            else:
                await self._removals.leave_sets(removal.workflow_id)
        return outcome.workflows_removed[0]

    # Commit

    async def commit(self, commit: Commit) -> CommitResult:
        as_sent = commit
        commit, uploaded_keys = await self._move_payloads_of_commit(commit)
        write_set = _with_uploads(
            commit_builder.commit(commit, now_ms=self.clock(), as_sent=as_sent), uploaded_keys
        )
        if commit.create_workflow is not None:
            write_set = self._with_decider_push(write_set, commit.create_workflow)
        if self._queues_elsewhere is None:
            return commit_result(commit, await self.apply(write_set), Guarantee.ATOMIC)
        require_receipts(commit)
        prepared = await self._queues_elsewhere.prepare(write_set)
        return commit_result(commit, await self.apply(prepared), Guarantee.ORDERED)

    async def _move_payloads_of_commit(self, commit: Commit) -> tuple[Commit, tuple[str, ...]]:
        records = records_of(commit)
        stored, uploaded_keys = await self._payload_writes.move_all_out(
            list(records.values()), list(records)
        )
        changed = dict(zip(records, stored, strict=True))
        if all(changed[path] is record for path, record in records.items()):
            return commit, ()
        return with_records(commit, changed), uploaded_keys


def _with_uploads(write_set: WriteSet, uploaded_keys: tuple[str, ...]) -> WriteSet:
    return msgspec.structs.replace(write_set, uploads=uploaded_keys) if uploaded_keys else write_set


_: type[ExecutionService] = ExecutionFacade
