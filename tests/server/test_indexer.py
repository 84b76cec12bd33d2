"""The indexer: marks become sends, in order, in bulk, and none is lost or in the way of another."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from msgspec import Raw

from podium_core.index.changes import EntryKind, Merge, Put, Remove
from podium_core.index.entries import IndexEntry
from podium_core.index.marks import (
    IndexMark,
    Upsert,
    Verify,
    combined_mark,
    decode_mark,
    encode_mark,
    outbox_kind,
)
from podium_core.index.stored_document import OwnedId, StoredDocument
from podium_core.models import TaskStatus, WorkflowStatus
from podium_core.outbox import LEASE_MS, NewEntry, OutboxFailure
from podium_core.write_set import builders
from podium_server.outbox import indexer as indexer_module
from podium_server.outbox.archive import Archive
from podium_server.outbox.removals import Removals
from tests.contract.records import make_event_execution, make_task, make_workflow
from tests.server.indexing import Indexing, indexing

WORKFLOW, TASK = EntryKind.WORKFLOW, EntryKind.TASK
FIELDS = Raw(b'{"colour":"red"}')
PLAIN, ARCHIVED = b'{"workflowId":"w1","old":1}', b'{"workflowId":"w1","archived":true}'


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Indexing]:
    async with indexing(tmp_path) as opened:
        yield opened


@pytest.fixture
async def settled(world: Indexing) -> Indexing:
    """With a workflow and three tasks that are indexed, and nothing noted."""
    await world.executions.create_workflow(make_workflow())
    await world.executions.create_tasks([make_task(f"t{n}") for n in (1, 2, 3)])
    await world.drained()
    world.target.batches.clear()
    return world


async def put(world: Indexing, mark: IndexMark, id_: str = "w1") -> None:
    """A mark that comes through IndexService, or from a repair."""
    entry = NewEntry(kind=outbox_kind(WORKFLOW), id=id_, owner=id_, body=encode_mark(mark))
    await world.outbox.put([entry])


async def set_aside(world: Indexing) -> dict[str, str]:
    """The reasons of what was set aside, by id."""
    failures: list[OutboxFailure] = await world.outbox.failures(100)
    return {failure.id: failure.reason for failure in failures}


async def statuses(world: Indexing, *ids: str) -> list[str | None]:
    documents = [world.target.document(TASK, id_) for id_ in ids]
    return [document["status"] if document else None for document in documents]


class TestSends:
    async def test_a_hundred_updates_of_one_task_are_one(self, settled: Indexing) -> None:
        for n in range(100):
            await settled.executions.update_task(make_task("t1", poll_count=n))
        await settled.executions.update_task(make_task("t1", status=TaskStatus.COMPLETED))
        assert await settled.drained() == 1
        assert settled.target.sent_ids() == ["t1"]
        assert await statuses(settled, "t1") == ["COMPLETED"]
        assert await settled.drained() == 0

    async def test_many_documents_go_in_bulk(self, world: Indexing) -> None:
        await world.executions.create_workflow(make_workflow())
        for start in (0, 800):
            tasks = [make_task(f"t{start + n:04}") for n in range(800)]
            await world.executions.create_tasks(tasks)
        await world.drained()
        sizes = sorted(len(batch) for batch in world.target.batches)
        assert sizes == [1, 200, 700, 700]

    async def test_of_large_documents_fewer_go_at_once_and_none_is_left_out(
        self, world: Indexing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(indexer_module, "SLICE_SIZE", 10_000)
        await world.executions.create_workflow(make_workflow())
        large = Raw(b'{"a":"%b"}' % (b"x" * 4_000))
        await world.executions.create_tasks(
            [make_task(f"t{n}", output_data=large) for n in range(8)]
        )
        assert await world.drained() == 9
        assert max(len(batch) for batch in world.target.batches) == 3
        assert sorted(world.target.sent_ids()) == [*(f"t{n}" for n in range(8)), "w1"]

    async def test_of_one_document_come_in_the_order_of_its_writes(self, settled: Indexing) -> None:
        for status in ("SCHEDULED", "IN_PROGRESS", "COMPLETED"):
            await settled.executions.update_task(make_task("t1", status=TaskStatus(status)))
            await settled.drained()
        tokens = [write.token for write in settled.target.sent]
        assert tokens == sorted(set(tokens))
        documents = [decode(write.document) for write in settled.target.sent]
        assert documents == ["SCHEDULED", "IN_PROGRESS", "COMPLETED"]

    async def test_a_write_between_read_and_send_is_sent_too(
        self, settled: Indexing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reads = settled.source.documents

        async def slow(
            kind: EntryKind, ids: Sequence[OwnedId], *, max_size: int
        ) -> list[StoredDocument]:
            found = await reads(kind, ids, max_size=max_size)
            await settled.executions.update_task(make_task("t1", status=TaskStatus.COMPLETED))
            return found

        await settled.executions.update_task(make_task("t1", status=TaskStatus.IN_PROGRESS))
        with monkeypatch.context() as patch:
            patch.setattr(settled.source, "documents", slow)
            await settled.drained()
        assert await statuses(settled, "t1") == ["IN_PROGRESS"]
        assert await settled.drained() == 1
        assert await statuses(settled, "t1") == ["COMPLETED"]

    async def test_a_removed_document_is_deleted(self, settled: Indexing) -> None:
        await settled.executions.remove_task("t2")
        await settled.drained()
        assert await statuses(settled, "t1", "t2") == ["SCHEDULED", None]

    async def test_an_upsert_of_a_document_that_is_gone_sends_nothing(
        self, settled: Indexing
    ) -> None:
        await settled.executions.update_task(make_task("t1"))
        (entry,) = await settled.due()
        await settled.executions.remove_workflow("w1")
        await settled.carry_out([entry])
        assert settled.target.batches == []

    async def test_what_is_being_removed_is_the_removals_to_write(self, settled: Indexing) -> None:
        await settled.executions.update_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
        await settled.executions.update_task(make_task("t1"))
        in_hand = await settled.due()
        assert len(in_hand) == 2
        archiving = builders.remove_workflow("w1", require_terminal=True, archive=True)
        await settled.store.apply(archiving)
        await settled.carry_out(in_hand)
        assert await settled.drained() == 0
        assert settled.target.batches == []

    async def test_event_executions_carry_their_body(self, world: Indexing) -> None:
        await world.executions.add_event_execution(make_event_execution())
        await world.drained()
        (write,) = world.target.sent
        assert (write.kind, write.id) == (EntryKind.EVENT, "handler.sqs:orders.m1.e1")


def decode(document: bytes | None) -> str:
    assert document is not None
    return str(json.loads(document)["status"])


class TestStale:
    async def test_a_mark_that_still_stands_goes_again_above_the_newer_token(
        self, settled: Indexing
    ) -> None:
        await settled.executions.update_task(make_task("t1", status=TaskStatus.COMPLETED))
        newer = 2**60  # the store's tokens have fallen back
        settled.target.holds(TASK, "t1", b'{"status":"OLD"}', token=newer)
        await settled.drained()
        assert await statuses(settled, "t1") == ["OLD"]
        (entry,) = await settled.due()
        assert entry.token > newer
        await settled.drained()
        assert await statuses(settled, "t1") == ["COMPLETED"]
        assert await settled.drained() == 0

    async def test_a_drainer_that_stood_still_changes_nothing(self, settled: Indexing) -> None:
        await settled.executions.update_task(make_task("t1", status=TaskStatus.IN_PROGRESS))
        late = await settled.due()
        await settled.executions.update_task(make_task("t1", status=TaskStatus.COMPLETED))
        await settled.drained()
        settled.target.holds(
            TASK, "t1", b'{"status":"NEWEST"}', token=settled.target.tokens[TASK, "t1"]
        )
        await settled.carry_out(late)
        assert await statuses(settled, "t1") == ["NEWEST"]
        assert await settled.due() == []


class TestPoison:
    async def test_a_document_that_cannot_be_read_is_set_aside_alone(
        self, settled: Indexing
    ) -> None:
        for n in (1, 2, 3):
            await settled.executions.update_task(make_task(f"t{n}", status=TaskStatus.FAILED))
        settled.corrupt("tasks", "t2")
        await settled.drained()
        assert await statuses(settled, "t1", "t2", "t3") == ["FAILED", "SCHEDULED", "FAILED"]
        reasons = await set_aside(settled)
        assert list(reasons) == ["t2"]
        assert "task 't2' can't be read" in reasons["t2"]
        assert await settled.due() == []

    async def test_what_the_index_refuses_is_set_aside_alone(self, settled: Indexing) -> None:
        settled.target.refuses = {"t2"}
        for n in (1, 2, 3):
            await settled.executions.update_task(make_task(f"t{n}", status=TaskStatus.FAILED))
        await settled.drained()
        assert await statuses(settled, "t1", "t2", "t3") == ["FAILED", "SCHEDULED", "FAILED"]
        assert await set_aside(settled) == {"t2": "the index refuses it: it is too odd"}

    async def test_the_next_write_gives_it_another_try(self, settled: Indexing) -> None:
        settled.target.refuses = {"t2"}
        await settled.executions.update_task(make_task("t2"))
        await settled.drained()
        settled.target.refuses = set()
        await settled.executions.update_task(make_task("t2", status=TaskStatus.FAILED))
        await settled.drained()
        assert await statuses(settled, "t2") == ["FAILED"]
        assert await set_aside(settled) == {}

    async def test_a_mark_that_cannot_be_read_is_set_aside_alone(self, settled: Indexing) -> None:
        await settled.outbox.put([NewEntry(kind=outbox_kind(WORKFLOW), id="w1", owner="w1")])
        entry, *_ = await settled.due()
        await settled.outbox.claim(entry, delay_ms=0)  # any way to another body
        await settled.executions.update_task(make_task("t1", status=TaskStatus.FAILED))
        await settled.drained()
        assert "the mark can't be read" in (await set_aside(settled))["w1"]
        assert await statuses(settled, "t1") == ["FAILED"]

    async def test_an_entry_that_cannot_be_merged_with_fails_alone(self, world: Indexing) -> None:
        world.target.holds(WORKFLOW, "w1", b"[]")
        world.target.holds(WORKFLOW, "w2", b'{"workflowId":"w2"}')
        await put(world, Merge(FIELDS), "w1")
        await put(world, Merge(FIELDS), "w2")
        await world.drained()
        assert world.target.document(WORKFLOW, "w2") == {"workflowId": "w2", "colour": "red"}
        for _ in range(20):
            world.clock.pass_by(60_000)
            await world.drained()
        assert list(await set_aside(world)) == ["w1"]


class TestIndexDown:
    async def test_nothing_is_lost_and_nothing_set_aside(self, settled: Indexing) -> None:
        settled.target.is_down = True
        await settled.executions.update_task(make_task("t1", status=TaskStatus.COMPLETED))
        await settled.executions.remove_task("t2")
        for _ in range(30):
            assert await settled.drained() == 2
            assert await settled.due() == []  # later
            settled.clock.pass_by(60_000)
        assert await set_aside(settled) == {}
        settled.target.is_down = False
        await settled.drained()
        assert await statuses(settled, "t1", "t2", "t3") == ["COMPLETED", None, "SCHEDULED"]
        assert await settled.drained() == 0

    async def test_a_send_that_would_begin_too_late_is_dropped(
        self, settled: Indexing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reads = settled.source.documents

        async def slow(
            kind: EntryKind, ids: Sequence[OwnedId], *, max_size: int
        ) -> list[StoredDocument]:
            settled.seconds += LEASE_MS / 1000 + 0.001
            return await reads(kind, ids, max_size=max_size)

        await settled.executions.update_task(make_task("t1", status=TaskStatus.COMPLETED))
        with monkeypatch.context() as patch:
            patch.setattr(settled.source, "documents", slow)
            await settled.drained()
        assert settled.target.batches == []
        settled.clock.pass_by(60_000)
        await settled.drained()
        assert await statuses(settled, "t1") == ["COMPLETED"]
        assert await set_aside(settled) == {}


RED = {"colour": "red"}
W1 = {"workflowId": "w1"}


class TestVerify:
    @pytest.mark.parametrize("before", [None, PLAIN, ARCHIVED])
    async def test_of_a_document_that_is_there_indexes_it(
        self, settled: Indexing, before: bytes | None
    ) -> None:
        settled.target.entries_by_key.pop((WORKFLOW, "w1"))
        if before is not None:
            settled.target.holds(WORKFLOW, "w1", before)
        await put(settled, Verify())
        await settled.drained()
        document = settled.target.document(WORKFLOW, "w1")
        assert document is not None
        assert document["status"] == "RUNNING"

    @pytest.mark.parametrize(("before", "stays"), [(None, False), (PLAIN, False), (ARCHIVED, True)])
    async def test_of_a_document_that_is_gone_deletes_what_is_not_archived(
        self, world: Indexing, before: bytes | None, stays: bool
    ) -> None:
        if before is not None:
            world.target.holds(WORKFLOW, "w1", before)
        await put(world, Verify())
        await world.drained()
        assert (world.target.document(WORKFLOW, "w1") is not None) == stays
        assert await world.due() == []

    async def test_beside_a_waiting_mark_adds_nothing(self) -> None:
        for waiting in (Upsert(), Upsert(FIELDS), Remove(), Put(FIELDS), Merge(FIELDS)):
            assert combined_mark(waiting, Verify()) == waiting


class TestWhileAnExecutionIsArchived:
    """What comes through IndexService waits: made of the entry as it was before, it would take the archive's place."""

    @pytest.fixture
    async def archiving(self, settled: Indexing) -> Indexing:
        await settled.executions.update_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
        await settled.drained()
        removal = builders.remove_workflow("w1", require_terminal=True, archive=True)
        await settled.store.apply(removal)
        settled.target.batches.clear()
        return settled

    @pytest.mark.parametrize(
        "mark", [Put(Raw(b'{"workflowId":"w1","colour":"red"}')), Merge(FIELDS), Upsert(FIELDS)]
    )
    async def test_it_waits_for_the_archive_and_is_set_on_it(
        self, archiving: Indexing, mark: IndexMark
    ) -> None:
        await put(archiving, mark)
        await archiving.drained()
        assert archiving.target.batches == []
        assert await set_aside(archiving) == {}
        archive = Archive(archiving.source, archiving.target, archiving.outbox)
        assert await Removals(archiving.store, archive).carry_out("w1")
        archiving.clock.pass_by(60_000)
        # The archive's token may be the newer one: then the mark's is raised.
        while await archiving.drained():
            pass
        document = archiving.target.document(WORKFLOW, "w1")
        assert document is not None
        assert (document["archived"], document["colour"]) == (True, "red")
        assert "rawJSON" in document
        assert await archiving.due() == []

    async def test_what_was_read_before_the_removal_is_older_than_its_archive(
        self, settled: Indexing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await settled.executions.update_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
        await settled.drained()
        await put(settled, Merge(FIELDS))
        reads = settled.target.entries

        async def overtaken(
            kind: EntryKind, ids: Sequence[str], *, max_size: int
        ) -> list[IndexEntry | None]:
            found = await reads(kind, ids, max_size=max_size)
            removal = builders.remove_workflow("w1", require_terminal=True, archive=True)
            await settled.store.apply(removal)
            archive = Archive(settled.source, settled.target, settled.outbox)
            assert await Removals(settled.store, archive).carry_out("w1")
            return found

        with monkeypatch.context() as patch:
            patch.setattr(settled.target, "entries", overtaken)
            await settled.drained()
        document = settled.target.document(WORKFLOW, "w1")
        assert document is not None
        # As if the fields had been set first: an archive is a whole entry.
        assert "rawJSON" in document
        assert "colour" not in document
        assert await settled.due() == []


class TestMerge:
    @pytest.mark.parametrize("waiting", [Upsert(), Upsert(Raw(b'{"colour":"blue","size":1}'))])
    async def test_on_a_waiting_upsert_is_set_on_top_of_the_document(
        self, settled: Indexing, waiting: Upsert
    ) -> None:
        await put(settled, waiting)
        await put(settled, Merge(FIELDS, "w1"))
        assert await settled.drained() == 1
        document = settled.target.document(WORKFLOW, "w1")
        assert document is not None
        assert (document["status"], document["colour"]) == ("RUNNING", "red")
        assert document.get("size") == (1 if waiting.fields else None)

    async def test_on_a_waiting_put_changes_its_document(self, world: Indexing) -> None:
        await put(world, Put(Raw(b'{"workflowId":"w1","colour":"blue"}')))
        await put(world, Merge(FIELDS))
        await world.drained()
        assert world.target.document(WORKFLOW, "w1") == W1 | RED

    async def test_on_a_waiting_merge_is_both(self, world: Indexing) -> None:
        world.target.holds(WORKFLOW, "w1", b'{"workflowId":"w1"}')
        await put(world, Merge(Raw(b'{"colour":"blue","size":1}')))
        await put(world, Merge(FIELDS))
        await world.drained()
        assert world.target.document(WORKFLOW, "w1") == W1 | RED | {"size": 1}

    async def test_on_a_waiting_removal_has_nothing_to_set(self, world: Indexing) -> None:
        world.target.holds(WORKFLOW, "w1", PLAIN)
        await put(world, Remove())
        await put(world, Merge(FIELDS))
        await world.drained()
        assert world.target.document(WORKFLOW, "w1") is None

    async def test_on_a_waiting_verify_still_deletes_the_entry_of_what_is_gone(
        self, world: Indexing
    ) -> None:
        world.target.holds(WORKFLOW, "w1", PLAIN)
        await put(world, Verify())
        await put(world, Merge(FIELDS))
        await world.drained()
        assert world.target.document(WORKFLOW, "w1") is None

    async def test_on_a_waiting_verify_is_set_on_the_document_or_the_archive(
        self, settled: Indexing
    ) -> None:
        settled.target.holds(WORKFLOW, "w2", b'{"workflowId":"w2","archived":true}')
        for id_ in ("w1", "w2"):
            await put(settled, Verify(), id_)
            await put(settled, Merge(FIELDS), id_)
        await settled.drained()
        for id_, member in (("w1", "status"), ("w2", "archived")):
            document = settled.target.document(WORKFLOW, id_)
            assert document is not None
            assert {"colour", member} <= set(document)

    @pytest.mark.parametrize("before", [None, b'{"workflowId":"w2"}'])
    async def test_of_an_entry_that_is_not_there_or_of_another_workflow_does_nothing(
        self, world: Indexing, before: bytes | None
    ) -> None:
        if before is not None:
            world.target.holds(WORKFLOW, "w1", before)
        await put(world, Merge(FIELDS, "w1"))
        await world.drained()
        assert world.target.batches == []
        assert await world.due() == []


@pytest.mark.parametrize(
    "mark",
    [
        Upsert(),
        Upsert(FIELDS),
        Verify(),
        Verify(FIELDS),
        Put(FIELDS),
        Merge(FIELDS, "w"),
        Remove("w"),
    ],
)
def test_a_mark_is_read_as_it_was_written(mark: IndexMark) -> None:
    assert decode_mark(encode_mark(mark)) == mark


def test_the_mark_of_most_writes_has_no_body() -> None:
    assert encode_mark(Upsert()) == b""
