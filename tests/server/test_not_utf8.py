"""One byte that isn't UTF-8 in a stored row costs that record, and nothing beside it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from podium_core.errors import CorruptRecordError
from podium_core.reconcile import IndexProblem
from podium_protocol.rpcs import RPCS, Kind, Repeat, Rpc, rpc
from tests.server.reconciling import Reconciling, found, reconciling
from tests.server.serving import World, serving_everything
from tests.server.valid_requests import WORLD, request_of, valid_request

DEFECTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED}
WRITES = {
    "ExecutionService.UpdateTask",
    "ExecutionService.UpdateWorkflow",
    "ExecutionService.ExtendLease",
    "QueueService.PollMessages",
    "QueueService.ProcessUnacks",
    "IndexService.UpdateWorkflow",
    "IndexService.UpdateTask",
}
ASKED = [
    entry
    for entry in RPCS.values()
    if entry.kind in (Kind.UNARY, Kind.SERVER_STREAM)
    and (entry.repeat is Repeat.READ or entry.label in WRITES)
]
FILES = ("podium.db", "index.db")
SECRET = "card 4111"


def execute(path: Path, sql: str, *arguments: object) -> list[Any]:
    """Run a statement behind the server's back; text comes as bytes."""
    conn = sqlite3.connect(path)
    conn.text_factory = bytes
    with conn:
        rows = conn.execute(sql, arguments).fetchall()
    conn.close()
    return rows


def break_text(path: Path, table: str, column: str, where: str = "1") -> None:
    """Put a byte that isn't UTF-8 into a column: into its last string where it is JSON, else at its end."""
    sql = (
        f"UPDATE {table} SET {column} = CASE WHEN instr({column}, '\"}}')"  # noqa: S608
        f" THEN replace({column}, '\"}}', CAST(x'FF' AS TEXT) || '\"}}')"
        f" ELSE {column} || CAST(x'FF' AS TEXT) END WHERE {where}"
    )
    execute(path, sql)


def mend_text(path: Path, table: str, column: str) -> None:
    mended = f"{column} = replace({column}, CAST(x'FF' AS TEXT), '')"
    execute(path, f"UPDATE OR REPLACE {table} SET {mended}")  # noqa: S608


def text_columns(path: Path) -> list[tuple[str, str]]:
    """Every column of text in a file that a program may have written."""
    tables = execute(
        path, "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT%'"
    )
    return [
        (table.decode(), column[1].decode())
        for (table,) in tables
        for column in execute(path, f"PRAGMA table_info({table.decode()})")
        if column[2] == b"TEXT" and table != b"words_version"
    ]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with serving_everything(tmp_path) as world:
        for label, fields in WORLD.items():
            entry = rpc(*label.split("."))
            if entry.kind is Kind.UNARY:
                request = request_of(entry, fields).SerializeToString()
                await world.caller.method(entry)(request, timeout=10)
        yield world


async def code_of(world: World, entry: Rpc) -> grpc.StatusCode:
    """How a call with the smallest valid request ends."""
    call = world.caller.method(entry)(valid_request(entry).SerializeToString(), timeout=10)
    try:
        if entry.kind is Kind.UNARY:
            await call
        else:
            async for _ in call:
                pass
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


@pytest.mark.parametrize("file", FILES)
async def test_no_column_makes_an_rpc_fail_as_if_we_had_a_defect(
    world: World, tmp_path: Path, file: str
) -> None:
    path = tmp_path / file
    columns = text_columns(path)
    assert ("tasks", "task_id" if file == "index.db" else "document") in columns
    for table, column in columns:
        break_text(path, table, column)
        for entry in ASKED:
            code = await code_of(world, entry)
            assert code not in DEFECTS, (table, column, entry.label, code)
        mend_text(path, table, column)


