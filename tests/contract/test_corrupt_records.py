"""A stored record that can't be read: an error that says so, never "not found", and streams go on past it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from msgspec import Raw

from podium_core.errors import CorruptRecordError
from podium_core.execution_service import ExecutionService
from podium_core.models import (
    EventHandler,
    Page,
    Task,
    TaskDef,
    TaskStatus,
    WorkflowDef,
    WorkflowStatus,
    collect,
)
from podium_core.models.json_text import to_raw
from podium_core.ports import EventHandlerDAO, MetadataDAO
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import DEFINITION_WAYS, WAYS as ALL_WAYS, Record

WAYS = DEFINITION_WAYS
NIGHTLY_WAYS = ALL_WAYS

Corrupt = Callable[[Record, str], None]


def named(name: str) -> Raw:
    """A document that says the same as the fields beside it."""
    return to_raw({"name": name, "version": 2, "event": "e", "active": True})


async def unreadable_in(stream: AsyncIterator[Page[Any]]) -> tuple[int, list[str]]:
    """How many records a stream gives, and the ids of those that it can't."""
    pages = [page async for page in stream]
    ids = [id_ for page in pages for id_ in page.unreadable_ids]
    return sum(len(page.items) for page in pages), ids


async def ids_of(stream: AsyncIterator[Page[Task]]) -> list[str]:
    return [str(task.task_id) for task in await collect(stream)]


class TestExecutions:
    @pytest.fixture(autouse=True)
    async def _records(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1"), make_task("t2")])

    async def test_a_workflow(self, executions: ExecutionService, corrupt: Corrupt) -> None:
        corrupt(Record.WORKFLOW, "w1")
        with pytest.raises(CorruptRecordError):
            await executions.get_workflow("w1")

    async def test_a_task(self, executions: ExecutionService, corrupt: Corrupt) -> None:
        corrupt(Record.TASK, "t1")
        with pytest.raises(CorruptRecordError):
            await executions.get_task("t1")
        assert await executions.get_task("t2") is not None

    async def test_a_task_in_a_stream(self, executions: ExecutionService, corrupt: Corrupt) -> None:
        corrupt(Record.TASK, "t1")
        assert await unreadable_in(executions.get_tasks_for_workflow("w1")) == (1, ["t1"])

    async def test_is_mended_by_the_next_write(
        self, executions: ExecutionService, corrupt: Corrupt
    ) -> None:
        corrupt(Record.WORKFLOW, "w1")
        corrupt(Record.TASK, "t1")
        await executions.update_task(make_task("t1", status=TaskStatus.COMPLETED))
        await executions.update_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
        task, workflow = await executions.get_task("t1"), await executions.get_workflow("w1")
        assert task is not None
        assert workflow is not None
        assert (task.status, workflow.status) == (TaskStatus.COMPLETED, WorkflowStatus.COMPLETED)
        assert await ids_of(executions.get_pending_tasks_for_task_type("encode")) == ["t2"]
        assert await executions.get_pending_workflow_count("order") == 0

    @pytest.mark.parametrize("damaged", [(Record.TASK, "t1"), (Record.WORKFLOW, "w1")], ids=str)
    async def test_goes_with_its_workflow(
        self, executions: ExecutionService, corrupt: Corrupt, damaged: tuple[Record, str]
    ) -> None:
        corrupt(*damaged)
        assert await executions.remove_workflow("w1")
        assert await executions.get_workflow("w1") is None
        assert await executions.get_tasks(["t1", "t2"]) == []


class TestDefinitions:
    async def test_of_a_task(self, metadata_dao: MetadataDAO, corrupt: Corrupt) -> None:
        for name in ("a", "b"):
            await metadata_dao.create_task_def(TaskDef(document=named(name), name=name))
        corrupt(Record.TASK_DEF, "a")
        with pytest.raises(CorruptRecordError):
            await metadata_dao.get_task_def("a")
        assert await unreadable_in(metadata_dao.get_all_task_defs()) == (1, ["a"])

    async def test_of_a_workflow(self, metadata_dao: MetadataDAO, corrupt: Corrupt) -> None:
        for name in ("a", "b"):
            await metadata_dao.create_workflow_def(
                WorkflowDef(document=named(name), name=name, version=2)
            )
        corrupt(Record.WORKFLOW_DEF, "a")
        with pytest.raises(CorruptRecordError):
            await metadata_dao.get_workflow_def("a", 2)
        with pytest.raises(CorruptRecordError):
            await metadata_dao.get_latest_workflow_def("a")
        assert await unreadable_in(metadata_dao.get_all_workflow_defs()) == (1, ["a:2"])


async def test_an_event_handler(event_handler_dao: EventHandlerDAO, corrupt: Corrupt) -> None:
    for name in ("a", "b"):
        await event_handler_dao.add_event_handler(
            EventHandler(document=named(name), name=name, event="e", active=True)
        )
    corrupt(Record.EVENT_HANDLER, "a")
    with pytest.raises(CorruptRecordError):
        await event_handler_dao.get_event_handlers_for_event("e")
    assert await unreadable_in(event_handler_dao.get_all_event_handlers()) == (1, ["a"])
