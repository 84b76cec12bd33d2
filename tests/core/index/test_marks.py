"""What a newer mark makes of one that waits, where the change is about another workflow's task."""

from __future__ import annotations

import pytest
from msgspec import Raw

from podium_core.index.changes import Merge, Put, Remove
from podium_core.index.marks import UPSERT, IndexMark, combined_mark, decode_mark, encode_mark

WAITING = Put(Raw(b'{"taskId":"t1","workflowId":"w1"}'))
FIELDS = Raw(b'{"status":"FAILED"}')


@pytest.mark.parametrize("newer", [Remove("w2"), Merge(FIELDS, "w2")])
def test_a_change_of_another_workflows_task_leaves_what_waits(newer: IndexMark) -> None:
    assert combined_mark(WAITING, newer) == WAITING


@pytest.mark.parametrize("workflow_id", ["w1", ""])
def test_a_change_of_its_own_does_what_it_says(workflow_id: str) -> None:
    assert combined_mark(WAITING, Remove(workflow_id)) == Remove(workflow_id)
    combined = combined_mark(WAITING, Merge(FIELDS, workflow_id))
    assert combined == Put(Raw(b'{"taskId":"t1","workflowId":"w1","status":"FAILED"}'))


@pytest.mark.parametrize("mark", [UPSERT, WAITING, Remove("w1"), Merge(FIELDS, "w1")])
def test_a_mark_is_read_as_it_was_written(mark: IndexMark) -> None:
    assert decode_mark(encode_mark(mark)) == mark
