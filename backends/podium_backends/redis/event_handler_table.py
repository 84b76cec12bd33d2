"""Event handlers on Redis: Java's hash of handlers, and for each event the set of their names."""

from __future__ import annotations

from collections.abc import AsyncIterator

from podium_backends.redis.connection import Link
from podium_backends.redis.keys import Keys, require_key_part
from podium_backends.redis.script_files import script
from podium_backends.redis.stored_definitions import rows_of
from podium_core.definitions import stored_event_handler
from podium_core.errors import CorruptRecordError
from podium_core.models import EventHandler, Page
from podium_core.models.json_text import raw_bytes
from podium_core.paging.pages_of import pages_of
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports import EventHandlerTable

_ADD = script("definitions/add_field")
_MOVE = script("definitions/move_handler")
_OF_EVENT = script("definitions/handlers_of_event")
_EVENT = "event_handler.event"


class RedisEventHandlerTable:
    """Handlers that a Java Conductor may read and write at the same time.

    Conductor 3.13.8 leaves a handler's name in the set of an event that it had before; here it goes, and what Java left is
    passed over.
    """

    def __init__(self, calls: Link, bulk: Link, keys: Keys) -> None:
        """Take the connections for calls, and for what reads much."""
        self._calls = calls
        self._bulk = bulk
        self._keys = keys

    async def add_handler(self, handler: EventHandler, event: str) -> bool:
        require_key_part(event, _EVENT)
        keys = [self._keys.event_handlers, self._keys.handlers_by_event(event)]
        document = raw_bytes(handler.document)
        return bool(await self._calls.run(_ADD, keys, [handler.name, document, handler.name]))

    async def replace_handler(self, handler: EventHandler, event: str) -> bool:
        require_key_part(event, _EVENT)
        return await self._move(handler.name, event, raw_bytes(handler.document))

    async def remove_handler(self, name: str) -> bool:
        return await self._move(name, "", b"")

    async def _move(self, name: str, event: str, document: bytes) -> bool:
        """Put a document in the place of the stored one, whose event says which set the name leaves."""
        handlers = self._keys.event_handlers
        while (stored := await self._calls.read("HGET", handlers, name)) is not None:
            before = self._keys.handlers_by_event(_event_of(stored, name))
            keys = [handlers, before, self._keys.handlers_by_event(event)]
            if await self._calls.run(_MOVE, keys, [name, stored, document]):
                return True
        return False

    def handlers(self, after: str) -> AsyncIterator[Page[EventHandler]]:
        return pages_of(rows_of(self._bulk, self._keys.event_handlers, after, stored_event_handler))

    async def handlers_of_event(
        self, event: str, budget: ReadBudget, *, active_only: bool
    ) -> list[EventHandler]:
        keys = [self._keys.handlers_by_event(event), self._keys.event_handlers]
        found = []
        for document in await self._calls.run_reading(_OF_EVENT, keys, []):
            handler = stored_event_handler(document, f"of event {event}")
            if handler.event == event and (handler.active or not active_only):
                budget.take(len(document))
                found.append(handler)
        return found


def _event_of(document: bytes, name: str) -> str:
    """The event of a stored handler; of one that can't be read nobody knows it, and its name stays in that set."""
    try:
        event = stored_event_handler(document, name).event
    except CorruptRecordError:
        return ""
    return event or ""


_: type[EventHandlerTable] = RedisEventHandlerTable
