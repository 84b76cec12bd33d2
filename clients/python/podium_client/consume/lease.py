"""A message with its lease, which is kept alive while the message waits here or its body runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from enum import Enum, auto
from types import TracebackType
from typing import Protocol

from podium_client.errors import DeadlineExceededError
from podium_client.retry import transient
from podium_core.errors import StorageError
from podium_core.models import Message

# A lease is prolonged when so much of it is left over.
EXTENSIONS_PER_LEASE = 3
GIVE_BACK_SECONDS = 2.0

_log = logging.getLogger("podium_client")


class Link(Protocol):
    """The calls that act on leases; each answer is false if the receipt is stale."""

    async def ack(self, message_id: str, receipt: str) -> bool: ...
    async def extend(self, message_id: str, receipt: str, unack_timeout_ms: int) -> bool: ...
    async def give_back(self, message_id: str, receipt: str) -> bool: ...
    async def postpone(
        self, message_id: str, receipt: str, *, priority: int, delay_ms: int
    ) -> bool: ...


class Phase(Enum):
    """The life of a leased message: its lease is prolonged while it waits and while its body runs."""

    WAITING = auto()
    HANDED_OUT = auto()
    RUNNING = auto()
    OVER = auto()


class Lease:
    """The lease of one message.

    Attributes:
        phase: Where the message is.
        lapsed: The lease ran out, or was ended by someone else: the message is delivered again.
    """

    def __init__(
        self, message: Message, link: Link, *, unack_timeout_ms: int, ended: Callable[[Lease], None]
    ) -> None:
        """Begin to look after it.

        Args:
            message: The message.
            link: Ends and prolongs it.
            unack_timeout_ms: Its length.
            ended: Told once, when the lease is over or has lapsed.
        """
        self.phase = Phase.WAITING
        self.lapsed = False
        self._message = message
        self._link = link
        self._unack_timeout_ms = unack_timeout_ms
        self._ended: Callable[[Lease], None] | None = ended
        self._loop = asyncio.get_running_loop()
        self._seconds = unack_timeout_ms / 1000
        self._lapses_at = self._loop.time() + self._seconds
        self._prolonging: asyncio.Task[None] | None = None
        self._timer = self._loop.call_later(self._seconds / EXTENSIONS_PER_LEASE, self._tick)

    def __repr__(self) -> str:
        return f"<lease {'lapsed' if self.lapsed else self.phase.name.lower()}>"

    @property
    def receipt(self) -> str:
        """The receipt that proves it."""
        return self._message.receipt

    def hand_out(self) -> bool:
        """The message goes to its receiver; false if it waited too long and isn't ours any more."""
        self.phase = Phase.HANDED_OUT
        return not self.lapsed

    def run(self) -> None:
        """The body begins."""
        if self.phase is not Phase.OVER:
            self.phase = Phase.RUNNING

    def settle(self) -> None:
        """It is over: acknowledged, given back, or not our concern any more."""
        self.phase = Phase.OVER
        self._timer.cancel()
        if self._prolonging is not None:
            self._prolonging.cancel()
        self._tell_ended()

    async def ack(self) -> bool:
        """Acknowledge the message; false if the lease had lapsed or was ended."""
        acked = await self._link.ack(self._message.id, self._message.receipt)
        self.settle()
        return acked

    async def extend(self, unack_timeout_ms: int) -> bool:
        """Make the lease that long from now."""
        began = self._loop.time()
        extended = await self._link.extend(
            self._message.id, self._message.receipt, unack_timeout_ms
        )
        if extended:
            self._lapses_at = began + unack_timeout_ms / 1000
        return extended

    async def give_back(self, delay_ms: int = 0) -> bool:
        """End the lease: the message is ready for anyone, once the delay is over."""
        message = self._message
        if delay_ms:
            given_back = await self._link.postpone(
                message.id, message.receipt, priority=message.priority, delay_ms=delay_ms
            )
        else:
            given_back = await self._link.give_back(message.id, message.receipt)
        self.settle()
        return given_back

    async def finish(self) -> None:
        """The body left well: acknowledge, unless it did so itself."""
        try:
            if self.phase is not Phase.OVER and not await self.ack():
                _log.info("message %s: its lease had ended before the ack", self._message.id)
        except StorageError as error:
            if not (transient(error) or isinstance(error, DeadlineExceededError)):
                raise
            _log.warning("message %s wasn't acked, it will come again: %s", self._message.id, error)
        finally:
            self.settle()
            await self._quiet()

    async def abandon(self) -> None:
        """The body failed: give the message back. Where that fails too the lease lapses by itself."""
        try:
            if self.phase is not Phase.OVER:
                async with asyncio.timeout(GIVE_BACK_SECONDS):
                    await self.give_back()
        except (StorageError, TimeoutError) as error:
            _log.debug(
                "message %s wasn't given back, its lease lapses: %s", self._message.id, error
            )
        finally:
            self.settle()
            await self._quiet()

    def _tick(self) -> None:
        left = self._lapses_at - self._loop.time()
        if left <= 0:
            self._lapse()
            return
        if self.phase is not Phase.HANDED_OUT and self._prolonging is None:
            self._prolonging = self._loop.create_task(self._prolong())
        self._timer = self._loop.call_later(
            min(left, self._seconds / EXTENSIONS_PER_LEASE), self._tick
        )

    async def _prolong(self) -> None:
        try:
            if not await self.extend(self._unack_timeout_ms):
                self._lapse()
        except StorageError as error:
            _log.debug("message %s: its lease couldn't be prolonged: %s", self._message.id, error)
        finally:
            self._prolonging = None

    def _lapse(self) -> None:
        self.lapsed = True
        self._timer.cancel()
        self._tell_ended()

    def _tell_ended(self) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(self)

    async def _quiet(self) -> None:
        if self._prolonging is not None:
            await asyncio.wait([self._prolonging])


class LeasedMessage(Message, frozen=True, kw_only=True, eq=False):
    """A message of ``consume``. In ``async with message:`` leaving well acks it, an exception gives it back.

    While the body runs its lease is prolonged; once it was acknowledged otherwise (``ack``, or in a Commit of the same
    client) leaving does nothing. Without ``async with`` it comes again when its lease has lapsed.

    Attributes:
        queue_name: Where it came from.
        lease: What is known of its lease.
    """

    queue_name: str
    lease: Lease

    async def __aenter__(self) -> LeasedMessage:
        self.lease.run()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            await self.lease.finish()
        else:
            await self.lease.abandon()

    async def ack(self) -> bool:
        """Acknowledge it; false if its lease had lapsed or was ended, so that it is delivered again.

        Raises:
            StorageError: The server wasn't reached, or refused.
        """
        return await self.lease.ack()

    async def give_back(self, *, delay_ms: int = 0) -> bool:
        """End its lease: it is ready for anyone, at once or when the delay is over. Raises as ``ack``.

        Args:
            delay_ms: How long from now. Above 0 the message is postponed: its deliveries count from 0 again.
        Returns:
            False if its lease had lapsed or was ended: nothing changed.
        Raises:
            InvalidArgumentError: A delay below 0, or above a hundred years.
        """
        return await self.lease.give_back(delay_ms)

    async def extend(self, unack_timeout_ms: int) -> bool:
        """Make its lease end that long from now. Raises as ``ack``."""
        return await self.lease.extend(unack_timeout_ms)
