"""Only what differs is written again, and the file is then as if the newest documents had come first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from podium_backends.sqlite.file.connection import prepare_file
from podium_backends.sqlite.index.index_file import INDEX_FORMAT
from podium_backends.sqlite.index.writes import send
from podium_core.index import EntryKind
from podium_core.index.entries import IndexWrite

UNKNOWN = "unknown"
# Of each type what is usual, what isn't, and what compares equal to something else.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(["RUNNING", "FAILED", "1", "true", 1, True, 1.0, None, ["FAILED"]]),
    "input": st.sampled_from(["a b", "b c", "", 1, True, None, [], ["a", "b"], "É"]),
    "output": st.sampled_from(["a b", "b c", "", [1, "a"], [True, "a"]]),
    "executionTime": st.sampled_from([0, 1, "1", 1.5, None, [7]]),
    "archived": st.sampled_from([True, False, "true", "false", None]),
    "updateTime": st.sampled_from([0, 1, "1970-01-01T00:00:00.001Z", "2023", None]),
    "endTime": st.sampled_from([0, 1, "1970-01-01T00:00:00.001Z", "2023", None]),
    "externalInputPayloadStoragePath": st.sampled_from(["a/b", "a/c", None]),
    "taskId": st.just("t"),
    UNKNOWN: st.sampled_from(["x", 1]),
}
DOCUMENTS = st.fixed_dictionaries({}, optional=VALUES)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    prepare_file(tmp_path / "index.db", INDEX_FORMAT)
    found = sqlite3.connect(tmp_path / "index.db", isolation_level=None)
    yield found
    found.close()


def write_of(document: dict[str, Any], *, id_: str = "t", token: int = 1) -> IndexWrite:
    text = json.dumps(document).encode()
    return IndexWrite(kind=EntryKind.TASK, id=id_, token=token, document=text)


def state_after(conn: sqlite3.Connection, jobs: list[list[IndexWrite]]) -> list[Any]:
    """All that the file holds after some jobs, each with its writes."""
    conn.execute("BEGIN")
    try:
        for writes in jobs:
            for answer in send(conn, writes, now_ms=0):
                assert not answer.refused, answer
        conn.execute("INSERT INTO task_words (task_words) VALUES ('integrity-check')")
        return [
            conn.execute("SELECT * FROM tasks").fetchall(),
            conn.execute("SELECT document FROM task_documents").fetchall(),
            conn.execute("SELECT * FROM task_words").fetchall(),
        ]
    finally:
        conn.execute("ROLLBACK")


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(documents=st.lists(DOCUMENTS, min_size=2, max_size=4), together=st.booleans())
def test_an_update_is_as_good_as_a_first_write(
    conn: sqlite3.Connection, documents: list[dict[str, Any]], together: bool
) -> None:
    last = write_of(documents[-1])
    writes = [write_of(document) for document in documents]
    jobs = [writes] if together else [[write] for write in writes]
    assert state_after(conn, jobs) == state_after(conn, [[last]])


def test_entries_in_any_order_get_their_words(conn: sqlite3.Connection) -> None:
    def writes(status: str, order: range) -> list[IndexWrite]:
        return [
            write_of({"status": status, "input": f"w{n}"}, id_=f"t{n}", token=len(status))
            for n in order
        ]

    send(conn, writes("A", range(20)), now_ms=0)
    gone = IndexWrite(kind=EntryKind.TASK, id="t7", token=9, document=None)
    send(conn, [*writes("BB", range(19, -1, -1)), gone, *writes("CCC", range(3, 30))], now_ms=0)
    found = conn.execute("SELECT rowid, input FROM task_words ORDER BY rowid").fetchall()
    stored = conn.execute("SELECT number, 'w' || substr(task_id, 2) FROM tasks ORDER BY number")
    assert found == stored.fetchall()
    assert len(found) == 29


def test_a_new_time_alone_leaves_the_words_alone(conn: sqlite3.Connection) -> None:
    document = {"status": "RUNNING", "input": "a b", "updateTime": 1}
    send(conn, [write_of(document)], now_ms=0)
    conn.execute("UPDATE task_words SET input = 'untouched', exact = 'untouched'")
    send(conn, [write_of({**document, "updateTime": 2})], now_ms=0)
    assert conn.execute("SELECT input, exact FROM task_words").fetchall() == [("untouched",) * 2]
    send(conn, [write_of({**document, "status": "FAILED"})], now_ms=0)
    [(text, exact)] = conn.execute("SELECT input, exact FROM task_words").fetchall()
    assert (text, exact.split()) == ("untouched", ["k74", "k4641494c4544"])
    send(conn, [write_of({**document, "input": "c"})], now_ms=0)
    assert conn.execute("SELECT input FROM task_words").fetchall() == [("c",)]
