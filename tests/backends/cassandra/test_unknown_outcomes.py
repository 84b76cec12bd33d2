"""Batches whose answer is lost, or that come too late: each write is done once, and what it left undone is carried out."""

from __future__ import annotations

from typing import Any

import pytest

from podium_core.errors import BackendUnavailableError, OutcomeUnknownError
from podium_core.models import Commit, CommitPush, PushMessage
from podium_core.write_set import WriteOutcome
from podium_core.write_set.commit_builder import commit
from tests.backends.cassandra.open_stores import Process
from tests.contract.records import make_task, make_workflow

QUEUE = "work"


@pytest.fixture(autouse=True)
async def workflow(first: Process) -> None:
    await first.executions.create_workflow(make_workflow())


async def step(process: Process, number: int, request_id: str = "") -> WriteOutcome:
    """A Commit that creates a task and pushes its message."""
    id_ = f"t{number}"
    request = Commit(
        workflow_id="w1",
        create_tasks=[make_task(id_)],
        pushes=[CommitPush(queue_name=QUEUE, message=PushMessage(id=id_))],
        request_id=request_id,
    )
    return await process.executions.apply(commit(request, now_ms=1_700_000_000_000))


async def pushed(process: Process) -> list[str]:
    """The messages that this process is to push."""
    return [entry.id for entry in await process.drained()]


async def tasks(process: Process) -> list[str]:
    found = await process.executions.get_tasks(["t1", "t2", "t3"])
    return [str(task.task_id) for task in found]


class TestAnAnswerThatIsLost:
    @pytest.mark.parametrize("request_id", ["", "r1"])
    async def test_is_found_out(self, first: Process, request_id: str) -> None:
        first.lose_next_answer()
        outcome = await step(first, 1, request_id)
        assert outcome.created_task_ids == ("t1",)
        assert first.batches == 1 + 1  # its own, and the workflow's
        assert await tasks(first) == ["t1"]
        assert len(await pushed(first)) == 1

    async def test_of_a_batch_that_was_not_applied_is_found_out_and_sent_again(
        self, first: Process, second: Process
    ) -> None:
        first.before_next_batch(lambda: step(second, 2))
        first.lose_next_answer()
        with pytest.raises(OutcomeUnknownError, match="meanwhile"):
            await step(first, 1)
        # It says that nobody knows, and that is true: a version can't tell.
        assert await tasks(first) == ["t2"]

    @pytest.mark.parametrize("request_id", ["", "r1"])
    async def test_stays_unknown_while_nobody_answers(
        self, first: Process, request_id: str
    ) -> None:
        await self._unknown(first, request_id)
        assert first.writes.is_at_work("w1")
        await first.inherit()
        assert not first.writes.is_at_work("w1")
        assert len(await pushed(first)) == 1

    async def test_is_replayed_to_who_repeats_it_with_its_request_id(self, first: Process) -> None:
        await self._unknown(first, "r1")
        outcome = await step(first, 1, "r1")
        assert outcome.replayed
        assert await tasks(first) == ["t1"]
        await first.inherit()
        assert len(await pushed(first)) == 1

    async def test_another_write_to_the_workflow_does_not_hide_what_it_left_undone(
        self, first: Process
    ) -> None:
        await self._unknown(first, "")
        await step(first, 2)
        await first.inherit()
        assert len(await pushed(first)) == 2

    async def test_nor_does_one_that_is_refused_by_a_cassandra_that_is_away(
        self, first: Process
    ) -> None:
        await self._unknown(first, "")
        first.before_next_batch(lambda: _away(first))
        with pytest.raises(BackendUnavailableError):
            await step(first, 2)
        first.away = False
        await first.inherit()
        assert len(await pushed(first)) == 1

    async def _unknown(self, first: Process, request_id: str) -> None:
        first.lose_next_answer(goes_away=True)
        with pytest.raises(OutcomeUnknownError):
            await step(first, 1, request_id)
        first.away = False


async def _away(process: Process) -> None:
    process.away = True


class TestAStoreThatIsStill:
    """For longer than its lease: an heir has taken its log over meanwhile."""

    async def test_between_its_read_and_its_batch(
        self, first: Process, second: Process, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        look, stood_still = first.writes._look, False

        async def look_and_stand_still(*arguments: Any, **named: Any) -> Any:
            nonlocal stood_still
            partition = await look(*arguments, **named)
            if not stood_still:
                stood_still = True
                await first.lapse()
                await second.inherit()
            return partition

        monkeypatch.setattr(first.writes, "_look", look_and_stand_still)
        old = first.log.owner
        await step(first, 1)
        assert first.log.owner != old
        # It looked at its lease, so no batch was sent in vain.
        assert first.batches == 1 + 1
        assert await tasks(second) == ["t1"]
        assert len(await pushed(first)) == 1


class TestABatchThatComesLate:
    async def test_is_never_applied_after_an_heir_was_there(
        self, first: Process, second: Process
    ) -> None:
        """The writer was still for longer than its lease, and then sends."""

        async def take_over() -> None:
            await first.lapse()
            await second.inherit()
            assert await tasks(second) == []

        first.before_next_batch(take_over)
        await step(first, 1)
        # It wrote again, in a log that is its own.
        assert first.batches == 1 + 2
        assert await tasks(second) == ["t1"]
        assert await second.drained() == []
        assert len(await pushed(first)) == 1

    async def test_of_a_writer_that_died_is_refused(self, first: Process, second: Process) -> None:
        held = first.hold_next_batch()
        with pytest.raises(BackendUnavailableError):
            await step(first, 1)
        await first.lapse()
        await second.inherit()
        assert not await second.session.apply(held[0])
        assert await tasks(second) == []
        assert await second.drained() == []

    async def test_what_it_left_undone_is_the_heirs(self, first: Process, second: Process) -> None:
        await step(first, 1)
        await first.lapse()
        await second.inherit()
        assert len(await pushed(second)) == 1
        owners = [owner for (owner,) in await second.session.rows("SELECT owner FROM log")]
        assert owners == [second.log.owner]
