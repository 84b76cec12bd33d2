"""What goes by the clock: expiring workflows, event executions, remembered requests. The clock is the test's own."""

from __future__ import annotations

import asyncio

import pytest

from podium_core.backend import Capability
from podium_core.errors import NotFoundError
from podium_core.models import TaskStatus, collect
from podium_core.outbox import KIND_REMOVAL, LEASE_MS
from podium_core.removal import RemovalMachine
from podium_core.write_set import PutMode, WriteSet, builders
from podium_server.outbox.drainer import Drainer
from podium_server.outbox.handlers import OneByOne
from podium_server.outbox.removals import Removals
from podium_server.outbox.targets import removal_target
from tests.clock import FakeClock
from tests.contract.daos import Adapters
from tests.contract.records import make_event_execution, make_task, make_workflow
from tests.contract.ways import Way


async def drained(adapters: Adapters) -> int:
    """Carry out what is due, once; how many entries that was."""
    handler = OneByOne(removal_target(Removals(adapters.executions, None)))
    drainer = Drainer(adapters.outbox, handler)
    buckets = await adapters.outbox.lease_buckets("test")
    due = await adapters.outbox.due_entries(buckets, handler.kinds, 100)
    await drainer.carry_out(due)
    return len(due.entries)


class TestExpiringWorkflow:
    @pytest.mark.capability(Capability.EXPIRY)
    async def test_is_absent_once_due_and_drained_without_a_trace(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        executions = adapters.executions
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task(f"t{n}") for n in range(300)])
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=60)
        clock.now_ms += 59_999
        assert await drained(adapters) == 0
        assert await executions.get_workflow("w1") is not None
        clock.now_ms += 1
        assert await executions.get_workflow("w1") is None
        with pytest.raises(NotFoundError):
            await executions.update_task(make_task("t1"))
        assert await drained(adapters) == 1
        assert await executions.get_task("t1") is None
        assert await drained(adapters) == 0

    @pytest.mark.capability(Capability.EXPIRY)
    async def test_an_update_does_not_lift_the_expiry(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        executions = adapters.executions
        await executions.create_workflow(make_workflow())
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=60)
        await executions.update_workflow(make_workflow(owner_app="late"))
        clock.now_ms += 60_000
        assert await executions.get_workflow("w1") is None

    @pytest.mark.capability(Capability.EXPIRY)
    async def test_a_task_that_is_created_meanwhile_is_in_no_set_and_goes_too(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        executions = adapters.executions
        await executions.create_workflow(make_workflow())
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=60)
        running = make_task("t1", status=TaskStatus.IN_PROGRESS, concurrency_limit=1)
        await executions.update_task(running, upsert=True)
        await executions.create_tasks([make_task("t2")])
        await executions.create_tasks([make_task("t3")], allow_missing_workflow=True)
        assert await collect(executions.get_pending_tasks_for_task_type("encode")) == []
        assert await executions.get_in_progress_task_count("encode") == 0
        clock.now_ms += 60_000
        assert await drained(adapters) == 1
        assert await executions.get_tasks(["t1", "t2", "t3"]) == []

    async def test_a_task_whose_workflow_is_going_counts_as_gone(self, adapters: Adapters) -> None:
        executions = adapters.executions
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1")])
        await executions.apply(builders.remove_workflow("w1", require_terminal=False))
        assert not await executions.remove_task("t1")

    async def test_a_removal_that_began_goes_on_though_the_clock_steps_back(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        executions = adapters.executions
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task(f"t{n:04}") for n in range(1_000)])
        await executions.apply(builders.remove_workflow("w1", require_terminal=False))
        assert await executions.get_workflow("w1") is None
        clock.now_ms -= 3_600_000
        assert await executions.get_workflow("w1") is None
        assert await RemovalMachine(executions).carry_out("w1")
        assert await executions.get_task("t0999") is None

    async def test_creating_the_id_again_ends_the_removal_under_way_first(
        self, adapters: Adapters
    ) -> None:
        executions = adapters.executions
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task(f"t{n:04}") for n in range(1_000)])
        await executions.apply(builders.remove_workflow("w1", require_terminal=False))
        assert (await executions.create_workflow(make_workflow())).created
        assert await executions.get_task("t0999") is None
        assert await drained(adapters) == 0
        assert await executions.get_workflow("w1") is not None


