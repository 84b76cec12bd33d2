"""A store that is far away: forwards one port to another, and each way takes so long.

``python -m benchmarks.delay_proxy <host> <port> <ms each way>``.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from functools import partial

import uvloop

_CHUNK_BYTES = 256 * 1024


async def main(host: str, port: int, delay: float) -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(partial(_forward, host, port, delay), "127.0.0.1", 0)
    own = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"listening on 127.0.0.1:{own}\n")
    sys.stdout.flush()
    await server.serve_forever()


async def _forward(
    host: str,
    port: int,
    delay: float,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    there, back = await asyncio.open_connection(host, port)
    await asyncio.gather(_carry(reader, back, delay), _carry(there, writer, delay))


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, delay: float) -> None:
    """What comes goes on after the delay, in its order; what follows meanwhile isn't held up by it."""
    loop = asyncio.get_running_loop()
    # A side that resets its connection ends it, as one that closes it does.
    with suppress(ConnectionResetError):
        while data := await source.read(_CHUNK_BYTES):
            loop.call_later(delay, target.write, data)
    loop.call_later(delay, target.close)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000))
