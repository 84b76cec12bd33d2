"""The newer of two writes stays, whatever comes late; deleted entries too, for an hour."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec import Raw
from msgspec.structs import replace

from podium_backends.sqlite.file.connection import prepare_file
from podium_backends.sqlite.index.index_file import INDEX_FORMAT, IndexFile
from podium_backends.sqlite.index.layout import WORKFLOWS
from podium_backends.sqlite.index.search import Search
from podium_backends.sqlite.index.stored_entry import digest_of
from podium_backends.sqlite.index.writes import TABLES, apply, send
from podium_core.errors import InvalidArgumentError
from podium_core.index import EntryKind, IndexChange, IndexOutcome, Merge, Put, Remove
from podium_core.index.entries import ABSENT, TOMBSTONE_MS, IndexAnswer, IndexWrite
from podium_core.models import Wait
from podium_core.query import MatchAll, Word
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
    [entry] = await index.target.entries(EntryKind.WORKFLOW, [id_])
    found: str | None = json.loads(entry.document)["status"] if entry else None
    return found


class TestSend:
    async def test_an_older_write_is_stale_and_says_what_is_there(self, index: IndexFile) -> None:
        await index.target.send([put("w", 5, status="new")])
        answers = await index.target.send([put("w", 4, status="old"), delete("w", 4)])
        assert answers == [IndexAnswer(stale=True, was_there=True, token=5)] * 2
        assert await status_of(index, "w") == "new"

    async def test_the_same_token_writes_again(self, index: IndexFile) -> None:
        answers = await index.target.send([put("w", 5, status="a"), put("w", 5, status="b")])
        assert answers == [IndexAnswer(), IndexAnswer(was_there=True)]
        assert await status_of(index, "w") == "b"

    async def test_what_was_made_from_another_entry_is_stale(self, index: IndexFile) -> None:
        await index.target.send([put("w", 5, status="archived")])
        made = msgspec.structs.replace(put("w", 7, status="merged"), expected=4)
        assert await index.target.send([made]) == [IndexAnswer(stale=True, was_there=True, token=5)]
        assert await status_of(index, "w") == "archived"
        made = msgspec.structs.replace(made, expected=5)
        assert await index.target.send([made]) == [IndexAnswer(was_there=True)]
        assert await status_of(index, "w") == "merged"

    async def test_a_late_write_does_not_raise_a_deleted_entry_for_an_hour(
        self, index: IndexFile, clock: FakeClock
    ) -> None:
        await index.target.send([put("w", 5, status="a")])
        assert await index.target.send([delete("w", 6)]) == [IndexAnswer(was_there=True)]
        clock.pass_by(TOMBSTONE_MS - 1)
        await index.maintain()
        [late] = await index.target.send([put("w", 5, status="late")])
        assert late == IndexAnswer(stale=True, token=6)
        clock.pass_by(1)
        await index.maintain()
        assert await index.target.send([put("w", 5, status="late")]) == [IndexAnswer()]

    async def test_deleting_what_is_not_there_is_remembered_too(self, index: IndexFile) -> None:
        assert await index.target.send([delete("w", 6)]) == [IndexAnswer()]
        [late] = await index.target.send([put("w", 5)])
        assert late.stale

    async def test_what_it_cannot_take_is_refused_and_takes_no_other_along(
        self, index: IndexFile
    ) -> None:
        await index.target.send([put("w", 1, status="a")])
        bad = IndexWrite(kind=EntryKind.WORKFLOW, id="x", token=1, document=b"[1]")
        worse = IndexWrite(kind=EntryKind.TASK_LOG, id="x", token=1, document=b'{"a":"\\x"}')
        other = IndexWrite(
            kind=EntryKind.WORKFLOW, id="w", token=2, document=b'{"workflowId":"other"}'
        )
        answers = await index.target.send([bad, other, put("v", 1), worse])
        assert [answer.refused for answer in answers[:3]] == [
            "not a JSON object",
            "workflowId: not the id of the entry",
            "",
        ]
        assert answers[3].refused.startswith("not valid JSON")
        assert answers[1].was_there
        assert await status_of(index, "w") == "a"
        heads = (await index.target.scan(EntryKind.WORKFLOW)).heads
        assert [head.id for head in heads] == ["v", "w"]

    async def test_an_entry_of_another_id_is_refused(self, index: IndexFile) -> None:
        write = IndexWrite(
            kind=EntryKind.WORKFLOW, id="w", token=1, document=b'{"workflowId":"other"}'
        )
        [answer] = await index.target.send([write])
        assert answer.refused == "workflowId: not the id of the entry"


class TestScan:
    async def test_gives_heads_in_order_page_by_page(self, index: IndexFile) -> None:
        writes = [put(f"w{n}", n, archived=n == 2) for n in range(5)]
        await index.target.send(writes)
        task = b'{"taskId":"t","workflowId":"w1"}'
        log = b'{"taskId":"t","createdTime":1}'
        await index.target.send(
            [
                IndexWrite(kind=EntryKind.TASK, id="t", token=9, document=task),
                IndexWrite(kind=EntryKind.TASK_LOG, id="l", token=8, document=log),
            ]
        )
        first, cursor = await index.target.scan(EntryKind.WORKFLOW, limit=3)
        assert cursor is not None
        rest, end = await index.target.scan(EntryKind.WORKFLOW, cursor=cursor)
        assert end is None
        assert [head.id for head in (*first, *rest)] == ["w0", "w1", "w2", "w3", "w4"]
        ids = ["w4", "none", "w0", "w4"]
        assert await index.target.heads(EntryKind.WORKFLOW, ids) == [
            rest[-1],
            None,
            first[0],
            rest[-1],
        ]
        assert [head.archived for head in first] == [False, False, True]
        assert [head.digest for head in first] == [
            digest_of(write.document) for write in writes[:3] if write.document
        ]
        [head] = (await index.target.scan(EntryKind.TASK)).heads
        assert (head.id, head.token, head.workflow_id) == ("t", 9, "w1")
        [head] = (await index.target.scan(EntryKind.TASK_LOG)).heads
        assert await index.target.heads(EntryKind.TASK_LOG, ["none", "l"]) == [None, head]
        assert (head.id, head.token, head.workflow_id) == ("l", 8, "")
        [entry] = await index.target.entries(EntryKind.TASK_LOG, ["l"])
        assert entry is not None
        assert entry.document == log


class TestExpected:
    """A write that was made from an entry takes effect on this one alone."""

    async def test_an_entry_that_was_not_there_must_not_be(self, index: IndexFile) -> None:
        first = replace(put("w", 5, status="first"), expected=ABSENT)
        assert await index.target.send([first]) == [IndexAnswer()]
        second = replace(put("w", 6, status="second"), expected=ABSENT)
        assert await index.target.send([second]) == [
            IndexAnswer(stale=True, was_there=True, token=5)
        ]
        assert await status_of(index, "w") == "first"

    async def test_one_that_was_deleted_is_not_there(self, index: IndexFile) -> None:
        await index.target.send([put("w", 4), delete("w", 5)])
        absent = replace(put("w", 6, status="new"), expected=ABSENT)
        assert await index.target.send([absent]) == [IndexAnswer()]
        gone = replace(put("v", 6), expected=4)
        assert await index.target.send([gone]) == [IndexAnswer(stale=True)]


class TestWrite:
    """What comes through IndexDAO gets a token above everything that was there."""

    async def test_is_newer_than_what_was_sent(self, index: IndexFile, clock: FakeClock) -> None:
        ahead = clock.now_ms * 1000 + 10**9
        await index.target.send([put("w", ahead), delete("v", ahead)])
        changes = [
            IndexChange(EntryKind.WORKFLOW, id_, Put(Raw(b'{"status":"new"}')))
            for id_ in ("w", "v", "u")
        ]
        assert await index.dao.write(changes, wait=Wait.INDEXED) == [IndexOutcome.WRITTEN] * 3
        found = await index.target.entries(EntryKind.WORKFLOW, ["w", "v", "u"])
        tokens = [entry.token for entry in found if entry]
        assert tokens == [ahead + 1, ahead + 1, clock.now_ms * 1000]

    async def test_accepted_says_no_more(self, index: IndexFile) -> None:
        change = IndexChange(EntryKind.WORKFLOW, "w", Remove())
        assert await index.dao.write([change], wait=Wait.ACCEPTED) == [IndexOutcome.ACCEPTED]
        assert await index.dao.remove_workflow("w") is False

    async def test_a_task_of_another_workflow_is_absent(self, index: IndexFile) -> None:
        document = Raw(b'{"taskId":"t","workflowId":"w"}')
        await index.dao.write([IndexChange(EntryKind.TASK, "t", Put(document))], wait=Wait.INDEXED)
        changes = [
            IndexChange(EntryKind.TASK, "t", Merge(Raw(b"{}"), "other")),
            IndexChange(EntryKind.TASK, "t", Remove("other")),
            IndexChange(EntryKind.TASK, "t", Remove("w")),
        ]
        outcomes = await index.dao.write(changes, wait=Wait.INDEXED)
        assert outcomes == [IndexOutcome.ABSENT, IndexOutcome.ABSENT, IndexOutcome.WRITTEN]

    @pytest.mark.parametrize(
        "action",
        [
            Put(Raw(b'{"workflowId":"w"}')),
            Put(Raw(b'{"workflowId":"w","rawJSON":"other","archived":false}')),
            Merge(Raw(b'{"rawJSON":null,"archived":false}')),
        ],
    )
    async def test_an_archive_stays(self, index: IndexFile, action: Put | Merge) -> None:
        await index.target.send([put("w", 1, rawJSON="all", archived=True)])
        change = IndexChange(EntryKind.WORKFLOW, "w", action)
        for _ in range(2):
            await index.dao.write([change], wait=Wait.INDEXED)
            assert await index.dao.get("w", "rawJSON") == Raw(b'"all"')
            [entry] = await index.target.entries(EntryKind.WORKFLOW, ["w"])
            assert entry is not None
            assert (entry.archived, entry.external) == (True, False)

    async def test_what_the_index_cannot_take_is_the_callers_to_mend(
        self, index: IndexFile
    ) -> None:
        change = IndexChange(EntryKind.WORKFLOW, "w", Put(Raw(b'{"workflowId":"other"}')))
        with pytest.raises(InvalidArgumentError, match="workflow 'w': workflowId: not the id"):
            await index.dao.write([change], wait=Wait.INDEXED)


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
        assert {head.id: head.token for head in table.next_heads(conn, "", 10)} == {
            id_: write.token for id_, write in there.items()
        }
        for word in "xyz":
            hits = Search(WORKFLOWS, Word(word), MatchAll()).run(conn, start=0, count=10)
            wanted = {
                id_
                for id_, write in there.items()
                if word in json.loads(write.document or b"")["input"].split()
            }
            # Words of what was replaced or deleted are gone, too: the count comes from them alone.
            assert ({id_ for _, id_ in hits.rows}, hits.total) == (wanted, len(wanted))
    finally:
        conn.execute("ROLLBACK")


def test_merging_changes_what_is_found(conn: sqlite3.Connection) -> None:
    send(conn, [put("a", 1, status="RUNNING", input="alpha", version=1)], now_ms=0)
    fields = Raw(b'{"status":"COMPLETED","input":"beta","archived":true}')
    change = IndexChange(EntryKind.WORKFLOW, "a", Merge(fields))
    assert apply(conn, [change], now_ms=5) == [IndexOutcome.WRITTEN]
    found = {
        word: Search(WORKFLOWS, Word(word), MatchAll()).total(conn)
        for word in ("alpha", "beta", "RUNNING", "COMPLETED", "1", "true")
    }
    assert found == {"alpha": 0, "beta": 1, "RUNNING": 0, "COMPLETED": 1, "1": 1, "true": 1}
