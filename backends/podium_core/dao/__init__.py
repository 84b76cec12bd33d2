"""One Protocol for each of Conductor's DAO interfaces."""

from podium_core.dao.commit import (
    Commit,
    CommitAck,
    CommitPush,
    CommitRemove,
    CommitResult,
    Guarantee,
)
from podium_core.dao.concurrent_limit import ConcurrentExecutionLimitDAO
from podium_core.dao.event_handler import EventHandlerDAO
from podium_core.dao.execution import CreatedTasks, CreatedWorkflow, ExecutionDAO, TaskUpdate
from podium_core.dao.execution_service import ExecutionService, FoundWorkflow, WorkflowSource
from podium_core.dao.index import IndexDAO
from podium_core.dao.metadata import MetadataDAO
from podium_core.dao.payload_storage import ExternalPayloadStorage
from podium_core.dao.poll_data import PollDataDAO
from podium_core.dao.queue import QueueDAO, QueueStore
from podium_core.dao.rate_limiting import RateLimitingDAO

__all__ = [
    "Commit",
    "CommitAck",
    "CommitPush",
    "CommitRemove",
    "CommitResult",
    "ConcurrentExecutionLimitDAO",
    "CreatedTasks",
    "CreatedWorkflow",
    "EventHandlerDAO",
    "ExecutionDAO",
    "ExecutionService",
    "ExternalPayloadStorage",
    "FoundWorkflow",
    "Guarantee",
    "IndexDAO",
    "MetadataDAO",
    "PollDataDAO",
    "QueueDAO",
    "QueueStore",
    "RateLimitingDAO",
    "TaskUpdate",
    "WorkflowSource",
]
