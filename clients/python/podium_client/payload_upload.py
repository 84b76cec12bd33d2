"""One call of Upload: the header, then chunks as they come, then the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing, suppress
from typing import Any, TypeVar

import grpc

from podium.v1 import external_payload_service_pb2 as pb
from podium_client.calls import Calls
from podium_client.errors import DeadlineExceededError, with_advice
from podium_client.first_status import FirstStatus
from podium_protocol.rpcs import rpc
from podium_protocol.status import REQUEST_ID_KEY

T = TypeVar("T")

UPLOAD = rpc("ExternalPayloadService", "Upload")
CHUNK_BYTES = 256 * 1024


class Upload:
    """Sends one payload, once: what went wrong can't be repeated, since chunks come only once."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._request_id = calls.request_id()

    async def send(
        self, header: pb.UploadRequest.Header, chunks: AsyncIterator[bytes]
    ) -> pb.UploadResponse:
        """Send all chunks. If that is interrupted, nothing is stored.

        Raises:
            StorageError: The server refuses it, or couldn't be reached, or took no chunk within the timeout.
        """
        call = await self._open()
        status = FirstStatus(call)
        try:
            # If the server refused the upload midway, its answer says why.
            with suppress(_EndedError):
                await self._write(call, header, chunks)
            return await self._answer(call, status)
        finally:
            call.cancel()

    async def _open(self) -> Any:
        connection = self._calls.channels.next()
        seconds = min(self._calls.retry.connect_seconds, self._calls.timeout_seconds / 2)
        try:
            await connection.ready(seconds)
            return connection.callable(UPLOAD)(metadata=((REQUEST_ID_KEY, self._request_id),))
        except (asyncio.CancelledError, grpc.aio.UsageError):
            self._calls.require_open(UPLOAD)
            raise

    async def _write(
        self, call: Any, header: pb.UploadRequest.Header, chunks: AsyncIterator[bytes]
    ) -> None:
        await self._await_write(call.write(pb.UploadRequest(header=header)))
        async with aclosing(regroup(chunks)) as pieces:
            async for piece in pieces:
                await self._await_write(call.write(pb.UploadRequest(chunk=piece)))
        await self._await_write(call.done_writing())

    async def _await_write(self, step: Awaitable[None]) -> None:
        # Around gRPC's own steps only: what the caller's chunks raise is the caller's.
        try:
            await self._in_time(step)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            raise _EndedError from None

    async def _answer(self, call: Any, status: FirstStatus) -> pb.UploadResponse:
        try:
            response: pb.UploadResponse = await self._in_time(call)
        except grpc.aio.AioRpcError as failure:
            error = self._calls.error(status.servers(failure), UPLOAD, self._request_id)
            raise error from failure
        return response

    async def _in_time(self, step: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._calls.timeout_seconds):
                return await step
        except TimeoutError:
            raise self._late() from None
        except asyncio.CancelledError:
            self._calls.require_open(UPLOAD)
            raise

    def _late(self) -> Exception:
        text = f"{UPLOAD.label}: the server took nothing for {self._calls.timeout_seconds:g} s"
        code = grpc.StatusCode.DEADLINE_EXCEEDED
        error = DeadlineExceededError(text)
        return with_advice(error, code, writes=True, request_id=self._request_id)


class _EndedError(Exception):
    """The call ended before everything was written."""


async def regroup(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The same bytes in pieces of 256 kB, the last one smaller."""
    gathered = bytearray()
    async for chunk in chunks:
        at = 0
        while len(gathered) + len(chunk) - at >= CHUNK_BYTES:
            until = at + CHUNK_BYTES - len(gathered)
            yield bytes(gathered) + chunk[at:until]
            gathered.clear()
            at = until
        gathered += chunk[at:]
    if gathered:
        yield bytes(gathered)
