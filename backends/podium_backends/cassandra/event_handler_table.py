"""Event handlers on Cassandra: Java's table, one partition."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from podium_backends.cassandra.connection import Session, Write
from podium_core.definitions import stored_event_handler
from podium_core.models import EventHandler, Page
from podium_core.models.json_text import raw_text
from podium_core.paging.pages_of import Row, found_if_readable, pages_of
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports import EventHandlerTable

_KEY = " WHERE handlers = 'handlers' AND event_handler_name = ?"
_ADD = (
    "INSERT INTO event_handlers (handlers, event_handler_name, event_handler)"
    " VALUES ('handlers', ?, ?) IF NOT EXISTS"
)
_REPLACE = f"UPDATE event_handlers SET event_handler = ?{_KEY} IF EXISTS"
_REMOVE = f"DELETE FROM event_handlers{_KEY} IF EXISTS"
_LATER = (
    "SELECT event_handler_name, event_handler FROM event_handlers"
    " WHERE handlers = 'handlers' AND event_handler_name > ?"
)

# Documents that one request reads.
_PAGE_ROWS = 100


class CassandraEventHandlerTable:
    """Handlers that a Java Conductor may read and write at the same time.

    Those of an event are found among all, as in Java.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        # Conditional writes to one partition are slow where they meet.
        self._turn = asyncio.Lock()

    async def add_handler(self, handler: EventHandler, event: str) -> bool:
        del event
        return await self._apply(_ADD, handler.name, raw_text(handler.document))

    async def replace_handler(self, handler: EventHandler, event: str) -> bool:
        del event
        return await self._apply(_REPLACE, raw_text(handler.document), handler.name)

    async def remove_handler(self, name: str) -> bool:
        return await self._apply(_REMOVE, name)

    async def _apply(self, cql: str, *values: str) -> bool:
        async with self._turn:
            return await self._session.apply([Write(cql, values)])

    def handlers(self, after: str) -> AsyncIterator[Page[EventHandler]]:
        return pages_of(self._rows(after))

    async def _rows(self, after: str) -> AsyncIterator[Row[EventHandler]]:
        async for name, document in self._documents(after):
            parse = partial(stored_event_handler, document, name)
            yield Row((name,), name, found_if_readable(parse, len(document)))

    async def handlers_of_event(
        self, event: str, budget: ReadBudget, *, active_only: bool
    ) -> list[EventHandler]:
        found = []
        async for name, document in self._documents(""):
            # One that can't be read may be of any event.
            handler = stored_event_handler(document, name)
            if handler.event == event and (handler.active or not active_only):
                budget.take(len(document))
                found.append(handler)
        return found

    async def _documents(self, after: str) -> AsyncIterator[tuple[str, bytes]]:
        async for rows in self._session.pages(_LATER, [after], size=_PAGE_ROWS):
            for name, document in rows:
                yield name, (document or "").encode()


_: type[EventHandlerTable] = CassandraEventHandlerTable
