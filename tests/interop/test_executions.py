"""Workflows and tasks that Java and Podium write for each other: in turns, and at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from podium_core.errors import ConflictError, NotFoundError
from podium_core.execution_service import WorkflowSource
from podium_core.models import TaskStatus, WorkflowStatus, collect
from podium_core.models.json_text import to_raw
from tests.contract.daos import Daos
from tests.contract.eventually import eventually
from tests.contract.records import make_event_execution, make_task, make_workflow
from tests.interop.java import JavaDaos
from tests.interop.java_records import java_task, java_workflow

TASKS = 500
MANY_TASKS = 10_000
BATCH = 20
AN_HOUR_SECONDS = 3_600

# Java's own update forgets what isn't in it.
ENDED: dict[str, Any] = {"status": "COMPLETED", "correlationId": "c1"}

LeftKeys = Callable[[], Awaitable[dict[str, int]]]


@pytest.fixture
async def left_keys(shared_redis: tuple[str, int], prefix: str) -> AsyncIterator[LeftKeys]:
    """Java's keys that are there, each with its time to live in seconds (-1: for ever)."""
    host, port = shared_redis
    async with Redis(host=host, port=port, decode_responses=True) as redis:

        async def left() -> dict[str, int]:
            keys = [key async for key in redis.scan_iter(f"{prefix}.*", count=1_000)]
            return {key: await redis.ttl(key) for key in keys if ".PODIUM." not in key}

        yield left


async def pending(podium: Daos) -> set[str]:
    tasks = await collect(podium.executions.get_pending_tasks_for_task_type("encode"))
    return {str(task.task_id) for task in tasks}


async def java_pending(java: JavaDaos) -> set[str]:
    tasks = await java.execution("getPendingTasksForTaskType", "encode")
    return {task["taskId"] for task in tasks}


class TestPendingTasks:
    async def drops_none(self, java: JavaDaos, podium: Daos, count: int) -> None:
        """Podium lists all the time while Java creates: what Java has created by then is always there."""
        created: set[str] = set()
        listings = 0

        async def create(first: int) -> None:
            ids = [f"t{n}" for n in range(first, first + BATCH)]
            await java.execution("createTasks", [java_task(id_) for id_ in ids])
            created.update(ids)

        async def create_all() -> None:
            for at in range(0, count, 4 * BATCH):
                firsts = range(at, min(at + 4 * BATCH, count), BATCH)
                await asyncio.gather(*(create(first) for first in firsts))

        creating = asyncio.create_task(create_all())
        while not creating.done():
            before = set(created)
            assert before <= await pending(podium)
            listings += 1
        await creating
        assert listings > 1
        assert await pending(podium) == created == await java_pending(java)
        assert len(created) == count

    async def test_none_drops_out_while_java_creates(self, java: JavaDaos, podium: Daos) -> None:
        await self.drops_none(java, podium, TASKS)

    @pytest.mark.nightly
    async def test_none_drops_out_while_java_creates_many(
        self, java: JavaDaos, podium: Daos
    ) -> None:
        await self.drops_none(java, podium, MANY_TASKS)


class TestSlots:
    async def test_java_keeps_ours(self, java: JavaDaos, podium: Daos) -> None:
        await podium.executions.create_workflow(make_workflow())
        await podium.executions.create_tasks([make_task("t1", reference_task_name="a")])
        other = java_task("t2", referenceTaskName="a")
        assert await java.execution("createTasks", [other]) == []
        assert await java.execution("getTask", "t2") is None

    async def test_a_repeat_after_java_s_rejected_duplicate(
        self, java: JavaDaos, podium: Daos
    ) -> None:
        """Java's slot says t2 by then, which was never stored: the caller's own document decides."""
        first = make_task("t1", reference_task_name="a")
        await podium.executions.create_workflow(make_workflow())
        await podium.executions.create_tasks([first])
        await java.execution("createTasks", [java_task("t2", referenceTaskName="a")])
        created = await podium.executions.create_tasks([first])
        assert list(created.created_task_ids) == ["t1"]
        third = make_task("t3", reference_task_name="a")
        assert list((await podium.executions.create_tasks([third])).created_task_ids) == []
        tasks = await collect(podium.executions.get_tasks_for_workflow("w1"))
        assert [task.task_id for task in tasks] == ["t1"]

    async def test_we_keep_java_s(self, java: JavaDaos, podium: Daos) -> None:
        await java.execution("createWorkflow", java_workflow())
        await java.execution("createTasks", [java_task("t1", referenceTaskName="a")])
        other = make_task("t2", reference_task_name="a")
        assert list((await podium.executions.create_tasks([other])).created_task_ids) == []
        # Nothing of ours was left: Java's repeat of its own is still refused, as Java refuses it.
        again = java_task("t1", referenceTaskName="a")
        assert await java.execution("createTasks", [again]) == []
        assert await pending(podium) == {"t1"}


