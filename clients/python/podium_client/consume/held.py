"""The leases that this client holds, so that its end by another call (an ack in a Commit, for example) stops its renewal."""

from __future__ import annotations

from typing import Protocol


class Settleable(Protocol):
    """A lease that can be over."""

    def settle(self) -> None:
        """It is over: acknowledged, or given back."""
        ...


class HeldLeases:
    """Leases by queue and receipt."""

    def __init__(self) -> None:
        self._leases: dict[tuple[str, str], Settleable] = {}

    def add(self, queue_name: str, receipt: str, lease: Settleable) -> None:
        """Remember a lease."""
        self._leases[queue_name, receipt] = lease

    def discard(self, queue_name: str, receipt: str) -> None:
        """Forget a lease."""
        self._leases.pop((queue_name, receipt), None)

    def settle(self, queue_name: str, receipt: str) -> None:
        """A lease is over; nothing happens if it isn't one of ours."""
        lease = self._leases.get((queue_name, receipt))
        if lease is not None:
            lease.settle()
