"""The EventHandlerDAO on Redis: Java's hash of handlers, and for each event the set of their names."""

from __future__ import annotations

from collections.abc import AsyncIterator

from podium_backends.redis.connection import Link
from podium_backends.redis.keys import Keys, require_key_part
from podium_backends.redis.script_files import script
from podium_backends.redis.stored_definitions import definition, rows_of
from podium_core.definitions import event_handler_of, require_event_handler
from podium_core.errors import AlreadyExistsError, CorruptRecordError, NotFoundError
from podium_core.models import EventHandler, Page
from podium_core.models.json_text import raw_bytes
from podium_core.paging.pages_of import pages_of
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget
from podium_core.paging.resume_token import resume_key
from podium_core.ports import EventHandlerDAO
from podium_core.requirements import require_text

_ADD = script("definitions/add_field")
_MOVE = script("definitions/move_handler")
_OF_EVENT = script("definitions/handlers_of_event")
_KIND = "event handler"


class RedisEventHandlerDAO:
    """Handlers that a Java Conductor may read and write at the same time.

    Conductor 3.13.8 leaves a handler's name in the set of an event that it had before; here it goes, and what Java left is
    passed over.
    """

    def __init__(
        self, calls: Link, bulk: Link, keys: Keys, *, max_answer_bytes: int = MAX_ANSWER_BYTES
    ) -> None:
        """Take the connections for calls, and for what reads much."""
        self._calls = calls
        self._bulk = bulk
        self._keys = keys
        self._max_answer_bytes = max_answer_bytes

    async def add_event_handler(self, event_handler: EventHandler) -> None:
        name, event = _required(event_handler)
        keys = [self._keys.event_handlers, self._keys.handlers_by_event(event)]
        document = raw_bytes(event_handler.document)
        if not await self._calls.run(_ADD, keys, [name, document, name]):
            raise AlreadyExistsError(_KIND, name)

    async def update_event_handler(self, event_handler: EventHandler) -> None:
        name, event = _required(event_handler)
        await self._move(name, event, raw_bytes(event_handler.document))

    async def remove_event_handler(self, name: str) -> None:
        await self._move(require_text(name, "name"), "", b"")

    async def _move(self, name: str, event: str, document: bytes) -> None:
        """Put a document in the place of the stored one, whose event says which set the name leaves."""
        handlers = self._keys.event_handlers
        while (stored := await self._calls.read("HGET", handlers, name)) is not None:
            before = self._keys.handlers_by_event(_event_of(stored, name))
            keys = [handlers, before, self._keys.handlers_by_event(event)]
            if await self._calls.run(_MOVE, keys, [name, stored, document]):
                return
        raise NotFoundError(_KIND, name)

    def get_all_event_handlers(
        self, *, resume_token: str = ""
    ) -> AsyncIterator[Page[EventHandler]]:
        (after,) = resume_key(resume_token, tuple[str], ("",))
        return pages_of(rows_of(self._bulk, self._keys.event_handlers, after, _handler))

    async def get_event_handlers_for_event(
        self, event: str, *, active_only: bool = False
    ) -> list[EventHandler]:
        require_text(event, "event")
        keys = [self._keys.handlers_by_event(event), self._keys.event_handlers]
        budget = ReadBudget(self._max_answer_bytes)
        found = []
        for document in await self._calls.run_reading(_OF_EVENT, keys, []):
            handler = _handler(document, f"of event {event}")
            if handler.event == event and (handler.active or not active_only):
                budget.take(len(document))
                found.append(handler)
        return sorted(found, key=lambda handler: handler.name)


def _required(event_handler: EventHandler) -> tuple[str, str]:
    name, event = require_event_handler(event_handler)
    require_key_part(event, "event_handler.event")
    return name, event


def _event_of(document: bytes, name: str) -> str:
    """The event of a stored handler; of one that can't be read nobody knows it, and its name stays in that set."""
    try:
        event = _handler(document, name).event
    except CorruptRecordError:
        return ""
    return event or ""


def _handler(document: bytes, name: str) -> EventHandler:
    return definition(event_handler_of, document, _KIND, name)


_: type[EventHandlerDAO] = RedisEventHandlerDAO
