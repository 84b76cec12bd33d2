"""A client of HTTP/2 frames, for what no gRPC client does: half a message, answers that nobody takes, silence."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 8
_ACK, _END_HEADERS = 1, 4
_MAX_FRAME = 16_384
_SETTING_WINDOW = 4


class Wire:
    """One connection.

    Attributes:
        ended: Streams that the server has ended.
        closed: Set when the server has closed the connection.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._window = 65_535
        self._stream_window = 65_535
        self._windows: dict[int, int] = {}
        self._moved = asyncio.Event()
        self._next = 1
        self.ended: set[int] = set()
        self.closed = asyncio.Event()

    def open_stream(self, path: str) -> int:
        """Send the headers of a call without a deadline."""
        stream, self._next = self._next, self._next + 2
        self._windows[stream] = self._stream_window
        headers = {
            ":method": "POST",
            ":scheme": "http",
            ":path": path,
            ":authority": "podium",
            "te": "trailers",
            "content-type": "application/grpc",
        }
        block = b"".join(_literal(name, value) for name, value in headers.items())
        self._frame(_HEADERS, _END_HEADERS, stream, block)
        return stream

    async def send(self, stream: int, data: bytes) -> bool:
        """Send bytes of a message as the server's windows allow; False if it ended the stream before."""
        at = 0
        while at < len(data):
            room = min(self._window, self._windows[stream], _MAX_FRAME)
            if stream in self.ended or self.closed.is_set():
                return False
            if room <= 0:
                self._moved.clear()
                await self._moved.wait()
                continue
            part = data[at : at + room]
            self._window -= len(part)
            self._windows[stream] -= len(part)
            self._frame(_DATA, 0, stream, part)
            await self._writer.drain()
            at += len(part)
        return True

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def listen(self) -> None:
        """Take what the server sends, until it closes the connection. Answers' windows never grow."""
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                self._take(*await self._read_frame())
        self.closed.set()
        self._moved.set()

    async def _read_frame(self) -> tuple[int, int, int, bytes]:
        head = await self._reader.readexactly(9)
        length = int.from_bytes(head[:3], "big")
        return (
            head[3],
            head[4],
            int.from_bytes(head[5:9], "big"),
            await self._reader.readexactly(length),
        )

    def _take(self, kind: int, flags: int, stream: int, body: bytes) -> None:
        if kind == _SETTINGS and not flags & _ACK:
            for number, value in struct.iter_unpack(">HI", body):
                if number == _SETTING_WINDOW:
                    grown, self._stream_window = value - self._stream_window, value
                    self._windows = {key: size + grown for key, size in self._windows.items()}
            self._frame(_SETTINGS, _ACK, 0, b"")
        elif kind == _PING and not flags & _ACK:
            self._frame(_PING, _ACK, 0, body)
        elif kind == _WINDOW_UPDATE:
            more = int.from_bytes(body, "big")
            if stream:
                self._windows[stream] = self._windows.get(stream, 0) + more
            else:
                self._window += more
        elif kind == _RESET or (kind == _HEADERS and flags & 1):
            self.ended.add(stream)
        self._moved.set()

    def _frame(self, kind: int, flags: int, stream: int, body: bytes) -> None:
        head = len(body).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big")
        self._writer.write(head + body)


def message_head(size: int) -> bytes:
    """What stands before a gRPC message of so many bytes."""
    return b"\0" + size.to_bytes(4, "big")


@asynccontextmanager
async def wire_to(address: str) -> AsyncIterator[Wire]:
    """A connection that has said hello."""
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    wire = Wire(reader, writer)
    writer.write(_PREFACE)
    wire._frame(_SETTINGS, 0, 0, b"")
    listening = asyncio.create_task(wire.listen())
    try:
        yield wire
    finally:
        listening.cancel()
        writer.close()


def _literal(name: str, value: str) -> bytes:
    """A header field of HPACK that is neither indexed nor compressed."""
    return b"\0" + _text(name) + _text(value)


def _text(text: str) -> bytes:
    data = text.encode()
    if len(data) < 127:
        return bytes((len(data),)) + data
    return b"\x7f" + bytes((len(data) - 127,)) + data
