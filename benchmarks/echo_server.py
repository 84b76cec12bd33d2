"""The yardstick: a grpc.aio server that does nothing. ``/bench.Echo/<n>`` answers any request with n bytes."""

from __future__ import annotations

import asyncio
import sys
from functools import cache
from typing import Any

import grpc
import uvloop

PREFIX = "/bench.Echo/"


@cache
def _handler(path: str) -> grpc.RpcMethodHandler[Any, Any]:
    answer = b"x" * int(path.removeprefix(PREFIX))

    async def echo(request: bytes, context: object) -> bytes:
        del request, context
        return answer

    return grpc.unary_unary_rpc_method_handler(echo)


class _Echo(grpc.GenericRpcHandler):
    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        path = handler_call_details.method
        return _handler(path) if path.startswith(PREFIX) else None


async def main() -> None:
    """Serve until the process is ended."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((_Echo(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"listening on 127.0.0.1:{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
