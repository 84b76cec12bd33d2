"""Pages of a DAO to chunks of a stream: about 256 kB each, for pages of any size.

Each item carries its own resume token, so a chunk may end inside a page: continuing is exact,
even if that item was removed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, Generic, TypeVar

import msgspec
from google.protobuf.message import Message

from podium_core.closing import closing
from podium_core.errors import ResultTooLargeError
from podium_core.execution_service import WorkflowSource
from podium_core.models import EventHandler, Page, PollData, Task, TaskDef, Workflow, WorkflowDef
from podium_core.paging.resume_token import resume_token
from podium_protocol import codec
from podium_server.services.turns import append_in_turns

T = TypeVar("T")
R = TypeVar("R", bound=Message)

CHUNK_BYTES = 256 * 1024

_SOURCES = {
    False: codec.workflow_source_to_proto(WorkflowSource.PRIMARY),
    True: codec.workflow_source_to_proto(WorkflowSource.ARCHIVE),
}

Pages = Callable[[str], AsyncIterator[Page[T]]]


class Rest(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A part of an item that may be long.

    Attributes:
        size: About how many bytes it takes.
        add: Puts it into the message of the item, in turns.
    """

    size: Callable[[T], int]
    add: Callable[[T, Any], Awaitable[None]]


class Items(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """How items of one kind travel.

    Attributes:
        field: The repeated field that holds them.
        convert: To what the field holds; without what ``rest`` adds.
        rest: What may be long, and is added in turns.
        size: Of that, in bytes.
        from_archive: An answer says whether its items are from the archive.
    """

    field: str
    convert: Callable[[T], Any]
    size: Callable[[Any], int]
    rest: Rest[T] | None = None
    from_archive: bool = False


def _byte_size(message: Message) -> int:
    return message.ByteSize()


def _as_it_is(text: str) -> str:
    return text


TASKS: Items[Task] = Items(field="tasks", convert=codec.task_to_proto, size=_byte_size)
TASKS_OF_WORKFLOW = msgspec.structs.replace(TASKS, from_archive=True)


def without_tasks(workflow: Workflow) -> Workflow:
    """The workflow alone."""
    return msgspec.structs.replace(workflow, tasks=()) if workflow.tasks else workflow


# Of a task without its input and output.
_TASK_BYTES = 400


def _size_of_tasks(workflow: Workflow) -> int:
    return sum(_TASK_BYTES + task.data_size for task in workflow.tasks)


async def _add_tasks(workflow: Workflow, message: Any) -> None:
    await append_in_turns(message.tasks, workflow.tasks, codec.task_to_proto)


WORKFLOWS: Items[Workflow] = Items(
    field="workflows",
    convert=lambda workflow: codec.workflow_to_proto(without_tasks(workflow)),
    size=_byte_size,
    rest=Rest(size=_size_of_tasks, add=_add_tasks),
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


class _NextChunk:
    """What the next answer will hold."""

    def __init__(self, response_type: type[Message], items: Items[Any]) -> None:
        self._response_type = response_type
        self._field = items.field
        self._says_source = items.from_archive
        self.archived = False
        self._clear()

    def _clear(self) -> None:
        self._response: Any = self._response_type()
        self.items: Any = getattr(self._response, self._field)
        self.bytes = 0
        self.unreadable_ids: list[str] = []

    def taken(self, token: str) -> Any:
        """The answer with what is there; after it there is nothing."""
        response = self._response
        response.resume_token = token
        response.unreadable_ids.extend(self.unreadable_ids)
        if self._says_source:
            response.source = _SOURCES[self.archived]
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
    chunk = _NextChunk(response_type, items)
    token = ""
    async with closing(pages(request.resume_token)) as found:
        try:
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
                    if items.rest is not None:
                        size += items.rest.size(item)
                    if at and chunk.bytes + size > CHUNK_BYTES:
                        yield chunk.taken(resume_token(*page.keys[at - 1]))
                    chunk.items.append(message)
                    if items.rest is not None:
                        await items.rest.add(item, chunk.items[-1])
                    chunk.bytes += size
                token = page.resume_token
                if token and chunk.bytes > CHUNK_BYTES // 2:
                    yield chunk.taken(token)
        except ResultTooLargeError:
            # What came before the record that is too large is sent first, with the way on to that record.
            if chunk.items:
                yield chunk.taken(token)
            raise
    yield chunk.taken("")
