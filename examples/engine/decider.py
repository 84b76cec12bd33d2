"""The decider: what has to happen next in a workflow. A pure function, so that its tests need no server.

Each look walks the definition from its beginning and compares it with the tasks there are: what is there and done is
passed, what is missing is scheduled, and the walk ends at what is still under way. Nothing is remembered in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import UNSET

from examples.engine.decision import Decision
from examples.engine.definition_model import (
    Definitions,
    WorkflowTask,
    find_definition,
    parse_definition,
)
from examples.engine.records import new_task, new_workflow
from examples.engine.templates import resolve
from podium_core.models import (
    DECIDER_QUEUE,
    CommitPush,
    CommitRemove,
    PushMessage,
    Task,
    TaskStatus,
    Workflow,
    WorkflowStatus,
    task_queue_name,
)
from podium_core.models.json_text import from_raw, to_raw

# Nothing waits for this look, since every change pushes the workflow again: it is for what people change by hand.
NEXT_LOOK_MS = 30_000

_SUCCESSFUL = {TaskStatus.COMPLETED, TaskStatus.COMPLETED_WITH_ERRORS, TaskStatus.SKIPPED}
_PENDING = {TaskStatus.SCHEDULED, TaskStatus.IN_PROGRESS}


def decide(
    workflow: Workflow,
    tasks: Sequence[Task],
    definitions: Definitions,
    now: int,
    children: Mapping[str, Workflow] = MappingProxyType({}),
) -> Decision:
    """The next writes of a workflow.

    Args:
        workflow: The workflow, with its definition.
        tasks: All its tasks.
        definitions: Where the definitions of sub-workflows are found.
        now: Milliseconds since the epoch.
        children: The sub-workflows that tasks wait for (``awaited_children``), by id.
    """
    if workflow.status is not WorkflowStatus.RUNNING:
        return Decision()
    look = _Look(workflow, tasks, definitions, now, children)
    try:
        finished = look.walk(look.definition.tasks)
    except _TaskFailedError as failure:
        return look.failed(failure.task)
    return look.completed() if finished else look.running()


def awaited_children(tasks: Sequence[Task]) -> list[str]:
    """Ids of the sub-workflows that tasks wait for."""
    return [
        str(task.sub_workflow_id)
        for task in tasks
        if task.sub_workflow_id and task.status is TaskStatus.IN_PROGRESS
    ]


class _TaskFailedError(Exception):
    """A task failed for good, and its workflow with it."""

    def __init__(self, task: Task) -> None:
        super().__init__(task.task_id)
        self.task = task


class _Look:
    """One walk through a definition, and what it comes to."""

    def __init__(
        self,
        workflow: Workflow,
        tasks: Sequence[Task],
        definitions: Definitions,
        now: int,
        children: Mapping[str, Workflow],
    ) -> None:
        assert workflow.workflow_definition is not UNSET
        self.definition = parse_definition(workflow.workflow_definition)
        self._workflow = workflow
        self._definitions = definitions
        self._now = now
        self._children = children
        self._stored = {task.task_id for task in tasks}
        # The latest attempt of each reference name, as it is after this look.
        self._latest = {
            str(task.reference_task_name): task
            for task in sorted(tasks, key=lambda t: t.retry_count)
        }
        self._created: dict[str, Task] = {}
        self._updated: dict[str, Task] = {}
        self._start_workflows: list[Workflow] = []
        self._pushes: list[CommitPush] = []

    # The walk

    def walk(self, definitions: Sequence[WorkflowTask]) -> bool:
        """Go through tasks that follow each other; whether the last one is done."""
        return all(self._visit(definition) for definition in definitions)

    def _visit(self, definition: WorkflowTask) -> bool:
        """Bring one task forward; whether it is done, so that what follows may start."""
        task = self._latest.get(definition.task_reference_name) or self._schedule(definition)
        if task.status in _PENDING:
            task = self._advance(definition, task)
        if task.status in _PENDING:
            return False
        if task.status in _SUCCESSFUL:
            return self._visit_inside(definition, task)
        return self._retry_or_fail(definition, task)

    def _advance(self, definition: WorkflowTask, task: Task) -> Task:
        """What the decider itself does for a task; those of workers are left to them."""
        match definition.type:
            case "SIMPLE":
                return task
            case "FORK_JOIN":
                return self._put(task, status=TaskStatus.COMPLETED)
            case "JOIN":
                return self._join(definition, task)
            case "SWITCH" | "DECISION":
                return self._switch(definition, task)
            case "SUB_WORKFLOW":
                return self._sub_workflow(definition, task)
            case unknown:
                return self._fail(task, f"tasks of type {unknown} are not known to this engine")

    def _visit_inside(self, definition: WorkflowTask, task: Task) -> bool:
        """Go through the tasks that a done task holds."""
        match definition.type:
            case "FORK_JOIN":
                for branch in definition.fork_tasks:
                    self.walk(branch)
                return True  # the JOIN after it waits
            case "SWITCH" | "DECISION":
                case = from_raw(task.output_data)["selectedCase"]
                return self.walk(definition.decision_cases.get(case, definition.default_case))
            case _:
                return True

    def _retry_or_fail(self, definition: WorkflowTask, task: Task) -> bool:
        may_be_tried_again = task.status in (TaskStatus.FAILED, TaskStatus.TIMED_OUT)
        if may_be_tried_again and task.retry_count < definition.retry_count:
            self._put(task, retried=True)
            self._schedule(definition, retry_of=task)
            return False
        if definition.optional:
            self._put(task, status=TaskStatus.COMPLETED_WITH_ERRORS)
            return True
        raise _TaskFailedError(task)

    # What the decider does itself

    def _join(self, definition: WorkflowTask, task: Task) -> Task:
        joined = [self._latest.get(name) for name in definition.join_on]
        done = [each for each in joined if each and each.status in _SUCCESSFUL]
        if len(done) < len(joined):
            waiting = task.status is TaskStatus.IN_PROGRESS
            return task if waiting else self._put(task, status=TaskStatus.IN_PROGRESS)
        output = {str(each.reference_task_name): from_raw(each.output_data) for each in done}
        return self._put(task, status=TaskStatus.COMPLETED, output_data=to_raw(output))

    def _switch(self, definition: WorkflowTask, task: Task) -> Task:
        if definition.evaluator_type not in (None, "value-param"):
            return self._fail(
                task, f"evaluator {definition.evaluator_type} is not known to this engine"
            )
        parameter = definition.case_value_param or definition.expression or ""
        case = str(from_raw(task.input_data).get(parameter))
        output = {"evaluationResult": [case], "selectedCase": case}
        return self._put(task, status=TaskStatus.COMPLETED, output_data=to_raw(output))

    def _sub_workflow(self, definition: WorkflowTask, task: Task) -> Task:
        """First the task is stored, with its child's id; at the next look the child is started; then it is awaited.

        So a crash between any two writes leaves neither a task without its child nor a child that nobody waits for.
        """
        if task.task_id in self._created:
            return task
        if task.status is TaskStatus.SCHEDULED:
            return self._start_child(definition, task)
        child = self._children.get(str(task.sub_workflow_id))
        if child is None or not child.status or not child.status.is_terminal:
            return task
        if child.status is WorkflowStatus.COMPLETED:
            return self._put(task, status=TaskStatus.COMPLETED, output_data=child.output)
        reason = f"sub-workflow {child.workflow_id} is {child.status.value}"
        return self._put(task, status=TaskStatus.FAILED, reason_for_incompletion=reason)

    def _start_child(self, definition: WorkflowTask, task: Task) -> Task:
        wanted = definition.sub_workflow_param
        found = wanted and find_definition(self._definitions, wanted.name, wanted.version)
        if not found:
            return self._fail(task, "the definition of its sub-workflow is missing")
        child = new_workflow(
            str(task.sub_workflow_id), found, task.input_data, now=self._now, parent=task
        )
        self._start_workflows.append(child)
        return self._put(task, status=TaskStatus.IN_PROGRESS)

    # Tasks and messages

    def _schedule(self, definition: WorkflowTask, retry_of: Task | None = None) -> Task:
        task = new_task(
            self._workflow,
            definition,
            resolve(definition.input_parameters, self._scope()),
            seq=len(self._stored) + len(self._created) + 1,
            now=self._now,
            retry_of=retry_of,
        )
        self._created[str(task.task_id)] = task
        self._latest[definition.task_reference_name] = task
        if definition.type == "SIMPLE":
            delay_ms = definition.retry_delay_ms if retry_of else 0
            self._push(task_queue_name(task), str(task.task_id), delay_ms)
        return task

    def _put(self, task: Task, **changes: Any) -> Task:
        changed = msgspec.structs.replace(task, **changes)
        if not task.start_time and changed.status is not TaskStatus.SCHEDULED:
            changed = msgspec.structs.replace(changed, start_time=self._now)
        written = self._created if task.task_id in self._created else self._updated
        written[str(task.task_id)] = changed
        self._latest[str(task.reference_task_name)] = changed
        return changed

    def _fail(self, task: Task, reason: str) -> Task:
        status = TaskStatus.FAILED_WITH_TERMINAL_ERROR
        return self._put(task, status=status, reason_for_incompletion=reason)

    def _push(self, queue_name: str, message_id: str, offset_ms: int) -> None:
        message = PushMessage(id=message_id, priority=self._workflow.priority, offset_ms=offset_ms)
        self._pushes.append(CommitPush(queue_name=queue_name, message=message))

    def _scope(self) -> dict[str, Any]:
        """The values that templates may refer to."""
        workflow = self._workflow
        scope: dict[str, Any] = {
            "workflow": {"workflowId": workflow.workflow_id, "input": from_raw(workflow.input)}
        }
        for name, task in self._latest.items():
            scope[name] = {"input": from_raw(task.input_data), "output": from_raw(task.output_data)}
        return scope

    # What it comes to

    def running(self) -> Decision:
        """It goes on: what was found on the way, and the next look.

        A sub-workflow asks for that look at once: when it is still to be started, and when it was, since it may have
        ended before this look's decision is written.
        """
        new_child = any(task.sub_workflow_id for task in self._created.values())
        at_once = new_child or bool(self._start_workflows)
        self._push(DECIDER_QUEUE, str(self._workflow.workflow_id), 0 if at_once else NEXT_LOOK_MS)
        return self._decision()

    def completed(self) -> Decision:
        """The last task is done."""
        output = to_raw(resolve(self.definition.output_parameters, self._scope()))
        return self._ended(WorkflowStatus.COMPLETED, output=output)

    def failed(self, task: Task) -> Decision:
        """A task failed for good: what is pending is cancelled, and what was about to start doesn't."""
        self._created = {
            id_: new for id_, new in self._created.items() if new.status not in _PENDING
        }
        self._start_workflows, self._pushes = [], []
        pending = [
            t for t in self._latest.values() if t.status in _PENDING and t.task_id in self._stored
        ]
        removes = tuple(self._cancel(each) for each in pending)
        decision = self._ended(
            WorkflowStatus.FAILED,
            reason_for_incompletion=task.reason_for_incompletion or f"{task.task_def_name} failed",
            failed_task_id=task.task_id,
            failed_reference_task_names=(str(task.reference_task_name),),
        )
        return msgspec.structs.replace(decision, removes=removes)

    def _cancel(self, task: Task) -> CommitRemove:
        self._put(task, status=TaskStatus.CANCELED)
        return CommitRemove(queue_name=task_queue_name(task), message_id=str(task.task_id))

    def _ended(self, status: WorkflowStatus, **changes: Any) -> Decision:
        """The workflow is over, and its parent, if it has one, looks again."""
        if self._workflow.parent_workflow_id:
            self._push(DECIDER_QUEUE, self._workflow.parent_workflow_id, 0)
        workflow = msgspec.structs.replace(
            self._workflow,
            status=status,
            previous_status=self._workflow.status,
            tasks=(),
            **changes,
        )
        return msgspec.structs.replace(self._decision(), update_workflow=workflow)

    def _decision(self) -> Decision:
        return Decision(
            create_tasks=tuple(self._created.values()),
            update_tasks=tuple(self._updated.values()),
            start_workflows=tuple(self._start_workflows),
            pushes=tuple(self._pushes),
        )
