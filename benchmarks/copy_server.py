"""The yardstick of payloads: a grpc.aio server that copies a stream into a file, and a file into a stream, plainly.

No parsing, no thread, no fsync, no rename: ``python -m benchmarks.copy_server <file>``.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import uvloop

SERVICE = "bench.Copy"
CHUNK_BYTES = 256 * 1024


class _Copy:
    def __init__(self, path: Path) -> None:
        self._path = path

    async def upload(self, requests: object, context: Any) -> bytes:
        del requests
        with self._path.open("wb", buffering=0) as file:
            while (data := await context.read()) is not grpc.aio.EOF:
                file.write(data)
        return b""

    async def download(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        del request, context
        with self._path.open("rb", buffering=0) as file:
            while data := file.read(CHUNK_BYTES):
                yield data


async def main(path: Path) -> None:
    """Serve until the process is ended."""
    copy = _Copy(path)
    handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "Upload": grpc.stream_unary_rpc_method_handler(copy.upload),
        "Download": grpc.unary_stream_rpc_method_handler(copy.download),
    }
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"listening on 127.0.0.1:{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Path(sys.argv[1])))
