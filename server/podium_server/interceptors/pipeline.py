"""Wraps each handler once, at registration: context, in-flight limit, errors, deadline, parsing, size.

Not ServerInterceptor objects: those are asked anew for every call, which costs as much as all of this. The transport
hands over bytes and takes bytes, so that what doesn't parse fails inside the error boundary.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, NoReturn

import grpc
from google.protobuf.message import DecodeError, EncodeError, Message

from podium_core.errors import (
    DeadlineExceededError,
    InvalidArgumentError,
    OverloadedError,
    ResultTooLargeError,
    TransportError,
)
from podium_protocol.rpcs import Kind, Rpc
from podium_server.interceptors.call import Body, Call, Context
from podium_server.interceptors.call_log import logged
from podium_server.interceptors.failures import Failures
from podium_server.interceptors.large_requests import LARGE_BYTES, PIECE_BYTES, LargeRequests
from podium_server.interceptors.limits import CallLimits, InFlight

Send = Callable[[Message], Awaitable[None]]
Parse = Callable[[bytes], Awaitable[Any]]
Behaviour = Callable[[Any, Context], Awaitable[Any]]

_FACTORIES: dict[Kind, Callable[..., grpc.RpcMethodHandler[Any, Any]]] = {
    Kind.UNARY: grpc.unary_unary_rpc_method_handler,
    Kind.SERVER_STREAM: grpc.unary_stream_rpc_method_handler,
    Kind.CLIENT_STREAM: grpc.stream_unary_rpc_method_handler,
    Kind.BIDIRECTIONAL: grpc.stream_stream_rpc_method_handler,
}


class Pipeline:
    """Makes gRPC handlers of servicer methods.

    A method takes ``(request, call)`` and returns the response (unary) or an async iterator of responses (server stream).
    With a stream of requests it takes ``(requests, call)`` and returns the response (client stream), or
    ``(requests, call, send)`` (bidirectional).

    Attributes:
        failures: Ends the calls that fail.
    """

    def __init__(
        self,
        limits: CallLimits,
        in_flight: InFlight,
        streaming_twins: dict[str, str] | None = None,
        *,
        log_calls: bool = False,
    ) -> None:
        """Nothing is wrapped yet.

        Args:
            limits: What a call may take.
            in_flight: The counter.
            streaming_twins: Which RPC streams what a unary one (by path) can't hold.
            log_calls: Whether good calls have a line in the log.
        """
        self.failures = Failures()
        self._limits = limits
        self._in_flight = in_flight
        self._twins = streaming_twins or {}
        self._log_calls = log_calls

    def handler(self, rpc: Rpc, method: Callable[..., Any]) -> grpc.RpcMethodHandler[Any, Any]:
        """The handler of an RPC, to be registered."""
        bodies: dict[Kind, Callable[[Rpc, Callable[..., Any]], Body]] = {
            Kind.UNARY: self._unary,
            Kind.SERVER_STREAM: self._server_stream,
            Kind.CLIENT_STREAM: self._client_stream,
            Kind.BIDIRECTIONAL: self._bidirectional,
        }
        body = bodies[rpc.kind](rpc, method)
        return _FACTORIES[rpc.kind](self._guarded(rpc, logged(body) if self._log_calls else body))

    def _guarded(self, rpc: Rpc, body: Body) -> Behaviour:
        limits, in_flight = self._limits, self._in_flight
        fail = self.failures.end
        most = limits.max_calls_in_flight or float("inf")
        twin = self._twins.get(rpc.path, "")

        async def behaviour(data: Any, context: Context) -> Any:
            call = Call(rpc, context, limits)
            in_flight.calls += 1
            try:
                call.read_metadata()
                if in_flight.calls > most:
                    self._refuse()
                with call.deadline:
                    return await body(data, call, context)
            except grpc.aio.AbortError:
                raise
            except asyncio.CancelledError as error:
                if _was_cancelled(context):
                    raise
                await fail(call, context, error)
            except TimeoutError as error:
                expired = call.deadline.expired
                await fail(
                    call,
                    context,
                    DeadlineExceededError("the deadline passed") if expired else error,
                )
            except ResultTooLargeError as error:
                named = error.streaming_rpc or not twin
                await fail(call, context, error if named else error.streamed_by(twin))
            except Exception as error:  # the one boundary: whatever it is, it becomes a status
                await fail(call, context, error)
            finally:
                in_flight.calls -= 1

        return behaviour

    def _refuse(self) -> NoReturn:
        limits = self._limits
        raise OverloadedError(
            f"{limits.max_calls_in_flight} calls are in flight",
            retry_after_ms=limits.retry_after_ms,
        )

    def _unary(self, rpc: Rpc, method: Callable[..., Any]) -> Body:
        parse, serialize = self._parser(rpc), self._serializer()

        async def body(data: bytes, call: Call, context: Context) -> bytes:
            del context
            answer: bytes = serialize(await method(await parse(data), call))
            if len(answer) > PIECE_BYTES:
                await asyncio.sleep(0)  # gRPC copies it, in a turn of its own
            return answer

        return body

    def _server_stream(self, rpc: Rpc, method: Callable[..., Any]) -> Body:
        parse, serialize = self._parser(rpc), self._serializer()

        async def body(data: bytes, call: Call, context: Context) -> None:
            async with aclosing(method(await parse(data), call)) as responses:
                async for response in responses:
                    answer = serialize(response)
                    if len(answer) > PIECE_BYTES:
                        await asyncio.sleep(0)
                    await context.write(answer)
                    call.made_progress()

        return body

    def _client_stream(self, rpc: Rpc, method: Callable[..., Any]) -> Body:
        parse, serialize = self._parser(rpc), self._serializer()

        async def body(data: object, call: Call, context: Context) -> bytes:
            del data  # gRPC's iterator complains where it isn't read to its end
            async with aclosing(_received_whole(context, call, parse)) as requests:
                return serialize(await method(requests, call))

        return body

    def _bidirectional(self, rpc: Rpc, method: Callable[..., Any]) -> Body:
        parse, serialize = self._parser(rpc), self._serializer()

        async def body(data: object, call: Call, context: Context) -> None:
            del data
            writing = asyncio.Lock()

            async def send(response: Message) -> None:
                # gRPC takes one message at a time.
                async with writing:
                    await context.write(serialize(response))

            async with aclosing(_received(context, parse)) as requests:
                await method(requests, call, send)

        return body

    def _parser(self, rpc: Rpc) -> Parse:
        from_bytes: Callable[[bytes], Any] = rpc.request.FromString
        large = LargeRequests(rpc.request)
        name = rpc.request.DESCRIPTOR.full_name
        most = self._limits.max_write_bytes if rpc.writes else float("inf")

        async def parse(data: bytes) -> Any:
            if len(data) > most:
                raise InvalidArgumentError(
                    "",
                    f"a request of {len(data)} bytes is above the limit of {most} for a writing call",
                )
            try:
                return from_bytes(data) if len(data) <= LARGE_BYTES else await large.parse(data)
            except DecodeError as error:
                raise InvalidArgumentError("", f"the bytes are not a {name}") from error

        return parse

    def _serializer(self) -> Callable[[Message], bytes]:
        most = self._limits.max_message_bytes

        def serialize(message: Message) -> bytes:
            try:
                data = message.SerializeToString()
            except (EncodeError, ValueError) as error:  # above the 2 GiB of any protobuf message
                raise ResultTooLargeError(most) from error
            if len(data) > most:
                raise ResultTooLargeError(most)
            return data

        return serialize


def _was_cancelled(context: Context) -> bool:
    # Otherwise something inside was, as a future of a store that closes: the caller still waits for a status.
    task = asyncio.current_task()
    return bool(context.cancelled()) or (task is not None and task.cancelling() > 0)


async def _received(context: Context, parse: Parse) -> AsyncGenerator[Any, None]:
    while (data := await context.read()) is not grpc.aio.EOF:
        yield await parse(data)


async def _received_whole(context: Context, call: Call, parse: Parse) -> AsyncGenerator[Any, None]:
    """The requests of a client stream; their end is the client's word that it has said everything."""
    async with aclosing(_received(context, parse)) as requests:
        async for request in requests:
            call.made_progress()
            yield request
    # To gRPC a stream that breaks off ends like one that is over, and says so, or not yet, behind that: half an upload
    # would be taken for a whole one. But nothing can be sent on a broken one, so this finds out.
    try:
        await context.send_initial_metadata(())
    except grpc.aio.InternalError as error:
        raise TransportError("the client's stream broke off") from error
