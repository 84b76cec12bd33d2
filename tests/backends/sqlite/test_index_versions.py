"""The newer of two writes stays, whatever comes late; deleted entries too, for a while."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from podium_backends.sqlite.file.connection import prepare_file
from podium_backends.sqlite.index.index_file import INDEX_FORMAT, IndexFile
from podium_backends.sqlite.index.layout import WORKFLOWS
from podium_backends.sqlite.index.search import SqlSearch
from podium_backends.sqlite.index.writes import TABLES, TOMBSTONE_MS, send
from podium_core.index import EntryKind
from podium_core.index.entries import IndexAnswer, IndexWrite, digest_of
from podium_core.index.search import Hits, Search
from podium_core.paging.read_budget import ReadBudget
from podium_core.query import Query, Word
from tests.backends.sqlite.indexes import document_of, opened_index
from tests.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def index(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IndexFile]:
    async with opened_index(tmp_path / "index.db", clock) as opened:
        yield opened


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    prepare_file(tmp_path / "index.db", INDEX_FORMAT)
    found = sqlite3.connect(tmp_path / "index.db", isolation_level=None)
    yield found
    found.close()


def put(id_: str, token: int, **members: object) -> IndexWrite:
    document = document_of({"workflowId": id_, **members})
    return IndexWrite(kind=EntryKind.WORKFLOW, id=id_, token=token, document=document)


def delete(id_: str, token: int) -> IndexWrite:
    return IndexWrite(kind=EntryKind.WORKFLOW, id=id_, token=token, document=None)


async def status_of(index: IndexFile, id_: str) -> str | None:
    [entry] = await index.table.entries(EntryKind.WORKFLOW, [id_])
    found: str | None = json.loads(entry.document)["status"] if entry else None
    return found


class TestSend:
    async def test_an_older_write_is_stale_and_says_what_is_there(self, index: IndexFile) -> None:
        await index.table.send([put("w", 5, status="new")])
        answers = await index.table.send([put("w", 4, status="old"), delete("w", 4)])
        assert answers == [IndexAnswer(stale=True, was_there=True, token=5)] * 2
        assert await status_of(index, "w") == "new"

    async def test_the_same_token_writes_again(self, index: IndexFile) -> None:
        answers = await index.table.send([put("w", 5, status="a"), put("w", 5, status="b")])
        assert answers == [IndexAnswer(), IndexAnswer(was_there=True)]
        assert await status_of(index, "w") == "b"

    async def test_a_late_write_does_not_raise_a_deleted_entry_for_a_while(
        self, index: IndexFile, clock: FakeClock
    ) -> None:
        await index.table.send([put("w", 5, status="a")])
        assert await index.table.send([delete("w", 6)]) == [IndexAnswer(was_there=True)]
        clock.pass_by(TOMBSTONE_MS - 1)
        await index.maintain()
        [late] = await index.table.send([put("w", 5, status="late")])
        assert late == IndexAnswer(stale=True, token=6)
        clock.pass_by(1)
        await index.maintain()
        assert await index.table.send([put("w", 5, status="late")]) == [IndexAnswer()]

    async def test_deleting_what_is_not_there_is_remembered_too(self, index: IndexFile) -> None:
        assert await index.table.send([delete("w", 6)]) == [IndexAnswer()]
        [late] = await index.table.send([put("w", 5)])
        assert late.stale

    async def test_what_it_cannot_take_is_refused_and_takes_no_other_along(
        self, index: IndexFile
    ) -> None:
        await index.table.send([put("w", 1, status="a")])
        bad = IndexWrite(kind=EntryKind.WORKFLOW, id="x", token=1, document=b"[1]")
        worse = IndexWrite(kind=EntryKind.TASK_LOG, id="x", token=1, document=b'{"a":"\\x"}')
        other = IndexWrite(
            kind=EntryKind.WORKFLOW, id="w", token=2, document=b'{"workflowId":"other"}'
        )
        answers = await index.table.send([bad, other, put("v", 1), worse])
        assert [answer.refused for answer in answers[:3]] == [
            "not a JSON object",
            "workflowId: not the id of the entry",
            "",
        ]
        assert answers[3].refused.startswith("not valid JSON")
        assert answers[1].was_there
        assert await status_of(index, "w") == "a"
        heads = (await index.table.scan(EntryKind.WORKFLOW)).heads
        assert [head.id for head in heads] == ["v", "w"]

    async def test_an_entry_of_another_id_is_refused(self, index: IndexFile) -> None:
        write = IndexWrite(
            kind=EntryKind.WORKFLOW, id="w", token=1, document=b'{"workflowId":"other"}'
        )
        [answer] = await index.table.send([write])
        assert answer.refused == "workflowId: not the id of the entry"


class TestScan:
    async def test_gives_heads_in_order_page_by_page(self, index: IndexFile) -> None:
        writes = [put(f"w{n}", n, archived=n == 2) for n in range(5)]
        await index.table.send(writes)
        task = b'{"taskId":"t","workflowId":"w1"}'
        log = b'{"taskId":"t","createdTime":1}'
        await index.table.send(
            [
                IndexWrite(kind=EntryKind.TASK, id="t", token=9, document=task),
                IndexWrite(kind=EntryKind.TASK_LOG, id="l", token=8, document=log),
            ]
        )
        first, cursor = await index.table.scan(EntryKind.WORKFLOW, limit=3)
        assert cursor is not None
        rest, end = await index.table.scan(EntryKind.WORKFLOW, cursor=cursor)
        assert end is None
        assert [head.id for head in (*first, *rest)] == ["w0", "w1", "w2", "w3", "w4"]
        ids = ["w4", "none", "w0", "w4"]
        assert await index.table.heads(EntryKind.WORKFLOW, ids) == [
            rest[-1],
            None,
            first[0],
            rest[-1],
        ]
        assert [head.archived for head in first] == [False, False, True]
        assert [head.digest for head in first] == [
            digest_of(write.document) for write in writes[:3] if write.document
        ]
        [head] = (await index.table.scan(EntryKind.TASK)).heads
        assert (head.id, head.token, head.workflow_id) == ("t", 9, "w1")
        [head] = (await index.table.scan(EntryKind.TASK_LOG)).heads
        assert await index.table.heads(EntryKind.TASK_LOG, ["none", "l"]) == [None, head]
        assert (head.id, head.token, head.workflow_id) == ("l", 8, "")
        [entry] = await index.table.entries(EntryKind.TASK_LOG, ["l"])
        assert entry is not None
        assert entry.document == log


IDS = st.sampled_from(["a", "b"])
STATES = st.sampled_from(["x y", "y z", "z"])
SENDS = st.builds(
    lambda id_, token, text: put(id_, token, input=text), IDS, st.integers(1, 9), STATES
)
DELETES = st.builds(delete, IDS, st.integers(1, 9))


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(writes=st.lists(SENDS | DELETES, max_size=12))
def test_any_order_of_writes_ends_at_the_highest_token(
    conn: sqlite3.Connection, writes: list[IndexWrite]
) -> None:
    conn.execute("BEGIN")
    try:
        newest: dict[str, IndexWrite] = {}
        for write in writes:
            before = newest.get(write.id)
            [answer] = send(conn, [write], now_ms=0)
            assert answer.stale == (before is not None and before.token > write.token)
            assert answer.was_there == (before is not None and before.document is not None)
            if not answer.stale:
                newest[write.id] = write
        there = {id_: write for id_, write in newest.items() if write.document is not None}
        table = TABLES[EntryKind.WORKFLOW]
        assert {head.id: head.token for head in table.next_heads(conn, "", 10).heads} == {
            id_: write.token for id_, write in there.items()
        }
        for word in "xyz":
            found = _found(conn, Word(word))
            wanted = {
                id_
                for id_, write in there.items()
                if word in json.loads(write.document or b"")["input"].split()
            }
            # Words of what was replaced or deleted are gone, too: the count comes from them alone.
            assert ({hit.id for hit in found.hits}, found.total) == (wanted, len(wanted))
    finally:
        conn.execute("ROLLBACK")


def test_a_newer_document_changes_what_is_found(conn: sqlite3.Connection) -> None:
    send(conn, [put("a", 1, status="RUNNING", input="alpha", version=1)], now_ms=0)
    newer = put("a", 2, status="COMPLETED", input="beta", version=1, archived=True)
    assert send(conn, [newer], now_ms=5) == [IndexAnswer(was_there=True)]
    found = {
        word: _found(conn, Word(word)).total
        for word in ("alpha", "beta", "RUNNING", "COMPLETED", "1", "true")
    }
    assert found == {"alpha": 0, "beta": 1, "RUNNING": 0, "COMPLETED": 1, "1": 1, "true": 1}


def _found(conn: sqlite3.Connection, query: Query) -> Hits:
    search = Search(kind=EntryKind.WORKFLOW, query=query, count=10)
    return SqlSearch(WORKFLOWS, search).run(conn, ReadBudget())
