"""The ExternalPayloadStorage on a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Iterator

from podium_backends.local_files.incoming import IncomingFile
from podium_backends.local_files.outgoing import OutgoingFile
from podium_backends.local_files.space import Room, Space, size_of
from podium_backends.local_files.threads import Threads
from podium_backends.local_files.translation import outcome_unknown, translated
from podium_backends.local_files.tree import Tree, refuse_link, sync
from podium_core.disk_watch import DiskWatch
from podium_core.errors import (
    BackendUnavailableError,
    InvalidArgumentError,
    PayloadTooLargeError,
)
from podium_core.models import PayloadLocation, PayloadOperation, PayloadType, StoredPayload
from podium_core.payload_keys import new_key, require_path
from podium_core.ports import ExternalPayloadStorage
from podium_core.requirements import require_not_negative

CHUNK_BYTES = 256 * 1024
# Handing a write to a thread costs about as much as writing 100 kB.
WRITE_BYTES = 1024 * 1024


class LocalPayloadStorage:
    """Payloads of one store."""

    def __init__(
        self,
        tree: Tree,
        threads: Threads,
        space: Space,
        disk: DiskWatch,
        store: str,
        max_payload_bytes: int,
    ) -> None:
        """Takes the open folder and what works on it.

        Args:
            tree: Where the payloads lie.
            threads: Where files are worked on.
            space: Counts what they take.
            disk: Is told of uploads that failed for it.
            store: The store's configured name.
            max_payload_bytes: The largest payload that is stored.
        """
        self._tree = tree
        self._threads = threads
        self._space = space
        self._disk = disk
        self._store = store
        self._most = max_payload_bytes
        self._incoming: set[IncomingFile] = set()

    async def close(self) -> None:
        """Wait for what the disk has to do; uploads that aren't whole by then leave nothing."""
        await self._threads.close()
        for file in list(self._incoming):
            await self._threads.tidy(file.discard)

    async def get_location(
        self,
        operation: PayloadOperation,
        *,
        payload_type: PayloadType | None = None,
        path: str = "",
    ) -> PayloadLocation:
        del operation  # upload and download use the same file
        key = _key(payload_type, path)
        return PayloadLocation(path=key, uri=self._tree.uri(key))

    async def upload(
        self,
        chunks: AsyncIterator[bytes],
        *,
        payload_type: PayloadType | None = None,
        path: str = "",
        size_bytes: int | None = None,
    ) -> StoredPayload:
        key = _key(payload_type, path)
        size = _ExpectedSize(size_bytes, self._most)
        file = IncomingFile(self._tree, self._space, self._store)
        room = Room(self._space)
        self._incoming.add(file)
        try:
            room.need(size_bytes or 0)
            gathered = bytearray()
            async for chunk in chunks:
                size.add(len(chunk))
                room.need(size.seen)
                gathered += chunk
                if len(gathered) >= WRITE_BYTES:
                    await self._threads.run(file.write, gathered)
                    gathered = bytearray()
            size.require_whole()
            await self._threads.run(file.seal, gathered, size.seen)
            # Apart from sealing: a caller that left meanwhile is noticed in between, and nothing is stored.
            await self._threads.run(file.publish, key)
        except BaseException as error:
            if isinstance(error, BackendUnavailableError):
                self._disk.note(error)
            await self._threads.tidy(file.discard)
            raise
        finally:
            room.leave()
            self._incoming.discard(file)
        return StoredPayload(path=key, size_bytes=size.seen)

    async def download(self, path: str) -> AsyncIterator[bytes]:
        file = OutgoingFile(self._tree, self._store, require_path(path))
        try:
            while not file.over:
                for chunk in _chunks(await self._threads.run(file.read)):
                    yield chunk
        finally:
            if not file.over:
                await self._threads.tidy(file.close)

    async def delete(self, path: str) -> bool:
        return await self._threads.run(self._delete, require_path(path))

    def _delete(self, path: str) -> bool:
        with translated(self._store):
            try:
                return self._unlink(path)
            except (FileNotFoundError, NotADirectoryError):
                return False

    def _unlink(self, path: str) -> bool:
        with self._tree.open_path(path) as place:
            if not _is_there(place.folder, place.name, path):
                return False
            size = size_of(place.name, place.folder)
            os.unlink(place.name, dir_fd=place.folder)
            self._space.count_change(-size)
            with outcome_unknown(self._store):
                sync(place.folder)
        return True


_: type[ExternalPayloadStorage] = LocalPayloadStorage


class _ExpectedSize:
    """Counts the bytes of an upload, and holds them to what was said and to the limit."""

    def __init__(self, said: int | None, most: int) -> None:
        if said is not None:
            require_not_negative(said, "size_bytes")
            _require_small("size_bytes", said, most)
        self.seen = 0
        self._said = said
        self._most = most

    def add(self, count: int) -> None:
        self.seen += count
        _require_small("chunk", self.seen, self._most)
        if self._said is not None and self.seen > self._said:
            raise InvalidArgumentError("size_bytes", f"is {self._said}, but more bytes came")

    def require_whole(self) -> None:
        if self._said is not None and self.seen != self._said:
            raise InvalidArgumentError("size_bytes", f"is {self._said}, but {self.seen} bytes came")


def _require_small(field: str, size: int, most: int) -> None:
    if size > most:
        raise PayloadTooLargeError(field, limit_bytes=most, size_bytes=size)


def _key(payload_type: PayloadType | None, path: str) -> str:
    if path:
        return require_path(path)
    if payload_type is None:
        raise InvalidArgumentError("payload_type", "is required where there is no path")
    return new_key(payload_type)


def _chunks(data: bytes) -> Iterator[bytes]:
    if len(data) <= CHUNK_BYTES:
        yield data
    else:
        for at in range(0, len(data), CHUNK_BYTES):
            yield data[at : at + CHUNK_BYTES]


def _is_there(folder: int, name: str, path: str) -> bool:
    refuse_link(folder, name, path)
    return not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
