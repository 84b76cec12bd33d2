"""SQLite stores for tests, on a clock of the test's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from podium_backends.sqlite.executions.limit_place_table import SqliteLimitPlaceTable
from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.poll_data_table import SqlitePollDataTable
from podium_backends.sqlite.queues.changes import QueueChanges
from podium_backends.sqlite.queues.queue_table import SqliteQueueTable
from podium_backends.sqlite.rate_grant_table import SqliteRateGrantTable
from podium_core.backend import DataType, StoreContext
from podium_core.clock import Clock, system_clock_ms
from podium_core.limit_daos import TableConcurrentExecutionLimitDAO, TableRateLimitingDAO
from podium_core.models import Guarantee
from podium_core.poll_data import TablePollDataDAO
from podium_core.queues import TableQueueDAO


@dataclass(frozen=True)
class SqliteParts:
    """An open file, and the adapters on it that are more than statements."""

    database: Database
    queue_table: SqliteQueueTable
    queues: TableQueueDAO
    limits: TableConcurrentExecutionLimitDAO
    rates: TableRateLimitingDAO
    polls: TablePollDataDAO


@asynccontextmanager
async def sqlite_parts(path: Path, clock: Clock = system_clock_ms) -> AsyncIterator[SqliteParts]:
    """Open a file; a second time for a second process, as far as the file is concerned."""
    database = Database(path, clock=clock)
    await database.open()
    queue_table = SqliteQueueTable(database, QueueChanges(database))
    context = StoreContext(
        name="main", serves=frozenset(DataType), commit_guarantee=Guarantee.ATOMIC
    )
    queues = TableQueueDAO(queue_table, context)
    try:
        yield SqliteParts(
            database=database,
            queue_table=queue_table,
            queues=queues,
            limits=TableConcurrentExecutionLimitDAO(SqliteLimitPlaceTable(database)),
            rates=TableRateLimitingDAO(SqliteRateGrantTable(database)),
            polls=TablePollDataDAO(SqlitePollDataTable(database)),
        )
    finally:
        await queues.close()
        await database.close()
