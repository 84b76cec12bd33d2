"""The EventHandlerDAO."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from podium_core.models import EventHandler, Page


class EventHandlerDAO(Protocol):
    """Mirrors Conductor's ``EventHandlerDAO``. Handlers are stored as the JSON that came, byte for byte."""

    async def add_event_handler(self, event_handler: EventHandler) -> None:
        """Store a new event handler.

        Raises:
            AlreadyExistsError: There is one of that name.
        Source: ``EventHandlerDAO.addEventHandler``.
        """
        ...

    async def update_event_handler(self, event_handler: EventHandler) -> None:
        """Store an event handler again.

        Raises:
            NotFoundError: There is none of that name.
        Source: ``EventHandlerDAO.updateEventHandler``; in 3.13.8 the old event keeps a stale entry.
        """
        ...

    async def remove_event_handler(self, name: str) -> None:
        """Remove an event handler.

        Raises:
            NotFoundError: There is none of that name.
        Source: ``EventHandlerDAO.removeEventHandler``.
        """
        ...

    def get_all_event_handlers(
        self, *, resume_token: str = ""
    ) -> AsyncIterator[Page[EventHandler]]:
        """All event handlers, in order of name. Source: ``EventHandlerDAO.getAllEventHandlers``."""
        ...

    async def get_event_handlers_for_event(
        self, event: str, *, active_only: bool = False
    ) -> list[EventHandler]:
        """The handlers of an event, in order of name. Source: ``EventHandlerDAO.getEventHandlersForEvent``."""
        ...
