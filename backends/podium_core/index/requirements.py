"""What an entry, and the fields that are set in one, must be before anything is written to the index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from podium_core.errors import InvalidArgumentError
from podium_core.index.dates import MAX_TIME, iso_date, time_of_any_date
from podium_core.index.documents import TASK_ENTRY, WORKFLOW_ENTRY, EntryType, Summary
from podium_core.models import IndexedMessage, TaskExecLog, TaskSummary, WorkflowSummary
from podium_core.models.documents import EXTRA_KEY
from podium_core.models.json_members import members_of_object, object_of_members
from podium_core.models.json_text import json_object, raw_bytes
from podium_core.models.task import Int64
from podium_core.requirements import (
    MAX_ITEMS,
    require_at_most,
    require_not_negative,
    require_priority,
    require_text,
)

FIELDS = "fields_json"

_encode = msgspec.json.Encoder().encode
_date_value = msgspec.json.Decoder(str | Int64)


# whole entries


def require_workflow_summary(workflow: WorkflowSummary, path: str) -> None:
    """The workflow's id, a priority in range, and no size or time that can't be one."""
    require_text(workflow.workflow_id, f"{path}.workflow_id")
    _require_priority(workflow.priority, f"{path}.priority")
    _require_times(workflow, ("start_time", "update_time", "end_time"), path)
    for name in ("input_size", "output_size"):
        size = getattr(workflow, name)
        if size is not UNSET:
            require_not_negative(size, f"{path}.{name}")
    _require_extra(workflow.extra, path)


def require_task_summary(task: TaskSummary, path: str) -> None:
    """Ids of the task and its workflow, a priority in range, and no time that can't be one."""
    require_text(task.task_id, f"{path}.task_id")
    require_text(task.workflow_id, f"{path}.workflow_id")
    _require_priority(task.workflow_priority, f"{path}.workflow_priority")
    _require_times(task, ("scheduled_time", "start_time", "update_time", "end_time"), path)
    _require_extra(task.extra, path)


def require_task_logs(logs: Sequence[TaskExecLog]) -> None:
    """At most 1,000 lines, each of a task; ids may be missing."""
    require_at_most(logs, MAX_ITEMS, "logs")
    for at, log in enumerate(logs):
        path = f"logs[{at}]"
        require_text(log.task_id, f"{path}.task_id")
        if log.id is not UNSET:
            require_text(log.id, f"{path}.id")
        _require_times(log, ("created_time",), path)


def require_message(message: IndexedMessage, path: str) -> None:
    """Queue and id of the message."""
    require_text(message.message_id, f"{path}.message_id")
    require_text(message.queue_name, f"{path}.queue_name")
    _require_times(message, ("created_time",), path)


def _require_priority(priority: int | UnsetType, field: str) -> None:
    if priority is not UNSET:
        require_priority(priority, field)


def _require_times(record: msgspec.Struct, names: tuple[str, ...], path: str) -> None:
    for name in names:
        time = getattr(record, name)
        if time is not UNSET and not 0 <= time <= MAX_TIME:
            require_not_negative(time, f"{path}.{name}")
            raise InvalidArgumentError(f"{path}.{name}", "is after the year 9999")


def _require_extra(extra: Raw | UnsetType, path: str) -> None:
    if extra is not UNSET:
        json_object(raw_bytes(extra), f"{path}.extra_json")


# some fields of an entry


def require_workflow_fields(fields: Raw, workflow_id: str) -> Raw:
    """What ``update_workflow`` may set, dates as the index holds them."""
    return _required_fields(fields, WORKFLOW_ENTRY, {"workflowId": workflow_id})


def require_task_fields(fields: Raw, workflow_id: str, task_id: str) -> Raw:
    """What ``update_task`` may set, dates as the index holds them."""
    return _required_fields(fields, TASK_ENTRY, {"workflowId": workflow_id, "taskId": task_id})


def _required_fields(fields: Raw, entry_type: EntryType[Summary], ids: dict[str, str]) -> Raw:
    members = members_of_object(json_object(raw_bytes(fields), FIELDS))
    if EXTRA_KEY in members:
        raise InvalidArgumentError(FIELDS, f"the key '{EXTRA_KEY}' is reserved")
    dates: dict[str, Raw] = {}
    for key, raw in members.items():
        field = entry_type.fields.get(key)
        if field is None:
            continue
        if field.attribute in entry_type.dates:
            dates[key] = _date(key, raw)
        else:
            _require_value(key, raw, field.decoder, ids.get(key))
    return Raw(object_of_members({**members, **dates})) if dates else fields


def _date(key: str, raw: Raw) -> Raw:
    value = _decode(key, raw, _date_value)
    time = time_of_any_date(value) if isinstance(value, str) else value
    if time is None or not 0 <= time <= MAX_TIME:
        raise InvalidArgumentError(
            FIELDS, f"{key}: must be an ISO 8601 date or milliseconds since the epoch"
        )
    return Raw(_encode(iso_date(time)))


def _require_value(
    key: str, raw: Raw, decoder: msgspec.json.Decoder[Any], own_id: str | None
) -> None:
    value = _decode(key, raw, decoder)
    if own_id is not None and value != own_id:
        raise InvalidArgumentError(FIELDS, f"{key}: an entry keeps its id, which is '{own_id}'")


def _decode(key: str, raw: Raw, decoder: msgspec.json.Decoder[Any]) -> Any:
    try:
        return decoder.decode(raw)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise InvalidArgumentError(FIELDS, f"{key}: {error}") from error
