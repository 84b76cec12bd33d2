"""What is written through IndexService, and what was acknowledged of it."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from msgspec.structs import replace

from podium_client import PodiumClient
from podium_core.models import (
    EventExecution,
    EventExecutionStatus,
    IndexedMessage,
    TaskExecLog,
    TaskSummary,
    Wait,
    WorkflowSummary,
)
from podium_core.models.json_text import to_raw

S = TypeVar("S", WorkflowSummary, TaskSummary)

# Of the lines, messages and event executions of one journal.
TASK_WITH_A_LOG = "logged"
QUEUE = "looked-up"
EVENT = "sqs:looked-up"


@dataclass
class Entry(Generic[S]):
    """The entry of a workflow or task that lives elsewhere: in its acknowledged state, or in that of the write under way.

    Attributes:
        acked: None: there is no entry.
        states: Those that it may be in.
    """

    id: str
    acked: S | None = None
    states: list[S | None] = field(default_factory=lambda: [None])

    @contextmanager
    def becoming(self, state: S | None) -> Iterator[None]:
        """A write under way; acknowledged where nothing is raised."""
        self.states = [self.acked, state]
        yield
        self.acked, self.states = state, [state]


@dataclass
class Kept:
    """Ids of what is only ever added."""

    acked: set[str] = field(default_factory=set)
    trying: set[str] = field(default_factory=set)

    @contextmanager
    def adding(self, id_: str) -> Iterator[None]:
        """An addition under way; acknowledged where nothing is raised."""
        self.trying.add(id_)
        yield
        self.acked.add(id_)

    def faults(self, found: set[str]) -> Iterator[str]:
        """What is wrong with what was found."""
        if lost := self.acked - found:
            yield f"lost: {sorted(lost)}"
        if surplus := found - self.trying:
            yield f"nobody wrote {sorted(surplus)}"


@dataclass
class Foreign:
    """Everything that came through IndexService."""

    workflows: dict[str, Entry[WorkflowSummary]] = field(default_factory=dict)
    tasks: dict[str, Entry[TaskSummary]] = field(default_factory=dict)
    logs: Kept = field(default_factory=Kept)
    messages: Kept = field(default_factory=Kept)
    events: Kept = field(default_factory=Kept)

    async def workflow_and_task(self, podium: PodiumClient, chance: random.Random) -> None:
        """Entries, from their first write to what may be their removal."""
        workflow = Entry[WorkflowSummary](f"foreign-{len(self.workflows)}")
        task = Entry[TaskSummary](f"{workflow.id}-t")
        self.workflows[workflow.id], self.tasks[task.id] = workflow, task
        await self._put(podium, workflow, task, _wait(chance))
        for number in range(chance.randint(0, 3)):
            await self._merge(podium, workflow, task, number, _wait(chance))
        if chance.random() < 0.4:
            await self._remove(podium, workflow, task, _wait(chance))

    async def _put(
        self,
        podium: PodiumClient,
        workflow: Entry[WorkflowSummary],
        task: Entry[TaskSummary],
        wait: Wait,
    ) -> None:
        summary = WorkflowSummary(workflow_id=workflow.id, workflow_type="elsewhere", output="{}")
        with workflow.becoming(summary):
            await podium.index.index_workflow(summary, wait=wait)
        own = TaskSummary(task_id=task.id, workflow_id=workflow.id, task_type="elsewhere")
        with task.becoming(own):
            await podium.index.index_task(own, wait=wait)

    async def _merge(
        self,
        podium: PodiumClient,
        workflow: Entry[WorkflowSummary],
        task: Entry[TaskSummary],
        number: int,
        wait: Wait,
    ) -> None:
        assert workflow.acked is not None
        assert task.acked is not None
        fields = {"output": f"n{number}"}
        with workflow.becoming(replace(workflow.acked, **fields)):
            await podium.index.update_workflow(workflow.id, to_raw(fields), wait=wait)
        with task.becoming(replace(task.acked, **fields)):
            await podium.index.update_task(workflow.id, task.id, to_raw(fields), wait=wait)

    async def _remove(
        self,
        podium: PodiumClient,
        workflow: Entry[WorkflowSummary],
        task: Entry[TaskSummary],
        wait: Wait,
    ) -> None:
        # It answers whether the index had the entry; what was only accepted may not have got there yet.
        answered = {True, False} if wait is Wait.INDEXED else {None}
        with task.becoming(None):
            assert await podium.index.remove_task(workflow.id, task.id, wait=wait) in answered
        with workflow.becoming(None):
            assert await podium.index.remove_workflow(workflow.id, wait=wait) in answered

    async def put_task(self, podium: PodiumClient, wait: Wait) -> Entry[TaskSummary]:
        """An entry of a task whose workflow has none. Each is of another workflow: that spreads them over buckets."""
        task = Entry[TaskSummary](f"alone-{len(self.tasks)}")
        self.tasks[task.id] = task
        own = TaskSummary(task_id=task.id, workflow_id=f"of-{task.id}", task_type="elsewhere")
        with task.becoming(own):
            await podium.index.index_task(own, wait=wait)
        return task

    async def remove_task(self, podium: PodiumClient, task: Entry[TaskSummary], wait: Wait) -> None:
        """Remove it."""
        with task.becoming(None):
            await podium.index.remove_task(f"of-{task.id}", task.id, wait=wait)

    async def looked_up(self, podium: PodiumClient, chance: random.Random) -> None:
        """One more of what is kept for looking up."""
        adds: list[Callable[[PodiumClient, Wait], Awaitable[None]]] = [
            self._add_log,
            self._add_message,
            self._add_event,
        ]
        await chance.choice(adds)(podium, _wait(chance))

    async def accepted(self, podium: PodiumClient) -> None:
        """One of each, by writes that don't wait for the index."""
        await self._add_log(podium, Wait.ACCEPTED)
        await self._add_message(podium, Wait.ACCEPTED)
        await self._add_event(podium, Wait.ACCEPTED)

    async def _add_log(self, podium: PodiumClient, wait: Wait) -> None:
        id_ = f"l{len(self.logs.trying)}"
        with self.logs.adding(id_):
            line = TaskExecLog(id=id_, task_id=TASK_WITH_A_LOG, log=id_)
            await podium.index.add_task_execution_logs([line], wait=wait)

    async def _add_message(self, podium: PodiumClient, wait: Wait) -> None:
        id_ = f"m{len(self.messages.trying)}"
        with self.messages.adding(id_):
            message = IndexedMessage(queue_name=QUEUE, message_id=id_, payload=id_)
            await podium.index.add_message(message, wait=wait)

    async def _add_event(self, podium: PodiumClient, wait: Wait) -> None:
        """Through IndexService, or beside a record of ExecutionService."""
        id_ = f"e{len(self.events.trying)}"
        event = EventExecution(
            id=id_,
            message_id="m",
            name="handler",
            event=EVENT,
            status=EventExecutionStatus.COMPLETED,
        )
        with self.events.adding(id_):
            if wait is Wait.INDEXED:
                await podium.index.add_event_execution(event)
            else:
                assert await podium.executions.add_event_execution(event)


def _wait(chance: random.Random) -> Wait:
    wait: Wait = chance.choice([*Wait])
    return wait
