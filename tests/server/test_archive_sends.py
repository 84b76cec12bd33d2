"""What a removal with archive sends to the index, and what it does with the answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw

from podium_core.errors import BackendUnavailableError, CorruptRecordError
from podium_core.index.changes import EntryKind, Merge, Put, Remove
from podium_core.index.marks import IndexMark, encode_mark, outbox_kind
from podium_core.index.stored_document import StoredDocument
from podium_core.models import WorkflowStatus
from podium_core.outbox import KIND_REMOVAL, NewEntry
from podium_core.removal import RemovalStage, StoredRemoval
from podium_core.write_set import builders
from podium_server.outbox.archive import Archive
from podium_server.outbox.handlers import PoisonError
from podium_server.outbox.removals import Removals
from tests.contract.records import make_task, make_workflow
from tests.patience import PATIENCE_SECONDS
from tests.server.indexing import Indexing, indexing

WORKFLOW, TASK = EntryKind.WORKFLOW, EntryKind.TASK


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Indexing]:
    """A completed workflow of two tasks, with a removal record that nobody has looked at."""
    async with indexing(tmp_path) as opened:
        await opened.executions.create_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
        await opened.executions.create_tasks([make_task("t1"), make_task("t2")])
        await opened.drained()
        opened.target.batches.clear()
        removal = builders.remove_workflow("w1", require_terminal=True, archive=True)
        await opened.store.apply(removal)
        yield opened


@pytest.fixture
def removals(world: Indexing) -> Removals:
    archive = Archive(world.source, world.target, world.outbox, monotonic=lambda: world.seconds)
    return Removals(world.store, archive)


async def stage(world: Indexing) -> RemovalStage | None:
    removal = await world.store.removal("w1")
    return removal.stage if removal else None


async def test_the_workflow_comes_last_of_its_execution(
    world: Indexing, removals: Removals
) -> None:
    assert await removals.carry_out("w1")
    assert world.target.sent_ids()[-1] == "w1"
    assert sorted(world.target.sent_ids()) == ["t1", "t2", "w1"]
    assert await world.store.get_task("t1") is None
    assert not await removals.carry_out("w1")


async def test_newer_tokens_in_the_index_are_outdone(world: Indexing, removals: Removals) -> None:
    world.target.holds(WORKFLOW, "w1", b'{"workflowId":"w1"}', token=2**60)
    assert await removals.carry_out("w1")
    document = world.target.document(WORKFLOW, "w1")
    assert document is not None
    assert document["archived"] is True
    assert await stage(world) is None


class TestTwoAtOnce:
    """A call, and the drainer that comes while the call still works."""

    @pytest.fixture
    def second(self, removals: Removals) -> Removals:
        return Removals(removals._store, removals._archive)

    @pytest.fixture
    def gate(self, world: Indexing, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
        """The documents are read once it is set."""
        gate, reads = asyncio.Event(), world.source.tasks_of

        async def gated(workflow_id: str, **page: Any) -> list[StoredDocument]:
            await gate.wait()
            return await reads(workflow_id, **page)

        monkeypatch.setattr(world.source, "tasks_of", gated)
        return gate

    async def until_both_wait(self, removals: Removals) -> None:
        assert removals._archive is not None
        running = removals._archive._under_way._running
        async with asyncio.timeout(PATIENCE_SECONDS):
            while [one.callers for one in running.values()] != [2]:
                await asyncio.sleep(0.001)

    async def test_they_send_it_once(
        self, world: Indexing, removals: Removals, second: Removals, gate: asyncio.Event
    ) -> None:
        both = asyncio.gather(removals.carry_out("w1"), second.carry_out("w1"))
        await self.until_both_wait(removals)
        gate.set()
        assert list(await both) == [True, True]
        assert sorted(world.target.sent_ids()) == ["t1", "t2", "w1"]
        assert await stage(world) is None

    async def test_a_call_whose_deadline_comes_loses_nothing(
        self, world: Indexing, removals: Removals, second: Removals, gate: asyncio.Event
    ) -> None:
        call = asyncio.create_task(removals.carry_out("w1"))
        drainer = asyncio.create_task(second.carry_out("w1"))
        await self.until_both_wait(removals)
        call.cancel()
        gate.set()
        assert await drainer
        assert sorted(world.target.sent_ids()) == ["t1", "t2", "w1"]
        assert call.cancelled()


@pytest.mark.parametrize("refused", ["t1", "w1"])
async def test_nothing_is_removed_where_the_index_refuses_one(
    world: Indexing, removals: Removals, refused: str
) -> None:
    world.target.refuses = {refused}
    with pytest.raises(PoisonError, match=f"refuses .* '{refused}'"):
        await removals.carry_out("w1")
    assert await stage(world) is RemovalStage.ARCHIVE


async def test_nothing_is_removed_where_a_document_cannot_be_read(
    world: Indexing, removals: Removals
) -> None:
    world.corrupt("tasks", "t2")
    with pytest.raises(CorruptRecordError):
        await removals.carry_out("w1")
    assert await stage(world) is RemovalStage.ARCHIVE
    assert world.target.batches == []


async def test_nothing_is_removed_without_an_index(world: Indexing) -> None:
    with pytest.raises(BackendUnavailableError, match="no index is routed"):
        await Removals(world.store, None).carry_out("w1")
    assert await stage(world) is RemovalStage.ARCHIVE


async def test_a_send_that_would_begin_too_late_is_given_up(
    world: Indexing, removals: Removals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later than a part of the time for which the index remembers deleted entries."""
    reads = world.store.removal
    reading = 0

    async def slow(workflow_id: str, **steps: Any) -> StoredRemoval | None:
        nonlocal reading
        reading += 1
        world.seconds += world.target.tombstone_ms / 4_000 + 0.001
        return await reads(workflow_id, **steps)

    with monkeypatch.context() as patch:
        patch.setattr(world.store, "removal", slow)
        with pytest.raises(BackendUnavailableError, match="too long"):
            await removals.carry_out("w1")
    assert reading
    assert world.target.batches == []
    assert await removals.carry_out("w1")


