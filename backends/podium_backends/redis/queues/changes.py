"""Says when a queue has changed: by its channel, and once a second whether it has or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from podium_backends.redis.connection import Subscription, Target
from podium_backends.redis.queue_keys import QueueKeys
from podium_core.queues import Subscriptions

# Nothing is lost with a notification: those who wait look so often by themselves.
LOOK_SECONDS = 1.0


class QueueChanges:
    """The subscriptions to the queues of one Redis. On the event loop."""

    def __init__(
        self, target: Target, keys: QueueKeys, *, look_seconds: float = LOOK_SECONDS
    ) -> None:
        """Listens to nothing.

        Args:
            target: Where to connect.
            keys: The key names.
            look_seconds: How often those who wait look.
        """
        self._keys = keys
        self._look_seconds = look_seconds
        self._subscriptions = Subscriptions()
        self._names: dict[bytes, str] = {}
        self._channels = Subscription(target, self._notify, self._notify_all)
        self._timer: asyncio.TimerHandle | None = None

    async def subscribe(self, queue_name: str, changed: Callable[[], None]) -> Callable[[], None]:
        """As ``QueueTable.subscribe``."""
        channel = self._keys.queue_channel(queue_name)
        self._names[channel.encode()] = queue_name
        unsubscribe = self._subscriptions.subscribe(queue_name, changed)

        def end() -> None:
            unsubscribe()
            if queue_name not in self._subscriptions.queue_names():
                del self._names[channel.encode()]
                self._channels.drop(channel)

        try:
            self._look_later()
            await self._channels.add(channel)
        except BaseException:
            end()
            raise
        return end

    async def close(self) -> None:
        """Cut the connection; nobody is told any more."""
        if self._timer is not None:
            self._timer.cancel()
        await self._channels.close()

    def _notify(self, channel: bytes) -> None:
        queue_name = self._names.get(channel)
        if queue_name is not None:
            self._subscriptions.notify(queue_name)

    def _notify_all(self) -> None:
        for queue_name in self._subscriptions.queue_names():
            self._subscriptions.notify(queue_name)

    def _look_later(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._look_seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._subscriptions.queue_names():
            self._channels.check()
            self._notify_all()
            self._look_later()
