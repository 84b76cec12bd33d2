"""A stock server runs workflows through its REST API; Podium polls a share of their tasks and completes them."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import msgspec
import pytest

from podium_core.clock import system_clock_ms
from podium_core.models import DECIDER_QUEUE, PushMessage, Task, TaskStatus, WorkflowStatus
from podium_core.models.json_text import to_raw
from tests.contract.daos import Daos
from tests.contract.eventually import eventually
from tests.patience import PATIENCE_SECONDS
from tests.services.conductor_server import ConductorServer

WORKFLOWS = 20
MANY_WORKFLOWS = 500
TASKS = ("first", "second", "left", "right", "last")
AN_HOUR_MS = 3_600_000


def simple(name: str) -> dict[str, Any]:
    inputs = {"number": "${workflow.input.number}"}
    return {"name": name, "taskReferenceName": name, "type": "SIMPLE", "inputParameters": inputs}


DEFINITION = {
    "name": "shared",
    "version": 1,
    "ownerEmail": "owner@example.com",
    "tasks": [
        simple("first"),
        simple("second"),
        {
            "name": "fork",
            "taskReferenceName": "fork",
            "type": "FORK_JOIN",
            "forkTasks": [[simple("left")], [simple("right")]],
        },
        {"name": "join", "taskReferenceName": "join", "type": "JOIN", "joinOn": ["left", "right"]},
        simple("last"),
    ],
    "outputParameters": {"by": "${last.output.by}"},
}


class Workers:
    """Workers of both that take tasks until they are stopped."""

    def __init__(self, conductor: ConductorServer, podium: Daos) -> None:
        self.completed: Counter[str] = Counter()
        self._conductor = conductor
        self._podium = podium

    async def through_the_server(self, name: str) -> None:
        while True:
            path = f"/tasks/poll/batch/{name}?workerid=java&count=5&timeout=100"
            for task in await self._conductor.rest("GET", path) or []:
                result = {
                    "taskId": task["taskId"],
                    "workflowInstanceId": task["workflowInstanceId"],
                    "status": "COMPLETED",
                    "outputData": {"by": "java"},
                }
                await self._conductor.rest("POST", "/tasks", result)
                self.completed["java"] += 1

    async def through_podium(self, name: str) -> None:
        """As an engine on Podium does: take, start, complete, ack, and have the workflow decided."""
        while True:
            messages = await self._podium.queues.poll_messages(
                name, count=2, timeout_ms=100, unack_timeout_ms=AN_HOUR_MS
            )
            for message in messages:
                task = await self._podium.executions.get_task(message.id)
                # The server has stored the task before its message.
                assert task is not None
                await self._complete(task)
                acked = await self._podium.queues.ack(name, message.id, receipt=message.receipt)
                assert acked
                decide = PushMessage(id=str(task.workflow_instance_id))
                await self._podium.queues.push(DECIDER_QUEUE, decide)
                self.completed["podium"] += 1

    async def _complete(self, task: Task) -> None:
        assert task.status is TaskStatus.SCHEDULED
        now = system_clock_ms()
        done = msgspec.structs.replace(
            task,
            status=TaskStatus.COMPLETED,
            start_time=now,
            end_time=now,
            worker_id="podium",
            poll_count=1,
            output_data=to_raw({"by": "podium"}),
        )
        await self._podium.executions.update_task(done, expected_update_time=task.update_time)


async def run_workflows(conductor: ConductorServer, podium: Daos, count: int) -> None:
    names = [{"name": name, "ownerEmail": "owner@example.com"} for name in TASKS]
    await conductor.rest("POST", "/metadata/taskdefs", names)
    await conductor.rest("PUT", "/metadata/workflow", [DEFINITION])
    ids = [await conductor.rest("POST", "/workflow/shared", {"number": n}) for n in range(count)]
    workers = Workers(conductor, podium)
    working = [asyncio.create_task(workers.through_the_server(name)) for name in TASKS]
    working += [asyncio.create_task(workers.through_podium(name)) for name in TASKS]

    async def statuses() -> Counter[str]:
        failed = [each for each in working if each.done()]
        assert not failed, failed
        found = [await conductor.rest("GET", f"/workflow/{id_}?includeTasks=false") for id_ in ids]
        return Counter(workflow["status"] for workflow in found)

    try:
        await eventually(
            statuses,
            lambda counts: counts == {"COMPLETED": count},
            seconds=PATIENCE_SECONDS + count,
        )
    finally:
        for each in working:
            each.cancel()
        await asyncio.gather(*working, return_exceptions=True)
    assert workers.completed.total() == count * len(TASKS)
    assert workers.completed.keys() == {"java", "podium"}
    for id_ in ids:
        workflow = await podium.executions.get_workflow(id_, include_tasks=True)
        assert workflow is not None
        assert workflow.status is WorkflowStatus.COMPLETED
        assert {task.status for task in workflow.tasks} == {TaskStatus.COMPLETED}
    # The server lists empty queues too; workflows that ended aren't decided again.
    sizes = await conductor.rest("GET", "/tasks/queue/all")
    left = await podium.queues.queues_detail()
    assert {name: size for name, size in sizes.items() if size} == left
    assert not left.keys() & set(TASKS)


async def test_every_workflow_ends(conductor: ConductorServer, beside_conductor: Daos) -> None:
    await run_workflows(conductor, beside_conductor, WORKFLOWS)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
async def test_every_one_of_many_ends(conductor: ConductorServer, beside_conductor: Daos) -> None:
    await run_workflows(conductor, beside_conductor, MANY_WORKFLOWS)
