"""An execution as an engine writes it, from its creation to its removal, and what was acknowledged of it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

from podium_client import PodiumClient
from podium_core.models import Commit, Task, TaskStatus, TaskUpdate, Workflow, WorkflowStatus
from podium_core.models.json_text import raw_text, to_raw

DEFINITION = to_raw({"name": "indexed", "version": 1})


class Fate(Enum):
    """What becomes of an execution that has ended."""

    STAYS = auto()
    REMOVED = auto()
    ARCHIVED = auto()


@dataclass
class Numbered:
    """A document that is written again and again, each time with the next number, from 1 on.

    Attributes:
        acked: The last number that was acknowledged; 0: none was.
        trying: The number of the write under way; 0: there is none.
    """

    id: str
    acked: int = 0
    trying: int = 0

    @contextmanager
    def writing(self) -> Iterator[int]:
        """The next number; acknowledged where nothing is raised."""
        self.trying = self.acked + 1
        yield self.trying
        self.acked, self.trying = self.trying, 0

    def fault(self, number: int | None) -> str:
        """What is wrong with what is stored; empty: nothing."""
        if number is None:
            return f"{self.id} is lost: {self}" if self.acked else ""
        return "" if number in {self.acked, self.trying} - {0} else f"{self.id}: {number}, {self}"


@dataclass
class Execution:
    """A workflow with its tasks.

    Attributes:
        fate: What was asked for.
        gone: The removal was acknowledged.
        stamp: Of the workflow's last acknowledged write.
    """

    workflow: Numbered
    tasks: Sequence[Numbered]
    fate: Fate = Fate.STAYS
    gone: bool = False
    stamp: int = 0
    _status: WorkflowStatus = field(default=WorkflowStatus.RUNNING, repr=False)

    @property
    def id(self) -> str:
        """The workflow's."""
        return self.workflow.id

    async def live(self, podium: PodiumClient, chance: random.Random) -> None:
        """The whole life."""
        await self.create(podium)
        for _ in range(chance.randint(0, 4)):
            write = chance.choice([self.update_workflow, self.update_task, self.commit])
            await write(podium)
        await self.complete(podium)
        await self.end(podium, chance.choices([*Fate], weights=[4, 2, 4])[0])

    async def create(self, podium: PodiumClient) -> None:
        """The workflow, then its tasks."""
        with self.workflow.writing() as number:
            created = await podium.executions.create_workflow(self._workflow(number))
            assert created.created
            self._stamped(created.updated_time)
        with self._writing(self.tasks) as numbers:
            created_tasks = await podium.executions.create_tasks(self._tasks(numbers))
            assert len(created_tasks.created_task_ids) == len(self.tasks)

    async def update_workflow(self, podium: PodiumClient) -> None:
        """The workflow alone."""
        with self.workflow.writing() as number:
            self._stamped(await podium.executions.update_workflow(self._workflow(number)))

    async def update_task(self, podium: PodiumClient) -> None:
        """One task."""
        with self._writing(self.tasks[:1]) as numbers:
            (task,) = self._tasks(numbers)
            await podium.executions.update_task(task)

    async def commit(self, podium: PodiumClient) -> None:
        """Everything in one step."""
        with self.workflow.writing() as number, self._writing(self.tasks) as numbers:
            result = await podium.executions.commit(
                Commit(
                    workflow_id=self.id,
                    update_workflow=self._workflow(number),
                    update_tasks=[TaskUpdate(task=task) for task in self._tasks(numbers)],
                )
            )
            self._stamped(result.updated_time)

    async def complete(self, podium: PodiumClient) -> None:
        """Bring it to its end."""
        self._status = WorkflowStatus.COMPLETED
        await self.commit(podium)

    async def end(self, podium: PodiumClient, fate: Fate) -> None:
        """Meet a fate."""
        self.fate = fate
        if fate is not Fate.STAYS:
            archive = fate is Fate.ARCHIVED
            assert await podium.executions.remove_workflow(self.id, archive=archive)
            self.gone = True

    def faults(self, stored: Workflow | None) -> Iterator[str]:
        """What is wrong with the documents, or with those in the archive."""
        yield self.workflow.fault(None if stored is None else number_of(stored.output))
        tasks = {} if stored is None else {task.task_id: task for task in stored.tasks}
        for own in self.tasks:
            task = tasks.pop(own.id, None)
            yield own.fault(None if task is None else number_of(task.output_data))
        if tasks:
            yield f"{self.id} has tasks of nobody: {list(tasks)}"

    def _stamped(self, stamp: int) -> None:
        assert stamp > self.stamp
        self.stamp = stamp

    # documents

    @contextmanager
    def _writing(self, tasks: Sequence[Numbered]) -> Iterator[list[int]]:
        with ExitStack() as stack:
            yield [stack.enter_context(task.writing()) for task in tasks]

    def _workflow(self, number: int) -> Workflow:
        return Workflow(
            workflow_id=self.id,
            status=self._status,
            workflow_definition=DEFINITION,
            correlation_id="faults",
            output=to_raw({"n": number}),
        )

    def _tasks(self, numbers: Sequence[int]) -> list[Task]:
        ended = self._status is WorkflowStatus.COMPLETED
        return [
            Task(
                task_id=own.id,
                workflow_instance_id=self.id,
                reference_task_name=own.id,
                task_type="indexed",
                seq=at + 1,
                status=TaskStatus.COMPLETED if ended else TaskStatus.IN_PROGRESS,
                output_data=to_raw({"n": number}),
            )
            for at, (own, number) in enumerate(zip(self.tasks, numbers, strict=False))
        ]


def number_of(output: object) -> int:
    """The number in an output."""
    number: int = json.loads(raw_text(output))["n"]  # type: ignore[arg-type]
    return number
