"""An archive in what was there stays in what is written."""

from __future__ import annotations

import json

import pytest
from msgspec import Raw

from podium_core.index.changes import Merge, Put, Remove
from podium_core.index.kept_archive import document_with_archive, has_archive
from podium_core.index.marks import (
    IndexMark,
    Upsert,
    Verify,
    combined_mark,
    decode_mark,
    encode_mark,
)

ARCHIVED = b'{"workflowId":"w1","status":"COMPLETED","rawJSON":"{}","archived":true}'
PLAIN = Raw(b'{"workflowId":"w1"}')
KEPT = Raw(b'{"workflowId":"w1","rawJSON":"{}","archived":true}')
ARCHIVE = Raw(b'{"rawJSON":"{}","archived":true}')


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (ARCHIVED, True),
        (b'{"archived":true}', True),
        (b'{"rawJSON":"{}"}', True),
        (b'{"raw\\u004aSON":"{}"}', True),
        (b'{"rawJSON":null,"archived":false}', False),
        (b'{"rawJSON":{},"archived":"true"}', False),
        (b'{"workflowId":"rawJSON archived"}', False),
        (b"[]", False),
        (b"{", False),
    ],
)
def test_an_archive_is_a_text_or_the_word_archived(document: bytes, expected: bool) -> None:
    assert has_archive(document) is expected


@pytest.mark.parametrize(
    "written",
    [b"{}", b'{"rawJSON":null,"archived":false}', b'{"rawJSON":"[]","archived":"x"}'],
)
def test_an_archive_of_ours_stays_whatever_is_written(written: bytes) -> None:
    found = json.loads(document_with_archive(written, ARCHIVED, replaceable=False))
    assert found == {"rawJSON": "{}", "archived": True}


def test_one_of_the_engines_gives_way_to_its_next_one_only() -> None:
    assert document_with_archive(
        b'{"rawJSON":"[]","archived":true}', ARCHIVED, replaceable=True
    ) == (b'{"rawJSON":"[]","archived":true}')
    kept = document_with_archive(b'{"rawJSON":1}', ARCHIVED, replaceable=True)
    assert json.loads(kept) == {"rawJSON": "{}", "archived": True}


def test_without_an_archive_nothing_changes() -> None:
    assert document_with_archive(b'{ "a": 1.00 }', b'{"archived":false}', replaceable=False) == (
        b'{ "a": 1.00 }'
    )


@pytest.mark.parametrize(
    ("waiting", "newer", "expected"),
    [
        (Put(Raw(ARCHIVED)), Put(PLAIN), Put(KEPT)),
        (Merge(ARCHIVE), Put(PLAIN), Put(KEPT)),
        (Upsert(ARCHIVE), Put(PLAIN), Put(KEPT)),
        (Verify(ARCHIVE), Put(PLAIN), Put(KEPT)),
        (Put(KEPT), Merge(Raw(b'{"rawJSON":null}')), Put(KEPT)),
        (Merge(ARCHIVE), Merge(Raw(b'{"archived":false}')), Merge(ARCHIVE)),
        (Remove(), Put(PLAIN), Put(PLAIN, "")),
        (Remove("w1"), Put(PLAIN), Put(PLAIN, "w1")),
        (Put(PLAIN, "w1"), Put(PLAIN), Put(PLAIN, "w1")),
        (Verify(removes_archive=True), Put(PLAIN), Put(PLAIN, "")),
        (Put(PLAIN, ""), Merge(Raw(b'{"a":1}')), Put(Raw(b'{"workflowId":"w1","a":1}'), "")),
        (Upsert(), Verify(removes_archive=True), Verify(removes_archive=True)),
        (Upsert(), Verify(), Upsert()),
        (Put(KEPT), Remove(), Remove()),
    ],
)
def test_a_mark_does_what_both_would_have_done(
    waiting: IndexMark, newer: IndexMark, expected: IndexMark
) -> None:
    found = combined_mark(waiting, newer)
    assert found == expected
    assert decode_mark(encode_mark(found)) == found


def test_half_of_a_surrogate_pair_hides_no_archive() -> None:
    before = rb'{"rawJSON":"{}","archived":true,"other":"\ud83d"}'
    assert has_archive(before)
    kept = document_with_archive(b'{"workflowId":"w"}', before, replaceable=False)
    assert has_archive(kept)
