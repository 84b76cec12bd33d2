"""Executions in one store, queues in another: pushes are intents, which the writer or the drainer delivers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import msgspec
import pytest

from podium_core.errors import (
    BackendUnavailableError,
    ConflictError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
)
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
from podium_core.outbox import KIND_PUSH, KIND_UNQUEUE, WRITER_FIRST_MS, DueEntries, OutboxEntry
from podium_core.ports import QueueDAO, QueueStore, QueueTarget
from podium_core.write_set import PushOp, builders
from podium_server.facade.execution_parts import ExecutionParts, ExecutionRules
from podium_server.facade.executions import ExecutionFacade
from podium_server.facade.limits import ConcurrencyLimits
from podium_server.facade.side_effects import SideEffects
from podium_server.facade.two_stores import QueueDelivery
from podium_server.outbox import drainer as drainer_module
from podium_server.outbox.drainer import Drainer
from podium_server.outbox.handlers import OneByOne, Settled, Target
from podium_server.outbox.removals import Removals
from podium_server.outbox.targets import queue_targets, removal_target
from tests.clock import ShiftedClock
from tests.contract.daos import Adapters
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import APART
from tests.patience import PATIENCE_MS, PATIENCE_SECONDS

WAYS = APART


class UnreliableQueues:
    """Queues that acknowledge nothing while they are down."""

    def __init__(self, queues: QueueStore) -> None:
        self.is_down = False
        self._queues = queues

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queues, name)

    async def ack_messages(
        self, queue_name: str, messages: Sequence[tuple[str, str]]
    ) -> list[bool]:
        if self.is_down:
            raise BackendUnavailableError("queues", "down")
        return await self._queues.ack_messages(queue_name, messages)


class Reach:
    """The queues as the writers reach them: they may be away for these, and not for the drainer."""

    def __init__(self, target: QueueTarget) -> None:
        self.is_away = False
        self._target = target
        self.tokens_of = target.tokens_of
        self.remove_seen = target.remove_seen

    async def deliver(self, push: PushOp, token: int) -> None:
        self._require_there()
        await self._target.deliver(push, token)

    async def remove_older(self, queue_name: str, message_id: str, token: int) -> bool:
        self._require_there()
        return await self._target.remove_older(queue_name, message_id, token)

    def _require_there(self) -> None:
        if self.is_away:
            raise BackendUnavailableError("queues", "away")


class TwoStores:
    """A facade over two stores, and the drainer between them."""

    def __init__(self, adapters: Adapters, clock: ShiftedClock) -> None:
        self.clock = clock
        self.outbox = adapters.outbox
        self.queues: QueueDAO = adapters.queues
        self.unreliable = UnreliableQueues(adapters.queues)
        self.reach = Reach(adapters.queue_target)
        self.targets: Mapping[str, Target] = {
            **removal_target(Removals(adapters.executions, None)),
            **queue_targets(adapters.queues, adapters.queue_target),
        }
        self.drainer = Drainer(self.outbox, OneByOne(self.targets))
        self.executions = ExecutionFacade(
            adapters.executions,
            limits=ConcurrencyLimits(adapters.concurrency_limits, adapters.metadata),
            rules=ExecutionRules(side_effects=SideEffects(decider_offset_ms=0)),
            parts=ExecutionParts(
                queues_elsewhere=QueueDelivery(
                    cast(QueueStore, self.unreliable), self.reach, self.outbox
                ),
                wake=self.drainer.wake,
            ),
        )

    @asynccontextmanager
    async def draining(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.drainer.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def leave_to_the_drainer(self) -> None:
        """Let writers not reach the queues, and so much time pass that the drainer takes over."""
        self.reach.is_away = True
        self.clock.ahead_ms += WRITER_FIRST_MS

    async def due(self, kind: str = KIND_PUSH) -> DueEntries:
        """The intents that are due for the drainer."""
        self.clock.ahead_ms += WRITER_FIRST_MS
        buckets = await self.outbox.lease_buckets("test")
        due = await self.outbox.due_entries(buckets, [kind], 10)
        await self.outbox.release_buckets("test")
        return due

    async def settled(self) -> None:
        """Wait until nothing is due, once the drainer has taken over."""
        self.clock.ahead_ms += WRITER_FIRST_MS
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await self.outbox.stats()).depth:
                await asyncio.sleep(0.01)


@pytest.fixture
def clock() -> ShiftedClock:
    """One that goes: polls and drainers wait."""
    return ShiftedClock()


@pytest.fixture
def stores(adapters: Adapters, clock: ShiftedClock) -> TwoStores:
    return TwoStores(adapters, clock)


async def leased(queues: QueueDAO, message_id: str) -> Message:
    await queues.push("q", PushMessage(id=message_id))
    return (await queues.poll_messages("q", count=1))[0]


class TestPushIntents:
    async def test_are_delivered_by_their_writer_at_once(self, stores: TwoStores) -> None:
        await stores.executions.create_workflow(make_workflow())
        (message,) = await stores.queues.poll_messages(DECIDER_QUEUE, count=1)
        assert (await stores.due()).entries == []
        # Nor does the drainer ever push it again.
        async with stores.draining():
            await stores.settled()
            assert await stores.queues.ack(DECIDER_QUEUE, "w1", receipt=message.receipt)

    async def test_are_left_to_their_writer_for_a_while(self, stores: TwoStores) -> None:
        stores.reach.is_away = True
        await stores.executions.create_workflow(make_workflow())
        buckets = await stores.outbox.lease_buckets("test")
        due_in_ms = await stores.outbox.due_in_ms(buckets, [KIND_PUSH])
        assert due_in_ms is not None
        assert WRITER_FIRST_MS // 2 < due_in_ms <= WRITER_FIRST_MS

    async def test_of_a_repeated_request_are_not_carried_out_again(self, stores: TwoStores) -> None:
        await stores.executions.create_workflow(make_workflow())
        push = CommitPush(queue_name="q", message=PushMessage(id="m"))
        commit = Commit(workflow_id="w1", request_id="r", pushes=[push])
        await stores.executions.commit(commit)
        (message,) = await stores.queues.poll_messages("q", count=1)
        assert await stores.queues.ack("q", "m", receipt=message.receipt)
        assert (await stores.executions.commit(commit)).replayed
        assert not await stores.queues.contains_message("q", "m")

    async def test_keep_their_delay(self, stores: TwoStores) -> None:
        await stores.executions.create_workflow(make_workflow())
        for id_ in ("writer", "drainer"):
            stores.reach.is_away = id_ == "drainer"
            push = CommitPush(queue_name=id_, message=PushMessage(id="m", offset_ms=300_000))
            await stores.executions.commit(Commit(workflow_id="w1", pushes=[push]))
        async with stores.draining():
            await stores.settled()
        for queue_name in ("writer", "drainer"):
            assert await stores.queues.contains_message(queue_name, "m")
            assert await stores.queues.pop(queue_name, count=1) == []

    async def test_the_delay_goes_by_the_clock_of_the_executions(self, stores: TwoStores) -> None:
        await stores.executions.create_workflow(make_workflow())
        stores.reach.is_away = True
        push = CommitPush(queue_name="q", message=PushMessage(id="m", offset_ms=300_000))
        await stores.executions.commit(Commit(workflow_id="w1", pushes=[push]))
        stores.clock.ahead_ms += 300_000
        async with stores.draining():
            await stores.settled()
        assert await stores.queues.pop("q", count=1) == ["m"]

    async def test_name_the_workflow_that_they_belong_to(self, stores: TwoStores) -> None:
        stores.reach.is_away = True
        await stores.executions.create_workflow(make_workflow())
        push = CommitPush(queue_name="q", message=PushMessage(id="m"))
        await stores.executions.commit(Commit(workflow_id="w1", pushes=[push]))
        assert [entry.owner for entry in (await stores.due()).entries] == ["w1", "w1"]

    async def test_the_decider_push_is_delivered_by_the_drainer(self, stores: TwoStores) -> None:
        stores.reach.is_away = True
        await stores.executions.create_workflow(make_workflow())
        assert not await stores.queues.contains_message(DECIDER_QUEUE, "w1")
        stores.leave_to_the_drainer()
        async with stores.draining():
            messages = await stores.queues.poll_messages(
                DECIDER_QUEUE, count=1, timeout_ms=PATIENCE_MS
            )
            assert [message.id for message in messages] == ["w1"]
            await stores.settled()

    async def test_a_second_drainer_delivers_nothing_twice(self, stores: TwoStores) -> None:
        stores.reach.is_away = True
        await stores.executions.create_workflow(make_workflow())
        due = await stores.due()
        async with stores.draining():
            message = (
                await stores.queues.poll_messages(DECIDER_QUEUE, count=1, timeout_ms=PATIENCE_MS)
            )[0]
            await stores.settled()
        # The stalled one comes late: its token is no higher, so the lease that runs isn't ended.
        await stores.targets[KIND_PUSH](due.entries[0], due.now_ms)
        assert await stores.queues.ack(DECIDER_QUEUE, "w1", receipt=message.receipt)

    async def test_a_repair_leaves_what_is_on_its_way_or_there(self, stores: TwoStores) -> None:
        stores.reach.is_away = True
        await stores.executions.create_workflow(make_workflow())
        again = builders.queue_again("q", PushMessage(id="w1"), workflow_id="w1")
        decider = builders.queue_again(DECIDER_QUEUE, PushMessage(id="w1"), workflow_id="w1")
        assert (await stores.executions.apply(decider)).pushed == (False,)
        (message,) = [await leased(stores.queues, "w1")]
        assert (await stores.executions.apply(again)).pushed == (True,)
        async with stores.draining():
            await stores.settled()
        assert await stores.queues.ack("q", "w1", receipt=message.receipt)
        assert await stores.queues.pop(DECIDER_QUEUE, count=2) == ["w1"]

    async def test_a_repair_never_outlives_a_removal(self, stores: TwoStores) -> None:
        await stores.executions.create_workflow(make_workflow())
        async with stores.draining():
            await stores.settled()
        assert await stores.queues.remove(DECIDER_QUEUE, "w1")
        again = builders.queue_again(DECIDER_QUEUE, PushMessage(id="w1"), workflow_id="w1")
        assert (await stores.executions.apply(again)).pushed == (True,)
        await stores.executions.remove_workflow_with_expiry("w1", ttl_seconds=3_600)
        async with stores.draining():
            await stores.settled()
        assert not await stores.queues.contains_message(DECIDER_QUEUE, "w1")
        with pytest.raises(NotFoundError):
            await stores.executions.apply(again)

    async def test_a_newer_push_stays_though_an_older_one_is_settled(
        self, stores: TwoStores
    ) -> None:
        await stores.executions.create_workflow(make_workflow())
        stores.reach.is_away = True
        push = CommitPush(queue_name="q", message=PushMessage(id="m", payload="old"))
        await stores.executions.commit(Commit(workflow_id="w1", pushes=[push]))
        old = (await stores.due()).entries
        push = CommitPush(queue_name="q", message=PushMessage(id="m", payload="new"))
        await stores.executions.commit(Commit(workflow_id="w1", pushes=[push]))
        await stores.outbox.finish(old)
        stores.leave_to_the_drainer()
        async with stores.draining():
            (message,) = await stores.queues.poll_messages("q", count=1, timeout_ms=PATIENCE_MS)
        assert message.payload == "new"

    async def test_a_removed_workflow_takes_its_messages_along(self, stores: TwoStores) -> None:
        async with stores.draining():
            await stores.executions.create_workflow(make_workflow())
            await stores.executions.create_tasks([make_task()])
            await stores.queues.push("encode", PushMessage(id="t1"))
            await stores.settled()
            await stores.executions.remove_workflow("w1")
            await stores.settled()
            assert not await stores.queues.contains_message(DECIDER_QUEUE, "w1")
            assert not await stores.queues.contains_message("encode", "t1")


class TestCommit:
    async def test_is_ordered_and_says_so(self, stores: TwoStores) -> None:
        created = await stores.executions.create_workflow(make_workflow())
        message = await leased(stores.queues, "w1")
        await stores.queues.push("old", PushMessage(id="x"))
        commit = Commit(
            workflow_id="w1",
            expected_update_time=created.updated_time,
            update_workflow=make_workflow(),
            create_tasks=[make_task()],
            removes=[CommitRemove(queue_name="old", message_id="x")],
        ).with_ack("q", message)
        result = await stores.executions.commit(commit)
        assert result.guarantee is Guarantee.ORDERED
        assert (result.acked, result.removed) == ((True,), (True,))
        assert not await stores.queues.contains_message("q", "w1")

    async def test_receipts_need_the_expected_time_beside_them(self, stores: TwoStores) -> None:
        await stores.executions.create_workflow(make_workflow())
        message = await leased(stores.queues, "w1")
        with pytest.raises(FailedPreconditionError):
            await stores.executions.commit(Commit(workflow_id="w1").with_ack("q", message))

    async def test_that_of_each_task_that_is_updated_will_do(self, stores: TwoStores) -> None:
        await stores.executions.create_workflow(make_workflow())
        created = await stores.executions.create_tasks([make_task("t1"), make_task("t2")])
        message = await leased(stores.queues, "t1")
        done = [make_task(id_, status=TaskStatus.COMPLETED) for id_ in ("t1", "t2")]
        known = TaskUpdate(task=done[0], expected_update_time=created.update_time)
        for updates in ([known, TaskUpdate(task=done[1])], [TaskUpdate(task=done[0])]):
            commit = Commit(workflow_id="w1", update_tasks=updates).with_ack("q", message)
            with pytest.raises(FailedPreconditionError):
                await stores.executions.commit(commit)
        commit = Commit(workflow_id="w1", update_tasks=[known]).with_ack("q", message)
        assert (await stores.executions.commit(commit)).acked == (True,)
        # Whoever held the message before, and read the task then, comes too late.
        with pytest.raises(ConflictError):
            await stores.executions.commit(commit)

    async def test_an_ack_needs_a_receipt(self, stores: TwoStores) -> None:
        await stores.executions.create_workflow(make_workflow())
        ack = CommitAck(queue_name="q", message_id="w1")
        with pytest.raises(InvalidArgumentError, match=r"acks\[0\]\.receipt"):
            await stores.executions.commit(
                Commit(workflow_id="w1", expected_update_time=1, acks=[ack])
            )

    async def test_a_stale_time_leaves_the_message_leased(self, stores: TwoStores) -> None:
        created = await stores.executions.create_workflow(make_workflow())
        message = await leased(stores.queues, "w1")
        stale = Commit(workflow_id="w1", expected_update_time=created.updated_time - 1)
        with pytest.raises(ConflictError):
            await stores.executions.commit(stale.with_ack("q", message))
        assert await stores.queues.ack("q", "w1", receipt=message.receipt)

    async def test_says_what_was_acknowledged_though_its_pushes_have_to_wait(
        self, stores: TwoStores
    ) -> None:
        created = await stores.executions.create_workflow(make_workflow())
        message = await leased(stores.queues, "w1")
        stores.reach.is_away = True
        commit = Commit(
            workflow_id="w1",
            expected_update_time=created.updated_time,
            pushes=[CommitPush(queue_name="next", message=PushMessage(id="m"))],
        ).with_ack("q", message)
        assert (await stores.executions.commit(commit)).acked == (True,)
        assert not await stores.queues.contains_message("next", "m")
        async with stores.draining():
            await stores.settled()
        assert await stores.queues.contains_message("next", "m")

    async def test_a_remove_drops_pending_pushes_of_its_id(self, stores: TwoStores) -> None:
        stores.reach.is_away = True
        await stores.executions.create_workflow(make_workflow())
        push = CommitPush(queue_name="q", message=PushMessage(id="m"))
        await stores.executions.commit(Commit(workflow_id="w1", pushes=[push]))
        remove = CommitRemove(queue_name="q", message_id="m")
        await stores.executions.commit(Commit(workflow_id="w1", removes=[remove]))
        async with stores.draining():
            await stores.settled()
        assert not await stores.queues.contains_message("q", "m")

    async def test_a_new_workflow_may_acknowledge_without_a_time_to_expect(
        self, stores: TwoStores
    ) -> None:
        message = await leased(stores.queues, "w1")
        commit = Commit(workflow_id="w1", create_workflow=make_workflow())
        result = await stores.executions.commit(commit.with_ack("q", message))
        assert (result.workflow_created, result.acked) == (True, (True,))

    async def test_a_repeat_takes_nothing_that_came_later(self, stores: TwoStores) -> None:
        await stores.executions.create_workflow(make_workflow())
        await stores.queues.push("q", PushMessage(id="m", payload="old"))
        commit = Commit(
            workflow_id="w1",
            request_id="r",
            removes=[CommitRemove(queue_name="q", message_id="m")],
            pushes=[CommitPush(queue_name="q", message=PushMessage(id="m", payload="new"))],
        )
        assert (await stores.executions.commit(commit)).removed == (True,)
        async with stores.draining():
            await stores.settled()
            again = await stores.executions.commit(commit)
            assert (again.replayed, again.removed) == (True, (False,))
            await stores.settled()
            (message,) = await stores.queues.poll_messages("q", count=1)
        assert message.payload == "new"

    async def test_queues_that_are_down_do_not_undo_it_and_are_caught_up_with(
        self, stores: TwoStores
    ) -> None:
        created = await stores.executions.create_workflow(make_workflow())
        message = await leased(stores.queues, "w1")
        await stores.queues.push("old", PushMessage(id="x"))

        commit = Commit(
            workflow_id="w1",
            expected_update_time=created.updated_time,
            create_tasks=[make_task()],
            removes=[CommitRemove(queue_name="old", message_id="x")],
        ).with_ack("q", message)
        stores.unreliable.is_down = True
        result = await stores.executions.commit(commit)
        assert (result.acked, result.removed) == ((False,), (False,))
        assert await stores.executions.get_task("t1") is not None
        async with stores.draining(), asyncio.timeout(PATIENCE_SECONDS):
            while await stores.queues.contains_message("old", "x"):
                await asyncio.sleep(0.01)
            while await stores.queues.contains_message("q", "w1"):
                await asyncio.sleep(0.01)


class TestRemovals:
    async def test_take_the_push_along_that_is_still_an_intent(self, stores: TwoStores) -> None:
        stores.reach.is_away = True
        await stores.executions.create_workflow(make_workflow())
        await stores.executions.remove_workflow("w1")
        assert (await stores.due()).entries == []

    async def test_leave_alone_what_was_pushed_after_them(self, stores: TwoStores) -> None:
        await stores.executions.create_workflow(make_workflow())
        await stores.executions.create_tasks([make_task()])
        await stores.executions.remove_task("t1")
        await stores.executions.create_tasks([make_task()])
        await stores.queues.push("encode", PushMessage(id="t1"))
        async with stores.draining():
            await stores.settled()
        assert await stores.queues.contains_message("encode", "t1")

    async def test_of_a_workflow_created_again_leave_its_new_message(
        self, stores: TwoStores
    ) -> None:
        await stores.executions.create_workflow(make_workflow())
        await stores.executions.remove_workflow("w1")
        await stores.executions.create_workflow(make_workflow())
        async with stores.draining():
            await stores.settled()
        assert await stores.queues.contains_message(DECIDER_QUEUE, "w1")

    async def test_of_a_task_without_a_type_ask_for_no_queue(self, stores: TwoStores) -> None:
        await stores.executions.create_workflow(make_workflow())
        typeless = msgspec.structs.replace(make_task(), task_type=msgspec.UNSET)
        await stores.executions.create_tasks([typeless])
        stores.reach.is_away = True
        await stores.executions.remove_task("t1")
        assert (await stores.due(KIND_UNQUEUE)).entries == []


class TestTrouble:
    async def test_a_target_that_is_down_is_tried_again_and_never_set_aside(
        self, stores: TwoStores, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(drainer_module, "MAX_ATTEMPTS", 2)
        monkeypatch.setattr(drainer_module, "MAX_DELAY_MS", 5)
        failures = [BackendUnavailableError("queues", "down")] * 5
        working = stores.targets[KIND_PUSH]

        async def flaky(entry: OutboxEntry, now_ms: int) -> Settled:
            if failures:
                raise failures.pop()
            return await working(entry, now_ms)

        stores.drainer = Drainer(stores.outbox, OneByOne({**stores.targets, KIND_PUSH: flaky}))
        stores.reach.is_away = True
        await stores.executions.create_workflow(make_workflow())
        stores.leave_to_the_drainer()
        async with stores.draining():
            assert await stores.queues.poll_messages(DECIDER_QUEUE, count=1, timeout_ms=PATIENCE_MS)
        assert await stores.outbox.failures(10) == []

    async def test_a_poison_entry_is_set_aside_with_its_reason_and_the_rest_goes_on(
        self, stores: TwoStores, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(drainer_module, "MAX_ATTEMPTS", 3)
        monkeypatch.setattr(drainer_module, "MAX_DELAY_MS", 5)
        working = stores.targets[KIND_PUSH]

        async def poisoned(entry: OutboxEntry, now_ms: int) -> Settled:
            if entry.id.endswith("w1"):
                raise ValueError("no such thing")
            return await working(entry, now_ms)

        stores.drainer = Drainer(stores.outbox, OneByOne({**stores.targets, KIND_PUSH: poisoned}))
        stores.reach.is_away = True
        for id_ in ("w1", "w2"):
            await stores.executions.create_workflow(make_workflow(id_))
        stores.leave_to_the_drainer()
        async with stores.draining():
            (message,) = await stores.queues.poll_messages(
                DECIDER_QUEUE, count=1, timeout_ms=PATIENCE_MS
            )
            assert message.id == "w2"
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (failures := await stores.outbox.failures(10)):
                    await asyncio.sleep(0.01)
        assert [failure.reason for failure in failures] == ["no such thing"]
        assert (await stores.outbox.stats()).set_aside == 1

    async def test_leases_are_shared_and_taken_over(self, stores: TwoStores) -> None:
        first = await stores.outbox.lease_buckets("a")
        assert len(first) == 16
        assert await stores.outbox.lease_buckets("b") == []
        shared = await stores.outbox.lease_buckets("a", lease_ms=1)
        assert len(shared) == 16
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(await stores.outbox.lease_buckets("b")) != 16:
                await asyncio.sleep(0.001)
        assert await stores.outbox.lease_buckets("a") == []
