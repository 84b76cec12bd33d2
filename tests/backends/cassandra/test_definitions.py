"""Definitions, handlers and polls as Cassandra holds them: Java's index of definitions, and times of writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from msgspec import Raw

from podium_backends.cassandra import poll_data_table
from podium_backends.cassandra.connection import Session, Write
from podium_backends.cassandra.event_handler_table import CassandraEventHandlerTable
from podium_backends.cassandra.metadata_table import CassandraMetadataTable
from podium_backends.cassandra.poll_data_table import CassandraPollDataTable
from podium_core.clock import token_now
from podium_core.models import EventHandler, TaskDef, WorkflowDef, collect
from podium_core.paging.read_budget import ReadBudget
from tests.clock import FakeClock

LISTED = "SELECT workflow_def_name_version, workflow_def_index_value FROM workflow_defs_index"


@pytest.fixture
def table(session: Session) -> CassandraMetadataTable:
    return CassandraMetadataTable(session)


def workflow_def(name: str = "order", version: int = 1) -> WorkflowDef:
    document = f'{{"name": "{name}", "version": {version}}}'
    return WorkflowDef(document=Raw(document.encode()), name=name, version=version)


def task_def(name: str, text: str = "") -> TaskDef:
    document = f'{{"name": "{name}", "description": "{text}"}}'
    return TaskDef(document=Raw(document.encode()), name=name)


def handler(name: str) -> EventHandler:
    document = f'{{"name": "{name}", "event": "e"}}'
    return EventHandler(document=Raw(document.encode()), name=name, event="e")


def keys(found: list[WorkflowDef]) -> list[tuple[str, int]]:
    return [(one.name, one.version) for one in found]


class TestJavasIndex:
    """Key and value are both name/version; Java lists what is in it, and skips what has no definition."""

    async def test_has_each_version(self, table: CassandraMetadataTable, session: Session) -> None:
        for name, version in [("a/b", 1), ("a/b", 10), ("a", 2)]:
            assert await table.add_workflow_def(workflow_def(name, version))
        entries = ["a/2", "a/b/1", "a/b/10"]
        assert await session.rows(LISTED) == [(entry, entry) for entry in entries]
        assert await table.remove_workflow_def("a/b", 1)
        assert await session.rows(LISTED) == [(entry, entry) for entry in ("a/2", "a/b/10")]

    async def test_is_mended_by_an_update(
        self, table: CassandraMetadataTable, session: Session
    ) -> None:
        await table.add_workflow_def(workflow_def())
        await session.write("TRUNCATE workflow_defs_index")
        assert not await table.replace_workflow_def(workflow_def(version=2))
        assert await session.rows(LISTED) == []
        assert await table.replace_workflow_def(workflow_def())
        assert await session.rows(LISTED) == [("order/1", "order/1")]

    async def test_an_entry_without_a_definition_goes_with_the_next_removal(
        self, table: CassandraMetadataTable, session: Session
    ) -> None:
        await table.add_workflow_def(workflow_def())
        await session.write("DELETE FROM workflow_definitions WHERE workflow_def_name = 'order'")
        assert not await table.remove_workflow_def("order", 1)
        assert await session.rows(LISTED) == []

    async def test_an_entry_is_there_before_its_definition(
        self,
        table: CassandraMetadataTable,
        session: Session,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A server that dies between the two leaves nothing that Java never lists."""
        monkeypatch.setattr(table, "_apply", _die)
        with pytest.raises(_DeathError):
            await table.add_workflow_def(workflow_def())
        assert await session.rows(LISTED) == [("order/1", "order/1")]

    async def test_a_slow_removal_leaves_the_entry_of_a_new_definition(
        self,
        session: Session,
        table: CassandraMetadataTable,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Between the removal's two writes another server creates the definition again."""
        await table.add_workflow_def(workflow_def())
        apply = CassandraMetadataTable._apply

        async def apply_and_be_slow(self: CassandraMetadataTable, *statement: object) -> bool:
            done = await apply(self, *statement)  # type: ignore[arg-type]
            if self is slow:
                assert await table.add_workflow_def(workflow_def())
            return done

        slow = CassandraMetadataTable(session)
        monkeypatch.setattr(CassandraMetadataTable, "_apply", apply_and_be_slow)
        assert await slow.remove_workflow_def("order", 1)
        assert await session.rows(LISTED) == [("order/1", "order/1")]
        assert await table.workflow_def("order", 1) is not None

    async def test_a_creation_between_two_removals(
        self,
        session: Session,
        table: CassandraMetadataTable,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """The first entry of a creation may go with the definition before it; the second stays."""
        await table.add_workflow_def(workflow_def())
        other = CassandraMetadataTable(session)
        apply = CassandraMetadataTable._apply

        async def remove_first(self: CassandraMetadataTable, *statement: object) -> bool:
            if self is table:
                assert await other.remove_workflow_def("order", 1)
            return await apply(self, *statement)  # type: ignore[arg-type]

        monkeypatch.setattr(CassandraMetadataTable, "_apply", remove_first)
        assert await table.add_workflow_def(workflow_def())
        assert await session.rows(LISTED) == [("order/1", "order/1")]

    async def test_is_not_what_we_list_by(
        self, table: CassandraMetadataTable, session: Session
    ) -> None:
        await table.add_workflow_def(workflow_def())
        await session.write("TRUNCATE workflow_defs_index")
        stream = table.workflow_defs(("", 0), latest_only=False)
        assert keys(await collect(stream)) == [("order", 1)]
        assert await table.workflow_names(ReadBudget()) == ["order"]


class _DeathError(Exception):
    """The server is gone."""


async def _die(*_: object) -> bool:
    raise _DeathError


class TestWorkflowDefs:
    async def test_come_by_name_then_version(self, table: CassandraMetadataTable) -> None:
        """Whatever order Cassandra has them in; as text, a/10 is before a/2 and a-b/1 before a/1."""
        wanted = [(name, version) for name in ("a", "a-b", "a/b", "é") for version in (1, 2, 10)]
        await asyncio.gather(*(table.add_workflow_def(workflow_def(*key)) for key in wanted))
        found = await collect(table.workflow_defs(("", 0), latest_only=False))
        assert keys(found) == wanted
        for at, key in enumerate(wanted):
            rest = await collect(table.workflow_defs(key, latest_only=False))
            assert keys(rest) == wanted[at + 1 :]
        latest = [(name, 10) for name in ("a", "a-b", "a/b", "é")]
        assert keys(await collect(table.workflow_defs(("", 0), latest_only=True))) == latest
        assert keys(await collect(table.workflow_defs(("a", 10), latest_only=True))) == latest[1:]


class TestManyAtOnce:
    """Where replicas have to agree, conditional writes to one partition that meet are slow, and time out."""

    async def test_take_turns(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        under_way, most, apply = 0, 0, session.apply

        async def counted(writes: Sequence[Write]) -> bool:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            try:
                return await apply(writes)
            finally:
                under_way -= 1

        monkeypatch.setattr(session, "apply", counted)
        table, handlers = CassandraMetadataTable(session), CassandraEventHandlerTable(session)
        await asyncio.gather(*(table.put_task_def(task_def(f"task-{n}")) for n in range(20)))
        assert most == 1
        await asyncio.gather(*(handlers.add_handler(handler(f"h-{n}"), "e") for n in range(20)))
        assert most == 1

    async def test_are_all_stored(self, session: Session) -> None:
        """By two servers, each of which may find what the other has just written."""
        servers = [CassandraMetadataTable(session) for _ in range(2)]
        for text in ("first", "second"):
            await asyncio.gather(
                *(
                    server.put_task_def(task_def(f"task-{n:03}", text))
                    for n in range(100)
                    for server in servers
                )
            )
        found = await collect(servers[0].task_defs(""))
        assert [one.name for one in found] == [f"task-{n:03}" for n in range(100)]
        assert all(b"second" in bytes(one.document) for one in found)


class TestPolls:
    async def test_one_that_is_written_late_does_not_replace_a_newer_one(
        self, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = FakeClock()
        table = CassandraPollDataTable(session, clock)
        key = ("encode", "")
        monkeypatch.setattr(poll_data_table, "token_now", _fixed(2_000_000))
        await table.write_polls({key: "newer"})
        clock.pass_by(-1_000)
        monkeypatch.setattr(poll_data_table, "token_now", _fixed(1_000_000))
        await table.write_polls({key: "older"})
        poll = await table.poll(key)
        assert poll is not None
        assert (poll.worker_id, poll.last_poll_time) == ("newer", clock.now_ms + 1_000)
        await session.write("TRUNCATE poll_data")


def _fixed(us: int) -> Callable[[], int]:
    return lambda: us


def test_timestamps_are_microseconds_of_the_systems_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", _fixed(1_700_000_000_123_456_789))
    assert token_now() == 1_700_000_000_123_456
