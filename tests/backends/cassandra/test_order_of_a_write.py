"""The order of what a write does, and the timestamps it does it at: each rule of ``tests/model/one_partition.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from podium_backends.cassandra import timestamps
from podium_backends.cassandra.connection import Write
from podium_backends.cassandra.rounds import writes
from podium_core.clock import token_now
from podium_core.models import Commit, CommitPush, PushMessage, WorkflowStatus, collect
from podium_core.outbox import KIND_PUSH, NewEntry, OutboxEntry
from podium_core.write_set.commit_builder import commit
from tests.backends.cassandra.open_stores import Process
from tests.contract.records import make_task, make_workflow

HOUR_MS = 3_600_000
TEN_MINUTES_US = 600_000_000


@pytest.fixture(autouse=True)
async def workflow(first: Process) -> None:
    await first.executions.create_workflow(make_workflow())


async def running_ids(process: Process) -> list[str]:
    return await collect(process.executions.get_running_workflow_ids("order"))


async def complete(process: Process) -> None:
    await process.executions.update_workflow(make_workflow(status=WorkflowStatus.COMPLETED))


async def begin_again(process: Process) -> None:
    await process.executions.update_workflow(make_workflow())


async def push(process: Process) -> None:
    request = Commit(
        workflow_id="w1",
        pushes=[CommitPush(queue_name="work", message=PushMessage(id="m1"))],
    )
    await process.executions.apply(commit(request, now_ms=process.clock()))


async def version_of(process: Process) -> int:
    cql = "SELECT DISTINCT version, workflow_id FROM executions WHERE workflow_id = 'w1'"
    ((version, _),) = await process.session.rows(cql)
    return int(version)


class TestBeforeTheBatch:
    async def test_the_hint_is_there(self, first: Process, second: Process) -> None:
        async def look() -> None:
            cql = "SELECT workflow_id FROM log WHERE owner = ? AND window = ?"
            window = second.log._first_window
            assert await first.session.rows(cql, second.log.owner, window) == [("w1",)]

        second.before_next_batch(look)
        await begin_again(second)
        assert second.batches == 1

    @pytest.mark.parametrize("table", ["workflow_of_task", "pending"])
    async def test_a_task_is_in_its_sets(self, first: Process, table: str) -> None:
        async def look() -> None:
            found = await first.session.rows(f"SELECT * FROM {table}")  # noqa: S608
            assert "t1" in {value for row in found for value in row}

        first.before_next_batch(look)
        await first.executions.create_tasks([make_task()])
        assert first.batches == 2

    async def test_a_workflow_that_is_about_to_leave_is_in_its_set(self, first: Process) -> None:
        async def look() -> None:
            assert len(await first.session.rows("SELECT id FROM pending")) == 1

        first.before_next_batch(look)
        await complete(first)
        await first.writes.close()
        assert await first.session.rows("SELECT id FROM pending") == []

    async def test_a_delayed_entry_has_its_hint(self, first: Process) -> None:
        async def look() -> None:
            assert len(await first.session.rows("SELECT * FROM due")) == 1

        first.before_next_batch(look)
        later = NewEntry(kind=KIND_PUSH, id="later", owner="w1", delay_ms=HOUR_MS)
        await first.outbox.put([later])
        assert first.batches == 2


class TestTimestamps:
    @pytest.mark.parametrize("behind_us", [TEN_MINUTES_US, -TEN_MINUTES_US])
    async def test_a_server_with_another_clock_enters_a_set_again(
        self,
        first: Process,
        second: Process,
        monkeypatch: pytest.MonkeyPatch,
        behind_us: int,
    ) -> None:
        """What one takes out of a set is before what the other puts there next, whatever their clocks show."""
        for _ in range(2):
            await complete(first)
            await first.writes.close()
            with monkeypatch.context() as clock:
                for module in (writes, timestamps):
                    clock.setattr(module, "token_now", lambda: token_now() - behind_us)
                await begin_again(second)
            assert await running_ids(first) == ["w1"]
            with monkeypatch.context() as clock:
                for module in (writes, timestamps):
                    clock.setattr(module, "token_now", lambda: token_now() - behind_us)
                await complete(second)
                await second.writes.close()
            assert await first.session.rows("SELECT id FROM pending") == []
            await begin_again(first)
            assert await running_ids(second) == ["w1"]

    async def test_a_server_whose_clock_is_behind_creates_anew(
        self, first: Process, second: Process, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await first.executions.create_tasks([make_task()])
        await first.executions.remove_workflow("w1")
        await first.writes.close()
        monkeypatch.setattr(writes, "token_now", lambda: token_now() - TEN_MINUTES_US)
        await second.executions.create_workflow(make_workflow())
        await second.executions.create_tasks([make_task()])
        assert await running_ids(first) == ["w1"]
        assert await first.executions.get_task("t1") is not None

    async def test_versions_grow_where_a_clock_is_behind(
        self, first: Process, second: Process, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = await version_of(first)
        monkeypatch.setattr(timestamps, "token_now", lambda: token_now() - TEN_MINUTES_US)
        await begin_again(second)
        # By a clock that is right it would be minutes more.
        assert before < await version_of(first) <= before + 10_000

    async def test_an_entry_has_the_version_as_its_token(self, first: Process) -> None:
        await push(first)
        (entry,) = await first.drained()
        assert entry.token == await version_of(first)


class TestFinish:
    async def test_leaves_what_was_written_again_before(self, first: Process) -> None:
        await push(first)
        (entry,) = await _waiting(first)
        await push(first)
        await first.outbox.finish([entry])
        (again,) = await first.drained()
        assert again.token > entry.token

    async def test_leaves_what_is_written_again_meanwhile(
        self, first: Process, second: Process, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between its look and its deletion."""
        await push(first)
        (entry,) = await _waiting(first)
        write_all = first.session.write_all

        async def write_late(deletions: Sequence[Write], **named: Any) -> None:
            await push(second)
            await write_all(deletions, **named)

        monkeypatch.setattr(first.session, "write_all", write_late)
        await first.outbox.finish([entry])
        cql = "SELECT id FROM executions WHERE workflow_id = 'w1' AND kind = 3"
        (stored,) = await first.session.rows(cql)
        assert stored[0].endswith("m1")
        (again,) = await second.drained()
        assert again.token > entry.token


async def _waiting(process: Process) -> list[OutboxEntry]:
    process.clock.pass_by(60_000)
    buckets = await process.outbox.lease_buckets("test")
    return list((await process.outbox.due_entries(buckets, [KIND_PUSH], 10)).entries)
