"""Reads inputs and outputs back from the payload store, where a read asks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw

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
        return (await self._fill(record, ReadBudget(self._max_bytes))).item

    async def records(self, records: Sequence[R]) -> list[R]:
        """The records with their payloads.

        Raises:
            CorruptRecordError: A payload that Podium stored is missing, or isn't a JSON object.
            FailedPreconditionError: The same of one that a caller's path names, or no payload store is routed.
            ResultTooLargeError: Records and payloads are above what one answer may hold.
        """
        budget = ReadBudget(self._max_bytes)
        return [(await self._fill(record, budget)).item for record in records]

    def pages(self, pages: AsyncIterator[Page[R]]) -> AsyncIterator[Page[R]]:
        """Pages with payloads, cut smaller so that memory stays flat; a record without its payload is unreadable."""

        async def fill(record: R) -> Found[R]:
            try:
                return await self._fill(record, ReadBudget(self._max_bytes, _name_of(record)))
            except FailedPreconditionError as error:
                # A stream names it beside those that are lost, and goes on.
                raise CorruptRecordError("payload", _id_of(record), error.message) from error

        return filled_pages(pages, fill, id_of=_id_of)

    async def _fill(self, record: R, budget: ReadBudget) -> Found[R]:
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
        self, record: Task | Workflow, field: PayloadField, path: str, budget: ReadBudget
    ) -> bytes:
        if self._storage is None:
            raise _unreadable(record, field, "no payload store is routed")
        content = bytearray()
        try:
            async for chunk in self._storage.download(path):
                budget.take(len(chunk))
                content += chunk
            check = partial(_json_object, bytes(content), path)
            return await done_by_size(check, len(content))
        except (NotFoundError, InvalidArgumentError, CorruptRecordError) as error:
            if is_owned(path, owner_of(record)):
                raise CorruptRecordError("payload", path, error.message) from error
            raise _unreadable(record, field, error.message) from error


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
