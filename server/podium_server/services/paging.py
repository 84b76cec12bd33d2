"""Pages of a DAO to chunks of a stream: about 256 kB each, whatever the size of a page.

A chunk may end within a page: the page says for each item what the token behind it is, so going on is exact, whatever
became of that item.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

import msgspec
from google.protobuf.message import Message

from podium_core.dao import WorkflowSource
from podium_core.models import EventHandler, Page, PollData, Task, TaskDef, Workflow, WorkflowDef
from podium_core.resume_token import resume_token
from podium_protocol import codec

T = TypeVar("T")
R = TypeVar("R", bound=Message)

CHUNK_BYTES = 256 * 1024

_SOURCES = {
    False: codec.workflow_source_to_proto(WorkflowSource.PRIMARY),
    True: codec.workflow_source_to_proto(WorkflowSource.ARCHIVE),
}

Pages = Callable[[str], AsyncIterator[Page[T]]]


class Items(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """How items of one kind travel.

    Attributes:
        field: The repeated field that holds them.
        convert: To what the field holds.
        size: Of that, in bytes.
        from_archive: An answer says whether its items are from the archive.
    """

    field: str
    convert: Callable[[T], Any]
    size: Callable[[Any], int]
    from_archive: bool = False


def _byte_size(message: Message) -> int:
    return message.ByteSize()


def _as_it_is(text: str) -> str:
    return text


TASKS: Items[Task] = Items(field="tasks", convert=codec.task_to_proto, size=_byte_size)
TASKS_OF_WORKFLOW = msgspec.structs.replace(TASKS, from_archive=True)
WORKFLOWS: Items[Workflow] = Items(
    field="workflows",
    convert=codec.workflow_to_proto,
    size=_byte_size,
)
WORKFLOW_IDS: Items[str] = Items(field="workflow_ids", convert=_as_it_is, size=len)
TASK_DEFS: Items[TaskDef] = Items(
    field="task_defs",
    convert=codec.task_def_to_proto,
    size=_byte_size,
)
WORKFLOW_DEFS: Items[WorkflowDef] = Items(
    field="workflow_defs",
    convert=codec.workflow_def_to_proto,
    size=_byte_size,
)
EVENT_HANDLERS: Items[EventHandler] = Items(
    field="event_handlers",
    convert=codec.event_handler_to_proto,
    size=_byte_size,
)
POLL_DATA: Items[PollData] = Items(
    field="poll_data",
    convert=codec.poll_data_to_proto,
    size=_byte_size,
)


class _Chunk:
    """What the next answer will hold."""

    def __init__(self, response_type: type[Message], items: Items[Any]) -> None:
        self._response_type = response_type
        self._field = items.field
        self._says_source = items.from_archive
        self.archived = False
        self._clear()

    def _clear(self) -> None:
        self.items: list[Any] = []
        self.bytes = 0
        self.unreadable_ids: list[str] = []

    def taken(self, token: str) -> Any:
        """The answer with what is there; after it there is nothing."""
        source = {"source": _SOURCES[self.archived]} if self._says_source else {}
        response = self._response_type(
            **{self._field: self.items},
            resume_token=token,
            unreadable_ids=self.unreadable_ids,
            **source,
        )
        self._clear()
        return response


async def chunks(
    request: Any, response_type: type[R], items: Items[T], pages: Pages[T]
) -> AsyncGenerator[R, None]:
    """The answers of a streaming RPC.

    Args:
        request: Has a ``resume_token``.
        response_type: What a chunk is.
        items: How the items travel.
        pages: The DAO's pages from a token on.
    """
    chunk = _Chunk(response_type, items)
    token = ""
    async with _closing(pages(request.resume_token)) as found:
        async for page in found:
            if page.archived != chunk.archived:
                if chunk.items or chunk.unreadable_ids:
                    yield chunk.taken(token)
                chunk.archived = page.archived
            # With the first of its chunks: a stream that goes on within this page won't meet them again.
            chunk.unreadable_ids += page.unreadable_ids
            for at, item in enumerate(page.items):
                message = items.convert(item)
                size = items.size(message)
                if at and chunk.bytes + size > CHUNK_BYTES:
                    yield chunk.taken(resume_token(*page.keys[at - 1]))
                chunk.items.append(message)
                chunk.bytes += size
            if page.resume_token and chunk.bytes > CHUNK_BYTES // 2:
                yield chunk.taken(page.resume_token)
            token = page.resume_token
    yield chunk.taken("")


@asynccontextmanager
async def _closing(pages: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    # A stream that its reader leaves early ends its pages at once, not when they are collected.
    try:
        yield pages
    finally:
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()
