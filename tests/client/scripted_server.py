"""A gRPC server whose RPCs do what a test says, call by call."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc

from podium_core.errors import StorageError
from podium_protocol.rpcs import Kind, Rpc, rpc
from podium_protocol.status import REQUEST_ID_KEY, status_of

Context = grpc.aio.ServicerContext[Any, Any]
Handler = Callable[..., Any]

_HANDLERS = {
    Kind.UNARY: grpc.unary_unary_rpc_method_handler,
    Kind.SERVER_STREAM: grpc.unary_stream_rpc_method_handler,
    Kind.BIDIRECTIONAL: grpc.stream_stream_rpc_method_handler,
}


async def fail(context: Context, error: StorageError) -> None:
    """End the call as the real server would."""
    request_id = dict(context.invocation_metadata() or ()).get(REQUEST_ID_KEY, "")
    status = status_of(error, request_id=str(request_id))
    await context.abort(status.code, status.message, status.trailing_metadata())


class Script:
    """A unary RPC that fails in these ways, one call after the other, and then answers."""

    def __init__(self, answer: Any, *failures: StorageError | grpc.StatusCode) -> None:
        self.answer = answer
        self.failures = list(failures)
        self.requests: list[Any] = []
        self.request_ids: list[str] = []
        self.seconds_left: list[float] = []

    @property
    def calls(self) -> int:
        """How often it was called."""
        return len(self.requests)

    async def __call__(self, request: Any, context: Context) -> Any:
        """GRPC calls it."""
        self.requests.append(request)
        self.request_ids.append(str(dict(context.invocation_metadata() or ())[REQUEST_ID_KEY]))
        self.seconds_left.append(context.time_remaining())
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, grpc.StatusCode):
                await context.abort(failure, "not a word of ours")
            else:
                await fail(context, failure)
        return self.answer


def _handler(entry: Rpc, method: Handler) -> grpc.RpcMethodHandler[Any, Any]:
    # gRPC looks at the function whether it is a coroutine's, which an object with __call__ isn't.
    function = method if inspect.isroutine(method) else method.__call__  # type: ignore[operator]
    return _HANDLERS[entry.kind](
        function,
        request_deserializer=entry.request.FromString,
        response_serializer=entry.response.SerializeToString,
    )


@asynccontextmanager
async def scripted(
    methods: Mapping[tuple[str, str], Handler], *, port: int = 0
) -> AsyncIterator[str]:
    """Serve these RPCs, each by the short name of its service and its own; the address."""
    server = grpc.aio.server()
    for (service, name), method in methods.items():
        entry = rpc(service, name)
        handler = grpc.method_handlers_generic_handler(
            entry.service, {name: _handler(entry, method)}
        )
        server.add_generic_rpc_handlers((handler,))
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield f"127.0.0.1:{bound}"
    finally:
        await server.stop(0)