async def test_a_document_is_data_loss_and_the_log_does_not_show_it(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    task = {"task_id": "t1", "workflow_instance_id": "w1", "status": "TASK_STATUS_SCHEDULED"}
    task["input_data_json"] = f'{{"a":"{SECRET}"}}'
    update = rpc("ExecutionService", "UpdateTask")
    await world.caller.method(update)(request_of(update, {"task": task}).SerializeToString())
    break_text(tmp_path / "podium.db", "tasks", "document")
    asked: dict[str, dict[str, Any]] = {
        "GetTask": {"task_id": "t1"},
        "GetTasks": {"task_ids": ["t1"]},
    }
    for name, fields in asked.items():
        with pytest.raises(CorruptRecordError, match="isn't UTF-8") as raised:
            await world.caller.unary("ExecutionService", name, **fields)
        assert raised.value.name == "t1"
    (chunk,) = await world.caller.stream(
        "ExecutionService", "GetTasksForWorkflow", workflow_id="w1"
    )
    assert list(chunk.unreadable_ids) == ["t1"]
    written = capfd.readouterr()
    assert SECRET not in written.out + written.err


async def test_a_stream_goes_on_after_an_id_that_cannot_be_read(
    world: World, tmp_path: Path
) -> None:
    await world.caller.unary("QueueService", "Push", queue_name="zz", message_id="m")
    path = tmp_path / "podium.db"
    break_text(path, "workflows", "id", "id = 'w1'")
    break_text(path, "queues", "name", "name = 'zz'")
    chunks = await world.caller.stream(
        "ExecutionService", "GetRunningWorkflowIds", workflow_name="order"
    )
    assert [id_ for chunk in chunks for id_ in chunk.unreadable_ids] == ["w1\\xff"]
    sizes = (await world.caller.unary("QueueService", "QueuesDetail")).sizes
    assert set(sizes) == {"_deciderQueue", "q1", "zz\\xff"}


class TestMessages:
    async def test_one_that_cannot_be_read_does_not_block_its_queue(
        self, world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        for id_ in ("a", "b", "c"):
            await world.caller.unary(
                "QueueService", "Push", queue_name="q", message_id=id_, payload=SECRET
            )
        path = tmp_path / "podium.db"
        break_text(path, "messages", "payload", "id = 'a'")
        break_text(path, "messages", "id", "id = 'b'")
        for wanted in (["c"], []):
            answer = await world.caller.unary(
                "QueueService", "PollMessages", queue_name="q", count=1
            )
            assert [message.id for message in answer.messages] == wanted
        lines = [record.getMessage() for record in caplog.records]
        told = [line for line in lines if "set aside" in line]
        assert [("'a'" in line, "'b\\xff'" in line) for line in told] == [
            (True, False),
            (False, True),
        ]
        assert SECRET not in "".join(lines)

    async def test_it_is_there_again_once_it_is_pushed_again(
        self, world: World, tmp_path: Path
    ) -> None:
        await world.caller.unary(
            "QueueService", "Push", queue_name="q", message_id="a", payload="1"
        )
        break_text(tmp_path / "podium.db", "messages", "payload")
        poll: dict[str, Any] = {"queue_name": "q", "count": 9}
        assert not (await world.caller.unary("QueueService", "PollMessages", **poll)).messages
        await world.caller.unary(
            "QueueService", "Push", queue_name="q", message_id="a", payload="2"
        )
        answer = await world.caller.unary("QueueService", "PollMessages", **poll)
        assert [message.payload for message in answer.messages] == ["2"]


@pytest.fixture
async def checked(tmp_path: Path) -> AsyncIterator[Reconciling]:
    async with reconciling(tmp_path) as world:
        await world.with_documents(workflows=3, tasks=1)
        yield world


class TestIndex:
    async def test_verify_names_documents_that_cannot_be_read_and_goes_on(
        self, checked: Reconciling
    ) -> None:
        path = checked.settings.path
        break_text(path, "workflows", "document", "id = 'w001'")
        break_text(path, "tasks", "id", "id = 'w002-t0'")
        async with asyncio.timeout(30):
            problems = found([report async for report in checked.check().verify()])
        assert problems["w001"] is IndexProblem.UNREADABLE
        assert problems["w002-t0\\xff"] is IndexProblem.UNREADABLE

    async def test_a_rebuild_goes_on(self, checked: Reconciling) -> None:
        break_text(checked.settings.path, "workflows", "document", "id = 'w001'")
        reports = [report async for report in checked.check().repair(rebuild=True)]
        assert reports[-1].done
        assert reports[-1].marked == 5

    async def test_an_entry_that_cannot_be_read_is_written_again(
        self, checked: Reconciling
    ) -> None:
        index = checked.settings.index_file
        break_text(index, "workflow_documents", "document", "number = 1")
        execute(index, "UPDATE workflows SET digest = x'00' WHERE number = 1")
        problems = found([report async for report in checked.check().repair()])
        assert set(problems.values()) == {IndexProblem.STALE}
        await checked.drained()
        assert found([report async for report in checked.check().verify()]) == {}

    async def test_a_mark_whose_id_cannot_be_read_is_set_aside(self, checked: Reconciling) -> None:
        for report in [report async for report in checked.check().repair(rebuild=True)]:
            assert report is not None
        break_text(checked.settings.path, "outbox", "id", "id = 'w001'")
        assert {entry.id for entry in await checked.due()} == {
            *("w000", "w002"),
            *("w000-t0", "w001-t0", "w002-t0"),
        }
        (failure,) = await checked.outbox.failures(10)
        assert (failure.id, failure.reason) == ("w001\\xff", "its id isn't UTF-8")
