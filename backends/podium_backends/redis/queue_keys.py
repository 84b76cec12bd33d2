"""The keys of queues, whose names a layout chooses. Those of the layout ``podium`` are in ``keys.Keys``."""

from __future__ import annotations

from typing import Protocol

from podium_backends.redis.keys import Keys, glob_of


class QueueKeys(Protocol):
    """The keys of a queue in one layout, as its ``scripts/queues/<layout>/queue.lua`` explains them."""

    def queue(self, name: str) -> tuple[str, ...]:
        """As many for each queue, in the order that the scripts expect."""
        ...

    def queue_channel(self, name: str) -> str:
        """Where a process hears of changes of a queue."""
        ...


class ConductorQueueKeys:
    """Those of orkes-conductor-queues, ``<queue prefix>.<stack>.QUEUE.<name>.<shard>``, and a hash of ours for each queue.

    Java joins these without a look: a blank prefix leaves its dot, and the keyspace domain isn't part of them.
    """

    def __init__(
        self, keys: Keys, *, queue_prefix: str, stack: str, shard: str, payload_suffix: str
    ) -> None:
        """Takes what a Java Conductor on the same Redis is configured with.

        Args:
            keys: The names of all other keys.
            queue_prefix: Its ``conductor.redis.queueNamespacePrefix``.
            stack: Its ``conductor.app.stack``.
            shard: The last character of its ``conductor.redis.availabilityZone``.
            payload_suffix: What the key of payloads ends with.
        """
        self._notes = f"{keys.own}NOTES."
        self._begin = f"{queue_prefix}.{stack}.QUEUE."
        self._end = f".{shard}"
        self._payload_suffix = payload_suffix
        self.pattern = f"{glob_of(self._begin)}*{glob_of(self._end)}"

    def queue(self, name: str) -> tuple[str, str, str]:
        """Java's sorted set, our notes, Java's payloads."""
        due = f"{self._begin}{name}{self._end}"
        return due, f"{self._notes}{name}", f"{due}{self._payload_suffix}"

    def queue_channel(self, name: str) -> str:
        """As ``QueueKeys``."""
        return f"{self._notes}{name}"

    def name_of(self, key: str) -> str:
        """The queue whose sorted set is a key that ``pattern`` finds."""
        return key.removeprefix(self._begin).removesuffix(self._end)


_podium: type[QueueKeys] = Keys
_conductor: type[QueueKeys] = ConductorQueueKeys
