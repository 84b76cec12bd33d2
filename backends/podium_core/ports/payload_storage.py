"""The ExternalPayloadStorage: large inputs and outputs, outside of the documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from podium_core.models.payload import (
    PayloadLocation,
    PayloadOperation,
    PayloadType,
    StoredPayload,
)


class ExternalPayloadStorage(Protocol):
    """Mirrors Conductor's ``ExternalPayloadStorage``. A path is a payload's key, as ``task/output/<uuid>.json``.

    Unless a method says otherwise it raises ``InvalidArgumentError`` for a malformed path, ``FailedPreconditionError``
    where no payload store is routed, and ``BackendUnavailableError`` where the store was not reached.
    """

    async def get_location(
        self,
        operation: PayloadOperation,
        *,
        payload_type: PayloadType | None = None,
        path: str = "",
    ) -> PayloadLocation:
        """Where a payload can be read or written directly. Writes nothing.

        Args:
            operation: Read or write.
            payload_type: What the payload is; required where ``path`` is empty.
            path: Its key; empty: a new one is made up, and the answer names it.
        Raises:
            UnsupportedOperationError: The store has no URLs: use ``upload`` and ``download``.
        Source: ``ExternalPayloadStorage.getLocation``.
        """
        ...

    async def upload(
        self,
        chunks: AsyncIterator[bytes],
        *,
        payload_type: PayloadType | None = None,
        path: str = "",
        size_bytes: int | None = None,
    ) -> StoredPayload:
        """Store a payload, in place of what was at its path. It is there, whole, once this has returned; else not at all.

        Args:
            chunks: Its bytes in order, at best about 256 kB at a time; memory stays flat.
            payload_type: What the payload is; required where ``path`` is empty.
            path: Its key; empty: a new one is made up, and the answer names it.
            size_bytes: How long it is, where that is known beforehand.
        Raises:
            InvalidArgumentError: It isn't as long as ``size_bytes`` says.
            PayloadTooLargeError: It is above the hard limit.
            FailedPreconditionError: There is no room for it, ``PAYLOAD_STORE_FULL``.
        Source: ``ExternalPayloadStorage.upload``.
        """
        ...

    def download(self, path: str) -> AsyncIterator[bytes]:
        """The bytes of a payload in order, about 256 kB at a time; an empty one comes as one empty chunk.

        Raises:
            NotFoundError: There is nothing at the path; before the first chunk.
        Source: ``ExternalPayloadStorage.download``; Java's S3 storage reports a missing one as transient.
        """
        ...

    async def delete(self, path: str) -> bool:
        """Remove a payload.

        Returns:
            Whether it was there; S3 doesn't say: always true there.
        Source: new; Conductor never deletes payloads.
        """
        ...
