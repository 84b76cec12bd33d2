"""The records that Podium stores and answers with."""

from podium_core.models.definitions import EventHandler, TaskDef, WorkflowDef
from podium_core.models.enums import EventAction, EventExecutionStatus, TaskStatus, WorkflowStatus
from podium_core.models.event_execution import EventExecution
from podium_core.models.message import Message, PushMessage, QueueDetail
from podium_core.models.page import Page, collected
from podium_core.models.poll_data import PollData
from podium_core.models.queue_name import DECIDER_QUEUE, task_queue_name
from podium_core.models.task import Task
from podium_core.models.workflow import Workflow

__all__ = [
    "DECIDER_QUEUE",
    "EventAction",
    "EventExecution",
    "EventExecutionStatus",
    "EventHandler",
    "Message",
    "Page",
    "PollData",
    "PushMessage",
    "QueueDetail",
    "Task",
    "TaskDef",
    "TaskStatus",
    "Workflow",
    "WorkflowDef",
    "WorkflowStatus",
    "collected",
    "task_queue_name",
]
