"""Pages become chunks: of bounded size, each with a token that goes on exactly behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from podium.v1 import execution_tasks_pb2, execution_workflows_pb2
from podium_core.errors import InvalidArgumentError
from podium_core.models import Page, Task
from podium_core.models.json_text import to_raw
from podium_core.paging.resume_token import resume_key, resume_token
from podium_server.services.paging import CHUNK_BYTES, TASKS, WORKFLOW_IDS, chunks

Chunk = execution_tasks_pb2.GetTasksForWorkflowResponse
Request = execution_tasks_pb2.GetTasksForWorkflowRequest


class Stored:
    """Tasks in order of id, in pages of a given length; a token is the last id of its page."""

    def __init__(self, count: int, *, page: int, size: int = 10) -> None:
        self.ids = [f"t{number:04}" for number in range(count)]
        self.page = page
        self.closed = False
        self._input = to_raw({"x": "y" * size})

    async def pages(self, token: str) -> AsyncIterator[Page[Task]]:
        behind = resume_key(token, tuple[str], ("",))[0]
        try:
            while True:
                ids = [id_ for id_ in self.ids if id_ > behind][: self.page]
                behind = ids[-1] if ids else behind
                last = not [id_ for id_ in self.ids if id_ > behind]
                yield Page(
                    items=tuple(Task(task_id=id_, input_data=self._input) for id_ in ids),
                    keys=tuple((id_,) for id_ in ids),
                    resume_token="" if last else resume_token(behind),
                )
                if last:
                    return
        finally:
            self.closed = True


async def streamed(pages: Callable[[str], AsyncIterator[Page[Any]]], token: str = "") -> list[Any]:
    return [chunk async for chunk in chunks(Request(resume_token=token), Chunk, TASKS, pages)]


def ids_of(found: list[Any]) -> list[str]:
    return [task.task_id for chunk in found for task in chunk.tasks]


class TestChunks:
    @pytest.mark.parametrize(
        ("page", "size"), [(1, 10), (7, 20_000), (1_000, 20_000), (3, 400_000)]
    )
    async def test_hold_everything_once_and_go_on_behind_each(self, page: int, size: int) -> None:
        stored = Stored(60, page=page, size=size)
        found = await streamed(stored.pages)
        assert ids_of(found) == stored.ids
        assert all(len(chunk.tasks) == 1 or chunk.ByteSize() < 1.1 * CHUNK_BYTES for chunk in found)
        for at, chunk in enumerate(found[:-1]):
            rest = await streamed(stored.pages, chunk.resume_token)
            assert ids_of(rest) == ids_of(found[at + 1 :])
        assert found[-1].resume_token == ""

    async def test_small_pages_are_joined(self) -> None:
        assert len(await streamed(Stored(500, page=2).pages)) == 1

    async def test_nothing_is_one_empty_chunk(self) -> None:
        assert await streamed(Stored(0, page=2).pages) == [Chunk()]

    async def test_goes_on_exactly_though_the_last_item_has_gone(self) -> None:
        stored = Stored(60, page=1_000, size=20_000)
        first, *rest = await streamed(stored.pages)
        last = first.tasks[-1].task_id
        stored.ids.remove(last)
        again = ids_of(await streamed(stored.pages, first.resume_token))
        assert again == ids_of(rest)

    async def test_unreadable_ids_travel_and_end_nothing(self) -> None:
        async def pages(token: str) -> AsyncIterator[Page[Task]]:
            yield Page(items=(Task(task_id="a"),), resume_token="1", unreadable_ids=("x",))
            yield Page(items=(Task(task_id="b"),), unreadable_ids=("y",))

        (chunk,) = await streamed(pages)
        assert ([task.task_id for task in chunk.tasks], list(chunk.unreadable_ids)) == (
            ["a", "b"],
            ["x", "y"],
        )

    async def test_unreadable_ids_of_a_page_come_with_the_first_of_its_chunks(self) -> None:
        big = to_raw({"x": "y" * 200_000})

        async def pages(token: str) -> AsyncIterator[Page[Task]]:
            tasks = tuple(Task(task_id=id_, input_data=big) for id_ in "abc")
            yield Page(items=tasks, keys=(("a",), ("b",), ("c",)), unreadable_ids=("x",))

        found = await streamed(pages)
        assert [list(chunk.unreadable_ids) for chunk in found] == [["x"], [], []]

    @pytest.mark.parametrize("token", ["x", "W10", "WzFd", "é"])
    async def test_a_token_of_someone_else_is_refused(self, token: str) -> None:
        with pytest.raises(InvalidArgumentError) as raised:
            await streamed(Stored(1, page=1).pages, token)
        assert raised.value.field == "resume_token"

    async def test_a_reader_that_leaves_ends_the_pages(self) -> None:
        stored = Stored(60, page=1, size=200_000)
        stream = chunks(Request(), Chunk, TASKS, stored.pages)
        await anext(stream)
        await stream.aclose()
        assert stored.closed

    async def test_ids_travel_as_they_are(self) -> None:
        async def pages(token: str) -> AsyncIterator[Page[str]]:
            ids = tuple(f"w{number}" * 1_000 for number in range(200))
            yield Page(items=ids, keys=tuple((id_,) for id_ in ids))

        request = execution_workflows_pb2.GetRunningWorkflowIdsRequest()
        response = execution_workflows_pb2.GetRunningWorkflowIdsResponse
        found = [chunk async for chunk in chunks(request, response, WORKFLOW_IDS, pages)]
        assert len(found) == 3
        assert sum(len(chunk.workflow_ids) for chunk in found) == 200
