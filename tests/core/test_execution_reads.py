"""What the arguments of reads must be before a store is asked, where streams go on, and what an answer may hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from podium_core.errors import InvalidArgumentError, ResultTooLargeError
from podium_core.execution_reads import ExecutionReads, with_tasks
from podium_core.models import Page, Task, Workflow, collect
from podium_core.paging.page_builder import Found
from podium_core.paging.read_budget import ReadBudget
from podium_core.paging.resume_token import resume_token
from tests.contract.records import make_task, make_workflow
from tests.refused_arguments import READS_BY_TEXT, REFUSED_READS

MAX_BYTES = 10_000


class Reads(ExecutionReads):
    """Notes what the store is asked for.

    Attributes:
        asked: The method and its arguments.
        whole: The workflows that are read with their tasks.
        correlated: The page of workflows with a correlation id.
    """

    def __init__(self) -> None:
        super().__init__(max_answer_bytes=MAX_BYTES)
        self.asked: list[tuple[Any, ...]] = []
        self.whole: dict[str, Workflow] = {}
        self.correlated: Page[Workflow] = Page(items=())

    async def read_task(self, task_id: str) -> Task | None:
        self.asked.append(("task", task_id))
        return None

    async def read_tasks(self, task_ids: Sequence[str], budget: ReadBudget) -> list[Task]:
        self.asked.append(("tasks", *task_ids))
        budget.take(len(task_ids) * MAX_BYTES)
        return []

    async def read_pending_tasks(
        self, definition_name: str, after: str, count: int, budget: ReadBudget
    ) -> list[Task]:
        self.asked.append(("pending tasks", definition_name, after, count, budget.left))
        return []

    def pending_tasks(self, definition_name: str, after: str) -> AsyncIterator[Page[Task]]:
        return self._page("pending tasks", definition_name, after)

    def pending_tasks_of_workflow(
        self, definition_name: str, workflow_id: str, after: str
    ) -> AsyncIterator[Page[Task]]:
        return self._page("pending tasks", definition_name, workflow_id, after)

    def tasks_of_workflow(self, workflow_id: str, after: str) -> AsyncIterator[Page[Task]]:
        return self._page("tasks", workflow_id, after)

    async def count_in_progress(self, definition_name: str) -> int:
        self.asked.append(("in progress", definition_name))
        return 0

    async def read_workflow(self, workflow_id: str) -> Workflow | None:
        self.asked.append(("workflow", workflow_id))
        return None

    async def read_whole_workflow(
        self, workflow_id: str, budget: ReadBudget
    ) -> Found[Workflow] | None:
        self.asked.append(("whole workflow", workflow_id))
        if workflow_id == "huge":
            budget.take(MAX_BYTES + 1)
        found = self.whole.get(workflow_id)
        return None if found is None else Found(found, 1)

    def workflows(self, workflow_ids: Sequence[str], after: int) -> AsyncIterator[Page[Workflow]]:
        return self._page("workflows", *workflow_ids, after)

    def pending_workflow_ids(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Page[str]]:
        return self._page("pending ids", name, version, after)

    def pending_workflows(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Page[Workflow]]:
        return self._page("pending workflows", name, version, after)

    async def count_pending_workflows(self, name: str) -> int:
        self.asked.append(("pending", name))
        return 0

    def workflows_by_time(
        self, name: str, after: tuple[int, str], end_time: int
    ) -> AsyncIterator[Page[Workflow]]:
        return self._page("by time", name, after, end_time)

    async def correlated_workflows(
        self, name: str, correlation_id: str, after: str
    ) -> AsyncIterator[Page[Workflow]]:
        self.asked.append(("correlated", name, correlation_id, after))
        yield self.correlated

    async def _page(self, *asked: Any) -> AsyncIterator[Page[Any]]:
        self.asked.append(asked)
        yield Page(items=())


BAD_TEXTS = ["", "a\x00b", "x" * 1_025, "\ud800"]

TOKEN = resume_token("k")
# Each stream from its start and after a token, and what the store is asked for.
STREAMS: dict[str, tuple[Callable[[Reads, str], AsyncIterator[Page[Any]]], Any, str, Any]] = {
    "get_pending_tasks_by_workflow": (
        lambda reads, token: reads.get_pending_tasks_by_workflow("d", "w", resume_token=token),
        ("pending tasks", "d", "w", ""),
        TOKEN,
        ("pending tasks", "d", "w", "k"),
    ),
    "get_pending_tasks_for_task_type": (
        lambda reads, token: reads.get_pending_tasks_for_task_type("d", resume_token=token),
        ("pending tasks", "d", ""),
        TOKEN,
        ("pending tasks", "d", "k"),
    ),
    "get_tasks_for_workflow": (
        lambda reads, token: reads.get_tasks_for_workflow("w", resume_token=token),
        ("tasks", "w", ""),
        TOKEN,
        ("tasks", "w", "k"),
    ),
    "get_workflows": (
        lambda reads, token: reads.get_workflows(["a", "b"], resume_token=token),
        ("workflows", "a", "b", -1),
        resume_token(0),
        ("workflows", "a", "b", 0),
    ),
    "get_running_workflow_ids": (
        lambda reads, token: reads.get_running_workflow_ids("n", version=2, resume_token=token),
        ("pending ids", "n", 2, ""),
        TOKEN,
        ("pending ids", "n", 2, "k"),
    ),
    "get_pending_workflows_by_type": (
        lambda reads, token: reads.get_pending_workflows_by_type("n", resume_token=token),
        ("pending workflows", "n", None, ""),
        TOKEN,
        ("pending workflows", "n", None, "k"),
    ),
    "get_workflows_by_type": (
        lambda reads, token: reads.get_workflows_by_type(
            "n", start_time=3, end_time=9, resume_token=token
        ),
        ("by time", "n", (3, ""), 9),
        resume_token(5, "k"),
        ("by time", "n", (5, "k"), 9),
    ),
    "get_workflows_by_correlation_id": (
        lambda reads, token: reads.get_workflows_by_correlation_id("n", "c", resume_token=token),
        ("correlated", "n", "c", ""),
        TOKEN,
        ("correlated", "n", "c", "k"),
    ),
}


@pytest.fixture
def reads() -> Reads:
    return Reads()


def refuse(reads: Reads, call: Callable[[], object], field: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        call()
    assert caught.value.field == field
    assert reads.asked == []


class TestArguments:
    @pytest.mark.parametrize("method", READS_BY_TEXT)
    @pytest.mark.parametrize("text", BAD_TEXTS)
    def test_an_id_or_a_name_can_be_one(self, reads: Reads, method: str, text: str) -> None:
        field, call = READS_BY_TEXT[method]
        refuse(reads, lambda: call(reads, text), field)

    @pytest.mark.parametrize("case", REFUSED_READS)
    def test_is_refused(self, reads: Reads, case: str) -> None:
        field, call = REFUSED_READS[case]
        refuse(reads, lambda: call(reads), field)

    @pytest.mark.parametrize("method", STREAMS)
    def test_a_token_of_another_stream_is_refused(self, reads: Reads, method: str) -> None:
        stream = STREAMS[method][0]
        refuse(reads, lambda: stream(reads, resume_token(1, 2, 3)), "resume_token")


class TestStreams:
    @pytest.mark.parametrize("method", STREAMS)
    async def test_go_on_where_their_token_says(self, reads: Reads, method: str) -> None:
        stream, at_start, token, after_token = STREAMS[method]
        await collect(stream(reads, ""))
        await collect(stream(reads, token))
        assert reads.asked == [at_start, after_token]

    async def test_workflows_with_their_tasks_are_read_one_by_one(self, reads: Reads) -> None:
        reads.whole = {id_: make_workflow(id_) for id_ in "ab"}
        found = await collect(reads.get_workflows(["b", "gone", "a"], include_tasks=True))
        assert [workflow.workflow_id for workflow in found] == ["b", "a"]
        found = await collect(
            reads.get_workflows(["b", "a"], include_tasks=True, resume_token=resume_token(0))
        )
        assert [workflow.workflow_id for workflow in found] == ["a"]

    async def test_correlated_ones_too_by_the_ids_of_their_keys(self, reads: Reads) -> None:
        stored = make_workflow("as its document says")
        reads.correlated = Page(
            items=(stored, stored), keys=(("a",), ("gone",)), unreadable_ids=("bad",)
        )
        reads.whole = {"a": make_workflow("a")}
        pages = reads.get_workflows_by_correlation_id("n", "c", include_tasks=True)
        (page,) = [page async for page in pages]
        assert [workflow.workflow_id for workflow in page.items] == ["a"]
        assert (page.keys, page.unreadable_ids) == ((("a",),), ("bad",))


class TestAnswers:
    async def test_single_records_are_asked_for(self, reads: Reads) -> None:
        await reads.get_task("t")
        await reads.get_workflow("w")
        await reads.get_workflow("w", include_tasks=True)
        await reads.get_in_progress_task_count("d")
        await reads.get_pending_workflow_count("n")
        await reads.get_tasks_by_type("d", start_key="k", count=3)
        assert reads.asked == [
            ("task", "t"),
            ("workflow", "w"),
            ("whole workflow", "w"),
            ("in progress", "d"),
            ("pending", "n"),
            ("pending tasks", "d", "k", 3, MAX_BYTES),
        ]

    async def test_hold_no_more_than_one_may(self, reads: Reads) -> None:
        await reads.get_tasks(["t"])
        with pytest.raises(ResultTooLargeError):
            await reads.get_tasks(["t", "u"])
        with pytest.raises(ResultTooLargeError, match="workflow 'huge' with its tasks"):
            await reads.get_workflow("huge", include_tasks=True)

    def test_tasks_are_in_order_of_seq(self) -> None:
        tasks = [make_task(id_, seq=seq) for id_, seq in (("a", 2), ("c", 1), ("b", 1))]
        whole = with_tasks(make_workflow(), tasks)
        assert [task.task_id for task in whole.tasks] == ["b", "c", "a"]
