"""Opens a Redis as a store: a connection for calls, one for notifications, and an adapter for each data type."""

from __future__ import annotations

from functools import partial

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link
from podium_backends.redis.format import check_format, check_server
from podium_backends.redis.queues.changes import QueueChanges
from podium_backends.redis.queues.queue_table import RedisQueueTable
from podium_backends.redis.rate_limiting_dao import RedisRateLimitingDAO
from podium_backends.redis.settings import RedisSettings
from podium_core.backend import ConnectedStore, StoreContext
from podium_core.queues import TableQueueDAO


async def open_store(context: StoreContext, settings: RedisSettings) -> ConnectedStore:
    """Connect, and put the adapters on the connection.

    Raises:
        IncompatibleStoreError: This Redis, or what is on it, isn't what this version can use.
        BackendUnavailableError: It can't be reached.
    """
    target = settings.target(context.name)
    keys = settings.keys
    link = Link(target)
    try:
        await check_server(link)
        await check_format(link, keys, settings.layout)
    except BaseException:
        await link.close()
        raise
    scripts = ClockedScripts(link, context.clock)
    changes = QueueChanges(target, keys)
    queue_table = RedisQueueTable(scripts, keys, changes)
    queues = TableQueueDAO(queue_table, context)
    # Nothing has to be maintained: empty queues leave no keys, and grants expire.
    return ConnectedStore(
        context=context,
        kind="redis",
        ping=partial(_ping, link),
        close=partial(_close, link, queues, changes),
        queues=queues,
        queue_target=queue_table,
        rate_limits=RedisRateLimitingDAO(scripts, keys),
    )


async def _ping(link: Link) -> None:
    await link.read("PING")


async def _close(link: Link, queues: TableQueueDAO, changes: QueueChanges) -> None:
    await queues.close()
    await changes.close()
    await link.close()
