"""How a remote DAO calls: deadline, request id, repeats and errors, once for all RPCs."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from itertools import count
from typing import Any, ParamSpec, TypeVar

import grpc
from google.protobuf.message import Message

from podium_client.channels import Channels
from podium_client.errors import ClientClosedError, DeadlineExceededError, translated, with_advice
from podium_client.methods import Method
from podium_client.retry import FREELY, may_repeat, transient
from podium_core.errors import NotFoundError, StorageError
from podium_core.models import Page
from podium_protocol.rpcs import Rpc
from podium_protocol.status import REQUEST_ID_KEY

P = ParamSpec("P")
Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)
T = TypeVar("T")


class Calls:
    """Calls RPCs on the client's connections."""

    def __init__(self, channels: Channels, *, timeout_seconds: float | None = None) -> None:
        """Args: the connections, and a deadline other than that of their settings."""
        self.channels = channels
        self.retry = channels.settings.retry
        self.timeout_seconds = timeout_seconds or channels.settings.timeout_seconds
        self._prefix = secrets.token_hex(6)
        self._numbers = count(1)

    def with_timeout(self, timeout_seconds: float) -> Calls:
        """The same connections with another deadline."""
        return Calls(self.channels, timeout_seconds=timeout_seconds)

    async def unary(self, method: Method[P, Q, A], *args: P.args, **fields: P.kwargs) -> A:
        """Call with a request of these fields. Raises a StorageError."""
        return await self.send(method, method.request(*args, **fields))

    async def find(self, method: Method[P, Q, A], *args: P.args, **fields: P.kwargs) -> A | None:
        """Call the get of one thing; None where it doesn't exist."""
        try:
            return await self.send(method, method.request(*args, **fields))
        except NotFoundError:
            return None

    async def send(self, method: Method[..., Q, A], request: Q, *, wait_ms: int = 0) -> A:
        """Call with a request.

        Args:
            method: The RPC.
            request: Its request.
            wait_ms: How long the server is asked to wait; the deadline is so much later.
        Raises:
            StorageError: The call failed, and a repeat wasn't allowed, or didn't help.
        """
        request_id = self.request_id()
        metadata = ((REQUEST_ID_KEY, request_id),)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.timeout_seconds + max(wait_ms, 0) / 1000
        failures = 0
        while True:
            try:
                connection = self.channels.next()
                if method.repeat not in FREELY:
                    await connection.ready(self._connect_seconds(deadline - loop.time()))
                call = connection.callable(method.rpc)
                answer: A = await call(request, timeout=deadline - loop.time(), metadata=metadata)
            except grpc.aio.AioRpcError as failure:
                error = self.error(failure, method.rpc, request_id)
            except (asyncio.CancelledError, grpc.aio.UsageError):
                self.require_open(method.rpc)
                raise
            else:
                return answer
            failures += 1
            pause = self._pause(error, method, failures, deadline - loop.time())
            await asyncio.sleep(pause)

    def _connect_seconds(self, seconds_left: float) -> float:
        # What is left must do for the call itself, which says what is wrong.
        return min(self.retry.connect_seconds, seconds_left / 2)

    def _pause(
        self, error: StorageError, method: Method[..., Any, Any], failures: int, seconds_left: float
    ) -> float:
        pause = self.retry.pause_seconds(error, failures)
        attempts = self.retry.most_attempts(error, deadline=seconds_left < math.inf)
        again = failures < attempts and may_repeat(error, method.repeat)
        if again and pause < seconds_left:
            return pause
        if failures > 1:
            error.add_note(f"after {failures} attempts")
        raise error

    async def pages(
        self, method: Method[..., Q, A], request: Q, read: Callable[[A], Page[T]]
    ) -> AsyncIterator[Page[T]]:
        """The chunks of a stream; one that breaks continues after the last chunk that came.

        Args:
            method: The RPC.
            request: Its request, whose resume token moves on.
            read: What a chunk holds.
        Raises:
            StorageError: The stream broke and couldn't be taken up again, or no chunk came within the timeout.
        """
        resumable: Any = request
        failures = 0
        over = False
        while not over:
            stream = _ChunkStream(self, method.rpc, request)
            try:
                while (chunk := await stream.next_chunk()) is not None:
                    page = read(chunk)
                    failures = 0
                    resumable.resume_token = page.resume_token
                    yield page
                over = True
            except _StreamBrokeError as broke:
                over = stream.began and not resumable.resume_token  # The last chunk had come.
                if not over:
                    failures += 1
                    await self._pause_stream(broke.error, method, failures)
            finally:
                stream.cancel()

    async def stream(self, method: Method[..., Q, A], request: Q) -> AsyncGenerator[A, None]:
        """The messages of a stream that can't be taken up in the middle: repeated only until its first one has come.

        Raises:
            StorageError: The stream broke, or no message came within the timeout.
        """
        failures = 0
        while True:
            stream = _ChunkStream(self, method.rpc, request)
            try:
                while (message := await stream.next_chunk()) is not None:
                    yield message
                return  # noqa: TRY300 - there is nothing to do otherwise
            except _StreamBrokeError as broke:
                error = broke.error
            finally:
                stream.cancel()
            if stream.began:
                raise error
            failures += 1
            await asyncio.sleep(self._pause(error, method, failures, math.inf))

    async def _pause_stream(
        self, error: StorageError, method: Method[..., Any, Any], failures: int
    ) -> None:
        # A stream that got on and met the server's deadline goes on at once.
        if not isinstance(error, DeadlineExceededError):
            await asyncio.sleep(self._pause(error, method, failures, math.inf))

    def request_id(self) -> str:
        """A fresh request id."""
        return f"{self._prefix}-{next(self._numbers)}"

    def error(self, failure: grpc.aio.AioRpcError, rpc: Rpc, request_id: str) -> StorageError:
        """The error of a call that failed."""
        return translated(failure, rpc, self.channels.settings.address, request_id)

    def require_open(self, rpc: Rpc) -> None:
        """Tell a call that ``close`` cut off, which gRPC says as a cancellation, from a task that was cancelled.

        Raises:
            ClientClosedError: The client was closed, and nobody cancelled this task.
        """
        task = asyncio.current_task()
        if self.channels.closed and (task is None or not task.cancelling()):
            raise ClientClosedError(f"{rpc.label}: the client was closed during the call") from None