class TestStamps:
    async def test_grow_though_the_clock_steps_back(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        executions = adapters.executions
        created = await executions.create_workflow(make_workflow())
        clock.now_ms -= 3_600_000
        assert await executions.update_workflow(make_workflow()) == created.updated_time + 1

    async def test_two_writes_of_one_millisecond_have_two_stamps(self, adapters: Adapters) -> None:
        executions = adapters.executions
        await executions.create_workflow(make_workflow())
        stamps = await asyncio.gather(
            *(executions.update_workflow(make_workflow()) for _ in range(20))
        )
        assert len(set(stamps)) == 20


class TestEventExecutions:
    async def test_expire_from_their_add_and_can_be_added_again(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        executions = adapters.executions
        await executions.add_event_execution(make_event_execution())
        clock.now_ms += 59_000
        await executions.update_event_execution(make_event_execution())
        assert not await executions.add_event_execution(make_event_execution())
        clock.now_ms += 1_000
        assert await executions.add_event_execution(make_event_execution())


class TestRememberedRequests:
    async def test_are_forgotten_after_ten_minutes_and_swept(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        executions = adapters.executions
        put = builders.workflow_put(make_workflow(), PutMode.UPSERT, "workflow", now_ms=1)
        write_set = WriteSet(request_id="r", workflow_puts=(put,))
        assert not (await executions.apply(write_set)).replayed
        assert (await executions.apply(write_set)).replayed
        clock.now_ms += 600_000
        await adapters.maintain()
        assert not (await executions.apply(write_set)).replayed

    async def test_housekeeping_keeps_up_however_many_there_are(
        self, adapters: Adapters, clock: FakeClock, way: Way
    ) -> None:
        executions = adapters.executions
        await asyncio.gather(
            *(executions.add_event_execution(make_event_execution(f"e{n}")) for n in range(1_700))
        )
        clock.now_ms += 60_000
        await adapters.maintain()
        clock.now_ms -= 60_000  # what is gone doesn't come back
        added = await asyncio.gather(
            *(executions.add_event_execution(make_event_execution(f"e{n}")) for n in range(1_700))
        )
        # Where they expire by themselves, that is by the store's own clock.
        assert all(added) is way.sweeps_executions


class TestBuckets:
    async def test_a_server_that_comes_later_gets_its_share(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        outbox = adapters.outbox
        assert len(await outbox.lease_buckets("a")) == 16
        assert await outbox.lease_buckets("b") == []
        mine = await outbox.lease_buckets("a")
        others = await outbox.lease_buckets("b")
        assert (len(mine), len(others)) == (8, 8)
        assert not set(mine) & set(others)
        await outbox.release_buckets("b")
        assert len(await outbox.lease_buckets("a")) == 16

    async def test_those_of_a_server_that_died_come_back(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        outbox = adapters.outbox
        for _ in range(2):
            await outbox.lease_buckets("a")
            await outbox.lease_buckets("b")
        clock.now_ms += LEASE_MS
        assert len(await outbox.lease_buckets("a")) == 16


class TestClockSteppingBack:
    async def test_leases_of_buckets_given_before_have_lapsed(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        assert len(await adapters.outbox.lease_buckets("a")) == 16
        clock.now_ms -= 3_600_000
        assert len(await adapters.outbox.lease_buckets("b")) == 16

    async def test_a_removal_under_way_is_still_due(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        executions = adapters.executions
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task(f"t{n:04}") for n in range(500)])
        await executions.apply(builders.remove_workflow("w1", require_terminal=False))
        clock.now_ms -= 3_600_000
        assert await drained(adapters) == 1
        assert await executions.get_task("t0499") is None


class TestOutbox:
    @pytest.mark.capability(Capability.EXPIRY)
    async def test_a_removal_mark_set_again_has_a_new_token(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        executions, outbox = adapters.executions, adapters.outbox
        await executions.create_workflow(make_workflow())
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=1)
        clock.now_ms += 1_000
        buckets = await outbox.lease_buckets("a")
        (seen,) = (await outbox.due_entries(buckets, [KIND_REMOVAL], 10)).entries
        clock.now_ms -= 1_000
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=60)
        await outbox.finish([seen])
        assert await outbox.due_in_ms(buckets, [KIND_REMOVAL]) == 60_000
