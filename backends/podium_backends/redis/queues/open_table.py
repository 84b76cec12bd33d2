"""The queue table of the layout that is set."""

from __future__ import annotations

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link
from podium_backends.redis.keys import Keys
from podium_backends.redis.queue_keys import ConductorQueueKeys
from podium_backends.redis.queues.changes import QueueChanges
from podium_backends.redis.queues.conductor_layout import ConductorQueueTable
from podium_backends.redis.queues.podium_layout import PodiumQueueTable


def open_queue_table(
    run_scripts: ClockedScripts,
    keys: Keys | ConductorQueueKeys,
    changes: QueueChanges,
    bulk: Link,
) -> PodiumQueueTable | ConductorQueueTable:
    """The messages of queues, under the keys of one layout."""
    if isinstance(keys, ConductorQueueKeys):
        return ConductorQueueTable(run_scripts, keys, changes, bulk)
    return PodiumQueueTable(run_scripts, keys, changes)
