"""What the index holds of a workflow and a task, derived as the constructors of Conductor's summaries do."""

from __future__ import annotations

from msgspec import UNSET, Raw, UnsetType

from podium_core.errors import CorruptRecordError
from podium_core.models import Task, TaskSummary, Workflow, WorkflowSummary
from podium_core.models.json_text import EMPTY_OBJECT
from podium_core.write_set.document import workflow_definition_identity

MAX_REASON_UNITS = 500

Text = str | UnsetType


def workflow_summary(workflow: Workflow) -> WorkflowSummary:
    """The entry of a workflow, tasks or no tasks.

    Raises:
        CorruptRecordError: Input or output isn't UTF-8.
    Source: ``WorkflowSummary(Workflow)`` on ``WorkflowModel.toWorkflow``. Input and output are JSON, byte for byte as
        stored: Java does so with ``summary-input-output-json-serialization``, and by default writes its map notation. A
        workflow without a definition, which Java can't index, gets the name and version that are stored beside it.
    """
    name, version = workflow_definition_identity(workflow)
    input_text = _text(workflow.input, workflow.external_input_payload_storage_path, workflow)
    output_text = _text(workflow.output, workflow.external_output_payload_storage_path, workflow)
    ended = workflow.end_time > 0
    started = workflow.create_time
    return WorkflowSummary(
        workflow_id=workflow.workflow_id,
        workflow_type=workflow.workflow_name if name is UNSET else name,
        version=workflow.workflow_version if version is UNSET else version,
        status=UNSET if workflow.status is UNSET else workflow.status.value,
        correlation_id=workflow.correlation_id,
        start_time=started,
        update_time=workflow.updated_time,
        end_time=workflow.end_time if ended else UNSET,
        input=input_text,
        output=output_text,
        reason_for_incompletion=workflow.reason_for_incompletion,
        execution_time=workflow.end_time - started if ended and started is not UNSET else 0,
        event=workflow.event,
        failed_reference_task_names=",".join(workflow.failed_reference_task_names or ()),
        failed_task_names=workflow.failed_task_names or (),
        priority=workflow.priority,
        input_size=utf16_units(input_text),
        output_size=utf16_units(output_text),
        external_input_payload_storage_path=_path_of(workflow.external_input_payload_storage_path),
        external_output_payload_storage_path=_path_of(
            workflow.external_output_payload_storage_path
        ),
    )


def task_summary(task: Task) -> TaskSummary:
    """The entry of a task.

    Raises:
        CorruptRecordError: Input or output isn't UTF-8.
    Source: ``TaskSummary(Task)`` on ``TaskModel.toTask``. Input and output as in ``workflow_summary``. Java cuts a reason
        off after 500 UTF-16 units; here half a character isn't left at its end.
    """
    return TaskSummary(
        task_id=task.task_id,
        workflow_id=task.workflow_instance_id,
        workflow_type=task.workflow_type,
        task_def_name=task.task_def_name or task.task_type,
        task_type=task.task_type,
        status=UNSET if task.status is UNSET else task.status._value_,
        correlation_id=task.correlation_id,
        scheduled_time=task.scheduled_time,
        start_time=task.start_time,
        update_time=task.update_time,
        end_time=task.end_time,
        input=_text(task.input_data, task.external_input_payload_storage_path, task),
        output=_text(task.output_data, task.external_output_payload_storage_path, task),
        reason_for_incompletion=_cut(task.reason_for_incompletion),
        execution_time=task.end_time - task.start_time if task.end_time > 0 else 0,
        queue_wait_time=_queue_wait_time(task),
        external_input_payload_storage_path=_path_of(task.external_input_payload_storage_path),
        external_output_payload_storage_path=_path_of(task.external_output_payload_storage_path),
        workflow_priority=task.workflow_priority,
        domain=task.domain,
    )


def _queue_wait_time(task: Task) -> int:
    if task.start_time > 0 and task.scheduled_time > 0:
        # Java: what has passed since the callback was due, by the clock. Right after the update nothing has.
        if task.update_time > 0 and task.callback_after_seconds > 0:
            return 0
        return task.start_time - task.scheduled_time
    return 0


def _text(value: Raw, external_path: Text, record: Task | Workflow) -> str:
    if value is EMPTY_OBJECT or external_path is not UNSET:
        return "{}"
    try:
        text = str(value, "utf-8")
    except UnicodeDecodeError as error:
        kind, name = (
            ("task", record.task_id)
            if isinstance(record, Task)
            else ("workflow", record.workflow_id)
        )
        raise CorruptRecordError(kind, name or "", "it isn't UTF-8") from error
    return "{}" if text == "null" else text


def _path_of(external_path: Text) -> Text:
    if external_path is UNSET or not external_path.strip():
        return UNSET
    return external_path


def _cut(reason: Text) -> Text:
    if reason is UNSET or len(reason) <= MAX_REASON_UNITS // 2:
        return reason
    if reason.isascii():
        return reason[:MAX_REASON_UNITS]
    units = reason.encode("utf-16-le", "surrogatepass")[: MAX_REASON_UNITS * 2]
    return units.decode("utf-16-le", "ignore")


def utf16_units(text: str) -> int:
    """The length of a text as Java counts it."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
