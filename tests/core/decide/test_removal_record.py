"""What a removal record says of its workflow: whose the index entries are, and whether anything of it is queued."""

from __future__ import annotations

import pytest

from podium_core.decide.removal_record import (
    ArchiveState,
    RemovalRecord,
    unqueues,
    writes_entries,
)

NOW_MS = 1_000
DUE = RemovalRecord(due_ms=0)
LATER = RemovalRecord(due_ms=NOW_MS + 1)
TO_ARCHIVE = RemovalRecord(due_ms=NOW_MS + 1, archive=ArchiveState.WANTED)
CANCELLED = RemovalRecord(due_ms=0, cancelled=True)


@pytest.mark.parametrize(
    ("record", "expected"),
    [(None, False), (DUE, True), (LATER, False), (TO_ARCHIVE, True), (CANCELLED, False)],
)
def test_entries_are_the_removals_where_it_goes_or_is_archived(
    record: RemovalRecord | None, expected: bool
) -> None:
    assert writes_entries(record, NOW_MS) is expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [(None, False), (DUE, True), (LATER, True), (TO_ARCHIVE, True), (CANCELLED, False)],
)
def test_nothing_is_queued_unless_it_was_cancelled(
    record: RemovalRecord | None, expected: bool
) -> None:
    assert unqueues(record) is expected
