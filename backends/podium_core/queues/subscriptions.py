"""Subscriptions of this process to changes of queues."""

from __future__ import annotations

from collections.abc import Callable


class Subscriptions:
    """The callbacks of each queue. On the event loop."""

    def __init__(self) -> None:
        self._callbacks: dict[str, list[Callable[[], None]]] = {}

    def subscribe(self, queue_name: str, changed: Callable[[], None]) -> Callable[[], None]:
        """Call ``changed`` for each change of a queue; returns what ends that."""
        self._callbacks.setdefault(queue_name, []).append(changed)

        def unsubscribe() -> None:
            callbacks = self._callbacks[queue_name]
            callbacks.remove(changed)
            if not callbacks:
                del self._callbacks[queue_name]

        return unsubscribe

    def notify(self, queue_name: str) -> None:
        """A message of this queue may be ready sooner than before."""
        for changed in self._callbacks.get(queue_name, ()):
            changed()

    def queue_names(self) -> list[str]:
        """The queues that have a subscription."""
        return list(self._callbacks)
