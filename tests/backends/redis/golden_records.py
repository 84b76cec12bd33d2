"""What a recorded keyspace holds, read from its keys alone: by this the answers of our reads are judged."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tests.backends.redis.keyspace import Keyspace

_PREFIX = "test."


class Records(NamedTuple):
    """Documents by id, and sets by the rest of their key.

    Attributes:
        days: By ``name.day``.
    """

    tasks: dict[str, Any]
    workflows: dict[str, Any]
    tasks_of: dict[str, list[str]]
    pending_tasks: dict[str, list[str]]
    in_progress: dict[str, list[str]]
    pending_workflows: dict[str, list[str]]
    correlated: dict[str, list[str]]
    days: dict[str, list[str]]

    def tasks_in(self, workflow_id: str) -> list[str]:
        """The ids of a workflow's tasks that have a document."""
        return sorted(id_ for id_ in self.tasks_of.get(workflow_id, ()) if id_ in self.tasks)

    def pending_tasks_of(self, name: str) -> list[str]:
        """The same of a definition's."""
        found = (id_ for id_ in self.pending_tasks.get(name, ()) if id_ in self.tasks)
        return sorted(id_ for id_ in found if _definition_name(self.tasks[id_]) == name)

    def pending_workflows_of(self, name: str, version: int | None) -> list[str]:
        """The same of workflows."""
        return sorted(
            id_
            for id_ in self.pending_workflows.get(name, ())
            if id_ in self.workflows
            and (version is None or _definition(self.workflows[id_]).get("version", 1) == version)
        )

    def correlated_of(self, name: str, correlation_id: str) -> list[str]:
        """The same of a correlation id."""
        return sorted(
            id_
            for id_ in self.correlated.get(correlation_id, ())
            if id_ in self.workflows and _definition(self.workflows[id_])["name"] == name
        )

    def created_of(self, name: str) -> list[str]:
        """The same of all days, in order of time and id."""
        found = {
            id_
            for key, ids in self.days.items()
            if key.rpartition(".")[0] == name
            for id_ in ids
            if id_ in self.workflows
        }
        return sorted(found, key=lambda id_: (self.workflows[id_].get("createTime", 0), id_))

    def names(self) -> set[str]:
        """Of workflow definitions, wherever they stand."""
        listed = {key.rpartition(".")[0] for key in self.days} | set(self.pending_workflows)
        return listed | {_definition(workflow)["name"] for workflow in self.workflows.values()}

    def definition_names(self) -> set[str]:
        """Of task definitions."""
        named = {_definition_name(task) for task in self.tasks.values()}
        return (named | set(self.pending_tasks) | set(self.in_progress)) - {""}


def records_in(keys: Keyspace) -> Records:
    """What is there."""
    return Records(
        tasks={id_: json.loads(text) for id_, text in _below(keys, "TASK").items()},
        workflows={id_: json.loads(text) for id_, text in _below(keys, "WORKFLOW").items()},
        tasks_of=_below(keys, "WORKFLOW_TO_TASKS"),
        pending_tasks=_below(keys, "IN_PROGRESS_TASKS"),
        in_progress=_below(keys, "TASKS_IN_PROGRESS_STATUS"),
        pending_workflows=_below(keys, "PENDING_WORKFLOWS"),
        correlated=_below(keys, "CORR_ID_TO_WORKFLOWS"),
        days=_below(keys, "WORKFLOW_DEF_TO_WORKFLOWS"),
    )


def _below(keys: Keyspace, kind: str) -> dict[str, Any]:
    begin = f"{_PREFIX}{kind}."
    return {
        key[len(begin) :]: stored["value"] for key, stored in keys.items() if key.startswith(begin)
    }


def _definition_name(task: Any) -> str:
    name: str = task.get("taskDefName") or task.get("taskType") or ""
    return name


def _definition(workflow: Any) -> Any:
    return workflow["workflowDefinition"]
