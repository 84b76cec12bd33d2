"""What clients know when a server dies: which writes were acknowledged, and which one was under way.

Each kind of entry checks itself against what a server answers after the restart, and then goes on from there.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field

from podium_client import PodiumClient
from podium_core.errors import ConflictError
from podium_core.models import (
    Commit,
    CommitAck,
    CommitPush,
    Message,
    PushMessage,
    Task,
    TaskStatus,
    Workflow,
    WorkflowStatus,
)
from podium_core.models.json_text import raw_text, to_raw
from tests.patience import PATIENCE_MS

WORK_QUEUE = "work"
DEFINITION = to_raw({"name": "killed", "version": 1})
# Longer than any test: what was leased when the server died is leased after it.
LEASE_MS = 600_000


def workflow(workflow_id: str, number: int) -> Workflow:
    """A workflow whose output is a number."""
    return Workflow(
        workflow_id=workflow_id,
        status=WorkflowStatus.RUNNING,
        workflow_definition=DEFINITION,
        output=to_raw({"n": number}),
    )


def number_of(stored: Workflow) -> int:
    """The number in its output."""
    number: int = json.loads(raw_text(stored.output))["n"]
    return number


def task(task_id: str, workflow_id: str) -> Task:
    """A scheduled task."""
    return Task(
        task_id=task_id,
        workflow_instance_id=workflow_id,
        reference_task_name=task_id,
        task_type="killed",
        status=TaskStatus.SCHEDULED,
    )


@dataclass
class Register:
    """A workflow that is created and then updated, each time with the next number, from 1 on.

    Attributes:
        acked: The last number that was acknowledged; 0: none was.
        trying: The number of the write under way; 0: there is none.
        stamp: That of the last acknowledged write.
    """

    id: str
    acked: int = 0
    trying: int = 0
    stamp: int = 0

    async def write(self, podium: PodiumClient) -> None:
        """The next write."""
        self.trying = self.acked + 1
        stamp = await self._send(podium)
        assert stamp is not None
        self._acknowledged(stamp)

    async def _send(self, podium: PodiumClient) -> int | None:
        """The stamp; None where it was created before."""
        document = workflow(self.id, self.trying)
        if self.trying > 1:
            return await podium.executions.update_workflow(
                document, expected_update_time=self.stamp
            )
        created = await podium.executions.create_workflow(document)
        return created.updated_time if created.created else None

    def _acknowledged(self, stamp: int) -> None:
        assert stamp > self.stamp
        self.acked, self.trying, self.stamp = self.trying, 0, stamp

    async def repeat(self, podium: PodiumClient) -> bool | None:
        """Send the write again that was under way, which has no request id.

        Returns:
            Whether it had been carried out; None where there was none.
        """
        if not self.trying:
            return None
        try:
            stamp = await self._send(podium)
        except ConflictError:
            stamp = None
        if stamp is not None:
            self._acknowledged(stamp)
            return False
        stored = await podium.executions.get_workflow(self.id)
        assert stored is not None
        assert number_of(stored) == self.trying
        self._acknowledged(_stamp(stored))
        return True

    def check(self, stored: Workflow | None) -> None:
        """What is stored is the last acknowledged write, or the one that was under way."""
        if stored is None:
            assert self.acked == 0, f"{self.id} is lost"
        else:
            number, stamp = number_of(stored), stored.updated_time
            assert isinstance(stamp, int)
            assert number in {self.acked, self.trying} - {0}, f"{self.id}: {number}, {self}"
            assert stamp == self.stamp if number == self.acked else stamp > self.stamp
            self.acked, self.stamp = number, stamp
        self.trying = 0


@dataclass
class Group:
    """The tasks of one CreateTasks."""

    workflow_id: str
    task_ids: list[str]
    acked: bool = False

    async def write(self, podium: PodiumClient) -> None:
        """Create them."""
        tasks = [task(id_, self.workflow_id) for id_ in self.task_ids]
        created = await podium.executions.create_tasks(tasks)
        assert list(created.created_task_ids) == self.task_ids
        self.acked = True

    def check(self, stored: set[str]) -> None:
        """All of them are there, or (if nobody was told so) none."""
        found = stored.intersection(self.task_ids)
        assert len(found) in ((len(self.task_ids),) if self.acked else (0, len(self.task_ids)))
        self.acked = bool(found)


@dataclass
class Chain:
    """A workflow that is decided again and again: each step is one Commit with everything in it.

    Step n writes n into the workflow, creates two tasks and their messages, acks the decider message by its receipt, and
    pushes it again with n as payload. So after every failure, one number must be in all of these places.

    Attributes:
        stamp: Of the workflow as it was last written or read.
        patience_seconds: How long messages may take to follow the documents.
    """

    id: str
    acked: int = 0
    stamp: int = 0
    patience_seconds: float = 0.0
    trying: Commit | None = None
    message: Message | None = field(default=None, repr=False)

    @property
    def queue_name(self) -> str:
        """Where its decider message is."""
        return f"decide-{self.id}"

    async def write(self, podium: PodiumClient) -> None:
        """The next step."""
        if self.acked and self.message is None:
            (self.message,) = await podium.queues.poll_messages(
                self.queue_name, count=1, unack_timeout_ms=LEASE_MS
            )
            assert self.message.payload == str(self.acked)
        self.trying = self._step(self.acked + 1)
        result = await podium.executions.commit(self.trying)
        self._stepped(result.updated_time)

    def _stepped(self, stamp: int) -> None:
        self.acked, self.trying, self.message, self.stamp = self.acked + 1, None, None, stamp

    def _step(self, number: int) -> Commit:
        tasks = self.tasks_of(number)
        pushes = [CommitPush(queue_name=WORK_QUEUE, message=PushMessage(id=id_)) for id_ in tasks]
        again = PushMessage(id=self.id, payload=str(number))
        document = workflow(self.id, number)
        acks = []
        if self.message is not None:
            acks = [
                CommitAck(
                    queue_name=self.queue_name, message_id=self.id, receipt=self.message.receipt
                )
            ]
        return Commit(
            workflow_id=self.id,
            create_workflow=document if number == 1 else None,
            update_workflow=document if number > 1 else None,
            expected_update_time=self.stamp if number > 1 else None,
            create_tasks=[task(id_, self.id) for id_ in tasks],
            pushes=[*pushes, CommitPush(queue_name=self.queue_name, message=again)],
            acks=acks,
            request_id=f"step-{number}",
        )

    def tasks_of(self, number: int) -> list[str]:
        """Ids of the tasks, and of their messages, of a step."""
        return [f"{self.id}-{number}-{at}" for at in range(2)]

    async def repeat(self, podium: PodiumClient) -> bool | None:
        """Send the step again that was under way; whether it had been carried out, None where there was none."""
        if self.trying is None:
            return None
        result = await podium.executions.commit(self.trying)
        self._stepped(result.updated_time)
        return result.replayed

    async def check(self, podium: PodiumClient) -> None:
        """The same number is everywhere, and it is the acknowledged one or the one under way."""
        stored = await podium.executions.get_workflow(self.id)
        number = 0 if stored is None else number_of(stored)
        allowed = {self.acked} if self.trying is None else {self.acked, self.acked + 1}
        assert number in allowed, f"{self.id}: {number}, {self}"
        for step in (number, number + 1):
            ids = self.tasks_of(step)
            wanted = ids if 0 < step <= number else []
            assert [t.task_id for t in await podium.executions.get_tasks(ids)] == wanted
            await self._check_work(podium, ids, bool(wanted))
        await self._check_message(podium, number)
        self.acked, self.trying, self.stamp = number, None, 0 if stored is None else _stamp(stored)

    async def _check_work(self, podium: PodiumClient, ids: list[str], wanted: bool) -> None:
        over = time.monotonic() + self.patience_seconds
        while True:
            there = [await podium.queues.contains_message(WORK_QUEUE, id_) for id_ in ids]
            if there == [wanted] * 2:
                return
            assert time.monotonic() < over, f"{ids}: {there}"
            await asyncio.sleep(0.05)

    async def _check_message(self, podium: PodiumClient, number: int) -> None:
        over = time.monotonic() + self.patience_seconds
        while True:
            messages = await self._messages(podium, number)
            payloads = [message.payload for message in messages]
            if payloads == ([str(number)] if number else []):
                break
            assert time.monotonic() < over, f"{self}: {payloads}"
            await asyncio.sleep(0.05)
        self.message = messages[0] if messages else None

    async def _messages(self, podium: PodiumClient, number: int) -> list[Message]:
        # It was leased if its step hadn't begun, or wasn't carried out; else it waits, pushed again:
        # where the clock went back since, it is due later.
        await podium.queues.set_unack_timeout(self.queue_name, self.id, 0)
        return await podium.queues.poll_messages(
            self.queue_name,
            count=2,
            timeout_ms=PATIENCE_MS if number else 0,
            unack_timeout_ms=LEASE_MS,
        )


def _stamp(stored: Workflow) -> int:
    assert isinstance(stored.updated_time, int)
    return stored.updated_time
