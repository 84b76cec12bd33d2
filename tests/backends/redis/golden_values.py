"""What is compared of a recorded keyspace and of answers: all but what nobody can foresee."""

from __future__ import annotations

from typing import Any

from podium_core.models import TaskStatus, WorkflowStatus
from tests.backends.redis import keyspace
from tests.golden.documents import DERIVED

_STAMPS = {"TASK": "updateTime", "WORKFLOW": "updatedTime"}
_STATUSES = (*TaskStatus, *WorkflowStatus)
_TERMINAL = {status.value for status in _STATUSES if status.is_terminal}
# Sets in Java: their order says nothing.
_SETS = ("failedReferenceTaskNames", "failedTaskNames")


def foreseen(keys: keyspace.Keyspace) -> dict[str, Any]:
    """By key what is compared: not Podium's own, not the times of polls, grants and places."""
    found = {}
    for key, value in keyspace.parsed(keys).items():
        kind = _kind(key)
        if kind == "PODIUM":
            continue
        if kind == "POLL_DATA":
            value = {field: {**poll, "lastPollTime": 0} for field, poll in value.items()}
        elif kind == "TASK_RATE_LIMIT_BUCKET":
            value = len(value)
        elif kind == "TASK_LIMIT_BUCKET":
            value = sorted(task_id for task_id, _ in value)
        elif kind in _STAMPS:
            value = computed_aside(value)
        found[key] = value
    return found


def computed_aside(value: Any) -> Any:
    """Documents without the members that are computed anew at every write."""
    if isinstance(value, list):
        return [computed_aside(item) for item in value]
    if isinstance(value, dict):
        found = {key: item for key, item in value.items() if key not in DERIVED}
        return found | {"tasks": computed_aside(found["tasks"])} if "tasks" in found else found
    return value


def with_stamps_of_ours(step: dict[str, Any], keys: dict[str, Any]) -> dict[str, Any]:
    """Java's keyspace with the stamps that Podium gives what the step wrote: max(now, stored + 1).

    Java's facade stamps, its DAO doesn't; it also gives an end to what ends without one. A task that is scheduled now is so
    at the step's time.
    """
    before = keyspace.parsed(step["before"])
    for name, key, *_ in step["redis_commands"]:
        stamp = _STAMPS.get(_kind(key))
        if name != "SET" or stamp is None:
            continue
        now_ms = step["clock_before_ms"]
        document = keys[key] | {stamp: max(now_ms, before.get(key, {}).get(stamp, 0) + 1)}
        if now_ms <= document.get("scheduledTime", 0) <= step["clock_after_ms"]:
            document["scheduledTime"] = now_ms
        if document["endTime"] == 0 and document.get("status") in _TERMINAL:
            document["endTime"] = now_ms
        keys[key] = document
    return keys


def _kind(key: str) -> str:
    """What a key of Java's holds; its concurrency limit of the other kind has a key without parts."""
    return key.split(".")[1] if "." in key else key


def in_order(answer: Any, aside: str = "") -> Any:
    """A set's members come in any order. Without a member that Java changes as it reads."""
    if isinstance(answer, list):
        return sorted((in_order(item, aside) for item in answer), key=str)
    if isinstance(answer, dict):
        return {
            key: sorted(value) if key in _SETS else value
            for key, value in answer.items()
            if key != aside
        }
    return answer


def ids_of(answer: Any) -> list[str]:
    """Of tasks or workflows, in their order."""
    documents = answer if isinstance(answer, list) else [answer]
    return [document.get("taskId") or document["workflowId"] for document in documents]
