"""A workflow's life in the tables: nothing stays that it left, and nothing late touches the one that came after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from podium_backends.cassandra.connection import Session
from podium_backends.cassandra.rounds.windows import LOG_WINDOW_MS
from podium_backends.cassandra.schema import tables
from podium_backends.cassandra.settings import CassandraSettings
from podium_core.errors import AlreadyExistsError, NotFoundError
from podium_core.models import Commit, CommitPush, PushMessage, TaskStatus, WorkflowStatus, collect
from podium_core.outbox import KIND_PAYLOAD, NewEntry
from podium_core.write_set.commit_builder import commit
from tests.backends.cassandra.open_stores import Process, process_on, rows_of
from tests.clock import FakeClock
from tests.contract.records import make_task, make_workflow

HALF_AN_HOUR_MS = 30 * 60_000
MINUTE_MS = 60_000
# What stays of those that are gone: the format, hours, and versions.
STAYS = {"podium_format", "by_time_hours"}


async def running_ids(process: Process) -> list[str]:
    return await collect(process.executions.get_running_workflow_ids("order"))


async def complete(process: Process) -> None:
    await process.executions.update_workflow(make_workflow(status=WorkflowStatus.COMPLETED))


async def lasting_versions(session: Session) -> list[str]:
    """The workflows whose version doesn't go by itself."""
    cql = "SELECT DISTINCT workflow_id, TTL(version) FROM executions"
    return [id_ for id_, ttl in await session.rows(cql) if ttl is None]


