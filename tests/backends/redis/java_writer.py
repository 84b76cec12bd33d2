"""A Java Conductor's writes to executions: the commands that its RedisExecutionDAO sends, one after the other.

Each write is a generator: it yields a command and takes the reply. So others may write between any two of them, and a Java
that is killed is one that isn't asked for the next. They are those of 3.13.8, which ``redis-golden.json`` records.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from typing import Any

import msgspec

from podium_backends.redis.keys import Keys
from podium_core.models import Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW

Command = tuple[str | int | bytes, ...]
Steps = Generator[Command, Any, None]


class JavaWriter:
    """Writes below the same keys as a Podium."""

    def __init__(self, keys: Keys, stamp_for: Callable[[str], int], day: str) -> None:
        """Take what Java writes by.

        Args:
            keys: The key names.
            stamp_for: The time that is written into the document with this key.
            day: The day of all workflows, in Java's time zone.
        """
        self._keys = keys
        self._stamp_for = stamp_for
        self._day = day

    # workflows

    def create_workflow(self, workflow: Workflow) -> Steps:
        id_, name = str(workflow.workflow_id), _name(workflow)
        yield self._set_workflow(workflow)
        yield "SADD", self._keys.workflows_of_day(name, self._day), id_
        if isinstance(workflow.correlation_id, str):
            yield "SADD", self._keys.correlated_workflows(workflow.correlation_id), id_
        yield self._enter_or_leave(workflow)

    def update_workflow(self, workflow: Workflow) -> Steps:
        yield self._set_workflow(workflow)
        yield self._enter_or_leave(workflow)

    def remove_workflow(self, workflow_id: str) -> Steps:
        workflow, task_ids = yield from self._read(workflow_id)
        if workflow is None:
            return
        yield from self._leave(workflow)
        yield "DEL", self._keys.workflow(workflow_id)
        for task_id in task_ids:
            yield from self.remove_task(task_id)

    def expire_workflow(self, workflow_id: str, seconds: int) -> Steps:
        workflow, task_ids = yield from self._read(workflow_id)
        if workflow is None:
            return
        yield from self._leave(workflow)
        yield "EXPIRE", self._keys.workflow(workflow_id), seconds
        for task_id in task_ids:
            task = yield from self._task(task_id)
            if task is not None:
                yield from self._free(task)
                yield "EXPIRE", self._keys.task(task_id), seconds
        yield "EXPIRE", self._keys.tasks_of_workflow(workflow_id), seconds

    def remove_from_pending(self, name: str, workflow_id: str) -> Steps:
        yield "DEL", self._keys.slots(workflow_id)
        yield "SREM", self._keys.pending_workflows(name), workflow_id

    def _read(self, workflow_id: str) -> Generator[Command, Any, tuple[Any, list[str]]]:
        document = yield "GET", self._keys.workflow(workflow_id)
        if document is None:
            return None, []
        task_ids = yield "SMEMBERS", self._keys.tasks_of_workflow(workflow_id)
        return WORKFLOW.decode(document, workflow_id), sorted(id_.decode() for id_ in task_ids)

    def _leave(self, workflow: Workflow) -> Steps:
        id_, name = str(workflow.workflow_id), _name(workflow)
        yield "SREM", self._keys.workflows_of_day(name, self._day), id_
        yield "SREM", self._keys.correlated_workflows(str(workflow.correlation_id or "null")), id_
        yield "SREM", self._keys.pending_workflows(name), id_

    def _set_workflow(self, workflow: Workflow) -> Command:
        key = self._keys.workflow(str(workflow.workflow_id))
        stamped = msgspec.structs.replace(workflow, updated_time=self._stamp_for(key))
        return "SET", key, WORKFLOW.encode(stamped)

    def _enter_or_leave(self, workflow: Workflow) -> Command:
        status: Any = workflow.status
        name = "SREM" if status.is_terminal else "SADD"
        key = self._keys.pending_workflows(_name(workflow))
        return name, key, str(workflow.workflow_id)

    # tasks

    def create_tasks(self, tasks: Sequence[Task]) -> Steps:
        for task in tasks:
            id_, workflow_id = str(task.task_id), str(task.workflow_instance_id)
            is_new = yield "HSET", self._keys.slots(workflow_id), _slot(task), id_
            if not is_new:
                continue
            yield "SADD", self._keys.tasks_of_workflow(workflow_id), id_
            yield "SADD", self._keys.pending_tasks(task.definition_name), id_
            yield from self.update_task(task)

    def update_task(self, task: Task) -> Steps:
        id_, workflow_id = str(task.task_id), str(task.workflow_instance_id)
        status: Any = task.status
        in_progress = self._keys.in_progress(task.definition_name)
        if status.value == "IN_PROGRESS":
            yield "SADD", in_progress, id_
        else:
            yield "SREM", in_progress, id_
            yield "ZREM", self._keys.limit_places(task.definition_name), id_
        key = self._keys.task(id_)
        yield (
            "SET",
            key,
            TASK.encode(msgspec.structs.replace(task, update_time=self._stamp_for(key))),
        )
        if status.is_terminal:
            yield "SREM", self._keys.pending_tasks(task.definition_name), id_
        members = yield "SMEMBERS", self._keys.tasks_of_workflow(workflow_id)
        if id_.encode() not in members:
            yield "SADD", self._keys.tasks_of_workflow(workflow_id), id_

    def remove_task(self, task_id: str) -> Steps:
        task = yield from self._task(task_id)
        if task is None:
            return
        yield from self._free(task, leaves=True)
        yield "DEL", self._keys.task(task_id)

    def _task(self, task_id: str) -> Generator[Command, Any, Task | None]:
        document = yield "GET", self._keys.task(task_id)
        return None if document is None else TASK.decode(document, task_id)

    def _free(self, task: Task, *, leaves: bool = False) -> Steps:
        id_, workflow_id = str(task.task_id), str(task.workflow_instance_id)
        yield "HDEL", self._keys.slots(workflow_id), _slot(task)
        yield "SREM", self._keys.pending_tasks(task.definition_name), id_
        if leaves:
            yield "SREM", self._keys.tasks_of_workflow(workflow_id), id_
        yield "SREM", self._keys.in_progress(task.definition_name), id_
        yield "ZREM", self._keys.limit_places(task.definition_name), id_


def _slot(task: Task) -> str:
    return f"{task.reference_task_name}{task.retry_count}"


def _name(workflow: Workflow) -> str:
    definition: Any = workflow.workflow_definition
    name: str = json.loads(bytes(definition))["name"]
    return name