class TestJavaGoesOnWithOurs:
    @pytest.fixture(autouse=True)
    async def created(self, podium: Daos) -> None:
        await podium.executions.create_workflow(make_workflow(correlation_id="c1"))
        tasks = [make_task(f"t{n}", seq=n, input_data=to_raw({"n": n})) for n in (2, 1)]
        await podium.executions.create_tasks(tasks)

    async def test_reads(self, java: JavaDaos) -> None:
        found = await java.execution("getWorkflow", "w1", True)
        assert [task["taskId"] for task in found["tasks"]] == ["t1", "t2"]
        assert found["tasks"][0]["inputData"] == {"n": 1}
        assert await java.execution("getRunningWorkflowIds", "order", 1) == ["w1"]
        assert await java.execution("getPendingWorkflowCount", "order") == 1
        assert await java_pending(java) == {"t1", "t2"}

    async def test_updates(self, java: JavaDaos, podium: Daos) -> None:
        task = await podium.executions.get_task("t1")
        assert task is not None
        done = java_task("t1", status="COMPLETED", outputData={"ok": True}, seq=1)
        await java.execution("updateTask", done)
        found = await podium.executions.get_task("t1")
        assert found is not None
        assert (found.status, bytes(found.output_data)) == (TaskStatus.COMPLETED, b'{"ok":true}')
        assert await pending(podium) == {"t2"}
        with pytest.raises(ConflictError):
            await podium.executions.update_task(task, expected_update_time=task.update_time)
        stamp = await podium.executions.update_task(found)
        assert stamp > task.update_time
        await java.execution("updateWorkflow", java_workflow(**ENDED))
        assert await collect(podium.executions.get_running_workflow_ids("order")) == []
        workflow = await podium.executions.get_workflow("w1")
        assert workflow is not None
        assert workflow.status is WorkflowStatus.COMPLETED

    async def test_removes(self, java: JavaDaos, podium: Daos, left_keys: LeftKeys) -> None:
        assert await java.execution("removeTask", "t1")
        assert await podium.executions.get_task("t1") is None
        with pytest.raises(NotFoundError):
            await podium.executions.update_task(make_task("t1"))
        assert await pending(podium) == {"t2"}
        assert await java.execution("removeWorkflow", "w1")
        assert await podium.executions.get_workflow("w1") is None
        assert await pending(podium) == set()
        assert await collect(podium.executions.get_running_workflow_ids("order")) == []
        # Java leaves nothing of ours behind, and the id is free.
        assert await left_keys() == {}
        assert (await podium.executions.create_workflow(make_workflow())).created

    async def test_expires(self, java: JavaDaos, podium: Daos) -> None:
        await java.execution("updateWorkflow", java_workflow(**ENDED))
        assert await java.execution("removeWorkflowWithExpiry", "w1", 2)
        assert await pending(podium) == set()

        async def there() -> tuple[Any, Any]:
            workflow = await podium.executions.get_workflow("w1")
            return workflow, await podium.executions.get_task("t1")

        # Java expires one key after the other.
        await eventually(there, lambda found: found == (None, None))


