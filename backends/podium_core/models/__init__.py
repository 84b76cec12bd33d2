"""The records that Podium stores and answers with."""

from podium_core.models.commit import (
    Commit,
    CommitAck,
    CommitPush,
    CommitRemove,
    CommitResult,
    Guarantee,
)
from podium_core.models.definitions import EventHandler, TaskDef, WorkflowDef
from podium_core.models.enums import EventAction, EventExecutionStatus, TaskStatus, WorkflowStatus
from podium_core.models.event_execution import EventExecution
from podium_core.models.message import Message, PushMessage, QueueDetail
from podium_core.models.page import Page, collect
from podium_core.models.payload import (
    PayloadLocation,
    PayloadOperation,
    PayloadType,
    StoredPayload,
)
from podium_core.models.poll_data import PollData
from podium_core.models.queue_name import DECIDER_QUEUE, task_queue_name
from podium_core.models.search import (
    IndexedMessage,
    SearchResult,
    TaskExecLog,
    TaskSummary,
    Wait,
    WorkflowSummary,
)
from podium_core.models.task import Task
from podium_core.models.task_writes import CreatedTasks, CreatedWorkflow, TaskUpdate
from podium_core.models.workflow import Workflow

__all__ = [
    "DECIDER_QUEUE",
    "Commit",
    "CommitAck",
    "CommitPush",
    "CommitRemove",
    "CommitResult",
    "CreatedTasks",
    "CreatedWorkflow",
    "EventAction",
    "EventExecution",
    "EventExecutionStatus",
    "EventHandler",
    "Guarantee",
    "IndexedMessage",
    "Message",
    "Page",
    "PayloadLocation",
    "PayloadOperation",
    "PayloadType",
    "PollData",
    "PushMessage",
    "QueueDetail",
    "SearchResult",
    "StoredPayload",
    "Task",
    "TaskDef",
    "TaskExecLog",
    "TaskStatus",
    "TaskSummary",
    "TaskUpdate",
    "Wait",
    "Workflow",
    "WorkflowDef",
    "WorkflowStatus",
    "WorkflowSummary",
    "collect",
    "task_queue_name",
]
