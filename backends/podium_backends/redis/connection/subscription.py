"""Channels that a process listens to: a connection of their own, made when it is needed and made again when it was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import hiredis

from podium_backends.redis.connection.connect import Target, open_stream
from podium_backends.redis.connection.ear import Ear
from podium_backends.redis.connection.pipe import NoReplyError
from podium_backends.redis.connection.replies import raise_error
from podium_core.errors import BackendUnavailableError
from podium_core.shared_attempt import AttemptEndedError, SharedAttempt

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0


class Subscription:
    """Listens to channels. What is said while the connection is lost isn't heard: ``resumed`` says so afterwards."""

    def __init__(
        self, target: Target, heard: Callable[[bytes], None], resumed: Callable[[], None]
    ) -> None:
        """Connects with the first channel.

        Args:
            target: Where to connect.
            heard: Called with a channel for each message on it.
            resumed: Called once a lost connection is there again, with all its channels.
        """
        self._target = target
        self._heard = heard
        self._resumed = resumed
        self._channels: set[str] = set()
        self._ear: Ear | None = None
        self._connecting = SharedAttempt(self._connect)
        self._again: asyncio.Task[None] | None = None
        self._closed = False

    async def add(self, channel: str) -> None:
        """Listen to a channel: what is said after this has returned is heard. ``drop`` it also after an error.

        Raises:
            BackendUnavailableError: Redis can't be reached, or refuses.
        """
        self._channels.add(channel)
        try:
            ear = await self._wait_for_ear()
            await ear.subscribe(channel)
        except NoReplyError as error:
            raise BackendUnavailableError(self._target.store, str(error)) from error
        except hiredis.ReplyError as error:
            raise_error(self._target.store, error, ())

    def drop(self, channel: str) -> None:
        """Listen to a channel no more."""
        self._channels.discard(channel)
        if self._ear is not None:
            self._ear.unsubscribe(channel)

    def check(self) -> None:
        """Find out whether the connection is alive; call it now and then."""
        if self._ear is not None:
            self._ear.check(self._target.reply_timeout)

    async def close(self) -> None:
        """Cut the connection."""
        self._closed = True
        self._channels.clear()
        if self._again is not None:
            self._again.cancel()
            await asyncio.wait([self._again])
        await self._connecting.cancel()
        if self._ear is not None:
            await self._ear.close()

    async def _wait_for_ear(self) -> Ear:
        if not self._closed:
            if self._ear is not None:
                return self._ear
            with suppress(AttemptEndedError):
                return await self._connecting.result()
        raise BackendUnavailableError(self._target.store, "the store is closed")

    async def _connect(self) -> Ear:
        ear = Ear(self._heard, self._lost)
        try:
            ear.take_over(await open_stream(self._target))
            # All of them: after a loss each has to be heard again.
            await asyncio.gather(*(ear.subscribe(channel) for channel in self._channels))
            self._ear = ear
        except BaseException:
            await ear.close()
            raise
        return ear

    def _lost(self) -> None:
        if self._ear is None:
            return  # never came into use: whoever connects gets the error
        self._ear = None
        if self._channels and self._again is None:
            self._again = asyncio.create_task(self._connect_again())

    async def _connect_again(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        try:
            while self._channels:
                try:
                    await self._wait_for_ear()
                except (BackendUnavailableError, NoReplyError, hiredis.ReplyError):
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
                else:
                    self._resumed()
                    return
        finally:
            self._again = None
