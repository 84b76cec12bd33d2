"""Event handlers on SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator

from msgspec import Raw

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.file.pages import Row, pages, rows_within
from podium_core.models import EventHandler, Page
from podium_core.models.documents import require_utf8
from podium_core.models.json_text import raw_text
from podium_core.paging.page_builder import Found
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports import EventHandlerTable

_HANDLERS = "SELECT name, event, active, CAST(document AS BLOB) FROM event_handlers"


class SqliteEventHandlerTable:
    """Event handlers in one database file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_handler(self, handler: EventHandler, event: str) -> bool:
        sql = (
            "INSERT INTO event_handlers (event, active, document, name) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO NOTHING"
        )
        return await self._execute(sql, _values(handler, event))

    async def replace_handler(self, handler: EventHandler, event: str) -> bool:
        sql = "UPDATE event_handlers SET event = ?, active = ?, document = ? WHERE name = ?"
        return await self._execute(sql, _values(handler, event))

    async def remove_handler(self, name: str) -> bool:
        return await self._execute("DELETE FROM event_handlers WHERE name = ?", (name,))

    def handlers(self, after: str) -> AsyncIterator[Page[EventHandler]]:
        sql = _HANDLERS + " WHERE name > ? ORDER BY name"
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, key),
            (after,),
            _handler_of,
            id_of=lambda row: str(row[0]),
        )

    async def handlers_of_event(
        self, event: str, budget: ReadBudget, *, active_only: bool
    ) -> list[EventHandler]:
        sql = _HANDLERS + " WHERE event = ? AND active >= ?"
        return await rows_within(self._database, sql, (event, active_only), _handler_of, budget)

    async def _execute(self, sql: str, values: Row) -> bool:
        """Write one statement; whether it touched a row."""
        return await self._database.write(lambda conn: conn.execute(sql, values).rowcount > 0)


def _values(handler: EventHandler, event: str) -> Row:
    return event, handler.active, raw_text(handler.document), handler.name


def _handler_of(row: Row) -> Found[EventHandler]:
    name, event, active, document = row
    handler = EventHandler(
        document=Raw(require_utf8(document, "event handler", name)),
        name=name,
        event=event,
        active=bool(active),
    )
    return Found(handler, len(document))


_: type[EventHandlerTable] = SqliteEventHandlerTable
