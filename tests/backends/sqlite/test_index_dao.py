"""Searches page, sort and count; slow ones hold nobody up; what is damaged is named."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET, Raw, UnsetType

from podium_backends.sqlite.index import search as search_module
from podium_backends.sqlite.index.compile import compile_query
from podium_backends.sqlite.index.index_file import IndexFile
from podium_backends.sqlite.index.layout import WORKFLOWS
from podium_backends.sqlite.index.searchers import SEARCHERS
from podium_backends.sqlite.settings import SqliteSettings
from podium_backends.sqlite.store import open_store
from podium_core.backend import DataType, StoreContext
from podium_core.errors import (
    BackendUnavailableError,
    CorruptRecordError,
    DeadlineExceededError,
    IncompatibleStoreError,
    InvalidArgumentError,
    NotFoundError,
    OverloadedError,
)
from podium_core.index import EntryKind, IndexChange, Put
from podium_core.models import (
    Guarantee,
    IndexedMessage,
    TaskExecLog,
    TaskSummary,
    Wait,
    WorkflowSummary,
)
from podium_core.query import QueryError, parse_free_text, parse_query
from tests.backends.sqlite.indexes import opened_index, put_workflows
from tests.clock import FakeClock
from tests.patience import PATIENCE_SECONDS
from tests.table_writes import TableWrites

DAY_MS = 86_400_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def index(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IndexFile]:
    async with opened_index(tmp_path / "index.db", clock) as opened:
        yield opened


def damage(folder: Path, workflow_id: str) -> None:
    """Make a workflow's document something else than JSON."""
    conn = sqlite3.connect(folder / "index.db")
    conn.execute(
        "UPDATE workflow_documents SET document = 'no JSON' WHERE number ="
        " (SELECT number FROM workflows WHERE workflow_id = ?)",
        (workflow_id,),
    )
    conn.commit()
    conn.close()


class TestPaging:
    async def test_goes_past_ten_thousand_and_counts_all(self, index: IndexFile) -> None:
        documents = [
            {"workflowId": f"w{n:05}", "startTime": n, "input": "word"} for n in range(12_000)
        ]
        await put_workflows(index, documents)
        for free_text in ("", "word"):
            page = await index.reads.search_workflows(
                "startTime >= 0", free_text, start=11_998, count=10_000, sort=["startTime"]
            )
            assert (page.total_hits, page.results) == (12_000, ("w11998", "w11999"))
        newest = await index.reads.search_workflows(free_text="word", count=2)
        assert newest.results == ("w11999", "w11998")
        beyond = await index.reads.search_workflows(start=2**70)
        assert (beyond.total_hits, beyond.results) == (12_000, ())

    async def test_a_count_of_zero_asks_for_the_total(self, index: IndexFile) -> None:
        await put_workflows(index, [{"workflowId": "a"}, {"workflowId": "b"}])
        page = await index.reads.search_workflow_summary(count=0)
        assert (page.total_hits, page.results) == (2, ())
        assert await index.reads.get_workflow_count("workflowId = 'a'") == 1

    @pytest.mark.parametrize(("start", "count"), [(-1, 1), (0, -1), (0, 10_001)])
    async def test_refuses_what_is_no_page(self, index: IndexFile, start: int, count: int) -> None:
        with pytest.raises(InvalidArgumentError):
            await index.reads.search_tasks(start=start, count=count)