class TestWeGoOnWithJavas:
    @pytest.fixture(autouse=True)
    async def created(self, java: JavaDaos) -> None:
        await java.execution("createWorkflow", java_workflow(correlationId="c1"))
        await java.execution("createTasks", [java_task("t2", seq=2), java_task("t1", seq=1)])

    async def test_read(self, podium: Daos) -> None:
        found = await podium.executions.get_workflow("w1", include_tasks=True)
        assert found is not None
        assert [task.task_id for task in found.tasks] == ["t1", "t2"]
        assert await collect(podium.executions.get_running_workflow_ids("order")) == ["w1"]
        assert await podium.executions.get_pending_workflow_count("order") == 1
        by_id = podium.executions.get_workflows_by_correlation_id("order", "c1")
        assert [workflow.workflow_id for workflow in await collect(by_id)] == ["w1"]
        ours = podium.executions.get_pending_tasks_by_workflow("encode", "w1")
        assert {task.task_id for task in await collect(ours)} == {"t1", "t2"}

    async def test_update(self, java: JavaDaos, podium: Daos) -> None:
        task = await podium.executions.get_task("t1")
        assert task is not None
        done = msgspec.structs.replace(task, status=TaskStatus.COMPLETED)
        await podium.executions.update_task(done, expected_update_time=task.update_time)
        assert (await java.execution("getTask", "t1"))["status"] == "COMPLETED"
        assert await java_pending(java) == {"t2"}
        workflow = await podium.executions.get_workflow("w1")
        assert workflow is not None
        ended = msgspec.structs.replace(workflow, status=WorkflowStatus.COMPLETED)
        await podium.executions.update_workflow(ended)
        assert (await java.execution("getWorkflow", "w1"))["status"] == "COMPLETED"
        assert await java.execution("getRunningWorkflowIds", "order", 1) == []

    async def test_remove(self, java: JavaDaos, podium: Daos, left_keys: LeftKeys) -> None:
        assert await podium.executions.remove_task("t1")
        assert await java.execution("getTask", "t1") is None
        assert await java_pending(java) == {"t2"}
        assert await podium.executions.remove_workflow("w1")
        await eventually(left_keys, lambda keys: keys == {})
        assert await java.execution("getWorkflow", "w1") is None
        assert await java_pending(java) == set()
        # The slots are free again.
        assert len(await java.execution("createTasks", [java_task("t3")])) == 1

    async def test_archive(self, java: JavaDaos, podium: Daos, left_keys: LeftKeys) -> None:
        for task_id, seq in (("t1", 1), ("t2", 2)):
            await java.execution("updateTask", java_task(task_id, status="COMPLETED", seq=seq))
        await java.execution("updateWorkflow", java_workflow(**ENDED))
        assert await podium.executions.remove_workflow("w1", archive=True)
        await eventually(left_keys, lambda keys: keys == {})
        assert await java.execution("getWorkflow", "w1") is None
        found = await podium.executions.find_workflow("w1", include_tasks=True)
        assert found is not None
        assert found.source is WorkflowSource.ARCHIVE
        assert {task.task_id for task in found.workflow.tasks} == {"t1", "t2"}

    async def test_expire(self, java: JavaDaos, podium: Daos) -> None:
        await java.execution("updateWorkflow", java_workflow(**ENDED))
        removed = await podium.executions.remove_workflow_with_expiry(
            "w1", ttl_seconds=AN_HOUR_SECONDS
        )
        assert removed
        # Java still reads it, and has it in no set.
        found = await java.execution("getWorkflow", "w1", True)
        assert (found["status"], len(found["tasks"])) == ("COMPLETED", 2)
        assert await java.execution("getRunningWorkflowIds", "order", 1) == []
        assert await java_pending(java) == set()

    async def test_an_expiry_that_has_come(
        self, java: JavaDaos, podium: Daos, left_keys: LeftKeys
    ) -> None:
        await java.execution("updateWorkflow", java_workflow(**ENDED))
        assert await podium.executions.remove_workflow_with_expiry("w1", ttl_seconds=1)
        await eventually(left_keys, lambda keys: keys == {})
        assert await java.execution("getWorkflow", "w1") is None
        assert await java.execution("getTask", "t1") is None


class TestEventExecutions:
    async def test_one_that_java_has_is_there(self, java: JavaDaos, podium: Daos) -> None:
        record = make_event_execution()
        java_s = {"id": "e1", "messageId": "m1", "name": "handler", "event": "sqs:orders"}
        assert await java.execution("addEventExecution", java_s)
        assert not await podium.executions.add_event_execution(record)
        assert await podium.executions.remove_event_execution(record)
        assert await podium.executions.add_event_execution(record)
        assert not await java.execution("addEventExecution", java_s)
