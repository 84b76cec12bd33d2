"""Opens a SQLite file as a store: one database, and an adapter for each data type routed to it."""

from __future__ import annotations

from functools import partial

from podium_backends.sqlite.event_handler_table import SqliteEventHandlerTable
from podium_backends.sqlite.executions.dao import SqliteExecutionDAO
from podium_backends.sqlite.executions.limit_place_table import SqliteLimitPlaceTable
from podium_backends.sqlite.executions.outbox import SqliteOutbox
from podium_backends.sqlite.executions.queue_effects import QueueIntents, QueuesInSameFile
from podium_backends.sqlite.executions.stored_documents import SqliteStoredDocuments
from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.index.index_file import IndexFile
from podium_backends.sqlite.maintenance import maintain
from podium_backends.sqlite.metadata_table import SqliteMetadataTable
from podium_backends.sqlite.poll_data_table import SqlitePollDataTable
from podium_backends.sqlite.queues.changes import QueueChanges
from podium_backends.sqlite.queues.queue_table import SqliteQueueTable
from podium_backends.sqlite.rate_grant_table import SqliteRateGrantTable
from podium_backends.sqlite.settings import SqliteSettings
from podium_core.backend import ConnectedStore, DataType, StoreContext
from podium_core.definitions import TableEventHandlerDAO, TableMetadataDAO
from podium_core.limit_daos import TableConcurrentExecutionLimitDAO, TableRateLimitingDAO
from podium_core.models import Guarantee
from podium_core.poll_data import TablePollDataDAO
from podium_core.queues import TableQueueDAO


async def open_store(context: StoreContext, settings: SqliteSettings) -> ConnectedStore:
    """Open the file, and that of the index if it is routed here, and put the adapters on them.

    Raises:
        IncompatibleStoreError: A file isn't one that this version can use.
        BackendUnavailableError: A file can't be opened.
    """
    database = Database(
        settings.path,
        context.name,
        lock_timeout_ms=settings.lock_timeout_ms,
        clock=context.clock,
        begin_long_answer=context.begin_long_answer,
    )
    await database.open()
    if DataType.INDEX not in context.serves:
        return _connected_store(context, settings, database, None)
    try:
        index = await _open_index(context, settings)
    except BaseException:
        await database.close()
        raise
    return _connected_store(context, settings, database, index)


async def _open_index(context: StoreContext, settings: SqliteSettings) -> IndexFile:
    index = IndexFile(
        settings.index_file,
        context.name,
        lock_timeout_ms=settings.lock_timeout_ms,
        task_log_result_limit=settings.task_log_result_limit,
        query_right_grouping=settings.query_right_grouping,
        search_timeout_ms=settings.search_timeout_ms,
        max_answer_bytes=context.max_answer_bytes,
        clock=context.clock,
    )
    await index.open()
    return index


def _connected_store(
    context: StoreContext, settings: SqliteSettings, database: Database, index: IndexFile | None
) -> ConnectedStore:
    changes = QueueChanges(database)
    queue_table = SqliteQueueTable(database, changes)
    queues = TableQueueDAO(queue_table, context)
    most = context.max_answer_bytes
    place_ttl_ms = settings.place_ttl_seconds * 1000
    limits = TableConcurrentExecutionLimitDAO(
        SqliteLimitPlaceTable(database, place_ttl_ms=place_ttl_ms)
    )
    one_step = context.commit_guarantee is Guarantee.ATOMIC
    executions = SqliteExecutionDAO(
        database,
        QueuesInSameFile(database, changes) if one_step else QueueIntents(),
        limits,
        event_ttl_ms=settings.event_execution_ttl_seconds * 1000,
        max_answer_bytes=most,
    )
    return ConnectedStore(
        context=context,
        kind="sqlite",
        ping=partial(_ping, database, index),
        close=partial(_close, database, queues, index),
        maintain=partial(_maintain, database, index),
        executions=executions,
        outbox=SqliteOutbox(database),
        stored_documents=SqliteStoredDocuments(database),
        metadata=TableMetadataDAO(SqliteMetadataTable(database), max_answer_bytes=most),
        queues=queues,
        queue_target=queue_table,
        event_handlers=TableEventHandlerDAO(
            SqliteEventHandlerTable(database), max_answer_bytes=most
        ),
        poll_data=TablePollDataDAO(SqlitePollDataTable(database), max_answer_bytes=most),
        concurrency_limits=limits,
        rate_limits=TableRateLimitingDAO(SqliteRateGrantTable(database)),
        index=index.reads if index else None,
    )


async def _ping(database: Database, index: IndexFile | None) -> None:
    await database.ping()
    if index is not None:
        await index.ping()


async def _maintain(database: Database, index: IndexFile | None) -> None:
    await maintain(database)
    if index is not None:
        await index.maintain()


async def _close(database: Database, queues: TableQueueDAO, index: IndexFile | None) -> None:
    await queues.close()
    if index is not None:
        await index.close()
    await database.close()
