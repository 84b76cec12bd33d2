"""How many bytes of requests and answers the server holds at most, for everybody and for one connection."""

from __future__ import annotations

from asyncio import Future, get_running_loop
from collections import deque

from podium_core.errors import OverloadedError
from podium_server.interceptors.in_flight import Connection, InFlight
from podium_server.interceptors.limits import CallLimits

# Smaller requests and answers aren't counted: calls and streams are.
LARGE_BYTES = 64 * 1024


class ByteBudget:
    """Takes and gives back bytes."""

    def __init__(self, limits: CallLimits, in_flight: InFlight) -> None:
        self._most = limits.max_bytes_in_flight or float("inf")
        self._share = self._most * limits.connection_share
        self._in_flight = in_flight
        self._retry_after_ms = limits.retry_after_ms

    @property
    def pressed(self) -> bool:
        """Whether more than half is taken."""
        return self._in_flight.bytes * 2 > self._most

    def exhausted(self, connection: Connection) -> bool:
        """Whether a connection holds all that it may, or any bytes while all of them together do.

        One that holds nothing may still make small calls.
        """
        held = connection.bytes
        return held >= self._share or (held > 0 and self._in_flight.bytes >= self._most)

    def _fits(self, connection: Connection, size: int) -> bool:
        # What is too large for any budget may be held alone.
        held = self._in_flight.bytes
        return (not held or held + size <= self._most) and (
            not connection.bytes or connection.bytes + size <= self._share
        )

    def take(self, connection: Connection, size: int) -> None:
        """Hold so many bytes more.

        Raises:
            OverloadedError: There is no room for them.
        """
        if not self._fits(connection, size):
            raise self.overload_error()
        self._in_flight.hold(connection, size)

    def overload_error(self) -> OverloadedError:
        """The error of a call for whose bytes there is no room."""
        return OverloadedError(
            f"{self._in_flight.bytes} bytes of requests and answers are in flight",
            retry_after_ms=self._retry_after_ms,
        )


class Turns:
    """Large requests are worked on in turn: parsed and stored, each takes several times its size."""

    def __init__(self, most: float) -> None:
        """Takes how many bytes of requests may be worked on at once; one request always may."""
        self._most = most
        self._working = 0
        self._waiting: deque[tuple[int, Future[None]]] = deque()

    async def begin(self, size: int) -> None:
        """Wait for the turn of a request."""
        if not self._waiting and self._room(size):
            self._working += size
            return
        turn: Future[None] = get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.end(size)
            else:
                self._waiting.remove((size, turn))
                self._wake()
            raise

    def end(self, size: int) -> None:
        """A request is done; the next ones begin."""
        self._working -= size
        self._wake()

    def _room(self, size: int) -> bool:
        return not self._working or self._working + size <= self._most

    def _wake(self) -> None:
        while self._waiting and self._room(self._waiting[0][0]):
            size, turn = self._waiting.popleft()
            if not turn.done():
                self._working += size
                turn.set_result(None)
