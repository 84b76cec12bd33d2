"""What the answer to a write through IndexService means: in the durable outbox, or found by searches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from msgspec import Raw

from podium_client import PodiumClient
from podium_core.errors import (
    BackendUnavailableError,
    DeadlineExceededError,
    InvalidArgumentError,
    NotFoundError,
)
from podium_core.index.changes import EntryKind
from podium_core.index.entries import IndexAnswer, IndexWrite
from podium_core.models import TaskExecLog, Wait
from podium_core.searching import IndexReads
from podium_server.facade.index import IndexFacade
from podium_server.facade.index_marks import IndexMarkWrites
from tests.contract.eventually import eventually
from tests.contract.records import make_workflow_summary
from tests.patience import PATIENCE_SECONDS
from tests.server.indexing import Indexing, indexing
from tests.server.test_index_service import serving

WORKFLOW = EntryKind.WORKFLOW
RED = Raw(b'{"colour":"red"}')


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Indexing]:
    async with indexing(tmp_path) as opened:
        yield opened


@pytest.fixture
def woken() -> list[str]:
    return []


@pytest.fixture
def facade(world: Indexing, woken: list[str]) -> IndexFacade:
    wake = partial(woken.append, "the indexer")
    marks = IndexMarkWrites(world.outbox, world.indexer, world.target, wake)
    return IndexFacade(IndexReads(world.target), marks)


async def waiting(world: Indexing, id_: str = "w1") -> bool:
    """Whether a mark of this workflow is in the outbox."""
    return bool(await world.outbox.waiting_ids("index_workflow", [(id_, id_)]))


def is_indexed(world: Indexing, id_: str = "w1") -> bool:
    return world.target.document(WORKFLOW, id_) is not None


class TestIndexed:
    async def test_callers_that_come_meanwhile_share_one_request(
        self, world: Indexing, facade: IndexFacade
    ) -> None:
        calls = [facade.index_workflow(make_workflow_summary(f"w{n}")) for n in range(20)]
        await asyncio.gather(*calls)
        assert sorted(world.target.sent_ids()) == sorted(f"w{n}" for n in range(20))
        assert len(world.target.batches) <= 3
        assert not await world.due()

    async def test_one_that_is_refused_fails_alone(
        self, world: Indexing, facade: IndexFacade
    ) -> None:
        world.target.refuses.add("w1")
        calls = [facade.index_workflow(make_workflow_summary(f"w{n}")) for n in range(3)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        refused = [isinstance(answer, InvalidArgumentError) for answer in answers]
        assert refused == [False, True, False]

    async def test_one_that_is_cancelled_takes_it_from_no_other(
        self, world: Indexing, facade: IndexFacade, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        send, began, may_end = world.target.send, asyncio.Event(), asyncio.Event()

        async def gated(writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
            began.set()
            await may_end.wait()
            return await send(writes)

        monkeypatch.setattr(world.target, "send", gated)
        ids = [f"w{n}" for n in range(3)]
        calls = [asyncio.create_task(facade.index_workflow(make_workflow_summary(n))) for n in ids]
        await began.wait()
        calls[0].cancel()
        may_end.set()
        await asyncio.gather(*calls[1:])
        assert sorted(world.target.sent_ids()) == ids
        assert not await waiting(world, "w1")

    async def test_returns_when_the_index_has_it_and_leaves_no_mark(
        self, world: Indexing, facade: IndexFacade
    ) -> None:
        await facade.index_workflow(make_workflow_summary())
        assert is_indexed(world)
        assert not await waiting(world)

    async def test_outlasts_an_index_that_comes_back(
        self, world: Indexing, facade: IndexFacade
    ) -> None:
        world.target.is_down = True
        call = asyncio.create_task(facade.index_workflow(make_workflow_summary()))
        await eventually(lambda: waiting(world))
        assert not call.done()
        world.target.is_down = False
        await call
        assert is_indexed(world)
        assert not await waiting(world)

    async def test_ends_at_once_where_executions_are_away(
        self, world: Indexing, facade: IndexFacade, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: object, **__: object) -> object:
            raise BackendUnavailableError("main", "down")

        monkeypatch.setattr(world.source, "documents", away)
        monkeypatch.setattr(world.outbox, "waiting_ids", away)
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises(BackendUnavailableError, match="down"):
                await facade.index_workflow(make_workflow_summary())

    async def test_goes_above_a_newer_token_in_the_index(
        self, world: Indexing, facade: IndexFacade
    ) -> None:
        world.target.holds(WORKFLOW, "w1", b"{}", token=2**60)
        await facade.index_workflow(make_workflow_summary())
        assert world.target.tokens[WORKFLOW, "w1"] > 2**60
        assert not await waiting(world)

    async def test_of_what_the_index_refuses_is_an_error_and_leaves_nothing(
        self, world: Indexing, facade: IndexFacade
    ) -> None:
        world.target.refuses = {"w1"}
        with pytest.raises(InvalidArgumentError, match="too odd"):
            await facade.index_workflow(make_workflow_summary())
        assert not await waiting(world)

    async def test_says_whether_there_was_something_to_change(
        self, world: Indexing, facade: IndexFacade
    ) -> None:
        with pytest.raises(NotFoundError):
            await facade.update_workflow("w1", RED)
        assert await facade.remove_workflow("w1") is False
        await facade.index_workflow(make_workflow_summary())
        await facade.update_workflow("w1", RED)
        assert await facade.remove_workflow("w1") is True
        assert not await waiting(world)

    async def test_an_update_behind_a_waiting_removal_finds_nothing(
        self, world: Indexing, facade: IndexFacade
    ) -> None:
        await facade.index_workflow(make_workflow_summary())
        await facade.remove_workflow("w1", wait=Wait.ACCEPTED)
        with pytest.raises(NotFoundError):
            await facade.update_workflow("w1", RED)
        assert not is_indexed(world)

    async def test_many_lines_are_one_send(self, world: Indexing, facade: IndexFacade) -> None:
        logs = [TaskExecLog(task_id="t1", log=f"line {n}") for n in range(50)]
        await facade.add_task_execution_logs(logs)
        assert [len(batch) for batch in world.target.batches] == [50]

    async def test_a_call_that_is_given_up_keeps_its_mark(
        self, world: Indexing, facade: IndexFacade
    ) -> None:
        world.target.is_down = True
        call = asyncio.create_task(facade.index_workflow(make_workflow_summary()))
        await eventually(lambda: waiting(world))
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        world.target.is_down = False
        assert await waiting(world)
        assert await world.drained() == 0  # who waits carries it out, at first
        world.clock.pass_by(2_000)
        assert await world.drained() == 1
        assert is_indexed(world)

    async def test_over_the_wire_that_is_deadline_exceeded(
        self, world: Indexing, facade: IndexFacade
    ) -> None:
        world.target.is_down = True
        async with (
            serving(facade) as address,
            PodiumClient(address, timeout_seconds=2) as podium,
        ):
            with pytest.raises(DeadlineExceededError):
                await podium.index.index_workflow(make_workflow_summary())
        assert await waiting(world)
        world.target.is_down = False
        world.clock.pass_by(2_000)
        await world.drained()
        assert is_indexed(world)


class TestAccepted:
    async def test_returns_at_once_though_the_index_is_down(
        self, world: Indexing, facade: IndexFacade, woken: list[str]
    ) -> None:
        world.target.is_down = True
        async with asyncio.timeout(PATIENCE_SECONDS):
            await facade.index_workflow(make_workflow_summary(), wait=Wait.ACCEPTED)
            await facade.update_workflow("w1", RED, wait=Wait.ACCEPTED)
            assert await facade.remove_workflow("w2", wait=Wait.ACCEPTED) is None
        assert woken == ["the indexer"] * 3
        assert await waiting(world)
        world.target.is_down = False
        assert await world.drained() == 2
        document = world.target.document(WORKFLOW, "w1")
        assert document is not None
        assert (document["status"], document["colour"]) == ("RUNNING", "red")

    async def test_is_done_at_once_where_the_index_is_up(
        self, world: Indexing, facade: IndexFacade
    ) -> None:
        await facade.index_workflow(make_workflow_summary(), wait=Wait.ACCEPTED)
        assert not is_indexed(world)
        assert await world.drained() == 1
        assert is_indexed(world)
