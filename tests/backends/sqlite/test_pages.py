"""Pages of streams: how large they are, and what becomes of records that can't be read."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from podium_backends.sqlite.settings import SqliteSettings
from podium_backends.sqlite.store import open_store
from podium_core.backend import DataType, ExecutionAdapter, StoreContext
from podium_core.errors import CorruptRecordError
from podium_core.models import Guarantee, Page, Task, Workflow
from podium_core.models.json_text import to_raw
from podium_core.paging.page_builder import PAGE_BYTES
from tests.contract.records import make_task, make_workflow

IDS = ["w1", "w2", "w3"]
Corrupt = Callable[[str, str], None]
WorkflowPages = Callable[[ExecutionAdapter, bool], AsyncIterator[Page[Workflow]]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "podium.db"


@pytest.fixture
async def executions(path: Path) -> AsyncIterator[ExecutionAdapter]:
    context = StoreContext(
        name="main", serves=frozenset(DataType), commit_guarantee=Guarantee.ATOMIC
    )
    store = await open_store(context, SqliteSettings(path=path))
    assert store.executions is not None
    yield store.executions
    await store.close()


@pytest.fixture
def corrupt(path: Path) -> Corrupt:
    """Breaks the document of a row, behind the store's back."""

    def break_document(table: str, id_: str) -> None:
        conn = sqlite3.connect(path)
        with conn:
            sql = f"UPDATE {table} SET document = substr(document, 2) WHERE id = ?"  # noqa: S608
            assert conn.execute(sql, (id_,)).rowcount == 1
        conn.close()

    return break_document


async def create(executions: ExecutionAdapter, *, tasks_of_each: int = 1, size: int = 10) -> None:
    """Three workflows with tasks ``<workflow>-<number>`` of so many bytes."""
    for id_ in IDS:
        await executions.create_workflow(make_workflow(id_, correlation_id="c1", create_time=1))
        tasks = [
            make_task(f"{id_}-{n}", workflow_id=id_, input_data=to_raw({"text": "x" * size}))
            for n in range(tasks_of_each)
        ]
        await executions.create_tasks(tasks)


async def read(pages: AsyncIterator[Page[Workflow]]) -> tuple[list[str], list[str]]:
    """Ids of what came, and of what couldn't be read."""
    found = [page async for page in pages]
    return (
        [str(workflow.workflow_id) for page in found for workflow in page.items],
        [id_ for page in found for id_ in page.unreadable_ids],
    )


TASK_PAGES: dict[str, Callable[[ExecutionAdapter], AsyncIterator[Page[Task]]]] = {
    "of a workflow": lambda dao: dao.get_tasks_for_workflow("w1"),
    "pending of a workflow": lambda dao: dao.get_pending_tasks_by_workflow("encode", "w1"),
    "pending of a type": lambda dao: dao.get_pending_tasks_for_task_type("encode"),
}
WITH_TASKS: dict[str, WorkflowPages] = {
    "by id": lambda dao, tasks: dao.get_workflows(IDS, include_tasks=tasks),
    "by correlation id": lambda dao, tasks: dao.get_workflows_by_correlation_id(
        "order", "c1", include_tasks=tasks
    ),
}
WORKFLOW_PAGES: dict[str, WorkflowPages] = {
    **WITH_TASKS,
    "pending": lambda dao, _: dao.get_pending_workflows_by_type("order"),
    "by time": lambda dao, _: dao.get_workflows_by_type("order", start_time=0, end_time=9),
}


class TestUnreadable:
    @pytest.mark.parametrize("name", TASK_PAGES)
    async def test_a_task_is_named(
        self, executions: ExecutionAdapter, corrupt: Corrupt, name: str
    ) -> None:
        await create(executions, tasks_of_each=3)
        corrupt("tasks", "w1-1")
        found = [page async for page in TASK_PAGES[name](executions)]
        assert [id_ for page in found for id_ in page.unreadable_ids] == ["w1-1"]
        ids = [task.task_id for page in found for task in page.items]
        assert "w1-1" not in ids
        assert {"w1-0", "w1-2"} <= set(ids)

    @pytest.mark.parametrize("name", WORKFLOW_PAGES)
    async def test_a_workflow_is_named(
        self, executions: ExecutionAdapter, corrupt: Corrupt, name: str
    ) -> None:
        await create(executions)
        corrupt("workflows", "w2")
        assert await read(WORKFLOW_PAGES[name](executions, False)) == (["w1", "w3"], ["w2"])

    @pytest.mark.parametrize("name", WITH_TASKS)
    async def test_a_workflow_is_named_for_a_task_of_it(
        self, executions: ExecutionAdapter, corrupt: Corrupt, name: str
    ) -> None:
        await create(executions, tasks_of_each=3)
        corrupt("tasks", "w2-1")
        assert await read(WITH_TASKS[name](executions, True)) == (["w1", "w3"], ["w2"])
        assert await read(WITH_TASKS[name](executions, False)) == (IDS, [])

    async def test_by_id_it_is_an_error_that_says_which_task(
        self, executions: ExecutionAdapter, corrupt: Corrupt
    ) -> None:
        await create(executions)
        corrupt("tasks", "w2-0")
        with pytest.raises(CorruptRecordError, match="task 'w2-0'"):
            await executions.get_workflow("w2", include_tasks=True)


class TestSize:
    @pytest.mark.parametrize("name", WITH_TASKS)
    async def test_the_tasks_of_workflows_count(
        self, executions: ExecutionAdapter, name: str
    ) -> None:
        await create(executions, tasks_of_each=3, size=PAGE_BYTES // 5)
        found = [page async for page in WITH_TASKS[name](executions, True)]
        assert [len(page.items) for page in found] == [2, 1]
        assert [len(workflow.tasks) for page in found for workflow in page.items] == [3, 3, 3]

    @pytest.mark.parametrize("name", WITH_TASKS)
    async def test_a_workflow_larger_than_a_page_comes_alone(
        self, executions: ExecutionAdapter, name: str
    ) -> None:
        await create(executions, tasks_of_each=2, size=PAGE_BYTES)
        found = [page async for page in WITH_TASKS[name](executions, True)]
        assert [len(page.items) for page in found] == [1, 1, 1]

    @pytest.mark.parametrize("name", WITH_TASKS)
    async def test_without_them_they_do_not_count(
        self, executions: ExecutionAdapter, name: str
    ) -> None:
        await create(executions, tasks_of_each=2, size=PAGE_BYTES)
        found = [page async for page in WITH_TASKS[name](executions, False)]
        assert [len(page.items) for page in found] == [3]

    async def test_a_page_ends_with_the_record_that_fills_it(
        self, executions: ExecutionAdapter
    ) -> None:
        await create(executions, tasks_of_each=8, size=PAGE_BYTES // 4)
        found = [page async for page in executions.get_tasks_for_workflow("w1")]
        assert [len(page.items) for page in found] == [4, 4]
