"""The Protocols that a backend implements: one file for each."""

from podium_core.ports.concurrent_limit import ConcurrentExecutionLimitDAO
from podium_core.ports.event_handler import EventHandlerDAO
from podium_core.ports.event_handler_table import EventHandlerTable
from podium_core.ports.execution import ExecutionDAO
from podium_core.ports.execution_store import ExecutionStore
from podium_core.ports.execution_table import ExecutionTable
from podium_core.ports.index import IndexDAO
from podium_core.ports.index_table import IndexTable
from podium_core.ports.index_target import IndexTarget
from podium_core.ports.limit_place_table import LimitPlaceTable
from podium_core.ports.metadata import MetadataDAO
from podium_core.ports.metadata_table import MetadataTable
from podium_core.ports.outbox import Outbox
from podium_core.ports.payload_storage import ExternalPayloadStorage
from podium_core.ports.poll_data import PollDataDAO
from podium_core.ports.poll_data_table import PollDataTable
from podium_core.ports.queue import MessageScan, QueueDAO, QueueStore
from podium_core.ports.queue_table import QueueTable
from podium_core.ports.queue_target import QueueTarget
from podium_core.ports.rate_grant_table import RateGrantTable
from podium_core.ports.rate_limiting import RateLimitingDAO
from podium_core.ports.removal_store import RemovalStore
from podium_core.ports.stored_documents import StoredDocuments

__all__ = [
    "ConcurrentExecutionLimitDAO",
    "EventHandlerDAO",
    "EventHandlerTable",
    "ExecutionDAO",
    "ExecutionStore",
    "ExecutionTable",
    "ExternalPayloadStorage",
    "IndexDAO",
    "IndexTable",
    "IndexTarget",
    "LimitPlaceTable",
    "MessageScan",
    "MetadataDAO",
    "MetadataTable",
    "Outbox",
    "PollDataDAO",
    "PollDataTable",
    "QueueDAO",
    "QueueStore",
    "QueueTable",
    "QueueTarget",
    "RateGrantTable",
    "RateLimitingDAO",
    "RemovalStore",
    "StoredDocuments",
]
