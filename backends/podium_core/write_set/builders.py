"""One builder for each write: the adapters' DAO methods and the facade use the same, the facade adds side effects.

A builder validates everything before the first write. ``now_ms`` is when the call came; the stamp is the store's.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET
from msgspec.structs import replace

from podium_core.errors import InvalidArgumentError
from podium_core.limits import has_embedded_concurrency_limit
from podium_core.models import EventExecution, PushMessage, Task, TaskUpdate, Workflow
from podium_core.models.documents import EVENT_EXECUTION
from podium_core.models.enums import WorkflowStatus
from podium_core.models.queue_name import task_queue_name
from podium_core.payload_keys import is_owned
from podium_core.requirements import (
    MAX_ITEMS,
    require_at_most,
    require_duration,
    require_not_negative,
    require_push,
    require_text,
)
from podium_core.write_set.document import (
    task_document,
    workflow_definition_identity,
    workflow_document,
)
from podium_core.write_set.validation import (
    require_event_execution,
    require_left_to_server,
    require_new_task,
    require_task,
    require_task_status,
    require_workflow,
)
from podium_core.write_set.write_set import (
    EventPut,
    EventRemoval,
    ExpectedWorkflowTime,
    Guard,
    PendingRemoval,
    PushOp,
    PutMode,
    Queueable,
    Slot,
    TaskPut,
    TaskRemoval,
    WorkflowExists,
    WorkflowPut,
    WorkflowRemoval,
    WorkflowTerminal,
    WriteSet,
)


def _with_end_time(task: Task, path: str, now_ms: int) -> Task:
    if task.status is not UNSET and task.status.is_terminal and task.end_time == 0:
        require_left_to_server(task, "endTime", path)
        return replace(task, end_time=now_ms)
    return task


def new_task_put(task: Task, path: str, *, now_ms: int) -> TaskPut:
    """A task to create: scheduled now if it doesn't say when, as Conductor does."""
    require_new_task(task, path)
    status = task.status
    if task.scheduled_time == 0 and status is not UNSET and not status.is_terminal:
        require_left_to_server(task, "scheduledTime", path)
        task = replace(task, scheduled_time=now_ms)
    return _task_put(task, PutMode.CREATE, path, now_ms=now_ms)


def updated_task_put(
    update: TaskUpdate, path: str, *, now_ms: int, upsert: bool = False
) -> TaskPut:
    """A task to store again; ``path`` is the update's, empty where it is the request itself."""
    prefix = f"{path}." if path else ""
    require_task(update.task, f"{prefix}task")
    require_task_status(update.task, f"{prefix}task")
    if update.expected_update_time is not None:
        require_not_negative(update.expected_update_time, f"{prefix}expected_update_time")
    mode = PutMode.UPSERT if upsert else PutMode.UPDATE
    put = _task_put(update.task, mode, f"{prefix}task", now_ms=now_ms)
    if update.expected_update_time is None:
        return put
    return replace(put, expected_time=update.expected_update_time)


def _task_put(task: Task, mode: PutMode, path: str, *, now_ms: int) -> TaskPut:
    slot = None
    if mode is PutMode.CREATE:
        slot = Slot(str(task.reference_task_name), task.retry_count)
    return TaskPut(
        task_id=str(task.task_id),
        workflow_id=str(task.workflow_instance_id),
        mode=mode,
        document=task_document(_with_end_time(task, path, now_ms)),
        definition_name=task.definition_name,
        status=None if task.status is UNSET else task.status,
        slot=slot,
        limited=has_embedded_concurrency_limit(task),
        queue_name=task_queue_name(task),
        payload_keys=payload_keys_of(task, str(task.workflow_instance_id)),
    )


def payload_keys_of(record: Task | Workflow, workflow_id: str) -> tuple[str, ...]:
    """The payloads that Podium stored for this workflow: only those are deleted with what refers to them."""
    paths = (
        record.external_input_payload_storage_path,
        record.external_output_payload_storage_path,
    )
    return tuple(path for path in paths if path is not UNSET and is_owned(path, workflow_id))


