"""The limits that a task definition sets, wherever it stands: in the task's document, or registered."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from msgspec import UNSET, Raw

from podium_core.models.jackson import read_number
from podium_core.models.json_members import members_of_object
from podium_core.models.json_text import raw_bytes, without_bom
from podium_core.models.task import Task
from podium_core.requirements import require_text

_CONCURRENT = "concurrentExecLimit"
_NULL = Raw(b"null")


class RateLimit(NamedTuple):
    """So many grants in each window of so many seconds; no limit where either is 0 or less."""

    grants: int
    seconds: int

    @property
    def limits(self) -> bool:
        """Whether there is a limit."""
        return self.grants > 0 and self.seconds > 0


NO_RATE_LIMIT = RateLimit(0, 0)


class _LimitMembers(msgspec.Struct, rename="camel"):
    concurrent_exec_limit: int | None = None


class _LimitedWorkflowTask(msgspec.Struct, rename="camel"):
    task_definition: _LimitMembers | None = None


_limited = msgspec.json.Decoder(_LimitedWorkflowTask)


def definition_limited_by(task: Task) -> str:
    """The name of the definition whose limits are a task's.

    Raises:
        InvalidArgumentError: The task names no definition.
    """
    return require_text(task.definition_name, "task.task_def_name")


def place_of(task: Task) -> tuple[str, str]:
    """Whose place a task would take: the name of its definition, and its id.

    Raises:
        InvalidArgumentError: The task lacks either.
    """
    task_id = require_text(task.task_id, "task.task_id")
    return definition_limited_by(task), task_id


def embedded_concurrency_limit(task: Task) -> int | None:
    """``workflowTask.taskDefinition.concurrentExecLimit`` of a task; None where that isn't said."""
    if task.workflow_task is UNSET or b'"concurrentExecLimit"' not in raw_bytes(task.workflow_task):
        return None
    try:
        definition = _limited.decode(task.workflow_task).task_definition
    except msgspec.DecodeError:
        return concurrency_limit_of(_embedded_definition(task))
    return definition.concurrent_exec_limit if definition else None


def concurrency_limit_for(task: Task, limit: int | None) -> int:
    """The limit that ``exceeds_limit`` goes by: the argument, else the one in the task; 0 or less is none."""
    return (embedded_concurrency_limit(task) or 0) if limit is None else limit


def rate_limit_for(task: Task, grants: int | None, seconds: int | None) -> RateLimit:
    """The limit that ``exceeds_rate_limit_per_frequency`` goes by: each number the argument's, else the task's own."""
    return RateLimit(
        task.rate_limit_per_frequency if grants is None else grants,
        task.rate_limit_frequency_in_seconds if seconds is None else seconds,
    )


def has_embedded_concurrency_limit(task: Task) -> bool:
    """Whether the definition in a task has a concurrency limit; 0 or less is none."""
    return (embedded_concurrency_limit(task) or 0) > 0


def embedded_rate_limit(task: Task) -> RateLimit:
    """The limit of the definition in a task."""
    if task.workflow_task is UNSET or b'"rateLimitPerFrequency"' not in raw_bytes(
        task.workflow_task
    ):
        return NO_RATE_LIMIT
    return rate_limit_of(_embedded_definition(task))


def _embedded_definition(task: Task) -> Raw:
    workflow_task = _NULL if task.workflow_task is UNSET else task.workflow_task
    return _member(workflow_task, "taskDefinition")


def concurrency_limit_of(definition: Raw) -> int | None:
    """``concurrentExecLimit`` of a definition's document; None where that isn't said, or isn't a number."""
    return _number(_member(definition, _CONCURRENT))


def rate_limit_of(definition: Raw) -> RateLimit:
    """``rateLimitPerFrequency`` and ``rateLimitFrequencyInSeconds`` of a definition's document."""
    return RateLimit(
        _number(_member(definition, "rateLimitPerFrequency")) or 0,
        _number(_member(definition, "rateLimitFrequencyInSeconds")) or 0,
    )


def _member(document: Raw, key: str) -> Raw:
    try:
        return members_of_object(without_bom(raw_bytes(document))).get(key, _NULL)
    except msgspec.DecodeError:
        return _NULL  # not an object


def _number(raw: Raw) -> int | None:
    try:
        return read_number(raw)
    except ValueError:
        return None
