"""Marks whose bodies hold half of a surrogate pair."""

from __future__ import annotations

import pytest
from msgspec import Raw

from podium_core.index.changes import Merge, Put, Remove
from podium_core.index.documents import with_members
from podium_core.index.marks import (
    IndexMark,
    Upsert,
    Verify,
    combined_mark,
    decode_mark,
    encode_mark,
)

HALVES = Raw(rb'{"workflowId":"w1","\uDE00":"\ud83d"}')


@pytest.mark.parametrize(
    "mark", [Put(HALVES), Merge(HALVES), Merge(HALVES, "w1"), Upsert(HALVES), Verify(HALVES)]
)
def test_come_back_from_the_outbox(mark: IndexMark) -> None:
    assert decode_mark(encode_mark(mark)) == mark


def test_a_merge_leaves_them_in_their_entry() -> None:
    text = with_members(b'{"a":"\\ud83d","b":1}', Raw(rb'{"b":"\uDE00"}'))
    assert text == rb'{"a":"\ud83d","b":"\uDE00"}'


def test_a_document_with_them_says_whose_it_is() -> None:
    assert combined_mark(Put(HALVES), Remove("w2")) == Put(HALVES)
    assert combined_mark(Put(HALVES), Remove("w1")) == Remove("w1")
