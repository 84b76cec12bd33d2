"""How a new entry of the outbox is written beside the one that waits there."""

from __future__ import annotations

from msgspec import Raw

from podium_core.index.changes import EntryKind, IndexChange, Merge, Put, Remove
from podium_core.index.marks import (
    INDEX_KINDS,
    IndexMark,
    Upsert,
    Verify,
    decode_mark,
    encode_mark,
    outbox_kind,
    owner_of,
)
from podium_core.index.merging import entry_put, is_combined
from podium_core.outbox import KIND_PAYLOAD, NewEntry

NOW_MS = 1_700_000_000_000
TASK_MARK = outbox_kind(EntryKind.TASK)


def merged(waiting: IndexMark | None, newer: IndexMark) -> IndexMark:
    new = NewEntry(kind=TASK_MARK, id="t1", owner="w1", body=encode_mark(newer))
    body = None if waiting is None else encode_mark(waiting)
    return decode_mark(entry_put(new, body, now_ms=NOW_MS).body)


def test_a_repair_leaves_what_waits() -> None:
    assert merged(Upsert(Raw(b'{"a":1}')), Verify()) == Upsert(Raw(b'{"a":1}'))


def test_nothing_waits() -> None:
    assert merged(None, Verify()) == Verify()


def test_a_removal_replaces_what_waits() -> None:
    assert merged(Put(Raw(b'{"a":1}')), Remove()) == Remove()


def test_other_kinds_replace_what_waits() -> None:
    new = NewEntry(kind=KIND_PAYLOAD, id="k", owner="w1", body=b"new", delay_ms=9)
    put = entry_put(new, b"claimed", now_ms=NOW_MS)
    assert (put.body, put.owner, put.due_ms) == (b"new", "w1", NOW_MS + 9)
    assert not is_combined(KIND_PAYLOAD)
    assert all(map(is_combined, INDEX_KINDS))


class TestOwner:
    """A change through IndexService has the owner of the document's own mark: both are one entry."""

    def test_of_a_workflow_is_itself(self) -> None:
        change = IndexChange(EntryKind.WORKFLOW, "w1", Remove())
        assert owner_of(change) == "w1"

    def test_of_a_task_is_its_workflow(self) -> None:
        document = Raw(b'{"taskId":"t1","workflowId":"w1"}')
        for action in (Put(document), Merge(Raw(b"{}"), "w1"), Remove("w1")):
            assert owner_of(IndexChange(EntryKind.TASK, "t1", action)) == "w1"

    def test_of_what_belongs_to_no_workflow_is_its_own_id(self) -> None:
        assert owner_of(IndexChange(EntryKind.TASK, "t1", Put(Raw(b"{}")))) == "t1"
        assert owner_of(IndexChange(EntryKind.MESSAGE, "m1", Put(Raw(b"{}")))) == "m1"
