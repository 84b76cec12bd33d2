"""Conductor's enums, by the names that stored documents hold."""

from __future__ import annotations

from enum import Enum


class TaskStatus(Enum):
    """Conductor's ``TaskModel.Status``."""

    IN_PROGRESS = "IN_PROGRESS"
    CANCELED = "CANCELED"
    FAILED = "FAILED"
    FAILED_WITH_TERMINAL_ERROR = "FAILED_WITH_TERMINAL_ERROR"
    COMPLETED = "COMPLETED"
    COMPLETED_WITH_ERRORS = "COMPLETED_WITH_ERRORS"
    SCHEDULED = "SCHEDULED"
    TIMED_OUT = "TIMED_OUT"
    SKIPPED = "SKIPPED"

    @property
    def is_terminal(self) -> bool:
        """Whether a task in this status is over."""
        return self not in _PENDING_TASK


class WorkflowStatus(Enum):
    """Conductor's ``WorkflowModel.Status``."""

    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    TERMINATED = "TERMINATED"
    PAUSED = "PAUSED"

    @property
    def is_terminal(self) -> bool:
        """Whether a workflow in this status is over."""
        return self not in _PENDING_WORKFLOW


class EventExecutionStatus(Enum):
    """Conductor's ``EventExecution.Status``."""

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


class EventAction(Enum):
    """Conductor's ``EventHandler.Action.Type``, by its stored names."""

    START_WORKFLOW = "start_workflow"
    COMPLETE_TASK = "complete_task"
    FAIL_TASK = "fail_task"


_PENDING_TASK = frozenset({TaskStatus.SCHEDULED, TaskStatus.IN_PROGRESS})
_PENDING_WORKFLOW = frozenset({WorkflowStatus.RUNNING, WorkflowStatus.PAUSED})
