"""What a record must hold before anything is written."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Raw

from podium_core.errors import InvalidArgumentError
from podium_core.models import EventExecution, Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW, DocumentType
from podium_core.models.enums import TaskStatus
from podium_core.models.json_members import members_of_object
from podium_core.requirements import require_not_negative, require_priority, require_text

_TASK_TIMES = (
    "retry_count", "scheduled_time", "start_time", "end_time", "update_time", "start_delay_in_seconds",
    "poll_count", "response_timeout_seconds", "callback_after_seconds", "iteration", "wait_timeout",
)  # fmt: skip
_WORKFLOW_TIMES = ("end_time", "create_time", "last_retried_time", "updated_time")


# The server goes by these: it can't, by a value that only ``extra`` can carry.
_TASK_FACTS = (
    "status", "retryCount", "taskType", "taskDefName", "domain", "executionNameSpace", "isolationGroupId",
    "scheduledTime", "endTime", "externalInputPayloadStoragePath", "externalOutputPayloadStoragePath",
)  # fmt: skip
_WORKFLOW_FACTS = (
    "status", "correlationId", "createTime", "endTime", "priority",
    "externalInputPayloadStoragePath", "externalOutputPayloadStoragePath",
)  # fmt: skip
_NULL = Raw(b"null")


def require_left_to_server(record: Task | Workflow, key: str, path: str) -> None:
    """Refuse a field that the server is about to fill in, and ``extra`` holds as well: even null would change silently."""
    if record.extra is not UNSET and key in members_of_object(record.extra):
        raise _in_extra(record, key, path)


def _require_typed(record: Task | Workflow, keys: tuple[str, ...], path: str) -> None:
    if record.extra is UNSET:
        return
    members = members_of_object(record.extra)
    for key in keys:
        # Null is what Java reads as nothing.
        if members.get(key, _NULL) != _NULL and not _is_overridden(record, key):
            raise _in_extra(record, key, path)


def _is_overridden(record: Task | Workflow, key: str) -> bool:
    field = _document_type(record).fields[key]
    return bool(getattr(record, field.attribute) != field.default)


def _in_extra(record: Task | Workflow, key: str, path: str) -> InvalidArgumentError:
    attribute = _document_type(record).fields[key].attribute
    return InvalidArgumentError(
        f"{path}.{attribute}",
        f"the server goes by it, and '{key}' in extra_json has a value that this field can't hold",
    )


def _document_type(record: Task | Workflow) -> DocumentType[Any]:
    return TASK if isinstance(record, Task) else WORKFLOW


def _require_not_negative_fields(
    record: Task | Workflow, names: tuple[str, ...], path: str
) -> None:
    for name in names:
        value = getattr(record, name)
        if value is not UNSET and value < 0:
            require_not_negative(value, f"{path}.{name}")


def require_task(task: Task, path: str) -> None:
    """Ids of the task and its workflow, a priority in range, no negative count or time, each fact in its typed field."""
    require_text(task.task_id, f"{path}.task_id")
    require_text(task.workflow_instance_id, f"{path}.workflow_instance_id")
    require_priority(task.workflow_priority, f"{path}.workflow_priority")
    _require_not_negative_fields(task, _TASK_TIMES, path)
    _require_typed(task, _TASK_FACTS, path)


def require_new_task(task: Task, path: str) -> None:
    """What ``require_task`` asks, and a reference name: the slot needs one."""
    require_task(task, path)
    require_text(task.reference_task_name, f"{path}.reference_task_name")


def require_task_status(task: Task, path: str) -> TaskStatus:
    """The task's status; an update needs one."""
    if task.status is UNSET:
        raise InvalidArgumentError(f"{path}.status", "is required")
    return task.status


def require_workflow(workflow: Workflow, path: str) -> None:
    """The workflow's id, a priority in range, no negative time, each fact in its typed field."""
    require_text(workflow.workflow_id, f"{path}.workflow_id")
    require_priority(workflow.priority, f"{path}.priority")
    _require_not_negative_fields(workflow, _WORKFLOW_TIMES, path)
    _require_typed(workflow, _WORKFLOW_FACTS, path)


def require_event_execution(event_execution: EventExecution, path: str) -> None:
    """The four parts of an event execution's key."""
    for name in ("name", "event", "message_id", "id"):
        require_text(getattr(event_execution, name), f"{path}.{name}")
    require_not_negative(event_execution.created, f"{path}.created")