class TestOrder:
    async def test_missing_values_come_last_both_ways_and_ids_break_ties(
        self, index: IndexFile
    ) -> None:
        await put_workflows(
            index,
            [
                {"workflowId": "d", "priority": 1},
                {"workflowId": "c"},
                {"workflowId": "b", "priority": 2},
                {"workflowId": "a", "priority": 1},
            ],
        )
        up = await index.reads.search_workflows(sort=["priority:ASC"])
        down = await index.reads.search_workflows(sort=["priority:DESC"])
        both = await index.reads.search_workflows(sort=["priority:DESC", "workflowId:DESC"])
        assert up.results == ("a", "d", "b", "c")
        assert down.results == ("b", "a", "d", "c")
        assert both.results == ("b", "d", "a", "c")

    async def test_the_best_match_comes_first_and_otherwise_the_newest(
        self, index: IndexFile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await put_workflows(
            index,
            [
                {"workflowId": "best", "startTime": 1, "input": "word word word"},
                {"workflowId": "newest", "startTime": 3, "input": "word and much more than that"},
                {"workflowId": "undated", "input": "word and much more than that too"},
                {"workflowId": "none", "startTime": 2, "input": "other"},
            ],
        )

        async def found(free_text: str = "", *sort: str) -> tuple[str, ...]:
            return (await index.reads.search_workflows(free_text=free_text, sort=sort)).results

        assert await found("word") == ("best", "newest", "undated")
        assert (await found("word", "_score:ASC"))[-1] == "best"
        assert await found("NOT other OR word") == ("best", "newest", "undated")
        assert await found() == ("newest", "none", "best", "undated")
        assert await found("*") == ("newest", "none", "best", "undated")
        assert await found("NOT nothing") == ("newest", "none", "best", "undated")
        monkeypatch.setattr(search_module, "MAX_SCORED", 2)
        assert await found("word") == ("newest", "best", "undated")
        assert await found("word", "_score:DESC", "startTime") == ("best", "newest", "undated")

    async def test_the_newest_of_many_are_found_without_sorting_all(
        self, index: IndexFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await put_workflows(
            index,
            [
                {
                    "workflowId": f"w{n}",
                    "startTime": n % 40,
                    "input": "word",
                    "correlationId": f"c{n % 2}",
                }
                for n in range(100)
            ],
        )

        async def found(query: str, free_text: str, *sort: str) -> tuple[str, ...]:
            page = await index.reads.search_workflows(
                query, free_text, start=5, count=20, sort=sort
            )
            return page.results

        searches = [
            ("correlationId = 'c1'", "", "startTime:DESC"),
            ("correlationId = 'c1'", "word", "startTime:DESC"),
            ("correlationId = 'c1'", "word", "startTime:DESC", "_score"),
            ("correlationId = 'c1'", ""),
            ("", "word AND NOT other", "startTime:DESC", "workflowId:DESC"),
        ]
        sorted_ = [await found(*search) for search in searches]
        monkeypatch.setattr(search_module, "MAX_SORTED", 10)
        along: list[bool] = []
        sorts_all = search_module._sorts_all

        def noted(conn: sqlite3.Connection, sql: str, arguments: Sequence[Any]) -> bool:
            along.append(sorts_all(conn, sql, arguments))
            return along[-1]

        monkeypatch.setattr(search_module, "_sorts_all", noted)
        assert [await found(*search) for search in searches] == sorted_
        assert along == [True] * len(searches)


class TestQueries:
    async def test_as_deep_and_as_wide_as_the_languages_allow(self, index: IndexFile) -> None:
        await put_workflows(index, [{"workflowId": "a", "status": "RUNNING", "input": "x y"}])
        deep = "status = 'RUNNING'"
        for level in range(96):
            deep = f"({deep} {'OR' if level % 2 else 'AND'} version IS NULL) "
        deep += "AND NOT (status = 'FAILED')"
        assert await index.reads.get_workflow_count(deep) == 1
        deep_text = "x"
        for level in range(96):
            deep_text = f"({deep_text} {'OR' if level % 2 else 'AND'} y)"
        assert await index.reads.get_workflow_count("", deep_text) == 1
        mixed = "x"
        for level in range(48):
            mixed = f"NOT ({mixed} OR 2023-11-{level % 28 + 1:02})"
        assert await index.reads.get_workflow_count("", mixed) == 1
        wide = " OR ".join(f"version = {n} AND status = 'RUNNING'" for n in range(490))
        assert await index.reads.get_workflow_count(f"{wide} OR status = 'RUNNING'") == 1
        assert (
            await index.reads.get_workflow_count("", " ".join(f"w{n}" for n in range(999)) + " x")
            == 1
        )
        dates = " ".join(f"2023-11-{n % 28 + 1:02}" for n in range(999))
        assert await index.reads.get_workflow_count("", dates) == 0

    async def test_grouped_from_the_right_where_that_is_set(self, tmp_path: Path) -> None:
        query = "status = 'FAILED' AND version = 1 OR version = 2"
        for right, found in ((False, 1), (True, 0)):
            path = tmp_path / f"{right}.db"
            async with opened_index(path, query_right_grouping=right) as index:
                await put_workflows(index, [{"workflowId": "w", "status": "RUNNING", "version": 2}])
                assert await index.reads.get_workflow_count(query) == found

    async def test_an_unknown_field_is_refused(self, index: IndexFile) -> None:
        with pytest.raises(QueryError, match="unknown field"):
            await index.reads.search_tasks("workflow = 'x'")


class TestDamage:
    async def test_an_entry_that_cannot_be_read_is_named(
        self, index: IndexFile, tmp_path: Path
    ) -> None:
        await put_workflows(index, [{"workflowId": id_, "status": "FAILED"} for id_ in "abc"])
        damage(tmp_path, "b")
        page = await index.reads.search_workflow_summary("status = 'FAILED'", sort=["workflowId"])
        assert [found.workflow_id for found in page.results] == ["a", "c"]
        assert (page.total_hits, page.unreadable_ids) == (3, ("b",))
        with pytest.raises(CorruptRecordError):
            await index.reads.get("b", "status")
        with pytest.raises(CorruptRecordError):
            await TableWrites(index.table).update_workflow("b", Raw(b'{"archived":true}'))

    async def test_it_can_be_written_again_and_removed(
        self, index: IndexFile, tmp_path: Path
    ) -> None:
        await put_workflows(index, [{"workflowId": id_, "input": "old"} for id_ in "ab"])
        damage(tmp_path, "a")
        damage(tmp_path, "b")
        await put_workflows(index, [{"workflowId": "a", "input": "new"}], token=2)
        assert (await index.reads.search_workflows(free_text="new")).results == ("a",)
        assert (await index.reads.search_workflows(free_text="old")).results == ("b",)
        assert await TableWrites(index.table).remove_workflow("b")
        await put_workflows(index, [{"workflowId": "c", "input": "else"}])
        assert (await index.reads.search_workflows(free_text="old")).results == ()


class TestGet:
    async def test_gives_one_field_as_json(self, index: IndexFile) -> None:
        document = Raw(b'{"workflowId":"w","version":1.50,"rawJSON":"{\\"a\\":1}","event":null}')
        await TableWrites(index.table).write(
            [IndexChange(EntryKind.WORKFLOW, "w", Put(document))], wait=Wait.INDEXED
        )

        async def get(id_: str, field: str) -> bytes | None:
            found = await index.reads.get(id_, field)
            return None if found is None else bytes(found)

        assert await get("w", "version") == b"1.50"
        assert await get("w", "rawJSON") == b'"{\\"a\\":1}"'
        assert await get("w", "event") is None
        assert await get("w", "status") is None
        assert await get("x", "status") is None


class TestRecords:
    async def test_logs_come_oldest_first_and_as_many_as_configured(self, index: IndexFile) -> None:
        logs = [
            TaskExecLog(id=f"l{n}", task_id="t", log=f"line {n}", created_time=time_)
            for n, time_ in enumerate([5, 3, 3, *range(6, 20)])
        ]
        await TableWrites(index.table).add_task_execution_logs(logs)
        await TableWrites(index.table).add_task_execution_logs(logs[2:3])
        found = await index.reads.get_task_execution_logs("t")
        assert [log.id for log in found] == ["l1", "l2", "l0", *(f"l{n}" for n in range(3, 10))]
        assert len(await index.reads.get_task_execution_logs("t", count=100)) == 17
        assert await index.reads.get_task_execution_logs("u") == []
        with pytest.raises(InvalidArgumentError):
            await index.reads.get_task_execution_logs("t", count=0)

    async def test_messages_are_of_their_queue(self, index: IndexFile, clock: FakeClock) -> None:
        for queue, id_ in (("q", "m2"), ("q", "m1"), ("r", "m1")):
            await TableWrites(index.table).add_message(
                IndexedMessage(message_id=id_, queue_name=queue, payload=f"in {queue}")
            )
            clock.pass_by(1)
        found = await index.reads.get_messages("q")
        assert [(each.message_id, each.payload) for each in found] == [
            ("m2", "in q"),
            ("m1", "in q"),
        ]


class TestSummaries:
    async def test_come_back_as_they_went(self, index: IndexFile) -> None:
        workflow = WorkflowSummary(workflow_id="w", start_time=5, failed_task_names=("a b", "c"))
        task = TaskSummary(task_id="t", workflow_id="w", status="COMPLETED", end_time=0)
        await TableWrites(index.table).index_workflow(workflow)
        await TableWrites(index.table).index_task(task)
        workflows = await index.reads.search_workflow_summary("failedTaskNames = 'a b'")
        assert workflows.results == (workflow,)
        assert (await index.reads.search_workflows("failedTaskNames = 'b c'")).results == ()
        assert (await index.reads.search_task_summary("workflowId = 'w'")).results == (task,)

    async def test_updating_what_is_absent_is_not_found(self, index: IndexFile) -> None:
        with pytest.raises(NotFoundError):
            await TableWrites(index.table).update_task("w", "t", Raw(b'{"archived":true}'))


class TestArchivable:
    async def test_is_what_ended_on_that_day_and_is_not_archived(
        self, index: IndexFile, clock: FakeClock
    ) -> None:
        today = clock.now_ms // DAY_MS * DAY_MS
        ended = today - 2 * DAY_MS
        rows: list[tuple[str, int, str, bool | UnsetType]] = [
            ("first", ended - DAY_MS, "COMPLETED", UNSET),
            ("last", ended - 1, "FAILED", False),
            ("early", ended - DAY_MS - 1, "COMPLETED", UNSET),
            ("late", ended, "COMPLETED", UNSET),
            ("archived", ended - 1, "COMPLETED", True),
            ("running", ended - 1, "RUNNING", UNSET),
        ]
        for id_, end_time, status, archived in rows:
            await TableWrites(index.table).index_workflow(
                WorkflowSummary(
                    workflow_id=id_, end_time=end_time, status=status, archived=archived
                )
            )
        assert await index.reads.search_archivable_workflows(2) == ["first", "last"]
        with pytest.raises(InvalidArgumentError):
            await index.reads.search_archivable_workflows(10**12)


SLOW = (
    "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000000000)"
    " SELECT count(*) FROM numbers"
)


def slowly(conn: sqlite3.Connection) -> object:
    return conn.execute(SLOW).fetchone()


class TestRepeatedTerms:
    """Nothing is looked for twice."""

    @pytest.mark.parametrize(
        ("free_text", "terms"),
        [
            ("a* " * 32, ['"a" *', '"k61" *']),
            ("ab* a* b* abc*", ['"a" *', '"b" *', '"k61" *', '"k62" *']),
            ("x y x", ['"k78"', '"k7820792078"', '"k79"', '"x"', '"y"']),
            ("x AND x AND x", ['"k78"', '"x"']),
        ],
    )
    def test_are_one(self, free_text: str, terms: list[str]) -> None:
        tree = parse_free_text(free_text, WORKFLOWS.fields)
        found = re.findall(r'"[^"]*"(?: \*)?', compile_query(tree, WORKFLOWS).condition.match)
        assert sorted(found) == terms

    def test_are_one_where_fields_are_compared(self) -> None:
        query = " OR ".join(["input = 'a b'"] * 100)
        match = compile_query(parse_query(query, WORKFLOWS.fields), WORKFLOWS).condition.match
        assert match.count('"a b"') == 1


class TestSlowSearches:
    async def test_a_search_nobody_waits_for_is_interrupted(self, index: IndexFile) -> None:
        for _ in range(2 * SEARCHERS):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(index._searchers.run(slowly), 0.05)
        # Every thread and connection is free again, long before a search would have ended.
        assert await asyncio.wait_for(index.reads.get_workflow_count(), PATIENCE_SECONDS) == 0

    async def test_writes_and_reads_by_id_go_on_meanwhile(self, tmp_path: Path) -> None:
        limit_ms = int(PATIENCE_SECONDS * 1000)
        async with opened_index(tmp_path / "busy.db", search_timeout_ms=limit_ms) as index:
            slow = [asyncio.create_task(index._searchers.run(slowly)) for _ in range(SEARCHERS)]
            waiting = asyncio.create_task(index.reads.search_workflows())
            await put_workflows(index, [{"workflowId": "a", "status": "x"}])
            assert await index.reads.get("a", "status") is not None
            assert not waiting.done()
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
            # What was acknowledged before it runs is seen.
            assert (await waiting).results == ("a",)

    async def test_one_above_the_limit_is_interrupted_and_says_so(self, tmp_path: Path) -> None:
        async with opened_index(tmp_path / "limit.db", search_timeout_ms=50) as index:
            for _ in range(2 * SEARCHERS):
                with pytest.raises(DeadlineExceededError, match=r"50 ms.*search_timeout_ms"):
                    await index._searchers.run(slowly)
            # Every connection is free again.
            await asyncio.gather(*(index._searchers.run(lambda _: None) for _ in range(SEARCHERS)))

    async def test_the_limit_includes_waiting_for_others(self, tmp_path: Path) -> None:
        end = threading.Event()

        def stuck(conn: sqlite3.Connection) -> None:
            end.wait()  # as SQLite where it can't be interrupted

        async with opened_index(tmp_path / "limit.db", search_timeout_ms=50) as index:
            slow = [asyncio.create_task(index._searchers.run(stuck)) for _ in range(SEARCHERS)]
            try:
                for task in slow:
                    with pytest.raises(DeadlineExceededError):
                        await task
                with pytest.raises(OverloadedError, match="50 ms") as caught:
                    await index.reads.search_workflows()
                assert caught.value.retry_after_ms > 0
                # What is looked up by its owner isn't a search, and waits for none.
                assert await index.reads.get_task_execution_logs("t") == []
                assert await index.reads.get_event_executions("e") == []
                assert await index.reads.search_archivable_workflows(1) == []
            finally:
                end.set()
            await asyncio.gather(*(index._searchers.run(lambda _: None) for _ in range(SEARCHERS)))
            assert await index.reads.get_workflow_count() == 0

    async def test_closing_interrupts_them_and_tells_those_who_wait(self, tmp_path: Path) -> None:
        index = IndexFile(tmp_path / "closed.db")
        await index.open()
        tasks = [asyncio.create_task(index._searchers.run(slowly)) for _ in range(2 * SEARCHERS)]
        await asyncio.sleep(0.05)
        await index.close()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {BackendUnavailableError}


# Writes entries one after the other, and says which are acknowledged.
WRITER = """
import asyncio, pathlib, sys
from tests.backends.sqlite.indexes import opened_index, put_workflows

async def main():
    async with opened_index(pathlib.Path(sys.argv[1])) as index:
        for n in range(10_000):
            await put_workflows(index, [{"workflowId": f"w{n:05}", "input": f"x{n}"}])
            print(n, flush=True)

asyncio.run(main())
"""


def acknowledged_before_a_kill(path: Path) -> int:
    """How many entries a process wrote that was killed while it went on."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    arguments = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment) as writer:
        assert writer.stdout is not None
        seen = 0
        while seen < 100:
            seen = int(writer.stdout.readline()) + 1
        writer.send_signal(signal.SIGKILL)
        return seen + writer.stdout.read().count("\n")


def context_of(serves: set[DataType]) -> StoreContext:
    return StoreContext(name="main", serves=frozenset(serves), commit_guarantee=Guarantee.ORDERED)


class TestFile:
    async def test_every_acknowledged_entry_is_there_after_a_kill(self, tmp_path: Path) -> None:
        path = tmp_path / "index.db"
        acknowledged = acknowledged_before_a_kill(path)
        async with opened_index(path) as index:
            assert await index.reads.get_workflow_count() >= acknowledged
            for n in range(acknowledged):
                found = await index.reads.search_workflows(free_text=f"x{n}")
                assert found.results == (f"w{n:05}",)

    async def test_a_file_of_records_is_no_index(self, tmp_path: Path) -> None:
        context = context_of({DataType.EXECUTIONS})
        settings = SqliteSettings(path=tmp_path / "podium.db")
        store = await open_store(context, settings)
        await store.close()
        with pytest.raises(IncompatibleStoreError):
            await IndexFile(tmp_path / "podium.db").open()

    async def test_is_opened_only_if_the_index_is_served_here(self, tmp_path: Path) -> None:
        settings = SqliteSettings(path=tmp_path / "podium.db")
        store = await open_store(context_of(set(DataType) - {DataType.INDEX}), settings)
        assert store.index is None
        await store.close()
        assert not (tmp_path / "index.db").exists()
        store = await open_store(context_of(set(DataType)), settings)
        assert store.index is not None
        assert store.maintain is not None
        await store.index.setup()
        await store.ping()
        await store.maintain()
        await store.close()
        assert (tmp_path / "index.db").exists()

    @pytest.mark.parametrize(
        ("settings", "name"),
        [
            (SqliteSettings(path=Path("a/podium.db")), "a/index.db"),
            (SqliteSettings(path=Path("a/x.db")), "a/x-index.db"),
            (SqliteSettings(path=Path("a/x.db"), index_path=Path("b/y.db")), "b/y.db"),
        ],
    )
    def test_lies_beside_the_records(self, settings: SqliteSettings, name: str) -> None:
        assert settings.index_file == Path(name)
