"""Queues for every store: argument checks, polling, waiting consumers. A store brings a ``QueueTable``."""

from podium_core.queues.subscriptions import Subscriptions
from podium_core.queues.table_queue_dao import TableQueueDAO

__all__ = ["Subscriptions", "TableQueueDAO"]
