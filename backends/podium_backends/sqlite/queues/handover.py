"""What becomes of leased messages whose caller is cancelled."""

from __future__ import annotations

from collections.abc import Callable

from podium_core.models import Message


class Handover:
    """Messages on their way from the transaction to a caller that may be cancelled meanwhile."""

    def __init__(self, give_back: Callable[[list[Message]], None]) -> None:
        self._give_back = give_back
        self._messages: list[Message] = []
        self._abandoned = False

    def committed(self, messages: list[Message]) -> None:
        """The lease is durable."""
        self._messages = messages
        if self._abandoned:
            self._give_back(messages)

    def abandon(self) -> None:
        """The caller is gone."""
        self._abandoned = True
        if self._messages:
            self._give_back(self._messages)
