"""Pages of a DAO to chunks of a stream: about 256 kB each, whatever the size of a page.

A chunk may end inside a page, whose own token says only where the page ends. So the token on the wire is the token that
the page was read with, and the key of the last item that left. Going on, items up to that key are skipped; if it is gone
the page comes whole, so nothing that is there is missed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

import msgspec
from google.protobuf.message import Message

from podium_core.models import EventHandler, Page, PollData, Task, TaskDef, Workflow, WorkflowDef
from podium_core.resume_token import resume_key, resume_token
from podium_protocol import codec

T = TypeVar("T")
R = TypeVar("R", bound=Message)

CHUNK_BYTES = 256 * 1024

Pages = Callable[[str], AsyncIterator[Page[T]]]


class Items(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """How items of one kind travel.

    Attributes:
        field: The repeated field that holds them.
        convert: To what the field holds.
        size: Of that, in bytes.
        key: Tells an item from the others of its page.
    """

    field: str
    convert: Callable[[T], Any]
    size: Callable[[Any], int]
    key: Callable[[T], str]


def _byte_size(message: Message) -> int:
    return message.ByteSize()


def _as_it_is(text: str) -> str:
    return text


TASKS: Items[Task] = Items(
    field="tasks", convert=codec.task_to_proto, size=_byte_size, key=lambda task: str(task.task_id)
)
WORKFLOWS: Items[Workflow] = Items(
    field="workflows",
    convert=codec.workflow_to_proto,
    size=_byte_size,
    key=lambda workflow: str(workflow.workflow_id),
)
WORKFLOW_IDS: Items[str] = Items(field="workflow_ids", convert=_as_it_is, size=len, key=_as_it_is)
TASK_DEFS: Items[TaskDef] = Items(
    field="task_defs",
    convert=codec.task_def_to_proto,
    size=_byte_size,
    key=lambda found: found.name,
)
WORKFLOW_DEFS: Items[WorkflowDef] = Items(
    field="workflow_defs",
    convert=codec.workflow_def_to_proto,
    size=_byte_size,
    key=lambda found: f"{found.version}:{found.name}",
)
EVENT_HANDLERS: Items[EventHandler] = Items(
    field="event_handlers",
    convert=codec.event_handler_to_proto,
    size=_byte_size,
    key=lambda found: found.name,
)
POLL_DATA: Items[PollData] = Items(
    field="poll_data",
    convert=codec.poll_data_to_proto,
    size=_byte_size,
    key=lambda found: msgspec.json.encode((found.queue_name or "", found.domain or "")).decode(),
)


class _Chunk:
    """What the next answer will hold."""

    def __init__(self, response_type: type[Message], field: str) -> None:
        self._response_type = response_type
        self._field = field
        self._clear()

    def _clear(self) -> None:
        self.items: list[Any] = []
        self.bytes = 0
        self.unreadable_ids: list[str] = []

    def taken(self, token: str) -> Any:
        """The answer with what is there; after it there is nothing."""
        response = self._response_type(
            **{self._field: self.items}, resume_token=token, unreadable_ids=self.unreadable_ids
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
    behind, after = resume_key(request.resume_token, tuple[str, str], ("", ""))
    chunk = _Chunk(response_type, items.field)
    async with _closing(pages(behind)) as found:
        async for page in found:
            last = ""
            for item in _rest(page.items, after, items.key):
                message = items.convert(item)
                size = items.size(message)
                if chunk.items and chunk.bytes + size > CHUNK_BYTES:
                    yield chunk.taken(resume_token(behind, last))
                chunk.items.append(message)
                chunk.bytes += size
                last = items.key(item)
            after, behind = "", page.resume_token
            chunk.unreadable_ids += page.unreadable_ids
            if behind and chunk.bytes > CHUNK_BYTES // 2:
                yield chunk.taken(resume_token(behind, ""))
    yield chunk.taken("")


@asynccontextmanager
async def _closing(pages: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    # A stream that its reader leaves early ends its pages at once, not when they are collected.
    try:
        yield pages
    finally:
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()


def _rest(page: Sequence[T], after: str, key: Callable[[T], str]) -> Sequence[T]:
    if after:
        for at in range(len(page) - 1, -1, -1):
            if key(page[at]) == after:
                return page[at + 1 :]
    return page