class _StreamBrokeError(Exception):
    def __init__(self, error: StorageError) -> None:
        super().__init__(error.message)
        self.error = error


class _ChunkStream:
    """One attempt to read a stream."""

    def __init__(self, calls: Calls, rpc: Rpc, request: Any) -> None:
        self._calls = calls
        self._rpc = rpc
        self._request_id = calls.request_id()
        metadata = ((REQUEST_ID_KEY, self._request_id),)
        self._call = calls.channels.next().callable(rpc)(request, metadata=metadata)
        self.began = False

    async def next_chunk(self) -> Any:
        """The next chunk, None after the last."""
        try:
            async with asyncio.timeout(self._calls.timeout_seconds):
                chunk = await self._call.read()
        except grpc.aio.AioRpcError as failure:
            error = self._calls.error(failure, self._rpc, self._request_id)
            raise (_StreamBrokeError(error) if self._resumable(error) else error) from failure
        except TimeoutError:
            raise self._late() from None
        except asyncio.CancelledError:
            self._calls.require_open(self._rpc)
            raise
        if chunk is grpc.aio.EOF:
            return None
        self.began = True
        return chunk

    def cancel(self) -> None:
        """Let go of it."""
        self._call.cancel()

    def _resumable(self, error: StorageError) -> bool:
        return transient(error) or (self.began and isinstance(error, DeadlineExceededError))

    def _late(self) -> StorageError:
        error = DeadlineExceededError(
            f"{self._rpc.label}: nothing came for {self._calls.timeout_seconds:g} s"
        )
        code = grpc.StatusCode.DEADLINE_EXCEEDED
        return with_advice(error, code, writes=self._rpc.writes, request_id=self._request_id)