def _reject_repeated_ids(ids: Sequence[str], path: str) -> None:
    if len(set(ids)) != len(ids):
        repeated = next(id_ for id_ in ids if ids.count(id_) > 1)
        raise InvalidArgumentError(path, f"the id '{repeated}' comes twice: send it once")


def create_tasks(
    tasks: Sequence[Task], *, now_ms: int, allow_missing_workflow: bool = False
) -> WriteSet:
    """CreateTasks."""
    require_at_most(tasks, MAX_ITEMS, "tasks")
    puts = tuple(new_task_put(task, f"tasks[{at}]", now_ms=now_ms) for at, task in enumerate(tasks))
    _reject_repeated_ids([put.task_id for put in puts], "tasks")
    guards: tuple[Guard, ...] = ()
    if not allow_missing_workflow:
        guards = tuple(
            WorkflowExists(id_) for id_ in dict.fromkeys(put.workflow_id for put in puts)
        )
    return WriteSet(guards=guards, task_puts=puts)


def update_task(update: TaskUpdate, *, now_ms: int, upsert: bool = False) -> WriteSet:
    """UpdateTask."""
    return WriteSet(task_puts=(updated_task_put(update, "", now_ms=now_ms, upsert=upsert),))


def update_tasks(updates: Sequence[TaskUpdate], *, now_ms: int, upsert: bool = False) -> WriteSet:
    """UpdateTasks."""
    require_at_most(updates, MAX_ITEMS, "tasks")
    puts = tuple(
        updated_task_put(update, f"tasks[{at}]", now_ms=now_ms, upsert=upsert)
        for at, update in enumerate(updates)
    )
    _reject_repeated_ids([put.task_id for put in puts], "tasks")
    return WriteSet(task_puts=puts)


def remove_task(
    task_id: str, *, remove_message: bool = False, delete_payloads: bool = False
) -> WriteSet:
    """RemoveTask."""
    removal = TaskRemoval(
        task_id=require_text(task_id, "task_id"),
        remove_message=remove_message,
        delete_payloads=delete_payloads,
    )
    return WriteSet(task_removals=(removal,))


def workflow_put(workflow: Workflow, mode: PutMode, path: str, *, now_ms: int) -> WorkflowPut:
    """A workflow to store, created now if it doesn't say when."""
    require_workflow(workflow, path)
    name, version = workflow_definition_identity(workflow)
    if not isinstance(name, str) or not name:
        raise InvalidArgumentError(
            f"{path}.workflow_definition_json", "must be a definition with a 'name'"
        )
    if workflow.create_time is UNSET or workflow.create_time == 0:
        # An update that doesn't say leaves it as it is stored.
        if mode is not PutMode.UPDATE:
            require_left_to_server(workflow, "createTime", path)
        create_time = UNSET if mode is PutMode.UPDATE else now_ms
        workflow = replace(workflow, create_time=create_time)
    status = workflow.status
    if status is UNSET:
        # Java's default of a new workflow; an update has to say.
        if mode is PutMode.UPDATE:
            raise InvalidArgumentError(f"{path}.status", "is required")
        require_left_to_server(workflow, "status", path)
        status = WorkflowStatus.RUNNING
        workflow = replace(workflow, status=status)
    if status.is_terminal and workflow.end_time == 0:
        require_left_to_server(workflow, "endTime", path)
        workflow = replace(workflow, end_time=now_ms)
    return WorkflowPut(
        workflow_id=str(workflow.workflow_id),
        mode=mode,
        document=workflow_document(workflow),
        name=require_text(name, f"{path}.workflow_definition_json"),
        version=version if isinstance(version, int) else 1,
        status=status,
        correlation_id=None if workflow.correlation_id is UNSET else workflow.correlation_id,
        create_time=0 if workflow.create_time is UNSET else workflow.create_time,
        payload_keys=payload_keys_of(workflow, str(workflow.workflow_id)),
    )


def create_workflow(workflow: Workflow, *, now_ms: int, replace_existing: bool = False) -> WriteSet:
    """CreateWorkflow."""
    mode = PutMode.UPSERT if replace_existing else PutMode.CREATE
    return WriteSet(workflow_puts=(workflow_put(workflow, mode, "workflow", now_ms=now_ms),))