async def test_a_write_between_read_and_send_is_archived_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with indexing(tmp_path) as world:
        await world.executions.create_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
        expiring = builders.remove_workflow(
            "w1", require_terminal=True, archive=True, ttl_ms=60_000
        )
        await world.store.apply(expiring)
        archive = Archive(world.source, world.target, world.outbox)
        reads, late = world.source.tasks_of, ["t1", "t2"]

        async def overtaken(workflow_id: str, **page: Any) -> list[StoredDocument]:
            found = await reads(workflow_id, **page)
            if late and not found:
                await world.store.create_tasks([make_task(late.pop())])
            return found

        monkeypatch.setattr(world.source, "tasks_of", overtaken)
        await Removals(world.store, archive).carry_out("w1")
        assert await stage(world) is RemovalStage.WAIT
        assert world.target.document(TASK, "t1") is not None
        assert [len(batch) for batch in world.target.batches] == [3]


@pytest.mark.parametrize("archive", [True, False])
async def test_a_workflow_that_was_to_expire_still_does_when_its_removal_is_taken_back(
    tmp_path: Path, *, archive: bool
) -> None:
    async with indexing(tmp_path) as world:
        await world.executions.create_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
        removals = Removals(world.store, Archive(world.source, world.target, world.outbox))
        expiring = builders.remove_workflow(
            "w1", require_terminal=True, archive=archive, ttl_ms=60_000
        )
        await world.store.apply(expiring)
        await removals.carry_out("w1")
        at_once = builders.remove_workflow("w1", require_terminal=True, archive=True)
        await world.store.apply(at_once)
        removal = await world.store.removal("w1")
        assert removal is not None
        assert await removals.machine.cancel(removal)
        assert await stage(world) is (RemovalStage.ARCHIVE if archive else RemovalStage.WAIT)
        await removals.carry_out("w1")
        assert await stage(world) is RemovalStage.WAIT
        due_in_ms = await world.outbox.due_in_ms(range(16), [KIND_REMOVAL])
        assert due_in_ms is not None
        assert due_in_ms > 1_000
        assert await world.executions.update_task(make_task("t1"), upsert=True)


@pytest.mark.parametrize(
    "mark", [Put(Raw(b'{"workflowId":"w1"}')), Merge(Raw(b'{"status":"FAILED"}')), Remove()]
)
async def test_what_waited_for_the_entry_does_not_take_the_archives_place(
    tmp_path: Path, mark: IndexMark
) -> None:
    async with indexing(tmp_path) as world:
        await world.executions.create_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
        await world.executions.create_tasks([make_task("t1")])
        await world.drained()
        for kind, id_ in ((WORKFLOW, "w1"), (TASK, "t1")):
            waiting = NewEntry(kind=outbox_kind(kind), id=id_, owner="w1", body=encode_mark(mark))
            await world.outbox.put([waiting])
        archiving = builders.remove_workflow("w1", require_terminal=True, archive=True)
        await world.store.apply(archiving)
        await Removals(world.store, Archive(world.source, world.target, world.outbox)).carry_out(
            "w1"
        )
        assert await world.drained() == 0
        for kind, id_ in ((WORKFLOW, "w1"), (TASK, "t1")):
            document = world.target.document(kind, id_)
            assert document is not None
            assert document["archived"] is True
