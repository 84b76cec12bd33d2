"""Commit: one decide step, all or nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from podium_core.backend import Capability
from podium_core.errors import (
    ConflictError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
)
from podium_core.execution_service import ExecutionService
from podium_core.models import (
    DECIDER_QUEUE,
    Commit,
    CommitAck,
    CommitPush,
    CommitRemove,
    Guarantee,
    Message,
    PushMessage,
    TaskStatus,
    TaskUpdate,
)
from podium_core.models.json_text import to_raw
from podium_core.ports import QueueDAO
from podium_core.requirements import MAX_ITEMS
from tests.contract.eventually import Delivered
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import WAYS as ALL_WAYS

WAYS = ALL_WAYS
# Between two stores a receipt alone guards nothing, and is refused without the workflow's expected time.
receipts_in_the_step = pytest.mark.capability(
    Capability.ATOMIC_WITH_QUEUES, otherwise=FailedPreconditionError
)

REMOVE = CommitRemove(queue_name="encode", message_id="x")


def push(queue_name: str, message_id: str, **fields: Any) -> CommitPush:
    return CommitPush(queue_name=queue_name, message=PushMessage(id=message_id, **fields))


async def leased(queue_dao: QueueDAO, queue_name: str, message_id: str) -> Message:
    await queue_dao.push(queue_name, PushMessage(id=message_id))
    return (await queue_dao.poll_messages(queue_name, count=1))[0]


class TestCommit:
    async def test_writes_a_whole_decide_step(
        self,
        executions: ExecutionService,
        queue_dao: QueueDAO,
        guarantee: Guarantee,
        delivered: Delivered,
    ) -> None:
        created = await executions.create_workflow(make_workflow())
        await delivered()
        await executions.create_tasks([make_task("t1")])
        message = await leased(queue_dao, DECIDER_QUEUE, "w1")
        await queue_dao.push("old", PushMessage(id="x"))
        commit = Commit(
            workflow_id="w1",
            expected_update_time=created.updated_time,
            update_workflow=make_workflow(owner_app="decided"),
            create_tasks=[make_task("t2"), make_task("t3", reference_task_name="t1")],
            update_tasks=[TaskUpdate(task=make_task("t1", status=TaskStatus.COMPLETED))],
            pushes=[
                push("encode", "t2"),
                push("encode", "t3"),
                push(DECIDER_QUEUE, "w1", offset_ms=30_000),
            ],
            removes=[CommitRemove(queue_name="old", message_id="x")],
        ).with_ack(DECIDER_QUEUE, message)
        result = await executions.commit(commit)
        assert result.guarantee is guarantee
        assert result.created_task_ids == ("t2",)
        assert result.left_out_task_ids == ("t3",)
        assert (result.acked, result.removed) == ((True,), (True,))
        assert result.updated_time > 0
        assert result.task_update_times[0] > 0
        await delivered()
        assert await queue_dao.contains_message("encode", "t2")
        assert not await queue_dao.contains_message("encode", "t3")
        assert not await queue_dao.contains_message("old", "x")
        assert await queue_dao.get_size(DECIDER_QUEUE) == 1

    async def test_creates_a_workflow_with_tasks_and_its_automatic_push(
        self, executions: ExecutionService, queue_dao: QueueDAO, delivered: Delivered
    ) -> None:
        result = await executions.commit(
            Commit(workflow_id="w1", create_workflow=make_workflow(), create_tasks=[make_task()])
        )
        assert result.workflow_created
        assert result.created_task_ids == ("t1",)
        await delivered()
        assert await queue_dao.contains_message(DECIDER_QUEUE, "w1")

    async def test_its_own_push_replaces_the_automatic_one(
        self, executions: ExecutionService, queue_dao: QueueDAO, delivered: Delivered
    ) -> None:
        commit = Commit(
            workflow_id="w1",
            create_workflow=make_workflow(),
            pushes=[push(DECIDER_QUEUE, "w1", payload="mine")],
        )
        await executions.commit(commit)
        await delivered()
        messages = await queue_dao.poll_messages(DECIDER_QUEUE, count=10)
        assert [message.payload for message in messages] == ["mine"]

    async def test_of_a_workflow_that_exists_creates_nothing_at_all(
        self, executions: ExecutionService, queue_dao: QueueDAO, delivered: Delivered
    ) -> None:
        await executions.create_workflow(make_workflow())
        commit = Commit(
            workflow_id="w1",
            create_workflow=make_workflow(),
            create_tasks=[make_task()],
            pushes=[push("encode", "t1")],
        )
        result = await executions.commit(commit)
        await delivered()
        assert result.workflow_created is False
        assert await executions.get_task("t1") is None
        assert not await queue_dao.contains_message("encode", "t1")

    @receipts_in_the_step
    async def test_a_stale_receipt_and_nothing_is_written(
        self, executions: ExecutionService, queue_dao: QueueDAO
    ) -> None:
        await executions.create_workflow(make_workflow())
        message = await leased(queue_dao, "q", "w1")
        await queue_dao.push("q", PushMessage(id="w1"))
        commit = Commit(workflow_id="w1", create_tasks=[make_task()], pushes=[push("encode", "t1")])
        with pytest.raises(ConflictError) as raised:
            await executions.commit(commit.with_ack("q", message))
        assert raised.value.reason == "STALE_RECEIPT"
        assert await executions.get_task("t1") is None
        assert not await queue_dao.contains_message("encode", "t1")
        assert await queue_dao.contains_message("q", "w1")

    async def test_a_stale_expected_time_and_nothing_is_written(
        self, executions: ExecutionService, queue_dao: QueueDAO
    ) -> None:
        created = await executions.create_workflow(make_workflow())
        message = await leased(queue_dao, "q", "w1")
        commit = Commit(
            workflow_id="w1",
            expected_update_time=created.updated_time - 1,
            create_tasks=[make_task()],
        )
        with pytest.raises(ConflictError):
            await executions.commit(commit.with_ack("q", message))
        assert await executions.get_task("t1") is None
        assert await queue_dao.ack("q", "w1", receipt=message.receipt)

    @receipts_in_the_step
    async def test_a_late_holder_neither_removes_nor_pushes(
        self, executions: ExecutionService, queue_dao: QueueDAO
    ) -> None:
        await executions.create_workflow(make_workflow())
        late = await leased(queue_dao, "q", "w1")
        assert await queue_dao.set_unack_timeout("q", "w1", 0, receipt=late.receipt)
        (holding,) = await queue_dao.poll_messages("q", count=1)
        for commit in (
            Commit(workflow_id="w1", removes=[CommitRemove(queue_name="q", message_id="w1")]),
            Commit(workflow_id="w1", pushes=[push("q", "w1")]),
        ):
            with pytest.raises(ConflictError):
                await executions.commit(commit.with_ack("q", late))
        assert await queue_dao.ack("q", "w1", receipt=holding.receipt)

    async def test_an_unknown_task_and_nothing_is_written(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        commit = Commit(
            workflow_id="w1",
            create_tasks=[make_task("t1")],
            update_tasks=[TaskUpdate(task=make_task("t2"))],
        )
        with pytest.raises(NotFoundError):
            await executions.commit(commit)
        assert await executions.get_task("t1") is None

    async def test_of_an_unknown_workflow_is_not_found(self, executions: ExecutionService) -> None:
        with pytest.raises(NotFoundError):
            await executions.commit(Commit(workflow_id="w1", create_tasks=[make_task()]))

    async def test_a_repeat_of_a_request_id_gets_the_first_answer(
        self,
        executions: ExecutionService,
        queue_dao: QueueDAO,
        delivered: Delivered,
        guarantee: Guarantee,
    ) -> None:
        created = await executions.create_workflow(make_workflow())
        message = await leased(queue_dao, "q", "w1")
        commit = Commit(
            workflow_id="w1",
            request_id="r1",
            update_workflow=make_workflow(),
            expected_update_time=created.updated_time,
            create_tasks=[make_task()],
            pushes=[push("encode", "t1")],
        ).with_ack("q", message)
        first = await executions.commit(commit)
        await delivered()
        await queue_dao.remove("encode", "t1")
        again = await executions.commit(commit)
        await delivered()
        assert again.replayed
        assert not first.replayed
        assert (again.updated_time, again.created_task_ids) == (
            first.updated_time,
            first.created_task_ids,
        )
        # Between two stores a repeat tells what the acknowledgement comes to now.
        assert first.acked == (True,)
        assert again.acked == (guarantee is Guarantee.ATOMIC,)
        assert not await queue_dao.contains_message("encode", "t1")

    @pytest.mark.parametrize(
        "other",
        [
            {"create_tasks": [make_task("t2")]},
            {"create_tasks": [make_task("t1", input_data=to_raw({"a": 2}))]},
            {"pushes": [push("encode", "t1", priority=1)]},
            {"pushes": []},
            {"removes": [CommitRemove(queue_name="encode", message_id="x")]},
            {"expected_update_time": 7},
        ],
        ids=["task", "input", "priority", "no push", "remove", "time"],
    )
    async def test_a_request_id_is_refused_for_a_different_commit(
        self, executions: ExecutionService, queue_dao: QueueDAO, other: dict[str, Any]
    ) -> None:
        await executions.create_workflow(make_workflow())
        commit = Commit(
            workflow_id="w1",
            request_id="r1",
            create_tasks=[make_task("t1", input_data=to_raw({"a": 1}))],
            pushes=[push("encode", "t1")],
        )
        first = await executions.commit(commit)
        with pytest.raises(FailedPreconditionError, match="'r1'") as raised:
            await executions.commit(msgspec.structs.replace(commit, **other))
        assert (raised.value.kind, raised.value.subject) == ("REQUEST_ID_REUSED", "workflow/w1")
        assert await executions.get_task("t2") is None
        again = await executions.commit(commit)
        assert again.replayed
        assert again.created_task_ids == first.created_task_ids

    async def test_a_task_and_its_own_push_are_one_item(
        self, executions: ExecutionService, queue_dao: QueueDAO, delivered: Delivered
    ) -> None:
        tasks = [make_task(f"t{n}") for n in range(MAX_ITEMS)]
        pushes = [push("encode", str(task.task_id)) for task in tasks]
        commit = Commit(
            workflow_id="w1", create_workflow=make_workflow(), create_tasks=tasks, pushes=pushes
        )
        for more in (
            {"pushes": [*pushes[1:], push("encode", "x")]},
            {"pushes": [*pushes, push("encode", "x")]},
            {"removes": [REMOVE]},
        ):
            with pytest.raises(InvalidArgumentError, match="1001 items in one Commit"):
                await executions.commit(msgspec.structs.replace(commit, **more))
        again = [*pushes[:-1], push("decode", "t0")]
        with pytest.raises(InvalidArgumentError, match="1001 items in one Commit"):
            await executions.commit(msgspec.structs.replace(commit, pushes=again))
        result = await executions.commit(commit)
        assert len(result.created_task_ids) == MAX_ITEMS
        await delivered()
        assert await queue_dao.get_size("encode") == MAX_ITEMS

    async def test_a_request_id_counts_in_its_workflow_only(
        self, executions: ExecutionService
    ) -> None:
        for id_ in ("w1", "w2"):
            commit = Commit(workflow_id=id_, request_id="r", create_workflow=make_workflow(id_))
            assert (await executions.commit(commit)).workflow_created

    async def test_ids_that_run_together_are_told_apart(self, executions: ExecutionService) -> None:
        for workflow_id, request_id in (("a/b", "c"), ("a", "b/c")):
            commit = Commit(
                workflow_id=workflow_id,
                request_id=request_id,
                create_workflow=make_workflow(workflow_id),
            )
            assert not (await executions.commit(commit)).replayed

    async def test_a_new_workflow_has_no_time_to_expect(self, executions: ExecutionService) -> None:
        commit = Commit(workflow_id="w1", create_workflow=make_workflow(), expected_update_time=1)
        with pytest.raises(InvalidArgumentError, match="expected_update_time"):
            await executions.commit(commit)

    @pytest.mark.capability(Capability.ATOMIC_WITH_QUEUES, otherwise=InvalidArgumentError)
    async def test_an_ack_without_a_receipt_goes_by_id(
        self, executions: ExecutionService, queue_dao: QueueDAO
    ) -> None:
        await executions.create_workflow(make_workflow())
        await leased(queue_dao, "q", "w1")
        acks = [CommitAck(queue_name="q", message_id=id_) for id_ in ("w1", "gone")]
        result = await executions.commit(Commit(workflow_id="w1", acks=acks))
        assert result.acked == (True, False)

    async def test_everything_is_of_the_one_workflow(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        with pytest.raises(InvalidArgumentError, match=r"create_tasks\[0\]\.workflow_instance_id"):
            await executions.commit(
                Commit(workflow_id="w1", create_tasks=[make_task(workflow_id="w2")])
            )
        with pytest.raises(InvalidArgumentError, match=r"update_workflow\.workflow_id"):
            await executions.commit(Commit(workflow_id="w1", update_workflow=make_workflow("w2")))

    async def test_a_bad_push_is_refused_with_its_path(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        with pytest.raises(InvalidArgumentError, match=r"pushes\[0\]\.priority"):
            await executions.commit(Commit(workflow_id="w1", pushes=[push("q", "m", priority=100)]))
