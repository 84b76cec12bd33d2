"""The execution facade: every write one WriteSet, from the builders, with Conductor's side effects added."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import structlog

from podium_core.backend import ExecutionAdapter
from podium_core.dao import (
    Commit,
    CommitResult,
    ConcurrentExecutionLimitDAO,
    CreatedTasks,
    CreatedWorkflow,
    ExecutionService,
    Guarantee,
    QueueStore,
    TaskUpdate,
)
from podium_core.errors import (
    BackendUnavailableError,
    ConflictError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    OutcomeUnknownError,
)
from podium_core.models import DECIDER_QUEUE, Task, Workflow
from podium_core.outbox import QueueTarget
from podium_core.write_set import (
    AckOp,
    HeldReceipt,
    PushOp,
    RemoveOp,
    WriteOutcome,
    WriteSet,
    builders,
    commit_builder,
)
from podium_core.write_set.execution_writes import ExecutionWrites, created_workflow
from podium_server.facade.payload_limits import PayloadLimits

EXTEND_LEASE_TRIES = 5

_log = structlog.get_logger("podium.facade")


class SideEffects(msgspec.Struct, frozen=True, kw_only=True):
    """Which side effects the facade adds; an engine that keeps a facade of its own switches them off.

    Attributes:
        decider_queue: Creating a workflow pushes its id on ``_deciderQueue``.
        decider_offset_ms: When that message becomes ready.
    """

    decider_queue: bool = True
    decider_offset_ms: int = 30_000


class ExecutionFacade(ExecutionWrites):
    """Implements ``ExecutionService`` over the store that serves executions.

    The reads are the store's own methods: nothing is added to them, so nothing stands between.
    """

    def __init__(
        self,
        store: ExecutionAdapter,
        queues: QueueStore,
        *,
        limits: ConcurrentExecutionLimitDAO,
        queue_target: QueueTarget | None = None,
        side_effects: SideEffects | None = None,
        payload_limits: PayloadLimits | None = None,
        wake_drainer: Callable[[], None] | None = None,
    ) -> None:
        """Put a facade on a store.

        Args:
            store: Serves executions.
            queues: Serves queues; asked directly only where ``queue_target`` says that it is another store.
            limits: Serves concurrency limits.
            queue_target: Set where executions and queues are two stores.
            side_effects: What is added.
            payload_limits: Above them a write is refused.
            wake_drainer: Called when intents were written.
        """
        self._store = store
        self._queues = queues
        self._queue_target = queue_target
        self._effects = side_effects or SideEffects()
        self._payloads = payload_limits or PayloadLimits()
        self._wake_drainer = wake_drainer or (lambda: None)
        self.exceeds_in_progress_limit = limits.exceeds_limit
        self.get_task = store.get_task
        self.get_tasks = store.get_tasks
        self.get_tasks_by_type = store.get_tasks_by_type
        self.get_pending_tasks_by_workflow = store.get_pending_tasks_by_workflow
        self.get_pending_tasks_for_task_type = store.get_pending_tasks_for_task_type
        self.get_tasks_for_workflow = store.get_tasks_for_workflow
        self.get_in_progress_task_count = store.get_in_progress_task_count
        self.get_workflow = store.get_workflow
        self.get_workflows = store.get_workflows
        self.get_running_workflow_ids = store.get_running_workflow_ids
        self.get_pending_workflows_by_type = store.get_pending_workflows_by_type
        self.get_pending_workflow_count = store.get_pending_workflow_count
        self.get_workflows_by_type = store.get_workflows_by_type
        self.get_workflows_by_correlation_id = store.get_workflows_by_correlation_id
        self.can_search_across_workflows = store.can_search_across_workflows

    async def apply(self, write_set: WriteSet) -> WriteOutcome:
        outcome = await self._store.apply(write_set)
        if self._queue_target is not None and (write_set.queue_ops or write_set.workflow_removals):
            self._wake_drainer()
        return outcome

    async def create_tasks(
        self, tasks: Sequence[Task], *, allow_missing_workflow: bool = False
    ) -> CreatedTasks:
        self._payloads.require_tasks(tasks, "tasks")
        return await super().create_tasks(tasks, allow_missing_workflow=allow_missing_workflow)

    async def update_task(
        self, task: Task, *, expected_update_time: int | None = None, upsert: bool = False
    ) -> int:
        self._payloads.require_task(task, "task")
        return await super().update_task(
            task, expected_update_time=expected_update_time, upsert=upsert
        )

    async def update_tasks(
        self, updates: Sequence[TaskUpdate], *, upsert: bool = False
    ) -> list[int]:
        for at, update in enumerate(updates):
            self._payloads.require_task(update.task, f"tasks[{at}].task")
        return await super().update_tasks(updates, upsert=upsert)

    async def update_workflow(
        self, workflow: Workflow, *, expected_update_time: int | None = None, upsert: bool = False
    ) -> int:
        self._payloads.require_workflow(workflow, "workflow")
        return await super().update_workflow(
            workflow, expected_update_time=expected_update_time, upsert=upsert
        )

    async def create_workflow(
        self, workflow: Workflow, *, replace: bool = False
    ) -> CreatedWorkflow:
        self._payloads.require_workflow(workflow, "workflow")
        write_set = builders.create_workflow(
            workflow, now_ms=self.clock(), replace_existing=replace
        )
        outcome = await self.apply(self._with_decider_push(write_set, workflow))
        return created_workflow(outcome, str(workflow.workflow_id))

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
        )
        return msgspec.structs.replace(write_set, queue_ops=(*write_set.queue_ops, push))

    async def remove_task(self, task_id: str) -> bool:
        outcome = await self.apply(builders.remove_task(task_id, take_message=True))
        return outcome.tasks_removed[0]

    async def remove_workflow(self, workflow_id: str, *, archive: bool = False) -> bool:
        return await self._remove(workflow_id, archive=archive, take_messages=True)

    async def remove_workflow_with_expiry(
        self, workflow_id: str, *, ttl_seconds: int, archive: bool = False
    ) -> bool:
        return await self._remove(
            workflow_id,
            archive=archive,
            ttl_ms=ttl_seconds * 1000,
            take_messages=True,
        )

    async def reset_workflow(self, workflow_id: str) -> bool:
        return await self._remove(workflow_id, archive=False, take_messages=False)

    async def _remove(
        self, workflow_id: str, *, archive: bool, take_messages: bool, ttl_ms: int = 0
    ) -> bool:
        write_set = builders.remove_workflow(
            workflow_id, archive=archive, ttl_ms=ttl_ms, take_messages=take_messages
        )
        if archive:
            raise FailedPreconditionError(
                "NO_INDEX",
                f"workflow/{workflow_id}",
                "archiving needs an index, and routing.index is none",
            )
        outcome = await self.apply(write_set)
        if outcome.workflows_removed[0] and ttl_ms == 0:
            await self.carry_out_removal(workflow_id)
        return outcome.workflows_removed[0]

    async def carry_out_removal(self, workflow_id: str) -> bool:
        try:
            return await self._store.carry_out_removal(workflow_id)
        except BackendUnavailableError as error:
            message = (
                f"the removal of workflow '{workflow_id}' began, and goes on by itself: {error}"
            )
            raise OutcomeUnknownError(error.store, message) from error

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

    # Commit

    async def commit(self, commit: Commit) -> CommitResult:
        self._require_payloads(commit)
        write_set = commit_builder.commit(commit, now_ms=self.clock())
        if commit.create_workflow is not None:
            write_set = self._with_decider_push(write_set, commit.create_workflow)
        if self._queue_target is None:
            return commit_result(commit, await self.apply(write_set), Guarantee.ATOMIC)
        return await self._commit_across_stores(commit, write_set, self._queue_target)

    def _require_payloads(self, commit: Commit) -> None:
        if commit.create_workflow is not None:
            self._payloads.require_workflow(commit.create_workflow, "create_workflow")
        if commit.update_workflow is not None:
            self._payloads.require_workflow(commit.update_workflow, "update_workflow")
        self._payloads.require_tasks(commit.create_tasks, "create_tasks")
        for at, update in enumerate(commit.update_tasks):
            self._payloads.require_task(update.task, f"update_tasks[{at}].task")

    async def _commit_across_stores(
        self, commit: Commit, write_set: WriteSet, target: QueueTarget
    ) -> CommitResult:
        """Documents and intents for everything that queues have to do, in one step; then that is done at once.

        Whatever interrupts this after the step: the drainer carries the intents out.
        """
        _require_receipts(commit)
        prepared = await _for_queues_elsewhere(write_set, target)
        outcome = await self._store.apply(prepared)
        if outcome.workflow_created is not False and not outcome.replayed:
            outcome = await self._settled(prepared, outcome, target)
        self._wake_drainer()
        return commit_result(commit, outcome, Guarantee.ORDERED)

    async def _settled(
        self, write_set: WriteSet, outcome: WriteOutcome, target: QueueTarget
    ) -> WriteOutcome:
        """Acknowledge and remove now, so that the answer can say what that came to."""
        acks = [op for op in write_set.queue_ops if isinstance(op, AckOp)]
        removes = [op for op in write_set.queue_ops if isinstance(op, RemoveOp)]
        try:
            acked = await self._acknowledged(acks)
            removed = await target.remove_seen(
                [(op.queue_name, op.message_id, op.seen_token) for op in removes]
            )
        except (BackendUnavailableError, OutcomeUnknownError) as error:
            # What is written is written: the caller isn't told to repeat, the drainer does the rest.
            _log.warning("the queues' part of a Commit has to wait", error=error.message)
            return outcome
        return msgspec.structs.replace(outcome, acked=tuple(acked), removed=tuple(removed))

    async def _acknowledged(self, acks: Sequence[AckOp]) -> list[bool]:
        by_queue: dict[str, list[AckOp]] = {}
        for op in acks:
            by_queue.setdefault(op.queue_name, []).append(op)
        answers: dict[tuple[str, str], bool] = {}
        for queue_name, ops in by_queue.items():
            flags = await self._queues.ack_messages(
                queue_name, [(op.message_id, op.receipt) for op in ops]
            )
            answers |= {
                (queue_name, op.message_id): flag for op, flag in zip(ops, flags, strict=True)
            }
        return [answers[op.queue_name, op.message_id] for op in acks]


async def _for_queues_elsewhere(write_set: WriteSet, target: QueueTarget) -> WriteSet:
    """No receipt can be checked in that step, and a remove means the message that is there now."""
    removes = [op for op in write_set.queue_ops if isinstance(op, RemoveOp)]
    tokens = await target.tokens_of([(op.queue_name, op.message_id) for op in removes])
    seen = {id(op): token for op, token in zip(removes, tokens, strict=True)}
    return msgspec.structs.replace(
        write_set,
        guards=tuple(guard for guard in write_set.guards if not isinstance(guard, HeldReceipt)),
        queue_ops=tuple(
            msgspec.structs.replace(op, seen_token=seen[id(op)]) if isinstance(op, RemoveOp) else op
            for op in write_set.queue_ops
        ),
    )


def _require_receipts(commit: Commit) -> None:
    """Across two stores an ack needs a receipt, and a receipt needs the workflow's expected time beside it."""
    for at, ack in enumerate(commit.acks):
        if not ack.receipt:
            raise InvalidArgumentError(
                f"acks[{at}].receipt", "is required where queues are another store"
            )
    if commit.acks and commit.expected_update_time is None and commit.create_workflow is None:
        raise FailedPreconditionError(
            "EXPECTED_UPDATE_TIME_REQUIRED",
            f"workflow/{commit.workflow_id}",
            "executions and queues are two stores: a Commit with receipts needs expected_update_time too",
        )


def commit_result(commit: Commit, outcome: WriteOutcome, guarantee: Guarantee) -> CommitResult:
    """The answer of a Commit."""
    created = frozenset(outcome.created_task_ids)
    created_times = [time for id_, time in outcome.task_times.items() if id_ in created]
    return CommitResult(
        workflow_created=outcome.workflow_created if commit.create_workflow is not None else None,
        updated_time=outcome.workflow_times.get(commit.workflow_id, 0),
        created_task_ids=outcome.created_task_ids,
        left_out_task_ids=outcome.left_out_task_ids,
        created_update_time=max(created_times, default=0),
        task_update_times=tuple(
            outcome.task_times.get(str(u.task.task_id), 0) for u in commit.update_tasks
        ),
        acked=outcome.acked,
        removed=outcome.removed,
        guarantee=guarantee,
        replayed=outcome.replayed,
    )


_: type[ExecutionService] = ExecutionFacade
