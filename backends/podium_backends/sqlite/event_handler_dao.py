"""The EventHandlerDAO on SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator

from msgspec import Raw

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.file.pages import Row, pages, rows_within
from podium_core.definitions import require_event_handler
from podium_core.errors import AlreadyExistsError, NotFoundError
from podium_core.models import EventHandler, Page
from podium_core.models.documents import require_utf8
from podium_core.models.json_text import raw_text
from podium_core.paging.page_builder import Found
from podium_core.paging.read_budget import MAX_ANSWER_BYTES
from podium_core.paging.resume_token import resume_key
from podium_core.ports import EventHandlerDAO
from podium_core.requirements import require_text

_HANDLERS = "SELECT name, event, active, CAST(document AS BLOB) FROM event_handlers"


class SqliteEventHandlerDAO:
    """Event handlers in one database file."""

    def __init__(self, database: Database, *, max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        self._database = database
        self._max_answer_bytes = max_answer_bytes

    async def add_event_handler(self, event_handler: EventHandler) -> None:
        values = _values(event_handler)
        sql = (
            "INSERT INTO event_handlers (event, active, document, name) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO NOTHING"
        )
        if not await self._execute(sql, values):
            raise AlreadyExistsError("event handler", event_handler.name)

    async def update_event_handler(self, event_handler: EventHandler) -> None:
        values = _values(event_handler)
        sql = "UPDATE event_handlers SET event = ?, active = ?, document = ? WHERE name = ?"
        if not await self._execute(sql, values):
            raise NotFoundError("event handler", event_handler.name)

    async def remove_event_handler(self, name: str) -> None:
        require_text(name, "name")
        if not await self._execute("DELETE FROM event_handlers WHERE name = ?", (name,)):
            raise NotFoundError("event handler", name)

    def get_all_event_handlers(
        self, *, resume_token: str = ""
    ) -> AsyncIterator[Page[EventHandler]]:
        start = resume_key(resume_token, tuple[str], ("",))
        sql = _HANDLERS + " WHERE name > ? ORDER BY name"
        return pages(
            self._database,
            lambda conn, key: conn.execute(sql, key),
            start,
            _found,
            id_of=lambda row: str(row[0]),
        )

    async def get_event_handlers_for_event(
        self, event: str, *, active_only: bool = False
    ) -> list[EventHandler]:
        require_text(event, "event")
        sql = _HANDLERS + " WHERE event = ? AND active >= ? ORDER BY name"
        return await rows_within(
            self._database, sql, (event, active_only), _found, max_bytes=self._max_answer_bytes
        )

    async def _execute(self, sql: str, values: Row) -> bool:
        """Write one statement; whether it touched a row."""
        return await self._database.write(lambda conn: conn.execute(sql, values).rowcount > 0)


def _values(event_handler: EventHandler) -> Row:
    name, event = require_event_handler(event_handler)
    return event, event_handler.active, raw_text(event_handler.document), name


def _found(row: Row) -> Found[EventHandler]:
    name, event, active, document = row
    handler = EventHandler(
        document=Raw(require_utf8(document, "event handler", name)),
        name=name,
        event=event,
        active=bool(active),
    )
    return Found(handler, len(document))


_: type[EventHandlerDAO] = SqliteEventHandlerDAO