def update_workflow(
    workflow: Workflow,
    *,
    now_ms: int,
    expected_update_time: int | None = None,
    upsert: bool = False,
) -> WriteSet:
    """UpdateWorkflow."""
    put = workflow_put(
        workflow, PutMode.UPSERT if upsert else PutMode.UPDATE, "workflow", now_ms=now_ms
    )
    guards: tuple[Guard, ...] = ()
    if expected_update_time is not None:
        expected = require_not_negative(expected_update_time, "expected_update_time")
        guards = (ExpectedWorkflowTime(put.workflow_id, expected),)
    return WriteSet(guards=guards, workflow_puts=(put,))


def remove_workflow(
    workflow_id: str,
    *,
    require_terminal: bool,
    ttl_ms: int = 0,
    archive: bool = False,
    remove_messages: bool = False,
    delete_payloads: bool = False,
    delete_payloads_later: bool = False,
) -> WriteSet:
    """RemoveWorkflow, RemoveWorkflowWithExpiry, ResetWorkflow: the step that sets the removal record."""
    require_text(workflow_id, "workflow_id")
    require_duration(ttl_ms, "ttl_seconds")
    guards: tuple[Guard, ...] = (WorkflowTerminal(workflow_id),) if require_terminal else ()
    removal = WorkflowRemoval(
        workflow_id=workflow_id,
        ttl_ms=ttl_ms,
        archive=archive,
        remove_messages=remove_messages,
        delete_payloads=delete_payloads,
        delete_payloads_later=delete_payloads_later,
    )
    return WriteSet(guards=guards, workflow_removals=(removal,))


def remove_from_pending(workflow_name: str, workflow_id: str) -> WriteSet:
    """RemoveFromPendingWorkflow; a store that needs the name and gets none looks it up."""
    pending_removals = PendingRemoval(
        workflow_id=require_text(workflow_id, "workflow_id"), name=workflow_name
    )
    return WriteSet(pending_removals=(pending_removals,))


def put_event_execution(event_execution: EventExecution, mode: PutMode) -> WriteSet:
    """AddEventExecution (CREATE) and UpdateEventExecution (UPSERT)."""
    require_event_execution(event_execution, "event_execution")
    put = EventPut(
        handler_name=str(event_execution.name),
        event=str(event_execution.event),
        message_id=str(event_execution.message_id),
        id=str(event_execution.id),
        mode=mode,
        document=EVENT_EXECUTION.encode(event_execution),
    )
    return WriteSet(event_puts=(put,))


def remove_event_execution(event_execution: EventExecution) -> WriteSet:
    """RemoveEventExecution."""
    require_event_execution(event_execution, "event_execution")
    removal = EventRemoval(
        handler_name=str(event_execution.name),
        event=str(event_execution.event),
        message_id=str(event_execution.message_id),
        id=str(event_execution.id),
    )
    return WriteSet(event_removals=(removal,))


def queue_again(
    queue_name: str, message: PushMessage, *, workflow_id: str, task_id: str = ""
) -> WriteSet:
    """RepairQueues: one message that ought to be there, of a workflow or of its task; one that is there stays."""
    op = replace(push_op(queue_name, message, workflow_id=workflow_id), if_absent=True)
    return WriteSet(guards=(Queueable(workflow_id, task_id),), queue_ops=(op,))


def push_op(
    queue_name: str,
    message: PushMessage,
    prefix: str = "",
    *,
    id_field: str = "message_id",
    of_task: str = "",
    workflow_id: str = "",
) -> PushOp:
    """A push on a queue whose name is known to be one; the rest of the arguments as ``require_push`` has them."""
    require_push(message, prefix, id_field=id_field)
    return PushOp(
        queue_name=queue_name,
        message_id=message.id,
        payload=message.payload if isinstance(message.payload, str) else None,
        priority=message.priority,
        offset_ms=message.offset_ms,
        of_task=of_task,
        workflow_id=workflow_id,
    )
