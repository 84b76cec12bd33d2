"""The EventHandlerDAO of every store: checks arguments, and says what it means that a handler is there or isn't."""

from __future__ import annotations

from collections.abc import AsyncIterator

from podium_core.definitions.documents import EVENT_HANDLER
from podium_core.errors import AlreadyExistsError, NotFoundError
from podium_core.models import EventHandler, Page
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget
from podium_core.paging.resume_token import resume_key
from podium_core.ports.event_handler import EventHandlerDAO
from podium_core.ports.event_handler_table import EventHandlerTable
from podium_core.requirements import require_text


class TableEventHandlerDAO:
    """The event handlers of one store."""

    def __init__(
        self, table: EventHandlerTable, *, max_answer_bytes: int = MAX_ANSWER_BYTES
    ) -> None:
        """On a store's handlers; ``max_answer_bytes`` as of ``StoreContext``."""
        self._table = table
        self._max_answer_bytes = max_answer_bytes

    async def add_event_handler(self, event_handler: EventHandler) -> None:
        event = _require_handler(event_handler)
        if not await self._table.add_handler(event_handler, event):
            raise AlreadyExistsError(EVENT_HANDLER, event_handler.name)

    async def update_event_handler(self, event_handler: EventHandler) -> None:
        event = _require_handler(event_handler)
        if not await self._table.replace_handler(event_handler, event):
            raise NotFoundError(EVENT_HANDLER, event_handler.name)

    async def remove_event_handler(self, name: str) -> None:
        if not await self._table.remove_handler(require_text(name, "name")):
            raise NotFoundError(EVENT_HANDLER, name)

    def get_all_event_handlers(
        self, *, resume_token: str = ""
    ) -> AsyncIterator[Page[EventHandler]]:
        (after,) = resume_key(resume_token, tuple[str], ("",))
        return self._table.handlers(after)

    async def get_event_handlers_for_event(
        self, event: str, *, active_only: bool = False
    ) -> list[EventHandler]:
        require_text(event, "event")
        budget = ReadBudget(self._max_answer_bytes)
        found = await self._table.handlers_of_event(event, budget, active_only=active_only)
        return sorted(found, key=lambda handler: handler.name)


def _require_handler(event_handler: EventHandler) -> str:
    """Check a handler that is to be stored; its event."""
    require_text(event_handler.name, "event_handler.name")
    return require_text(event_handler.event, "event_handler.event")


_: type[EventHandlerDAO] = TableEventHandlerDAO
