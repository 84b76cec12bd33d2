"""Executions against a simple model: any sequence of calls, the same answers and the same sets."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

import msgspec
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from podium_core.clock import system_clock_ms
from podium_core.errors import AlreadyExistsError, ConflictError, NotFoundError
from podium_core.models import Task, TaskStatus, Workflow, WorkflowStatus, collect
from podium_server.facade.executions import ExecutionFacade
from podium_server.facade.limits import ConcurrencyLimits
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import Way

T = TypeVar("T")

WORKFLOW_IDS = st.sampled_from(["w1", "w2"])
TASK_IDS = st.sampled_from(["t1", "t2", "t3", "t4"])
REFERENCES = st.sampled_from(["a", "b"])
TASK_STATUSES = st.sampled_from(
    [TaskStatus.SCHEDULED, TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED, TaskStatus.FAILED]
)
WORKFLOW_STATUSES = st.sampled_from(
    [WorkflowStatus.RUNNING, WorkflowStatus.PAUSED, WorkflowStatus.COMPLETED]
)
EXPECTATIONS = st.sampled_from([None, None, "right", "wrong"])


class StoredWorkflow(msgspec.Struct):
    status: WorkflowStatus
    stamp: int
    pending: bool
    expiring: bool = False


class StoredTask(msgspec.Struct):
    workflow_id: str
    status: TaskStatus
    stamp: int
    pending: bool


class ExecutionMachine(RuleBasedStateMachine):
    """The model: two dictionaries of documents and one of slots."""

    def __init__(self, way: Way) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.workflows: dict[str, StoredWorkflow] = {}
        self.tasks: dict[str, StoredTask] = {}
        self.slots: dict[tuple[str, str], str] = {}
        self.way, self.config = way, way.config(Path(self.folder.name))
        self.opened = way.open_adapters(self.config, system_clock_ms)
        adapters = self.run(self.opened.__aenter__())
        self.executions = ExecutionFacade(
            adapters.executions,
            limits=ConcurrencyLimits(adapters.concurrency_limits, adapters.metadata),
        )

    def run(self, call: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await call

        return self.runner.run(awaited())

    def outcome(self, call: Awaitable[T]) -> T | type[Exception]:
        """What the call gives, or the class of what it raises."""
        try:
            return self.run(call)
        except (NotFoundError, ConflictError, AlreadyExistsError) as error:
            return type(error)

    # workflows

    @rule(id_=WORKFLOW_IDS, status=WORKFLOW_STATUSES)
    def create_workflow(self, id_: str, status: WorkflowStatus) -> None:
        created = self.run(self.executions.create_workflow(make_workflow(id_, status=status)))
        assert created.created == (id_ not in self.workflows)
        if created.created:
            self.workflows[id_] = StoredWorkflow(
                status, created.updated_time, not status.is_terminal
            )

    @rule(id_=WORKFLOW_IDS, status=WORKFLOW_STATUSES, expectation=EXPECTATIONS)
    def update_workflow(self, id_: str, status: WorkflowStatus, expectation: str | None) -> None:
        stored = self.workflows.get(id_)
        expected = self._expected(stored, expectation)
        call = self.executions.update_workflow(
            make_workflow(id_, status=status), expected_update_time=expected
        )
        outcome = self.outcome(call)
        if stored is None:
            assert outcome is NotFoundError
        elif expectation == "wrong":
            assert outcome is ConflictError
        else:
            assert isinstance(outcome, int)
            assert outcome > stored.stamp
            stored.stamp, stored.status = outcome, status
            stored.pending = not status.is_terminal and not stored.expiring

    @rule(id_=WORKFLOW_IDS)
    def remove_workflow(self, id_: str) -> None:
        removed = self.run(self.executions.remove_workflow(id_))
        assert removed == (id_ in self.workflows)
        if removed:
            del self.workflows[id_]
            for task_id in [t for t, task in self.tasks.items() if task.workflow_id == id_]:
                del self.tasks[task_id]
            self._free_slots(id_)

    @rule(id_=WORKFLOW_IDS)
    def expire_workflow(self, id_: str) -> None:
        found = self.run(self.executions.remove_workflow_with_expiry(id_, ttl_seconds=3_600))
        assert found == (id_ in self.workflows)
        if found:
            self.workflows[id_].expiring, self.workflows[id_].pending = True, False
            for task in self.tasks.values():
                task.pending = task.pending and task.workflow_id != id_
            self._free_slots(id_)

    @rule(id_=WORKFLOW_IDS)
    def remove_from_pending(self, id_: str) -> None:
        self.run(self.executions.remove_from_pending_workflow("order", id_))
        if id_ in self.workflows:
            self.workflows[id_].pending = False
        self._free_slots(id_)

    def _free_slots(self, workflow_id: str) -> None:
        self.slots = {slot: t for slot, t in self.slots.items() if slot[0] != workflow_id}

    # tasks

    @rule(id_=TASK_IDS, workflow_id=WORKFLOW_IDS, reference=REFERENCES, status=TASK_STATUSES)
    def create_task(self, id_: str, workflow_id: str, reference: str, status: TaskStatus) -> None:
        task = make_task(id_, workflow_id=workflow_id, reference_task_name=reference, status=status)
        outcome = self.outcome(self.executions.create_tasks([task]))
        stored = self.tasks.get(id_)
        if workflow_id not in self.workflows:
            assert outcome is NotFoundError
            return
        holder = self.slots.get((workflow_id, reference))
        other_slot = id_ in self.slots.values() and holder is None
        if stored is not None and (stored.workflow_id != workflow_id or other_slot):
            assert outcome is AlreadyExistsError
            return
        assert not isinstance(outcome, type)
        assert (outcome.left_out_task_ids == (id_,)) == (holder not in (None, id_))
        if holder is None:
            self.slots[workflow_id, reference] = id_
        if holder is None and stored is None:
            self._store(task, outcome.update_time)

    @rule(id_=TASK_IDS, workflow_id=WORKFLOW_IDS, status=TASK_STATUSES, expectation=EXPECTATIONS)
    def update_task(
        self, id_: str, workflow_id: str, status: TaskStatus, expectation: str | None
    ) -> None:
        stored = self.tasks.get(id_)
        task = make_task(id_, workflow_id=workflow_id, status=status)
        expected = self._expected(stored, expectation)
        outcome = self.outcome(self.executions.update_task(task, expected_update_time=expected))
        if stored is None or stored.workflow_id != workflow_id:
            assert outcome is NotFoundError
        elif expectation == "wrong":
            assert outcome is ConflictError
        else:
            assert isinstance(outcome, int)
            assert outcome > stored.stamp
            self._store(task, outcome)

    @rule(id_=TASK_IDS)
    def remove_task(self, id_: str) -> None:
        assert self.run(self.executions.remove_task(id_)) == (id_ in self.tasks)
        if self.tasks.pop(id_, None) is not None:
            self.slots = {slot: t for slot, t in self.slots.items() if t != id_}

    def _store(self, task: Task, stamp: int) -> None:
        workflow_id, status = str(task.workflow_instance_id), task.status
        assert isinstance(status, TaskStatus)
        pending = not status.is_terminal and not self.workflows[workflow_id].expiring
        self.tasks[str(task.task_id)] = StoredTask(workflow_id, status, stamp, pending)

    def _expected(
        self, stored: StoredTask | StoredWorkflow | None, expectation: str | None
    ) -> int | None:
        if expectation is None:
            return None
        right = stored.stamp if stored else 1
        return right if expectation == "right" else right + 1

    # what must hold after each call

    @invariant()
    def documents_are_those_of_the_model(self) -> None:
        for id_ in ("w1", "w2"):
            self._check_workflow(
                id_, self.run(self.executions.get_workflow(id_, include_tasks=True))
            )
        found = self.run(self.executions.get_tasks(["t1", "t2", "t3", "t4"]))
        assert {str(t.task_id): (t.status, t.update_time) for t in found} == {
            id_: (task.status, task.stamp) for id_, task in self.tasks.items()
        }

    def _check_workflow(self, id_: str, found: Workflow | None) -> None:
        stored = self.workflows.get(id_)
        assert (found is None) == (stored is None)
        if found is not None and stored is not None:
            assert (found.status, found.updated_time) == (stored.status, stored.stamp)
            assert {t.task_id for t in found.tasks} == {
                t for t, task in self.tasks.items() if task.workflow_id == id_
            }

    @invariant()
    def sets_are_those_of_the_model(self) -> None:
        running = self.run(collect(self.executions.get_running_workflow_ids("order")))
        assert running == sorted(
            id_ for id_, workflow in self.workflows.items() if workflow.pending
        )
        pending = self.run(collect(self.executions.get_pending_tasks_for_task_type("encode")))
        assert [task.task_id for task in pending] == sorted(
            id_ for id_, task in self.tasks.items() if task.pending
        )

    def teardown(self) -> None:
        self.run(self.opened.__aexit__(None, None, None))
        self.way.end(self.config)
        self.runner.close()
        self.folder.cleanup()


def test_every_sequence_of_calls_ends_as_in_the_model(way: Way) -> None:
    run_state_machine_as_test(
        lambda: ExecutionMachine(way),  # type: ignore[arg-type]  # any factory does
        settings=settings(max_examples=60, stateful_step_count=30, deadline=None),
    )
