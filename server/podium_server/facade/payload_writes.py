"""Large inputs and outputs are stored outside of the documents when those are written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw

from podium_core.errors import BackendUnavailableError
from podium_core.models import Task, Workflow
from podium_core.models.json_text import EMPTY_OBJECT
from podium_core.outbox import KIND_PAYLOAD, NewEntry
from podium_core.payload_keys import is_owned, new_key
from podium_core.ports import ExternalPayloadStorage, Outbox
from podium_server.facade.payload_fields import PayloadField, owner_of, payload_fields
from podium_server.facade.payload_limits import PayloadLimits

R = TypeVar("R", bound=Task | Workflow)

# An upload that takes longer fails; its payload is deleted when its payload deletion is due, and once more after that
# (LATE_UPLOADS_MS in outbox/targets.py).
UPLOAD_SECONDS = 10 * 60
DUE_MS = 60 * 60 * 1000
CHUNK_BYTES = 256 * 1024


class PayloadWrites:
    """Moves payloads above the soft limits to the payload store, and refuses those above the hard limits."""

    def __init__(
        self,
        limits: PayloadLimits,
        storage: ExternalPayloadStorage | None = None,
        outbox: Outbox | None = None,
    ) -> None:
        """Takes the outbox of the store that serves executions; without one, or without a storage, nothing moves."""
        self._limits = limits
        self._storage = storage
        self._outbox = outbox

    async def move_out(self, record: R, path: str) -> tuple[R, tuple[str, ...]]:
        """Upload what is large in a task or a workflow.

        Args:
            record: As it came.
            path: Its path in the request, for errors.
        Returns:
            The record as it is to be written, and the keys of the payloads that were uploaded for it.
        Raises:
            PayloadTooLargeError: Above a hard limit; nothing was uploaded.
        """
        self._limits.require(record, path)
        return await self._move(record) if self._concerns(record) else (record, ())

    async def move_all_out(
        self, records: Sequence[R], paths: Sequence[str]
    ) -> tuple[list[R], tuple[str, ...]]:
        """As ``move_out``, of many records: nothing is uploaded where one is above a hard limit."""
        for record, path in zip(records, paths, strict=True):
            self._limits.require(record, path)
        written = list(records)
        uploads: list[str] = []
        for at, record in enumerate(records):
            if self._concerns(record):
                written[at], keys = await self._move(record)
                uploads += keys
        return written, tuple(uploads)

    def _concerns(self, record: Task | Workflow) -> bool:
        # A loop, not any(): every write comes by here.
        for field in payload_fields(record):
            if self._limits.is_large(record, getattr(record, field.data)):
                return True
            if getattr(record, field.path) is not UNSET and _was_put_back(record, field):
                return True
        return False

    async def _move(self, record: R) -> tuple[R, tuple[str, ...]]:
        changes: dict[str, object] = {}
        keys: list[str] = []
        for field in payload_fields(record):
            data: Raw = getattr(record, field.data)
            if self._limits.is_large(record, data) and self._storage and self._outbox:
                key = await self._upload(self._storage, self._outbox, field, data, owner_of(record))
                keys.append(key)
                changes |= {field.data: EMPTY_OBJECT, field.path: key}
            elif _was_put_back(record, field):
                # Read with payloads and now written back inline: keep the inline value, drop the old path.
                changes[field.path] = UNSET
        return msgspec.structs.replace(record, **changes), tuple(keys)

    async def _upload(
        self,
        storage: ExternalPayloadStorage,
        outbox: Outbox,
        field: PayloadField,
        data: Raw,
        owner: str,
    ) -> str:
        """Upload, after a payload deletion was put into the outbox.

        The write that refers to the payload cancels that deletion, so no orphan stays.
        """
        key = new_key(field.payload_type, owner)
        await outbox.put([NewEntry(kind=KIND_PAYLOAD, id=key, owner=owner, delay_ms=DUE_MS)])
        content = bytes(data)
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                await storage.upload(_chunks(content), path=key, size_bytes=len(content))
        except TimeoutError as error:
            message = f"a payload of {len(content)} bytes wasn't stored in {UPLOAD_SECONDS} s"
            raise BackendUnavailableError("", message) from error
        return key


def _was_put_back(record: Task | Workflow, field: PayloadField) -> bool:
    path = getattr(record, field.path)
    return (
        path is not UNSET
        and getattr(record, field.data) != EMPTY_OBJECT
        and is_owned(path, owner_of(record))
    )


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), CHUNK_BYTES):
        yield content[at : at + CHUNK_BYTES]
