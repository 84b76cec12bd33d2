"""Inputs and outputs that lie in the payload store are put back where a read asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw

from podium_core.dao import ExternalPayloadStorage
from podium_core.errors import CorruptRecordError, InvalidArgumentError, NotFoundError
from podium_core.filled_pages import Sized, filled_pages
from podium_core.models import Page, Task, Workflow
from podium_core.models.documents import require_utf8
from podium_core.models.json_text import EMPTY_OBJECT, json_object
from podium_core.read_budget import MAX_ANSWER_BYTES, ReadBudget
from podium_server.facade.payload_places import places

R = TypeVar("R", bound=Task | Workflow)

# A larger payload is checked in a thread.
_CHECKED_ON_THE_LOOP = 256 * 1024


class PayloadReads:
    """Puts payloads back into what was read."""

    def __init__(
        self, storage: ExternalPayloadStorage | None = None, *, max_bytes: int = MAX_ANSWER_BYTES
    ) -> None:
        """Takes the most bytes that one unary answer may hold."""
        self._storage = storage
        self._max_bytes = max_bytes

    async def record(self, record: R) -> R:
        """A record with its payloads, as ``records``."""
        return (await self._filled(record, ReadBudget(self._max_bytes))).item

    async def records(self, records: Sequence[R]) -> list[R]:
        """The records with their payloads.

        Raises:
            CorruptRecordError: A payload is missing, or isn't a JSON object.
            ResultTooLargeError: Records and payloads are above what one answer may hold.
        """
        budget = ReadBudget(self._max_bytes)
        return [(await self._filled(record, budget)).item for record in records]

    def pages(self, pages: AsyncIterator[Page[R]]) -> AsyncIterator[Page[R]]:
        """Pages with payloads, cut smaller so that memory stays flat; a record without its payload is unreadable."""

        async def fill(record: R) -> Sized[R]:
            return await self._filled(record, ReadBudget(self._max_bytes, _named(record)))

        return filled_pages(pages, fill, id_of=_id_of)

    async def _filled(self, record: R, budget: ReadBudget) -> Sized[R]:
        """The record with its payloads, all of them taken from the budget."""
        before = budget.left
        changes: dict[str, object] = {}
        for place in places(record):
            inline: Raw = getattr(record, place.data)
            path = getattr(record, place.path)
            if path is not UNSET and inline == EMPTY_OBJECT:
                changes[place.data] = Raw(await self._content(path, budget))
            else:
                budget.take(len(memoryview(inline)))
        if isinstance(record, Workflow) and record.tasks:
            tasks = [(await self._filled(task, budget)).item for task in record.tasks]
            changes["tasks"] = tuple(tasks)
        whole = msgspec.structs.replace(record, **changes) if changes else record
        return Sized(whole, before - budget.left)

    async def _content(self, path: str, budget: ReadBudget) -> bytes:
        if self._storage is None:
            raise CorruptRecordError("payload", path, "no payload store is routed")
        content = bytearray()
        try:
            async for chunk in self._storage.download(path):
                budget.take(len(chunk))
                content += chunk
        except (NotFoundError, InvalidArgumentError) as error:
            raise CorruptRecordError("payload", path, str(error)) from error
        if len(content) <= _CHECKED_ON_THE_LOOP:
            return _json_object(bytes(content), path)
        return await asyncio.to_thread(_json_object, bytes(content), path)


def _json_object(content: bytes, path: str) -> bytes:
    try:
        json_object(require_utf8(content, "payload", path), "payload")
    except InvalidArgumentError as error:
        raise CorruptRecordError("payload", path, str(error)) from error
    return content


def _named(record: Task | Workflow) -> str:
    kind = "task" if isinstance(record, Task) else "workflow"
    return f"{kind} '{_id_of(record)}' with its payloads"


def _id_of(record: Task | Workflow) -> str:
    return str(record.task_id if isinstance(record, Task) else record.workflow_id)
