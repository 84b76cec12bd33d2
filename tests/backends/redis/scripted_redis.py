"""A server that does what a test says with each request: for cuts and silences that no real Redis makes on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import hiredis

Answer = Callable[[list[bytes], asyncio.StreamWriter], Awaitable[None]]


class ScriptedRedis:
    """Answers the handshake of redis-py by itself, and asks ``answer`` for all else.

    Attributes:
        requests: What came, handshakes aside.
        connections: How many there were.
        answer: What is done with a request.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[list[bytes]] = []
        self.connections = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        parser = hiredis.Reader()
        try:
            while data := await reader.read(65536):
                parser.feed(data)
                while (request := parser.gets()) is not False:
                    if request[0] in {b"CLIENT", b"SELECT", b"HELLO", b"AUTH"}:
                        writer.write(b"+OK\r\n")
                    else:
                        self.requests.append(request)
                        await self.answer(request, writer)
        finally:
            writer.close()


@asynccontextmanager
async def scripted_redis(answer: Answer) -> AsyncIterator[ScriptedRedis]:
    script = ScriptedRedis(answer)
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    script.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    try:
        yield script
    finally:
        server.close()
