"""Wraps each handler once, at registration: context, in-flight limits, errors, deadline, parsing, size.

Not ServerInterceptor objects: those are asked for every call, which costs as much as all of this. The transport
hands over bytes and takes bytes, so that what doesn't parse fails inside the error boundary. To gRPC every request is a
stream: so the server decides itself when a request is read, and how long that may take.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, NoReturn

import grpc
import structlog
from google.protobuf.message import Message

from podium_core.errors import (
    DeadlineExceededError,
    InvalidArgumentError,
    OverloadedError,
    ResultTooLargeError,
    TransportError,
)
from podium_protocol.rpcs import Kind, Rpc
from podium_server.interceptors.answers import Answers
from podium_server.interceptors.byte_budget import LARGE_BYTES, ByteBudget, Turns
from podium_server.interceptors.call import Body, Call, Context
from podium_server.interceptors.call_log import with_log
from podium_server.interceptors.failures import Failures
from podium_server.interceptors.in_flight import Connection, InFlight
from podium_server.interceptors.large_requests import PIECE_BYTES
from podium_server.interceptors.limits import CallLimits
from podium_server.interceptors.long_answers import LongAnswers
from podium_server.interceptors.open_streams import OpenStreams
from podium_server.interceptors.request_reads import RequestReads
from podium_server.interceptors.wire_format import Parse, WireFormat

Send = Callable[[Message], Awaitable[None]]
Behaviour = Callable[[Any, Context], Awaitable[Any]]

_FACTORIES: dict[Kind, Callable[..., grpc.RpcMethodHandler[Any, Any]]] = {
    Kind.UNARY: grpc.stream_unary_rpc_method_handler,
    Kind.SERVER_STREAM: grpc.stream_stream_rpc_method_handler,
    Kind.CLIENT_STREAM: grpc.stream_unary_rpc_method_handler,
    Kind.BIDIRECTIONAL: grpc.stream_stream_rpc_method_handler,
}
# Of the bytes in flight, those that are worked on at once: a write takes several times its size.
_WORK_SHARE = 1 / 8

_log = structlog.get_logger("podium.calls")


class ClientLeftError(TransportError):
    """The client went away in the middle of its call."""


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
        self._most = limits.max_calls_in_flight or float("inf")
        self._share = max(1.0, self._most * limits.connection_share)
        self._budget = ByteBudget(limits, in_flight)
        self._turns = Turns((limits.max_bytes_in_flight or float("inf")) * _WORK_SHARE)
        self._format = WireFormat(limits)
        self._reads = RequestReads(limits, self._budget, in_flight, self.failures)
        self._open_streams = OpenStreams(limits, self._budget, in_flight, self._reads.end)
        self._answers = Answers(limits, self._budget, in_flight)
        self._long_answers = LongAnswers(self._budget)

    def handler(self, rpc: Rpc, method: Callable[..., Any]) -> grpc.RpcMethodHandler[Any, Any]:
        """The handler of an RPC, to be registered."""
        bodies: dict[Kind, Callable[[Rpc, Callable[..., Any]], Body]] = {
            Kind.UNARY: self._unary,
            Kind.SERVER_STREAM: self._server_stream,
            Kind.CLIENT_STREAM: self._client_stream,
            Kind.BIDIRECTIONAL: self._bidirectional,
        }
        body = bodies[rpc.kind](rpc, method)
        logging_body = with_log(body) if self._log_calls else body
        guarded = self._guard_stream if _is_stream_of_requests(rpc) else self._guard
        return _FACTORIES[rpc.kind](guarded(rpc, logging_body))

    def _guard(self, rpc: Rpc, body: Body) -> Behaviour:
        """For RPCs with one request."""
        limits, in_flight, read = self._limits, self._in_flight, self._reads.next
        most, share = self._most, self._share
        large_body = self._large(rpc, body)
        long_answers = self._long_answers
        begin_long_answer = long_answers.begin if rpc.kind is Kind.UNARY else None

        async def behaviour(_: object, context: Context) -> Any:
            connection = in_flight.enter(context.peer())
            call = Call(rpc, context, connection, limits)
            call.begin_long_answer = begin_long_answer
            works = False
            data = b""
            try:
                call.read_metadata()
                self._require_room(connection)
                data = await read(call)
                if data is grpc.aio.EOF:
                    _refuse_no_request()
                # Others have begun meanwhile. Not `_begin`: every call comes by here.
                if in_flight.calls >= most or connection.calls >= share:
                    self._require_room(connection)
                in_flight.calls += 1
                connection.calls += 1
                works = True
                with call.deadline:
                    if len(data) > LARGE_BYTES:
                        return await large_body(data, call, context)
                    return await body(data, call, context)
            except BaseException as error:  # the one boundary: every error becomes a status
                data = b""
                await self._end(call, context, error)
            finally:
                # What goes on after the call, in tasks of its own, takes no place any more.
                call.begin_long_answer = None
                if call.has_long_answer:
                    long_answers.end()
                if works:
                    in_flight.calls -= 1
                    connection.calls -= 1
                in_flight.leave(connection)

        return behaviour

    def _guard_stream(self, rpc: Rpc, body: Body) -> Behaviour:
        """For RPCs with a stream of requests, which they read themselves."""
        limits, in_flight = self._limits, self._in_flight

        async def behaviour(_: object, context: Context) -> Any:
            connection = in_flight.enter(context.peer())
            call = Call(rpc, context, connection, limits)
            works = False
            try:
                call.read_metadata()
                self._begin(connection)
                works = True
                with call.deadline:
                    return await body(None, call, context)
            except BaseException as error:  # the one boundary: every error becomes a status
                await self._end(call, context, error)
            finally:
                if works:
                    in_flight.calls -= 1
                    connection.calls -= 1
                in_flight.leave(connection)

        return behaviour

    async def _end(self, call: Call, context: Context, error: BaseException) -> NoReturn:
        """End a call that failed, with a status if its client is still there."""
        if isinstance(error, grpc.aio.AbortError) or not isinstance(
            error, Exception | asyncio.CancelledError
        ):
            raise error
        if isinstance(error, asyncio.CancelledError) and _was_cancelled(context):
            raise error
        if isinstance(error, grpc.aio.InternalError | ClientLeftError):
            _leave(call)
        told = self._as_told(call, error)
        if told is not error:
            told.__cause__ = error  # so that the frames of both are forgotten
        try:
            await self.failures.end(call, context, told)
        except grpc.aio.InternalError:
            _leave(call)

    def _as_told(self, call: Call, error: BaseException) -> BaseException:
        """The error as its caller hears of it."""
        if isinstance(error, TimeoutError) and call.deadline.expired:
            return DeadlineExceededError("the deadline passed")
        twin = self._twins.get(call.rpc.path, "")
        if isinstance(error, ResultTooLargeError) and twin and not error.streaming_rpc:
            return error.streamed_by(twin)
        return error

    def _begin(self, connection: Connection) -> None:
        """Count a call as one that works."""
        self._require_room(connection)
        self._in_flight.calls += 1
        connection.calls += 1

    def _require_room(self, connection: Connection) -> None:
        calls = self._in_flight.calls
        if calls >= self._most or connection.calls >= self._share:
            raise OverloadedError(
                f"{connection.calls} calls of this connection and {calls} of all are in flight",
                retry_after_ms=self._limits.retry_after_ms,
            )
        if self._budget.exhausted(connection):
            raise self._budget.overload_error()

    def _large(self, rpc: Rpc, body: Body) -> Body:
        """The body for large requests: their bytes count, and they are worked on in turn."""
        in_flight, budget, turns = self._in_flight, self._budget, self._turns
        # What may wait, for messages or for its client, has no turn: others would wait for it.
        waits = rpc.kind is not Kind.UNARY or "timeout_ms" in rpc.request.DESCRIPTOR.fields_by_name

        async def large_body(data: bytes, call: Call, context: Context) -> Any:
            size = len(data)
            budget.take(call.connection, size)
            try:
                if waits:
                    return await body(data, call, context)
                await turns.begin(size)
                try:
                    return await body(data, call, context)
                finally:
                    turns.end(size)
            finally:
                in_flight.release(call.connection, size)

        return large_body

    def _unary(self, rpc: Rpc, method: Callable[..., Any]) -> Body:
        parse, parse_large, serialize = (
            self._format.parser(rpc),
            self._format.large_parser(rpc),
            self._format.serializer(),
        )
        send_last, small_bytes = self._answers.send_last, self._format.small_bytes(rpc)
        serialize_long = self._format.long_serializer(rpc)

        async def body(data: bytes, call: Call, context: Context) -> bytes:
            del context
            request = parse(data) if len(data) <= small_bytes else await parse_large(data)
            response = await method(request, call)
            if call.has_long_answer:
                answer = await serialize_long(response)
            else:
                answer = serialize(response)
            del response  # megabytes, perhaps
            if len(answer) <= LARGE_BYTES:
                return answer
            if len(answer) > PIECE_BYTES:
                await asyncio.sleep(0)  # gRPC copies it, in a turn of its own
            return send_last(call, answer)

        return body

    def _server_stream(self, rpc: Rpc, method: Callable[..., Any]) -> Body:
        parse, serialize = self._format.any_parser(rpc), self._format.serializer()
        answers = self._answers

        async def body(data: bytes, call: Call, context: Context) -> None:
            del context
            async with aclosing(method(await parse(data), call)) as responses:
                async for response in responses:
                    answer = serialize(response)
                    if len(answer) > PIECE_BYTES:
                        await asyncio.sleep(0)
                    await answers.send(call, answer)
                    call.made_progress()

        return body

    def _client_stream(self, rpc: Rpc, method: Callable[..., Any]) -> Body:
        parse, serialize = self._format.any_parser(rpc), self._format.serializer()

        async def body(data: object, call: Call, context: Context) -> bytes:
            del data, context
            async with aclosing(self._whole_requests(call, parse)) as requests:
                return serialize(await method(requests, call))

        return body

    def _bidirectional(self, rpc: Rpc, method: Callable[..., Any]) -> Body:
        parse, serialize = self._format.any_parser(rpc), self._format.serializer()

        async def body(data: object, call: Call, context: Context) -> None:
            del data, context
            writing = asyncio.Lock()

            async def send(response: Message) -> None:
                # gRPC takes one message at a time.
                async with writing:
                    await self._answers.send(call, serialize(response))

            # Such a stream is quiet most of the time: it waits for messages, or for its client.
            with self._in_flight.apart(call.connection):
                async with aclosing(self._requests(call, parse)) as requests:
                    await method(requests, call, send)

        return body

    async def _requests(self, call: Call, parse: Parse) -> AsyncGenerator[Any, None]:
        """The requests of a stream that may be quiet for ever, once it is open."""
        data = await self._reads.next(call)
        with self._open_streams.watch(call):
            while data is not grpc.aio.EOF:
                yield await parse(data)
                data = await self._reads.next_of_open(call)

    async def _whole_requests(self, call: Call, parse: Parse) -> AsyncGenerator[Any, None]:
        """The requests of a client stream; their end is the client's word that it has said everything."""
        in_flight = self._in_flight
        while True:
            with in_flight.apart(call.connection):
                data = await self._reads.next(call)
            if data is grpc.aio.EOF:
                break
            call.made_progress()
            self._budget.take(call.connection, len(data))
            try:
                yield await parse(data)
            finally:
                in_flight.release(call.connection, len(data))
        # grpc.aio ends the stream normally when a connection breaks, so half an upload looks complete. Sending
        # metadata then fails; that detects it.
        try:
            await call.context.send_initial_metadata(())
        except grpc.aio.InternalError as error:
            raise ClientLeftError("the client's stream broke off") from error


def _refuse_no_request() -> NoReturn:
    raise InvalidArgumentError("", "the call has no request")


def _is_stream_of_requests(rpc: Rpc) -> bool:
    return rpc.kind in (Kind.CLIENT_STREAM, Kind.BIDIRECTIONAL)


def _leave(call: Call) -> NoReturn:
    # gRPC takes a cancelled handler for the end of its call, without a line in the log.
    _log.debug("the client left", rpc=call.rpc.label, request_id=call.request_id)
    raise asyncio.CancelledError


def _was_cancelled(context: Context) -> bool:
    # Otherwise something inside was, as a future of a store that closes: the caller still waits for a status.
    task = asyncio.current_task()
    return bool(context.cancelled()) or (task is not None and task.cancelling() > 0)