def held(process: Process, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Keep what leaves sets from being deleted there until this is set."""
    leave: Callable[..., Coroutine[Any, Any, None]] = process.writes._leave
    go_on = asyncio.Event()

    async def leave_late(*arguments: Any) -> None:
        await go_on.wait()
        await leave(*arguments)

    monkeypatch.setattr(process.writes, "_leave", leave_late)
    return go_on


class TestAfterItsRemoval:
    async def test_nothing_is_left(
        self,
        settings: CassandraSettings,
        monkeypatch: pytest.MonkeyPatch,
        clock: FakeClock,
        session: Session,
    ) -> None:
        async with process_on(settings, monkeypatch, clock) as process:
            await _live(process)
            assert await process.executions.remove_workflow("w1")
            # Half an hour went by at once, so that a new log began; the old one is an heir's, once its lease is over.
            await process.lapse(f"{process.log._id}-1")
            await process.inherit()
            await process.outbox.release_buckets("test")
        left = await rows_of(session, [table for table in tables() if table not in STAYS])
        versions = left.pop("executions") + left.pop("limits")
        assert {table: rows for table, rows in left.items() if rows} == {}
        # The second column is that of the rows in a partition.
        assert [row[1] for row in versions] == [None] * len(versions)
        assert await lasting_versions(session) == []

    async def test_an_heir_keeps_nothing_of_it(self, first: Process, second: Process) -> None:
        await first.executions.create_workflow(make_workflow())
        await first.executions.create_workflow(make_workflow("w2"))
        assert await first.executions.remove_workflow("w1")
        await first.lapse()
        await second.inherit()
        assert await lasting_versions(second.session) == ["w2"]

    async def test_a_late_cleanup_takes_nothing_of_the_next_one(
        self, first: Process, second: Process, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await first.executions.create_workflow(make_workflow())
        await first.executions.create_tasks([make_task()])
        go_on = held(first, monkeypatch)
        await complete(first)
        assert await second.executions.remove_workflow("w1")
        await second.executions.create_workflow(make_workflow())
        await second.executions.create_tasks([make_task()])
        go_on.set()
        await first.writes.close()
        assert await running_ids(second) == ["w1"]
        assert await second.executions.get_task("t1") is not None
        pending = await collect(second.executions.get_pending_tasks_for_task_type("encode"))
        assert [task.task_id for task in pending] == ["t1"]

    async def test_a_late_write_finds_the_next_one(self, first: Process, second: Process) -> None:
        await first.executions.create_workflow(make_workflow())
        await first.executions.create_tasks([make_task()])

        async def replaced() -> None:
            await second.executions.remove_workflow("w1")
            await second.executions.create_workflow(make_workflow(owner_app="second"))

        first.before_next_batch(replaced)
        with pytest.raises(NotFoundError):
            await first.executions.update_task(make_task(status=TaskStatus.COMPLETED))
        stored = await second.executions.get_workflow("w1", include_tasks=True)
        assert stored is not None
        assert stored.owner_app == "second"
        assert stored.tasks == ()

    async def test_a_late_write_finds_nothing(self, first: Process, second: Process) -> None:
        await first.executions.create_workflow(make_workflow())
        first.before_next_batch(lambda: second.executions.remove_workflow("w1"))
        with pytest.raises(NotFoundError):
            await complete(first)
        assert await second.executions.get_workflow("w1") is None
        assert await running_ids(second) == []


async def _live(process: Process) -> None:
    """Create, update, complete, with everything in every table."""
    executions = process.executions
    await executions.create_workflow(make_workflow(correlation_id="c1"))
    tasks = [make_task(f"t{number}", concurrency_limit=1) for number in range(2)]
    request = Commit(
        workflow_id="w1",
        create_tasks=tasks,
        pushes=[CommitPush(queue_name="encode", message=PushMessage(id="t0"))],
    )
    await executions.apply(commit(request, now_ms=1_700_000_000_000))
    assert not await executions.exceeds_in_progress_limit(tasks[0])
    for status in (TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED):
        for number in range(2):
            await executions.update_task(
                make_task(f"t{number}", concurrency_limit=1, status=status)
            )
    (delayed,) = await process.outbox.put(
        [NewEntry(kind=KIND_PAYLOAD, id="later", owner="w1", delay_ms=HALF_AN_HOUR_MS)]
    )
    assert len(await process.drained()) == 1
    await process.windows_pass(HALF_AN_HOUR_MS // LOG_WINDOW_MS)
    assert [entry.id for entry in await process.drained(KIND_PAYLOAD)] == [delayed.id]
    await executions.update_workflow(
        make_workflow(correlation_id="c1", status=WorkflowStatus.COMPLETED)
    )


class TestATaskIdInTwoWorkflows:
    async def test_the_second_one_is_refused(self, first: Process, second: Process) -> None:
        for id_ in ("w1", "w2"):
            await first.executions.create_workflow(make_workflow(id_))
        await first.executions.create_tasks([make_task()])
        with pytest.raises(AlreadyExistsError):
            await second.executions.create_tasks([make_task(workflow_id="w2")])
        task = await second.executions.get_task("t1")
        assert task is not None
        assert task.workflow_instance_id == "w1"

    async def test_at_once_one_is_found(self, first: Process, second: Process) -> None:
        for id_ in ("w1", "w2"):
            await first.executions.create_workflow(make_workflow(id_))
        for number in range(20):
            id_ = f"t{number}"
            ends = await asyncio.gather(
                first.executions.create_tasks([make_task(id_)]),
                second.executions.create_tasks([make_task(id_, workflow_id="w2")]),
                return_exceptions=True,
            )
            refused = [end for end in ends if isinstance(end, BaseException)]
            assert all(isinstance(end, AlreadyExistsError) for end in refused)
            found = [await process.executions.get_task(id_) for process in (first, second)]
            if len(refused) < 2:
                assert None not in found


class TestDelayedEntries:
    async def test_are_read_by_another_store_when_they_are_due(
        self, first: Process, second: Process
    ) -> None:
        await first.executions.create_workflow(make_workflow())
        await first.outbox.put(
            [NewEntry(kind=KIND_PAYLOAD, id="later", owner="w1", delay_ms=HALF_AN_HOUR_MS)]
        )
        await first.lapse()
        assert await second.drained(KIND_PAYLOAD) == []
        second.clock.pass_by(HALF_AN_HOUR_MS - MINUTE_MS)
        assert await second.drained(KIND_PAYLOAD) == []
        second.clock.pass_by(MINUTE_MS)
        assert [entry.id for entry in await second.drained(KIND_PAYLOAD)] == ["later"]
        assert await first.drained(KIND_PAYLOAD) == []
        left = await rows_of(second.session, ["due", "due_windows"])
        assert left == {"due": [], "due_windows": []}


class TestPlacesOfLimits:
    @pytest.fixture(autouse=True)
    async def one_place(self, first: Process) -> None:
        """It is ``t1``'s, which runs."""
        await first.executions.create_workflow(make_workflow())
        tasks = [make_task(id_, concurrency_limit=1) for id_ in ("t1", "t2")]
        await first.executions.create_tasks(tasks)
        assert not await first.executions.exceeds_in_progress_limit(tasks[0])

    async def test_of_a_process_that_died_before_its_release_is_healed(
        self, first: Process, second: Process, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running = make_task(concurrency_limit=1, status=TaskStatus.IN_PROGRESS)
        await first.executions.update_task(running)

        async def die(*arguments: object) -> None:
            """Between batch and release."""

        monkeypatch.setattr(first.writes._places, "release", die)
        ended = make_task(concurrency_limit=1, status=TaskStatus.COMPLETED)
        await first.executions.update_task(ended)
        await self._is_healed(second)

    async def test_of_a_process_that_died_before_its_batch_is_healed(
        self, first: Process, second: Process
    ) -> None:
        first.hold_next_batch()
        running = make_task(concurrency_limit=1, status=TaskStatus.IN_PROGRESS)
        with pytest.raises(Exception, match="dead"):
            await first.executions.update_task(running)
        await self._is_healed(second)

    async def test_of_a_task_that_runs_stays(self, first: Process, second: Process) -> None:
        running = make_task(concurrency_limit=1, status=TaskStatus.IN_PROGRESS)
        await first.executions.update_task(running)
        second.clock.pass_by(2 * MINUTE_MS)
        assert await second.executions.exceeds_in_progress_limit(
            make_task("t2", concurrency_limit=1)
        )

    async def _is_healed(self, second: Process) -> None:
        other = make_task("t2", concurrency_limit=1)
        assert await second.executions.exceeds_in_progress_limit(other)
        second.clock.pass_by(2 * MINUTE_MS)
        assert not await second.executions.exceeds_in_progress_limit(other)
