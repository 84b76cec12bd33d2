"""A session on the driver: every statement is prepared once, and read rows are copied at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import acsylla

from podium_backends.cassandra.connection.target import Target
from podium_backends.cassandra.connection.translation import (
    as_read_error,
    as_write_error,
    is_of_the_driver,
)
from podium_core.errors import BackendUnavailableError

T = TypeVar("T")
Row = tuple[Any, ...]
# As the driver binds them.
Values = tuple[Any, ...] | list[Any]

# The driver's queue takes more, but then one slow node would hold everything that waits.
MAX_IN_FLIGHT = 512
# Bytes of one unlogged batch over several partitions: Cassandra warns above 5 KiB.
_TOGETHER_BYTES = 4_000
_STATEMENT_BYTES = 100
_PAGE_ROWS = 1_000


class Write(NamedTuple):
    """A statement with its values."""

    cql: str
    values: tuple[Any, ...]


class Session:
    """Statements to one keyspace. It connects at the first one."""

    def __init__(
        self, target: Target, prepare_store: Callable[[], Awaitable[None]], keyspace: str | None
    ) -> None:
        """Take where to connect, and what has to succeed before a statement is sent.

        ``keyspace`` is that of all statements; None where they name none yet.
        """
        self._target = target
        self._prepare_store = prepare_store
        self._keyspace = keyspace
        self._session: Any = None
        self._connecting: asyncio.Task[Any] | None = None
        self._prepared: dict[str, Any] = {}
        self._in_flight = asyncio.Semaphore(MAX_IN_FLIGHT)

    @property
    def store(self) -> str:
        """The store's configured name."""
        return self._target.store

    # reads

    async def rows(self, cql: str, *values: Any) -> list[Row]:
        """All rows. Raises BackendUnavailableError."""
        found, state = await self.page(cql, values)
        while state is not None:
            more, state = await self.page(cql, values, state)
            found += more
        return found

    async def page(
        self, cql: str, values: Values, state: bytes | None = None, *, size: int = _PAGE_ROWS
    ) -> tuple[list[Row], bytes | None]:
        """A page of rows, and the state that the next one begins at (None: it was the last). Raises as ``rows``."""
        statement = (self._prepared.get(cql) or await self._prepare(cql)).bind(values)
        statement.set_page_size(size)
        if state is not None:
            statement.set_page_state(state)
        result = await self._send(lambda session: session.execute(statement), as_read_error)
        found = [row.as_tuple() for row in result]
        return found, result.page_state() if result.has_more_pages() else None

    async def pages(
        self, cql: str, values: Values, *, size: int = _PAGE_ROWS
    ) -> AsyncIterator[list[Row]]:
        """The pages of a statement, one after the other. Raises as ``rows``."""
        state: bytes | None = None
        while True:
            found, state = await self.page(cql, values, state, size=size)
            yield found
            if state is None:
                return

    # writes

    async def write(self, cql: str, *values: Any) -> None:
        """A write without a condition.

        Raises:
            BackendUnavailableError: Nothing was written.
            OutcomeUnknownError: It may be written, or come later.
        """
        statement = (self._prepared.get(cql) or await self._prepare(cql)).bind(values)
        await self._send(lambda session: session.execute(statement), as_write_error)

    async def write_all(self, writes: Sequence[Write]) -> None:
        """Writes without a condition, in no order and not at once. Raises as ``write``."""
        await asyncio.gather(*(self._write_together(part) for part in _parts(writes)))

    async def _write_together(self, writes: Sequence[Write]) -> None:
        batch = acsylla.create_batch_unlogged()
        for cql, values in writes:
            statement = (self._prepared.get(cql) or await self._prepare(cql)).bind(values)
            batch.add_statement(statement)
        await self._send(lambda session: session.execute_batch(batch), as_write_error)

    async def apply(self, writes: Sequence[Write]) -> bool:
        """Conditional writes to one partition, all or none; whether their conditions held. Raises as ``write``."""
        batch = acsylla.create_batch_unlogged()
        # Sent twice it may find its own first copy, and say that the condition doesn't hold.
        batch.set_retry_policy("fallthrough")
        for cql, values in writes:
            statement = (self._prepared.get(cql) or await self._prepare(cql)).bind(values)
            batch.add_statement(statement)
        result = await self._send(lambda session: session.execute_batch(batch), as_write_error)
        return bool(result.first().column_value("[applied]"))

    # the driver's session

    async def execute(self, cql: str) -> list[Row]:
        """A statement that is sent once in a life, as it is: of the schema. Raises as ``write``."""
        statement = acsylla.create_statement(cql)
        result = await self._send(lambda session: session.execute(statement), as_write_error)
        return [row.as_tuple() for row in result]

    async def _prepare(self, cql: str) -> Any:
        """Prepare a statement, once. Whoever sends one looks first whether it is there: that needs no coroutine."""
        prepared = await self._send(lambda session: session.create_prepared(cql), as_read_error)
        self._prepared[cql] = prepared
        return prepared

    async def _send(
        self,
        request: Callable[[Any], Awaitable[T]],
        as_error: Callable[[BaseException, str], Exception],
    ) -> T:
        session = self._session or await self._connect()
        async with self._in_flight:
            try:
                return await request(session)
            except Exception as error:
                if not is_of_the_driver(error):
                    raise
                raise as_error(error, self.store) from error

    async def _connect(self) -> Any:
        """The driver's session. Connecting is never cancelled: the driver would block the whole process."""
        await self._prepare_store()
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._begin_session())
        return await asyncio.shield(self._connecting)

    async def _begin_session(self) -> Any:
        try:
            self._session = await self._target.cluster().create_session(self._keyspace)
        except Exception as error:
            if not is_of_the_driver(error):
                raise
            raise as_read_error(error, self.store) from error
        finally:
            self._connecting = None
        return self._session

    async def close(self) -> None:
        """Let go. What is asked for afterwards is refused."""
        self._prepare_store = self._refuse
        if self._connecting is not None:
            await asyncio.wait([self._connecting])
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _refuse(self) -> None:
        raise BackendUnavailableError(self.store, f"store '{self.store}' is closed")


def _parts(writes: Sequence[Write]) -> list[list[Write]]:
    """Writes that go together, each part small enough for one batch."""
    parts: list[list[Write]] = []
    size = _TOGETHER_BYTES
    for write in writes:
        bytes_ = _STATEMENT_BYTES + sum(
            len(value) for value in write.values if isinstance(value, str | bytes)
        )
        if size + bytes_ > _TOGETHER_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(write)
        size += bytes_
    return parts
