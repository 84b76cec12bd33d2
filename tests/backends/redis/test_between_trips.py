"""What another server does between the two trips of a write: nothing goes by what the first trip has seen.

The first trip of these writes only looks, since nobody can foresee what they find. The second one has to compare all of it:
nothing else that the write is about is changed meanwhile.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import msgspec
import pytest

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link, Target
from podium_backends.redis.executions.dao import RedisExecutionDAO
from podium_backends.redis.outbox.outbox import RedisOutbox
from podium_backends.redis.queues.changes import QueueChanges
from podium_backends.redis.queues.open_table import open_queue_table
from podium_core.backend import DataType, StoreContext
from podium_core.errors import (
    ConflictError,
    FailedPreconditionError,
    NotFoundError,
    OverloadedError,
)
from podium_core.models import (
    Guarantee,
    PayloadType,
    PushMessage,
    TaskStatus,
    WorkflowStatus,
)
from podium_core.outbox import KIND_PAYLOAD, NewEntry
from podium_core.payload_keys import new_key
from podium_core.ports import QueueTarget
from podium_core.queues import TableQueueDAO
from podium_core.write_set import (
    PendingRemoval,
    PushOp,
    PutMode,
    TaskRemoval,
    WriteOutcome,
    WriteSet,
    builders,
)
from podium_core.write_set.refusals import UploadLostError
from podium_core.write_set.write_set import (
    Guard,
    HeldReceipt,
    Queueable,
    WorkflowExists,
    WorkflowTerminal,
)
from tests.backends.redis.golden_definitions import KEYS, Daos
from tests.backends.redis.java_beside import WatchedLink
from tests.clock import FakeClock
from tests.contract.records import make_event_execution, make_task, make_workflow
from tests.services.redis_server import RedisServer

QUEUE = "encode"
Between = Callable[[], Awaitable[object]]


@dataclass
class World:
    """Two servers on one Redis."""

    link: Link
    watched: WatchedLink
    ours: RedisExecutionDAO
    other: RedisExecutionDAO
    table: QueueTarget
    queues: TableQueueDAO
    outbox: RedisOutbox

    async def apply(self, write_set: WriteSet, between: Between) -> WriteOutcome:
        """Apply a WriteSet that looks first; the other server does something before its second trip."""
        trips = 0

        async def before_trip() -> None:
            nonlocal trips
            trips += 1
            if trips == 2:
                await between()

        looks = PendingRemoval(workflow_id="unknown", name="")
        self.watched.before_trip = before_trip
        try:
            return await self.ours.apply(
                msgspec.structs.replace(write_set, pending_removals=(looks,))
            )
        finally:
            self.watched.before_trip = None
            assert trips >= 2


@pytest.fixture
async def world(own_redis: RedisServer) -> AsyncIterator[World]:
    target = Target(store="main", url=own_redis.url)
    link, watched, clock = Link(target), WatchedLink(target), FakeClock()
    await link.write("FLUSHALL")
    changes = QueueChanges(target, KEYS)
    scripts = ClockedScripts(link, clock)
    table = open_queue_table(scripts, KEYS, changes, link)
    context = StoreContext(
        name="queues", serves=frozenset({DataType.QUEUES}), commit_guarantee=Guarantee.ATOMIC
    )
    queues = TableQueueDAO(table, context)
    ours, other = Daos.on(watched, clock).executions, Daos.on(link, clock).executions
    outbox = RedisOutbox(
        link, scripts, KEYS, refers=other.refers, planned_removal=other.planned_removal
    )
    await other.create_workflow(make_workflow())
    yield World(link, watched, ours, other, table, queues, outbox)
    await queues.close()
    await changes.close()
    await link.close()
    await watched.close()


async def test_a_repeat_of_the_same_request(world: World) -> None:
    push = PushOp(queue_name=QUEUE, message_id="m1", if_absent=True)
    write_set = WriteSet(request_id="w1\x00r", queue_ops=(push,))
    outcome = await world.apply(write_set, lambda: world.other.apply(write_set))
    assert (outcome.replayed, outcome.pushed) == (True, (True,))


async def test_another_holder_of_the_message(world: World) -> None:
    await world.queues.push(QUEUE, PushMessage(id="m1"))
    (message,) = await world.queues.poll_messages(QUEUE, count=1)
    held = HeldReceipt(QUEUE, "m1", message.receipt)
    write_set = WriteSet(guards=(held,), queue_ops=(PushOp(queue_name=QUEUE, message_id="m2"),))
    with pytest.raises(ConflictError):
        await world.apply(write_set, lambda: world.queues.push(QUEUE, PushMessage(id="m1")))
    assert not await world.queues.contains_message(QUEUE, "m2")


async def test_each_push_of_a_write_set_has_a_token_of_its_own(world: World) -> None:
    """Also where the message was gone in between: a removal that is conditional on the first one spares the second."""
    push = WriteSet(queue_ops=(PushOp(queue_name=QUEUE, message_id="m1"),))
    await world.ours.apply(push)
    (first,) = await world.table.tokens_of([(QUEUE, "m1")])
    assert await world.queues.remove(QUEUE, "m1")
    await world.ours.apply(push)
    (second,) = await world.table.tokens_of([(QUEUE, "m1")])
    assert 0 < first < second


async def test_an_event_execution_that_is_there_now(world: World) -> None:
    event = make_event_execution()
    write_set = builders.put_event_execution(event, PutMode.CREATE)
    outcome = await world.apply(write_set, lambda: world.other.add_event_execution(event))
    assert outcome.event_created == (False,)


async def test_an_upload_that_nobody_keeps_any_more(world: World) -> None:
    key = new_key(PayloadType.TASK_INPUT, "w1")
    (deletion,) = await world.outbox.put([NewEntry(kind=KIND_PAYLOAD, id=key, owner="w1")])
    task = make_task("t1", external_input_payload_storage_path=key)
    write_set = msgspec.structs.replace(builders.create_tasks([task], now_ms=1), uploads=(key,))
    with pytest.raises(UploadLostError):
        await world.apply(write_set, lambda: world.outbox.finish([deletion]))
    assert await world.other.get_task("t1") is None


async def test_a_removal_of_the_workflow(world: World) -> None:
    write_set = WriteSet(
        guards=(WorkflowExists("w1"),), queue_ops=(PushOp(queue_name=QUEUE, message_id="m1"),)
    )
    removal = builders.remove_workflow("w1", require_terminal=False)
    with pytest.raises(NotFoundError):
        await world.apply(write_set, lambda: world.other.apply_once(removal))


async def test_a_workflow_that_is_gone(world: World) -> None:
    write_set = WriteSet(
        guards=(WorkflowExists("w1"),), queue_ops=(PushOp(queue_name=QUEUE, message_id="m1"),)
    )
    with pytest.raises(NotFoundError):
        await world.apply(write_set, lambda: world.link.write("DEL", KEYS.workflow("w1")))


async def test_a_task_that_has_moved_on(world: World) -> None:
    await world.other.create_tasks([make_task("t1")])
    write_set = WriteSet(task_removals=(TaskRemoval(task_id="t1"),))
    moved = make_task("t1", definition_name="decode")
    await world.apply(write_set, lambda: world.other.update_task(moved))
    # It is taken out of the sets of the definition that it has now.
    assert await world.link.read("EXISTS", KEYS.pending_tasks("decode")) == 0


async def test_a_record_that_others_write_all_the_time(world: World) -> None:
    await world.other.create_tasks([make_task("t1")])

    async def before_trip() -> None:
        await world.other.update_task(make_task("t1"))

    world.watched.before_trip = before_trip
    with pytest.raises(OverloadedError):
        await world.ours.update_task(make_task("t1", status=TaskStatus.COMPLETED))
    world.watched.before_trip = None
    task = await world.other.get_task("t1")
    assert task is not None
    assert task.status is TaskStatus.SCHEDULED


async def test_what_nobody_assumes_is_looked_at(world: World) -> None:
    """Guards that most workflows don't meet, and sets that only the document tells."""
    await world.other.create_tasks([make_task("t1")])
    scheduled, ended = Queueable("w1", "t1"), WorkflowTerminal("w1")
    await world.ours.apply(guarded(scheduled, "m1"))
    with pytest.raises(FailedPreconditionError):
        await world.ours.apply(guarded(ended, "m2"))
    await world.other.update_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
    await world.ours.apply(guarded(ended, "m3"))
    found = [await world.queues.contains_message(QUEUE, id_) for id_ in ("m1", "m2", "m3")]
    assert found == [True, False, True]


def guarded(guard: Guard, message_id: str) -> WriteSet:
    return WriteSet(guards=(guard,), queue_ops=(PushOp(queue_name=QUEUE, message_id=message_id),))


async def test_a_workflow_leaves_the_pending_set_of_its_own_name(world: World) -> None:
    leaves = PendingRemoval(workflow_id="w1", name="")
    await world.ours.apply(WriteSet(pending_removals=(leaves,)))
    assert await world.link.read("EXISTS", KEYS.pending_workflows("order")) == 0


async def test_a_slot_that_is_taken_now(world: World) -> None:
    mine, others = (make_task(id_, reference_task_name="a") for id_ in ("t1", "t2"))
    write_set = builders.create_tasks([mine], now_ms=1)
    outcome = await world.apply(write_set, lambda: world.other.create_tasks([others]))
    assert (outcome.created_task_ids, outcome.left_out_task_ids) == ((), ("t1",))
