"""The codec of records: nothing is lost, byte for byte, from store to wire and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import UNSET, Raw
from msgspec.structs import replace

from podium.v1 import event_pb2, poll_data_pb2, task_pb2, workflow_pb2
from podium_core.errors import CorruptRecordError, InvalidArgumentError
from podium_core.models import (
    EventAction,
    EventExecution,
    PollData,
    Task,
    TaskStatus,
    Workflow,
    WorkflowStatus,
)
from podium_core.models.documents import (
    EVENT_EXECUTION,
    POLL_DATA,
    TASK,
    WORKFLOW,
    DocumentType,
)
from podium_core.models.json_text import raw_text
from podium_core.write_set.document import task_document
from podium_protocol import codec
from tests.protocol import golden


def over_the_wire(document: bytes) -> Task:
    """A stored task, read by a client."""
    data = codec.task_to_proto(TASK.decode(document, "t")).SerializeToString()
    return codec.task_from_proto(task_pb2.Task.FromString(data), "task")


def stored_again(document: bytes) -> dict[str, Any]:
    """What is stored of a task that a client read and wrote back unchanged, derived fields aside."""
    text = task_document(over_the_wire(document), stamp=False).with_stamp(0)
    return _without_derived(json.loads(text))


def _without_derived(document: dict[str, Any]) -> dict[str, Any]:
    derived = {"taskDefinition", "loopOverTask", "queueWaitTime", "workflowName", "workflowVersion"}
    return {key: value for key, value in document.items() if key not in derived}


class TestGoldenDocuments:
    @pytest.mark.parametrize("document", golden.TASKS)
    def test_a_task_comes_back_the_same(self, document: bytes) -> None:
        assert over_the_wire(document) == TASK.decode(document, "t")
        assert stored_again(document) == _without_derived(json.loads(document))

    @pytest.mark.parametrize("document", golden.WORKFLOWS)
    def test_a_workflow_comes_back_the_same(self, document: bytes) -> None:
        workflow = WORKFLOW.decode(document, "w")
        data = codec.workflow_to_proto(workflow).SerializeToString()
        back = codec.workflow_from_proto(workflow_pb2.Workflow.FromString(data), "workflow")
        assert back == workflow
        assert _without_derived(json.loads(WORKFLOW.encode(back))) == _without_derived(
            json.loads(document)
        )

    @pytest.mark.parametrize("document", golden.EVENT_EXECUTIONS)
    def test_an_event_execution_comes_back_the_same(self, document: bytes) -> None:
        record = EVENT_EXECUTION.decode(document, "e")
        data = codec.event_execution_to_proto(record).SerializeToString()
        message = event_pb2.EventExecution.FromString(data)
        assert codec.event_execution_from_proto(message, "event_execution") == record

    @pytest.mark.parametrize("document", golden.POLL_DATA)
    def test_poll_data_comes_back_the_same(self, document: bytes) -> None:
        record = POLL_DATA.decode(document, "p")
        data = codec.poll_data_to_proto(record).SerializeToString()
        message = poll_data_pb2.PollData.FromString(data)
        assert codec.poll_data_from_proto(message, "poll_data") == record

    def test_free_form_text_keeps_its_bytes(self) -> None:
        text = (
            '{ "b": 1.00,\n "a":\t9007199254740993, "c": 1E5, "d": 12345678901234567890.123456789 }'
        )
        task = codec.task_from_proto(task_pb2.Task(input_data_json=text), "task")
        assert raw_text(task.input_data) == text
        assert codec.task_to_proto(task).input_data_json == text


class TestPresence:
    def test_unset_fields_get_javas_defaults(self) -> None:
        assert codec.task_from_proto(task_pb2.Task(), "task") == Task()
        assert codec.workflow_from_proto(workflow_pb2.Workflow(), "workflow") == Workflow()
        assert codec.task_from_proto(task_pb2.Task(), "task").callback_from_worker is True

    def test_set_and_empty_differs_from_unset(self) -> None:
        task = codec.task_from_proto(
            task_pb2.Task(correlation_id="", callback_from_worker=False, seq=0), "task"
        )
        assert (task.correlation_id, task.callback_from_worker) == ("", False)
        message = codec.task_to_proto(task)
        assert message.HasField("correlation_id")
        assert not message.HasField("domain")
        assert message.HasField("callback_from_worker")

    def test_the_unspecified_number_is_no_status(self) -> None:
        message = task_pb2.Task(status=task_pb2.TASK_STATUS_UNSPECIFIED)
        with pytest.raises(InvalidArgumentError, match=r"task\.status: .*leave it out"):
            codec.task_from_proto(message, "task")

    @pytest.mark.parametrize("status", TaskStatus)
    def test_every_task_status_crosses(self, status: TaskStatus) -> None:
        message = codec.task_to_proto(Task(status=status))
        assert task_pb2.TaskStatus.Name(message.status) == f"TASK_STATUS_{status.name}"
        assert codec.task_from_proto(message, "task").status is status

    @pytest.mark.parametrize("status", WorkflowStatus)
    def test_every_workflow_status_crosses(self, status: WorkflowStatus) -> None:
        workflow = Workflow(status=status, previous_status=status)
        assert codec.workflow_from_proto(codec.workflow_to_proto(workflow), "w") == workflow

    @pytest.mark.parametrize("action", EventAction)
    def test_every_action_crosses(self, action: EventAction) -> None:
        message = codec.event_execution_to_proto(EventExecution(action=action))
        assert event_pb2.EventAction.Name(message.action) == f"EVENT_ACTION_{action.name}"
        assert codec.event_execution_from_proto(message, "e").action is action


ODD_MEMBERS = [
    '"retryCount":null',
    '"retryCount":"3"',
    '"retryCount":3.5',
    '"retryCount":99999999999',
    '"endTime":18446744073709551617',
    '"status":"SLEEPING"',
    '"status":null',
    '"correlationId":null',
    '"correlationId":7',
    '"inputData":null',
    '"inputData":[1]',
    '"workflowTask":null',
    '"inputMessage":null',
    '"inputMessage":[1,2]',
    '"loopOverTask":"yes"',
    '"queueWaitTime":null',
    '"callbackFromWorker":null',
    '"newInConductor4":{"x":[1.00,null]}',
    '"new":18446744073709551617,"retryCount":null,"status":"SLEEPING"',
]


class TestExtraJson:
    @pytest.mark.parametrize("member", ODD_MEMBERS)
    def test_what_a_typed_field_cannot_carry_is_written_back(self, member: str) -> None:
        document = f'{{"taskId":"t","workflowInstanceId":"w",{member}}}'.encode()
        expected = _without_derived(json.loads(TASK.encode(TASK.decode(document, "t"))))
        assert stored_again(document) == expected
        assert _without_derived(json.loads(document)).items() <= expected.items()

    def test_a_field_in_extra_is_unset_for_the_reader(self) -> None:
        message = codec.task_to_proto(TASK.decode(b'{"retryCount":null,"seq":4}', "t"))
        assert not message.HasField("retry_count")
        assert message.seq == 4
        assert json.loads(message.extra_json) == {"retryCount": None}

    def test_read_change_write_wins_over_extra(self) -> None:
        message = codec.task_to_proto(TASK.decode(b'{"retryCount":null,"x":1}', "t"))
        message.retry_count = 0
        task = codec.task_from_proto(message, "task")
        assert json.loads(raw_text(task.extra)) == {"x": 1}  # type: ignore[arg-type]
        assert json.loads(TASK.encode(task))["retryCount"] == 0

    def test_a_changed_record_wins_over_its_extra(self) -> None:
        task = replace(TASK.decode(b'{"status":"SLEEPING","x":1}', "t"), status=TaskStatus.FAILED)
        message = codec.task_to_proto(task)
        assert json.loads(message.extra_json) == {"x": 1}

    def test_what_a_typed_field_can_carry_goes_there(self) -> None:
        message = task_pb2.Task(extra_json='{"status":"FAILED","retryCount":7,"inputData":{"a":1}}')
        task = codec.task_from_proto(message, "task")
        assert (task.status, task.retry_count, task.extra) == (TaskStatus.FAILED, 7, UNSET)
        assert raw_text(task.input_data) == '{"a":1}'

    def test_empty_lists_are_told_from_absent_ones(self) -> None:
        document = b'{"workflowId":"w","failedTaskNames":[],"failedReferenceTaskNames":["r"]}'
        workflow = WORKFLOW.decode(document, "w")
        back = codec.workflow_from_proto(codec.workflow_to_proto(workflow), "workflow")
        stored = json.loads(WORKFLOW.encode(back))
        assert stored["failedTaskNames"] == []
        assert stored["failedReferenceTaskNames"] == ["r"]

    def test_derived_fields_come_back_as_stored(self) -> None:
        document = b'{"taskDefinition":{"name":"d"},"loopOverTask":true,"queueWaitTime":-5}'
        message = codec.task_to_proto(TASK.decode(document, "t"))
        assert json.loads(message.extra_json) == json.loads(document)
        task = codec.task_from_proto(message, "task")
        assert (task.loop_over_task, task.queue_wait_time, task.extra) == (True, -5, UNSET)

    def test_some_derived_fields_alone_come_back_too(self) -> None:
        message = codec.task_to_proto(Task(loop_over_task=False))
        assert json.loads(message.extra_json) == {"loopOverTask": False}
        assert codec.task_from_proto(message, "task") == Task(loop_over_task=False)

    @pytest.mark.parametrize(
        "text", ["[]", "1", "{", "{} {}", '{"podium:extra":{}}', '{"a":NaN}', '"x"', " "]
    )
    def test_anything_but_a_usable_object_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidArgumentError) as raised:
            codec.task_from_proto(task_pb2.Task(extra_json=text), "task")
        assert raised.value.field == "task.extra_json"

    def test_an_empty_object_is_nothing(self) -> None:
        assert codec.task_from_proto(task_pb2.Task(extra_json="{ }"), "task") == Task()


class TestRefusals:
    @pytest.mark.parametrize(
        "text", ["", "{", "[1]", "null", '{"a":NaN}', "{} x", '"\\ud800"', "[" * 513 + "]" * 513]
    )
    def test_input_that_is_no_json_object(self, text: str) -> None:
        with pytest.raises(InvalidArgumentError) as raised:
            codec.task_from_proto(task_pb2.Task(input_data_json=text), "tasks[3]")
        assert raised.value.field == "tasks[3].input_data_json"

    def test_a_message_may_be_any_json(self) -> None:
        task = codec.task_from_proto(task_pb2.Task(input_message_json="[1, 2]"), "task")
        assert task.input_message == Raw(b"[1, 2]")

    def test_512_levels_pass(self) -> None:
        text = '{"a":' + "[" * 511 + "]" * 511 + "}"
        task = codec.task_from_proto(task_pb2.Task(input_data_json=text), "task")
        assert raw_text(task.input_data) == text

    def test_a_number_that_the_enum_lacks(self) -> None:
        # As a newer client would send it.
        message = task_pb2.Task.FromString(b"\x18\x63")
        with pytest.raises(InvalidArgumentError) as raised:
            codec.task_from_proto(message, "task")
        assert raised.value.field == "task.status"

    def test_the_path_of_a_task_in_a_list(self) -> None:
        messages = [task_pb2.Task(), task_pb2.Task(output_data_json="x")]
        with pytest.raises(InvalidArgumentError) as raised:
            codec.tasks_from_proto(messages, "tasks")
        assert raised.value.field == "tasks[1].output_data_json"

    def test_tasks_of_a_written_workflow_are_not_looked_at(self) -> None:
        message = workflow_pb2.Workflow(tasks=[task_pb2.Task(input_data_json="x")])
        assert codec.workflow_without_tasks_from_proto(message, "workflow") == Workflow()
        with pytest.raises(InvalidArgumentError, match=r"workflow\.tasks\[0\]\.input_data_json"):
            codec.workflow_from_proto(message, "workflow")

    def test_a_value_that_the_message_cannot_hold(self) -> None:
        with pytest.raises(InvalidArgumentError) as raised:
            codec.task_to_proto(Task(retry_count=2**40))
        assert raised.value.field == "retry_count"
        with pytest.raises(InvalidArgumentError) as raised:
            codec.task_to_proto(Task(task_id="\ud800"))
        assert raised.value.field == "task_id"

    def test_text_that_is_no_utf8_is_corrupt(self) -> None:
        with pytest.raises(CorruptRecordError) as raised:
            codec.task_to_proto(Task(task_id="t", input_data=Raw(b'{"a":"\xff"}')))
        assert raised.value.name == "t"


def test_a_workflow_carries_its_tasks() -> None:
    workflow = Workflow(workflow_id="w", tasks=(Task(task_id="a", seq=1), Task(task_id="b")))
    assert codec.workflow_from_proto(codec.workflow_to_proto(workflow), "workflow") == workflow


@pytest.mark.parametrize(
    ("record", "document", "to_proto", "from_proto"),
    [
        (
            EventExecution(id="i", name="n", extra=Raw(b'{"action":"fly"}')),
            EVENT_EXECUTION,
            codec.event_execution_to_proto,
            codec.event_execution_from_proto,
        ),
        (
            PollData(queue_name="q", extra=Raw(b'{"lastPollTime":null}')),
            POLL_DATA,
            codec.poll_data_to_proto,
            codec.poll_data_from_proto,
        ),
    ],
)
def test_the_small_records_have_an_extra_too(
    record: msgspec.Struct,
    document: DocumentType[Any],
    to_proto: Callable[[Any], Any],
    from_proto: Callable[[Any, str], Any],
) -> None:
    back = from_proto(to_proto(record), "record")
    assert document.encode(back) == document.encode(record)
