"""A worker: takes tasks from their queues, does them, and reports each with a single Commit.

A worker that is killed in the middle of a task leaves its message leased; the lease lapses, and another worker gets the
task. A worker's write is conditional on what it has read, so of two that hold the same task only one can report it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

import msgspec
from msgspec import Raw

from examples.engine.journal import Journal
from podium_client import PodiumClient
from podium_core.errors import ConflictError, StorageError
from podium_core.models import (
    DECIDER_QUEUE,
    Commit,
    CommitAck,
    CommitPush,
    Message,
    PushMessage,
    Task,
    TaskStatus,
    TaskUpdate,
)
from podium_core.models.json_text import from_raw, to_raw

# Longer than any task takes; one that takes longer would extend it with `set_unack_timeout` while it works.
LEASE_MS = 5_000
LONG_POLL_MS = 2_000
# When a task asks again for a place under its concurrency limit.
POSTPONE_MS = 250
BATCH = 4
RECONNECT_SECONDS = 0.2


class Worker:
    """Does the tasks of some types."""

    def __init__(self, podium: PodiumClient, name: str, journal: Journal) -> None:
        self._podium = podium
        self._name = name
        self._journal = journal

    async def run(self, task_types: Sequence[str]) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for task_type in task_types:
                group.create_task(self._serve(task_type))

    async def _serve(self, queue_name: str) -> None:
        while True:
            messages = await self._poll(queue_name)
            await asyncio.gather(*(self._handle(queue_name, message) for message in messages))

    async def _poll(self, queue_name: str) -> list[Message]:
        try:
            return await self._podium.queues.poll_messages(
                queue_name, count=BATCH, timeout_ms=LONG_POLL_MS, unack_timeout_ms=LEASE_MS
            )
        except StorageError:
            # Asking again may cost a lease, so the client leaves that to us.
            await asyncio.sleep(RECONNECT_SECONDS)
            return []

    async def _handle(self, queue_name: str, message: Message) -> None:
        try:
            await self._do(queue_name, message)
        except ConflictError as error:
            # Someone else has the task by now, or it was cancelled: what we did of it doesn't count.
            self._journal.note("discarded", message.id, detail=error.message)
        except StorageError as error:
            # In every case the message is gone, or comes back when its lease has lapsed.
            self._journal.note("abandoned", message.id, detail=error.message)

    async def _do(self, queue_name: str, message: Message) -> None:
        task = await self._podium.executions.get_task(message.id, include_payloads=True)
        if task is None or not task.status or task.status.is_terminal:
            await self._podium.queues.ack(queue_name, message.id, receipt=message.receipt)
            return
        if await self._podium.concurrency_limits.exceeds_limit(task):
            postponed = await self._podium.queues.postpone(
                queue_name,
                message.id,
                priority=message.priority,
                offset_ms=POSTPONE_MS,
                receipt=message.receipt,
            )
            # Without its lease the message is another worker's, or waits already.
            if postponed:
                self._journal.note("postponed", task.task_id, task_type=task.task_type)
            return
        task = await self._start(task)
        self._note("started", task, message)
        task = await self._work(task)
        self._note("worked", task, message)
        await self._report(queue_name, message, task)
        self._note("reported", task, message)

    async def _start(self, task: Task) -> Task:
        started = msgspec.structs.replace(
            task,
            status=TaskStatus.IN_PROGRESS,
            worker_id=self._name,
            poll_count=task.poll_count + 1,
            start_time=time.time_ns() // 1_000_000,
        )
        update_time = await self._podium.executions.update_task(
            started, expected_update_time=task.update_time
        )
        return msgspec.structs.replace(started, update_time=update_time)

    async def _work(self, task: Task) -> Task:
        try:
            output = await perform(task)
        except TaskFailedError as failure:
            return msgspec.structs.replace(
                task, status=TaskStatus.FAILED, reason_for_incompletion=str(failure)
            )
        return msgspec.structs.replace(task, status=TaskStatus.COMPLETED, output_data=output)

    async def _report(self, queue_name: str, message: Message, task: Task) -> None:
        """The task's end, its message's end and the decider's next look: all of them, or none."""
        workflow_id = str(task.workflow_instance_id)
        wake = PushMessage(id=workflow_id, priority=task.workflow_priority)
        await self._podium.executions.commit(
            Commit(
                workflow_id=workflow_id,
                request_id=f"report/{message.receipt}",
                update_tasks=[TaskUpdate(task=task, expected_update_time=task.update_time)],
                acks=[
                    CommitAck(queue_name=queue_name, message_id=message.id, receipt=message.receipt)
                ],
                pushes=[CommitPush(queue_name=DECIDER_QUEUE, message=wake)],
            )
        )

    def _note(self, what: str, task: Task, message: Message) -> None:
        self._journal.note(
            what,
            task.task_id,
            task_type=task.task_type,
            kind=task.workflow_type,
            delivery=message.delivery_count,
            detail=task.status.value if task.status else "",
        )


# The work itself


RECEIPT_LINES = 300

# How long a task takes, where that isn't left to chance.
SECONDS = {"print_label": 0.6}


class TaskFailedError(Exception):
    """The task could not be done; it may be tried again."""


async def perform(task: Task) -> Raw:
    """Do a task: here, wait a little and hand on what came in."""
    await asyncio.sleep(SECONDS.get(str(task.task_type), random.uniform(0.1, 0.4)))
    if task.task_type == "call_supplier" and task.retry_count == 0:
        raise TaskFailedError("the supplier didn't answer")
    output = {**from_raw(task.input_data), "done": task.task_type}
    if task.task_type == "charge_card":
        output["receipt"] = receipt_of(output["order"])
    return to_raw(output)


def receipt_of(order: int) -> str:
    """Something large: above the demo's soft limit, so that it lies in the payload store."""
    return "\n".join(f"order {order}: {line} of {RECEIPT_LINES}" for line in range(RECEIPT_LINES))
