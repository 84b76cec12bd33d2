"""Reads inputs and outputs back from the payload store, where a read asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw

from podium_core.backend import begin_at_once
from podium_core.closing import closing
from podium_core.errors import (
    CorruptRecordError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
)
from podium_core.models import Page, Task, Workflow
from podium_core.models.documents import require_utf8
from podium_core.models.json_text import EMPTY_OBJECT, json_object
from podium_core.paging.filled_pages import filled_pages
from podium_core.paging.page_builder import Found
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget
from podium_core.payload_keys import is_owned
from podium_core.ports import ExternalPayloadStorage
from podium_server.facade.payload_fields import PayloadField, owner_of, payload_fields
from podium_server.large_work import done_by_size

R = TypeVar("R", bound=Task | Workflow)
Begin = Callable[[], Awaitable[None]]

# A record whose payloads reach this waits for its turn: up to an answer's limit may follow.
LONG_BYTES = 512 * 1024


class PayloadReads:
    """Puts payloads back into what was read."""

    def __init__(
        self,
        storage: ExternalPayloadStorage | None = None,
        *,
        max_bytes: int = MAX_ANSWER_BYTES,
        begin_long_answer: Begin = begin_at_once,
    ) -> None:
        """Takes the most bytes that one unary answer may hold, and ``begin_long_answer`` as ``StoreContext`` has it."""
        self._storage = storage
        self._max_bytes = max_bytes
        self._begin_long_answer = begin_long_answer
        # Streams have no place among the calls that make long answers, since they may last: their records take turns.
        self._long_record = asyncio.Lock()

    async def record(self, record: R) -> R:
        """A record with its payloads, as ``records``."""
        (filled,) = await self.records([record])
        return filled

    async def records(self, records: Sequence[R]) -> list[R]:
        """The records with their payloads.

        Raises:
            CorruptRecordError: A payload that Podium stored is missing, or isn't a JSON object.
            FailedPreconditionError: The same of one that a caller's path names, or no payload store is routed.
            ResultTooLargeError: Records and payloads are above what one answer may hold.
        """
        budget = _Budget(self._max_bytes, self._begin_long_answer)
        return [(await self._fill(record, budget)).item for record in records]

    def pages(self, pages: AsyncIterator[Page[R]]) -> AsyncIterator[Page[R]]:
        """Pages with payloads, cut smaller so that memory stays flat; a record without its payload is unreadable."""

        async def fill(record: R) -> Found[R]:
            turn = _Turn(self._long_record)
            try:
                budget = _Budget(self._max_bytes, turn.begin, _name_of(record))
                return await self._fill(record, budget)
            except FailedPreconditionError as error:
                # A stream names it beside those that are lost, and goes on.
                raise CorruptRecordError("payload", _id_of(record), error.message) from error
            finally:
                turn.end()

        return filled_pages(pages, fill, id_of=_id_of)

    async def _fill(self, record: R, budget: _Budget) -> Found[R]:
        """The record with its payloads, all of them taken from the budget."""
        before = budget.left
        changes: dict[str, object] = {}
        for field in payload_fields(record):
            inline: Raw = getattr(record, field.data)
            path = getattr(record, field.path)
            # As Java: a blank path is none.
            if path is not UNSET and path.strip() and inline == EMPTY_OBJECT:
                changes[field.data] = Raw(await self._content(record, field, path, budget))
            else:
                budget.take(len(memoryview(inline)))
        if isinstance(record, Workflow) and record.tasks:
            tasks = [(await self._fill(task, budget)).item for task in record.tasks]
            changes["tasks"] = tuple(tasks)
        whole = msgspec.structs.replace(record, **changes) if changes else record
        return Found(whole, before - budget.left)

    async def _content(
        self, record: Task | Workflow, field: PayloadField, path: str, budget: _Budget
    ) -> bytes:
        if self._storage is None:
            raise _unreadable(record, field, "no payload store is routed")
        try:
            content = await _read(self._storage, path, budget)
            return await done_by_size(partial(_json_object, content, path), len(content))
        except (NotFoundError, InvalidArgumentError, CorruptRecordError) as error:
            if is_owned(path, owner_of(record)):
                raise CorruptRecordError("payload", path, error.message) from error
            raise _unreadable(record, field, error.message) from error


class _Budget(ReadBudget):
    """The bytes of one answer; a read that needs many of them waits for its turn."""

    def __init__(self, limit_bytes: int, begin_long: Begin, subject: str = "") -> None:
        super().__init__(limit_bytes, subject)
        self._begin_long = begin_long
        self._short_left = limit_bytes - LONG_BYTES

    async def take_chunk(self, size: int) -> None:
        """Count a chunk of a payload. Raises as ``take``, and as ``begin_long``."""
        self.take(size)
        if self.left < self._short_left:
            await self._begin_long()


class _Turn:
    """The turn of one record of a stream."""

    def __init__(self, turns: asyncio.Lock) -> None:
        self._turns = turns
        self._has_one = False

    async def begin(self) -> None:
        """Wait for the turn, unless it has come."""
        if not self._has_one:
            await self._turns.acquire()
            self._has_one = True

    def end(self) -> None:
        """The record is read; the next one begins."""
        if self._has_one:
            self._turns.release()


async def _read(storage: ExternalPayloadStorage, path: str, budget: _Budget) -> bytes:
    """The content of a payload; it stops at the chunk that is above the budget."""
    pieces = []
    async with closing(storage.download(path)) as chunks:
        async for chunk in chunks:
            await budget.take_chunk(len(chunk))
            pieces.append(chunk)
    return b"".join(pieces)


def _json_object(content: bytes, path: str) -> bytes:
    json_object(require_utf8(content, "payload", path), "payload")
    return content


def _unreadable(record: Task | Workflow, field: PayloadField, why: str) -> FailedPreconditionError:
    """Not CorruptRecordError: the path is the caller's, and what it names may lie elsewhere. Of ours nothing is lost."""
    return FailedPreconditionError(
        "PAYLOAD_UNREADABLE",
        f"{_kind_of(record)}/{_id_of(record)}",
        f"{_kind_of(record)} '{_id_of(record)}': {field.path} names no payload that can be put back: {why};"
        " upload it, or read without include_payloads",
    )


def _name_of(record: Task | Workflow) -> str:
    return f"{_kind_of(record)} '{_id_of(record)}' with its payloads"


def _kind_of(record: Task | Workflow) -> str:
    return "task" if isinstance(record, Task) else "workflow"


def _id_of(record: Task | Workflow) -> str:
    return str(record.task_id if isinstance(record, Task) else record.workflow_id)
