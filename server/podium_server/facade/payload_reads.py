"""Inputs and outputs that lie in the payload store are put back where a read asks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw

from podium_core.dao import ExternalPayloadStorage
from podium_core.errors import (
    CorruptRecordError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    ResultTooLargeError,
)
from podium_core.models import Page, Task, Workflow
from podium_core.models.json_text import EMPTY_OBJECT, json_object
from podium_core.payload_keys import is_owned
from podium_core.resume_token import resume_token
from podium_server.facade.payload_places import Place, owner_of, places

R = TypeVar("R", bound=Task | Workflow)

PAGE_BYTES = 256 * 1024


class PayloadReads:
    """Puts payloads back into what was read."""

    def __init__(
        self, storage: ExternalPayloadStorage | None = None, *, max_bytes: int = 2**25
    ) -> None:
        """Takes the most bytes that one unary answer may hold."""
        self._storage = storage
        self._max_bytes = max_bytes

    async def record(self, record: R) -> R:
        """A record with its payloads, as ``records``."""
        return (await self.records([record]))[0]

    async def records(self, records: Sequence[R]) -> list[R]:
        """The records with their payloads.

        Raises:
            CorruptRecordError: A payload that Podium stored is missing, or isn't a JSON object.
            FailedPreconditionError: The same of one that a caller's path names, or no payload store is routed.
            ResultTooLargeError: They are above what one answer may hold.
        """
        size = 0
        filled: list[R] = []
        for record in records:
            whole, added = await self._filled(record)
            size += added
            if size > self._max_bytes:
                raise ResultTooLargeError(self._max_bytes)
            filled.append(whole)
        return filled

    async def pages(self, pages: AsyncIterator[Page[R]]) -> AsyncIterator[Page[R]]:
        """Pages with payloads, cut smaller so that memory stays flat; a record without its payload is unreadable."""
        async for page in pages:
            async for part in self._parts(page):
                yield part

    async def _parts(self, page: Page[R]) -> AsyncIterator[Page[R]]:
        items: list[R] = []
        keys: list[tuple[str | int, ...]] = []
        unreadable = list(page.unreadable_ids)
        size = 0
        for record, key in zip(page.items, page.keys, strict=True):
            try:
                whole, added = await self._filled(record)
            except (CorruptRecordError, FailedPreconditionError):
                unreadable.append(_id_of(record))
                continue
            items.append(whole)
            keys.append(key)
            size += added
            if size >= PAGE_BYTES and key != page.keys[-1]:
                yield _page(items, keys, unreadable, resume_token(*key))
                items, keys, unreadable, size = [], [], [], 0
        yield _page(items, keys, unreadable, page.resume_token)

    async def _filled(self, record: R) -> tuple[R, int]:
        """The record with its payloads, and how many bytes they are."""
        changes: dict[str, object] = {}
        size = 0
        for place in places(record):
            path = getattr(record, place.path)
            # As Java: a blank path is none.
            if path is UNSET or not path.strip():
                continue
            if getattr(record, place.data) == EMPTY_OBJECT:
                content = await self._content(record, place, path)
                changes[place.data] = Raw(content)
                size += len(content)
        if isinstance(record, Workflow) and record.tasks:
            tasks = [await self._filled(task) for task in record.tasks]
            changes["tasks"] = tuple(task for task, _ in tasks)
            size += sum(added for _, added in tasks)
        return (msgspec.structs.replace(record, **changes) if changes else record), size

    async def _content(self, record: Task | Workflow, place: Place, path: str) -> bytes:
        if self._storage is None:
            raise _unreadable(record, place, "no payload store is routed")
        content = bytearray()
        try:
            async for chunk in self._storage.download(path):
                content += chunk
                if len(content) > self._max_bytes:
                    raise ResultTooLargeError(self._max_bytes, "ExternalPayloadService.Download")
            text = content.decode()
            json_object(text, "payload")
        except (NotFoundError, InvalidArgumentError, UnicodeDecodeError) as error:
            if is_owned(path, owner_of(record)):
                raise CorruptRecordError("payload", path, str(error)) from error
            raise _unreadable(record, place, str(error)) from error
        return bytes(content)


def _unreadable(record: Task | Workflow, place: Place, why: str) -> FailedPreconditionError:
    """Not CorruptRecordError: the path is the caller's, and what it names may lie elsewhere. Of ours nothing is lost."""
    kind = "task" if isinstance(record, Task) else "workflow"
    return FailedPreconditionError(
        "PAYLOAD_UNREADABLE",
        f"{kind}/{_id_of(record)}",
        f"{kind} '{_id_of(record)}': {place.path} names no payload that can be put back: {why};"
        " upload it, or read without include_payloads",
    )


def _page(
    items: list[R], keys: list[tuple[str | int, ...]], unreadable: list[str], token: str
) -> Page[R]:
    return Page(
        items=tuple(items),
        keys=tuple(keys),
        unreadable_ids=tuple(unreadable),
        resume_token=token,
    )


def _id_of(record: Task | Workflow) -> str:
    return str(record.task_id if isinstance(record, Task) else record.workflow_id)
