"""The log of a process: an heir finds every hint that is needed, whatever the clocks of both show."""

from __future__ import annotations

import pytest

from podium_backends.cassandra.rounds.windows import LOG_WINDOW_MS
from podium_core.models import Commit, CommitPush, PushMessage
from podium_core.outbox import WRITER_FIRST_MS
from podium_core.write_set.commit_builder import commit
from tests.backends.cassandra.open_stores import Process
from tests.contract.records import make_task, make_workflow

HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
async def workflow(first: Process) -> None:
    await first.executions.create_workflow(make_workflow())
    await first.executions.create_workflow(make_workflow("w2"))


async def push(process: Process, id_: str, workflow_id: str = "w1") -> None:
    """A Commit that leaves an intent."""
    request = Commit(
        workflow_id=workflow_id,
        create_tasks=[make_task(id_, workflow_id=workflow_id)],
        pushes=[CommitPush(queue_name="work", message=PushMessage(id=id_))],
    )
    await process.executions.apply(commit(request, now_ms=process.clock()))


async def inherited(first: Process, second: Process) -> list[str]:
    """What the second one pushes after the first one's death."""
    await first.lapse()
    await second.inherit()
    return sorted(entry.id.rpartition("\x00")[2] for entry in await second.drained())


async def hints(process: Process) -> list[str]:
    """The workflows that its log names."""
    cql = "SELECT workflow_id FROM log WHERE owner = ? AND window = ?"
    first = process.log._first_window
    found = [
        await process.session.rows(cql, process.log.owner, window)
        for window in range(first - 20, first + 20)
    ]
    return sorted(row[0] for rows in found for row in rows)


class TestHints:
    async def test_stay_as_long_as_an_entry_waits(self, first: Process, second: Process) -> None:
        await push(first, "t1")
        await first.windows_pass(4)
        assert await hints(first) == ["w1"]
        assert await inherited(first, second) == ["t1"]

    async def test_go_once_nothing_waits(self, first: Process) -> None:
        await push(first, "t1")
        assert len(await first.drained()) == 1
        await first.windows_pass()
        assert await hints(first) == []

    async def test_of_a_process_without_one_for_long_are_found(
        self, first: Process, second: Process
    ) -> None:
        await first.windows_pass(10)
        await push(first, "t1")
        assert await inherited(first, second) == ["t1"]

    async def test_stay_while_an_heir_reads(
        self, first: Process, second: Process, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A window ends between its hint and the entries."""
        await push(first, "t1")
        raise_version = second.writes.raise_version

        async def raise_late(workflow_id: str) -> int | None:
            if workflow_id == "w1":
                await second.windows_pass()
            return await raise_version(workflow_id)

        await push(second, "t2", "w2")
        monkeypatch.setattr(second.writes, "raise_version", raise_late)
        await first.lapse()
        await second.inherit()
        assert await hints(second) == ["w1", "w2"]


class TestClocks:
    @pytest.mark.parametrize("step_ms", [-HOUR_MS, HOUR_MS])
    async def test_of_an_heir_may_be_another(
        self, first: Process, second: Process, step_ms: int
    ) -> None:
        await push(first, "t1")
        first.clock.pass_by(step_ms)
        await first.lapse()
        await second.inherit()
        second.clock.pass_by(max(-step_ms, 0))
        assert len(await second.drained()) == 1

    @pytest.mark.parametrize("step_ms", [-HOUR_MS, HOUR_MS])
    async def test_may_be_set_while_it_writes(
        self, first: Process, second: Process, step_ms: int
    ) -> None:
        await push(first, "t1")
        before = first.log.owner
        first.clock.pass_by(step_ms)
        await push(first, "t2", "w2")
        assert first.log.owner != before
        first.clock.pass_by(-step_ms)
        # The old log is a dead one's, which anybody inherits.
        await first.lapse(before)
        await first.lapse()
        await second.inherit()
        second.clock.pass_by(abs(step_ms))
        assert len(await second.drained()) == 2

    async def test_may_be_set_by_little(self, first: Process) -> None:
        before = first.log.owner
        for step_ms in (LOG_WINDOW_MS, -LOG_WINDOW_MS, WRITER_FIRST_MS):
            first.clock.pass_by(step_ms)
            await push(first, f"t{step_ms}")
        assert first.log.owner == before
