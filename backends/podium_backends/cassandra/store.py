"""Opens a Cassandra as a store. One that is away doesn't keep the server from starting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from podium_backends.cassandra.connection import Session, Target
from podium_backends.cassandra.event_handler_table import CassandraEventHandlerTable
from podium_backends.cassandra.executions.dao import CassandraExecutionDAO
from podium_backends.cassandra.executions.stored_documents import CassandraStoredDocuments
from podium_backends.cassandra.limits.places import LimitPlaces
from podium_backends.cassandra.metadata_table import CassandraMetadataTable
from podium_backends.cassandra.outbox.heir import Heir
from podium_backends.cassandra.outbox.log_keeper import LogKeeper
from podium_backends.cassandra.outbox.outbox import CassandraOutbox
from podium_backends.cassandra.outbox.shares import Shares
from podium_backends.cassandra.poll_data_table import CassandraPollDataTable
from podium_backends.cassandra.rounds.due import DueHints
from podium_backends.cassandra.rounds.log import Log
from podium_backends.cassandra.rounds.waiting import WaitingEntries
from podium_backends.cassandra.rounds.writes import PartitionWrites
from podium_backends.cassandra.settings import CassandraSettings
from podium_backends.cassandra.setup import Setup
from podium_core.backend import ConnectedStore, DataType, StoreContext
from podium_core.definitions import TableEventHandlerDAO, TableMetadataDAO
from podium_core.errors import BackendUnavailableError, OutcomeUnknownError
from podium_core.limit_daos import TableConcurrentExecutionLimitDAO
from podium_core.poll_data import TablePollDataDAO
from podium_core.readiness import Readiness
from podium_core.write_set.write_limits import WriteLimits

_log = structlog.get_logger("podium.cassandra")

# The places of limits are taken and freed with the documents of tasks.
_EXECUTIONS = frozenset({DataType.EXECUTIONS, DataType.CONCURRENCY_LIMITS})


async def open_store(context: StoreContext, settings: CassandraSettings) -> ConnectedStore:
    """Prepare the keyspace, or, where it can't be reached, have that done as soon as it can; put the adapters on it.

    Raises:
        IncompatibleStoreError: The keyspace isn't one that this version with these settings can use.
    """
    target = settings.target(context.name)
    readiness = Readiness(context.name, partial(_set_up, target, settings))
    try:
        await readiness.run()
    except BackendUnavailableError as error:
        _log.warning("a Cassandra is away; it is used when it comes", error=str(error))
    session = Session(target, readiness.wait, settings.keyspace)
    store = ConnectedStore(
        context=context,
        kind="cassandra",
        ping=partial(_ping, session),
        close=partial(_close, readiness, session),
    )
    _add_definitions(store, session)
    if context.serves & _EXECUTIONS:
        _add_executions(store, session, settings)
    return store


def _add_definitions(store: ConnectedStore, session: Session) -> None:
    """Definitions, event handlers and poll data, where they are routed here."""
    serves, most = store.context.serves, store.context.max_answer_bytes
    if DataType.METADATA in serves:
        metadata = CassandraMetadataTable(session)
        store.metadata = TableMetadataDAO(metadata, max_answer_bytes=most)
    if DataType.EVENT_HANDLERS in serves:
        handlers = CassandraEventHandlerTable(session)
        store.event_handlers = TableEventHandlerDAO(handlers, max_answer_bytes=most)
    if DataType.POLL_DATA in serves:
        polls = CassandraPollDataTable(session, store.context.clock)
        store.poll_data = TablePollDataDAO(polls, max_answer_bytes=most)


def _add_executions(store: ConnectedStore, session: Session, settings: CassandraSettings) -> None:
    """Executions, their outbox, documents and limits, where they are routed here."""
    context, clock = store.context, store.context.clock
    places = LimitPlaces(session, clock, place_ttl_ms=settings.place_ttl_seconds * 1000)
    limits = TableConcurrentExecutionLimitDAO(places)
    store.concurrency_limits = limits
    store.write_limits = WriteLimits(
        max_write_bytes=settings.max_write_bytes, spans_workflows=False
    )
    log, due, waiting = Log(session, clock), DueHints(session), WaitingEntries()
    writes = PartitionWrites(session, clock, log, due, waiting, places)
    executions = CassandraExecutionDAO(
        session,
        writes,
        places,
        limits,
        clock,
        write_limits=store.write_limits,
        event_ttl_ms=settings.event_execution_ttl_seconds * 1000,
        max_answer_bytes=context.max_answer_bytes,
        begin_long_answer=context.begin_long_answer,
    )
    store.executions = executions
    store.stored_documents = CassandraStoredDocuments(session, executions, clock)
    heir = Heir(session, writes, waiting, due, log, clock)
    store.outbox = CassandraOutbox(
        session,
        writes,
        waiting,
        heir,
        Shares(session, clock),
        clock,
        max_write_bytes=settings.max_write_bytes,
    )
    keeper = LogKeeper(log, writes, waiting)
    store.close = partial(_close_executions, writes, places, keeper, store.close)


async def _close_executions(
    writes: PartitionWrites,
    places: LimitPlaces,
    keeper: LogKeeper,
    close: Callable[[], Awaitable[None]],
) -> None:
    await writes.close()
    await places.close()
    await keeper.close()
    await close()


async def _ping(session: Session) -> None:
    await session.rows("SELECT release_version FROM system.local")


async def _set_up(target: Target, settings: CassandraSettings) -> None:
    session = Session(target, _at_once, None)
    try:
        await Setup(session, settings).run()
    except OutcomeUnknownError as error:
        # It may be run again.
        raise BackendUnavailableError(target.store, error.message) from error
    finally:
        await session.close()


async def _at_once() -> None:
    """Nothing has to be prepared before the setup."""


async def _close(readiness: Readiness, session: Session) -> None:
    await readiness.close()
    await session.close()
