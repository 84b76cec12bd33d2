"""Opens a Redis as a store: connections for calls, for long reads and for notifications; an adapter for each data type."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link, Target
from podium_backends.redis.event_handler_table import RedisEventHandlerTable
from podium_backends.redis.executions.dao import RedisExecutionDAO
from podium_backends.redis.executions.effect_settings import EffectSettings
from podium_backends.redis.executions.executor import Executor
from podium_backends.redis.executions.limit_place_table import RedisLimitPlaceTable
from podium_backends.redis.executions.store_clock import StoreClock
from podium_backends.redis.executions.stored_documents import RedisStoredDocuments
from podium_backends.redis.format import DEFAULT_LAYOUT, check_format, check_server
from podium_backends.redis.keys import require_key_part
from podium_backends.redis.metadata_table import RedisMetadataTable
from podium_backends.redis.outbox.outbox import RedisOutbox
from podium_backends.redis.poll_data_table import RedisPollDataTable
from podium_backends.redis.queues.changes import QueueChanges
from podium_backends.redis.queues.open_table import open_queue_table
from podium_backends.redis.rate_grant_table import RedisRateGrantTable
from podium_backends.redis.settings import RedisSettings
from podium_core.backend import ConnectedStore, StoreContext
from podium_core.definitions import TableEventHandlerDAO, TableMetadataDAO
from podium_core.errors import BackendUnavailableError
from podium_core.limit_daos import TableConcurrentExecutionLimitDAO, TableRateLimitingDAO
from podium_core.models import Guarantee
from podium_core.poll_data import TablePollDataDAO
from podium_core.queues import TableQueueDAO
from podium_core.readiness import Readiness

_log = structlog.get_logger("podium.redis")


async def open_store(context: StoreContext, settings: RedisSettings) -> ConnectedStore:
    """Put the adapters on connections, and look at the Redis: at once, or where it is away before the first command.

    Raises:
        IncompatibleStoreError: This Redis, or what is on it, isn't what this version can use.
    """
    target = settings.target(context.name)
    keys = settings.keys
    readiness = Readiness(context.name, partial(_check, target, settings))
    try:
        await readiness.run()
    except BackendUnavailableError as error:
        _log.warning("a Redis is away; it is used when it comes", error=str(error))
    link, bulk = (Link(target, admission=readiness.wait) for _ in range(2))
    most = context.max_answer_bytes
    scripts = ClockedScripts(link, context.clock)
    changes = QueueChanges(target, settings.queue_keys)
    queue_table = open_queue_table(scripts, settings.queue_keys, changes, bulk)
    queues = TableQueueDAO(queue_table, context)
    clock = StoreClock(context.clock)
    place_ttl_ms = settings.place_ttl_seconds * 1000
    limits = TableConcurrentExecutionLimitDAO(
        RedisLimitPlaceTable(link, scripts, keys, place_ttl_ms=place_ttl_ms)
    )
    layout = settings.layout or DEFAULT_LAYOUT
    executor = Executor(
        link,
        keys,
        clock,
        EffectSettings(
            event_ttl_ms=settings.event_execution_ttl_seconds * 1000,
            time_zone=ZoneInfo(settings.time_zone),
        ),
        settings.queue_keys.queue if context.commit_guarantee is Guarantee.ATOMIC else None,
        layout,
    )
    executions = RedisExecutionDAO(
        link,
        bulk,
        executor,
        limits,
        max_answer_bytes=most,
        begin_long_answer=context.begin_long_answer,
    )
    return ConnectedStore(
        context=context,
        kind="redis",
        ping=partial(_ping, link),
        close=partial(_close, readiness, (link, bulk), queues, changes),
        # One that was restarted empty gets its format again.
        maintain=partial(check_format, link, keys, layout),
        executions=executions,
        outbox=RedisOutbox(
            link,
            scripts,
            keys,
            refers=executions.refers,
            planned_removal=executions.planned_removal,
        ),
        stored_documents=RedisStoredDocuments(bulk, keys, clock),
        concurrency_limits=limits,
        metadata=TableMetadataDAO(RedisMetadataTable(link, bulk, keys), max_answer_bytes=most),
        queues=queues,
        queue_target=queue_table,
        event_handlers=TableEventHandlerDAO(
            RedisEventHandlerTable(link, bulk, keys), max_answer_bytes=most
        ),
        poll_data=TablePollDataDAO(
            RedisPollDataTable(link, bulk, scripts, keys),
            require_stored_name=require_key_part,
            max_answer_bytes=most,
        ),
        rate_limits=TableRateLimitingDAO(RedisRateGrantTable(scripts, keys)),
    )


async def _ping(link: Link) -> None:
    await link.read("PING")


async def _check(target: Target, settings: RedisSettings) -> None:
    link = Link(target)
    try:
        await check_server(link)
        await check_format(link, settings.keys, settings.layout)
    finally:
        await link.close()


async def _close(
    readiness: Readiness, links: Sequence[Link], queues: TableQueueDAO, changes: QueueChanges
) -> None:
    await readiness.close()
    await queues.close()
    await changes.close()
    for link in links:
        await link.close()
