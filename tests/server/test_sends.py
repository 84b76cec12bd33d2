"""Slices on their way: two at a time, of one entry and of logs one after the other, none left when the indexer ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from msgspec import Raw

from podium_core.index.changes import EntryKind, Put
from podium_core.index.entries import IndexAnswer, IndexWrite
from podium_core.index.marks import encode_mark, outbox_kind
from podium_core.index.stored_document import OwnedId, StoredDocument
from podium_core.outbox import OutboxEntry
from podium_server.outbox import indexer as indexer_module
from podium_server.outbox.indexer import Indexer
from tests.server.scripted_index import ScriptedIndex

WORKFLOW, LOG = EntryKind.WORKFLOW, EntryKind.TASK_LOG


class NoDocuments:
    """A store of executions that holds none."""

    async def documents(
        self, kind: EntryKind, ids: Sequence[OwnedId], *, max_size: int
    ) -> list[StoredDocument]:
        return [StoredDocument(kind=kind, id=id_, owner=owner) for id_, owner in ids]


class GatedIndex(ScriptedIndex):
    """An index whose sends end when the test says so.

    Attributes:
        gates: One for each send that has begun, in order.
        cancelled: How many sends were cancelled.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gates: list[asyncio.Future[None]] = []
        self.cancelled = 0

    async def send(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.gates.append(gate)
        try:
            await gate
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return await super().send(writes)


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> GatedIndex:
    monkeypatch.setattr(indexer_module, "SLICE", 2)
    return GatedIndex()


def marks(kind: EntryKind, *ids: str) -> list[OutboxEntry]:
    """Marks that came through IndexService, of different owners, with tokens in their order."""
    return [
        OutboxEntry(
            kind=outbox_kind(kind),
            id=id_,
            owner=f"w{number}",
            token=number + 1,
            body=encode_mark(Put(Raw(b'{"number":%d}' % number))),
        )
        for number, id_ in enumerate(ids)
    ]


def begun(target: GatedIndex, entries: Sequence[OutboxEntry]) -> asyncio.Task[list[object]]:
    indexer = Indexer(NoDocuments(), target, None)  # type: ignore[arg-type]
    return asyncio.create_task(indexer.index(entries))  # type: ignore[arg-type]


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def open_all(target: GatedIndex, running: asyncio.Task[list[object]], opened: int = 0) -> int:
    """Let every send end but those that have, one after the other; the most that were under way at once."""
    most = 0
    while not running.done():
        await settle()
        most = max(most, len(target.gates) - opened)
        for gate in target.gates[opened : opened + 1]:
            gate.set_result(None)
            opened += 1
    return most


async def test_two_slices_are_sent_at_a_time(target: GatedIndex) -> None:
    running = begun(target, marks(WORKFLOW, *"abcdefgh"))
    assert await open_all(target, running) == 2
    assert target.sent_ids() == list("abcdefgh")
    assert len(await running) == 8


async def test_lines_of_logs_keep_their_order(target: GatedIndex) -> None:
    running = begun(target, marks(LOG, *"abcdef"))
    assert await open_all(target, running) == 1
    assert target.sent_ids() == list("abcdef")


async def test_marks_of_one_entry_are_never_under_way_together(target: GatedIndex) -> None:
    running = begun(target, marks(WORKFLOW, "a", "b", "c", "a", "d", "e"))
    await settle()
    assert len(target.gates) == 1
    target.gates[0].set_result(None)
    await settle()
    # The second slice, whose entry has been sent, and the third beside it.
    assert len(target.gates) == 3
    await open_all(target, running, opened=1)
    assert target.document(WORKFLOW, "a") == {"number": 3}


async def test_what_is_under_way_ends_with_the_indexer(target: GatedIndex) -> None:
    running = begun(target, marks(WORKFLOW, *"abcd"))
    await settle()
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
    assert target.cancelled == 2


async def test_a_defect_in_one_slice_ends_the_other(target: GatedIndex) -> None:
    running = begun(target, marks(WORKFLOW, *"abcd"))
    await settle()
    target.gates[0].set_exception(ValueError("a defect"))
    with pytest.raises(ValueError, match="a defect"):
        await running
    assert target.cancelled == 1


async def test_a_slice_that_fails_takes_no_other_along(target: GatedIndex) -> None:
    running = begun(target, marks(WORKFLOW, *"abcd"))
    await settle()
    target.is_down = True
    target.gates[0].set_result(None)
    await settle()
    target.is_down = False
    target.gates[1].set_result(None)
    results = await running
    failed = [isinstance(result.settlement, Exception) for result in results]  # type: ignore[attr-defined]
    assert failed == [True, True, False, False]
