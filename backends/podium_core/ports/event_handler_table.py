"""What a store of event handlers implements; ``TableEventHandlerDAO`` of ``podium_core.definitions`` makes its DAO of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from podium_core.models import EventHandler, Page
from podium_core.paging.read_budget import ReadBudget


class EventHandlerTable(Protocol):
    """Event handlers by name and by event. Arguments are known to be valid; each write is atomic.

    Where an event has a form that the store can't keep, a write raises InvalidArgumentError.
    """

    async def add_handler(self, handler: EventHandler, event: str) -> bool:
        """Store a new handler of an event; false: there is one of that name, which stays as it is."""
        ...

    async def replace_handler(self, handler: EventHandler, event: str) -> bool:
        """Store a handler only in place of one of that name, whose event may be another; false: there is none."""
        ...

    async def remove_handler(self, name: str) -> bool:
        """Remove a handler; false: there is none."""
        ...

    def handlers(self, after: str) -> AsyncIterator[Page[EventHandler]]:
        """All handlers after a name, in order of name, which is the key of a page's items."""
        ...

    async def handlers_of_event(
        self, event: str, budget: ReadBudget, *, active_only: bool
    ) -> list[EventHandler]:
        """All handlers of an event, or only those that are active; the bytes of their documents count.

        Raises:
            ResultTooLargeError: They are above the budget.
        """
        ...
