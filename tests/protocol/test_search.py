"""Entries of the index, lines of logs and messages over the wire."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, strategies as st
from msgspec import UNSET

from podium.v1 import index_messages_pb2, search_pb2
from podium_core.errors import InvalidArgumentError
from podium_core.index import TASK_ENTRY, WORKFLOW_ENTRY
from podium_core.models import (
    IndexedMessage,
    TaskExecLog,
    TaskSummary,
    Wait,
    WorkflowSummary,
)
from podium_protocol import codec
from tests.core.index import es6


def workflow_over_the_wire(summary: WorkflowSummary) -> WorkflowSummary:
    data = codec.workflow_summary_to_proto(summary).SerializeToString()
    message = search_pb2.WorkflowSummary.FromString(data)
    return codec.workflow_summary_from_proto(message, "workflow")


def task_over_the_wire(summary: TaskSummary) -> TaskSummary:
    data = codec.task_summary_to_proto(summary).SerializeToString()
    return codec.task_summary_from_proto(search_pb2.TaskSummary.FromString(data), "task")


class TestGolden:
    @pytest.mark.parametrize("document", es6.stored("workflow"))
    def test_a_workflow(self, document: bytes) -> None:
        summary = WORKFLOW_ENTRY.decode(document, "w")
        assert workflow_over_the_wire(summary) == summary

    @pytest.mark.parametrize("document", es6.stored("task"))
    def test_a_task(self, document: bytes) -> None:
        summary = TASK_ENTRY.decode(document, "t")
        message = codec.task_summary_to_proto(summary)
        assert not message.HasField("extra_json")
        assert task_over_the_wire(summary) == summary


_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_values = (
    st.none()
    | st.integers(-(2**70), 2**70)
    | _text
    | st.lists(_text, max_size=2)
    | st.sampled_from(["2023-11-14T22:13:20.123Z", "2023-11-14"])
)


@given(st.dictionaries(st.sampled_from(list(WORKFLOW_ENTRY.fields)) | _text, _values))
@example({"failedTaskNames": None, "startTime": "soon"})
@example({"failedTaskNames": [], "endTime": 5})
def test_a_workflows_document_is_stored_again_unchanged(document: dict[str, Any]) -> None:
    summary = WORKFLOW_ENTRY.decode(json.dumps(document).encode(), "w")
    stored = json.loads(WORKFLOW_ENTRY.encode(workflow_over_the_wire(summary)))
    assert stored == json.loads(WORKFLOW_ENTRY.encode(summary))


@given(st.dictionaries(st.sampled_from(list(TASK_ENTRY.fields)) | _text, _values))
def test_a_tasks_document_is_stored_again_unchanged(document: dict[str, Any]) -> None:
    summary = TASK_ENTRY.decode(json.dumps(document).encode(), "t")
    stored = json.loads(TASK_ENTRY.encode(task_over_the_wire(summary)))
    assert stored == json.loads(TASK_ENTRY.encode(summary))


class TestSummaries:
    def test_no_failed_tasks_are_nothing_on_the_wire(self) -> None:
        message = codec.workflow_summary_to_proto(WorkflowSummary(workflow_id="w"))
        assert message == search_pb2.WorkflowSummary(workflow_id="w")

    def test_failed_tasks(self) -> None:
        summary = WorkflowSummary(failed_task_names=("a", "b"), archived=False, start_time=0)
        assert workflow_over_the_wire(summary) == summary

    def test_a_date_in_extra_becomes_a_time(self) -> None:
        message = search_pb2.TaskSummary(extra_json='{"startTime":"2023-11-14T22:13:20.123Z"}')
        summary = codec.task_summary_from_proto(message, "task")
        assert (summary.start_time, summary.extra) == (1_700_000_000_123, UNSET)

    def test_extra_that_is_no_object(self) -> None:
        message = search_pb2.WorkflowSummary(extra_json="[]")
        with pytest.raises(InvalidArgumentError) as caught:
            codec.workflow_summary_from_proto(message, "workflow")
        assert caught.value.field == "workflow.extra_json"

    def test_a_number_too_large(self) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            codec.task_summary_to_proto(TaskSummary(start_time=2**63))
        assert caught.value.field == "start_time"


_maybe_text = st.just(UNSET) | _text
_maybe_time = st.just(UNSET) | st.integers(-(2**63), 2**63 - 1)


@given(id=_maybe_text, task_id=_maybe_text, log=_maybe_text, created_time=_maybe_time)
def test_a_line_comes_back(**values: Any) -> None:
    log = TaskExecLog(**values)
    assert codec.task_log_from_proto(codec.task_log_to_proto(log)) == log


@given(
    message_id=_maybe_text, payload=_maybe_text, queue_name=_maybe_text, created_time=_maybe_time
)
def test_a_message_comes_back(**values: Any) -> None:
    message = IndexedMessage(**values)
    assert codec.indexed_message_from_proto(codec.indexed_message_to_proto(message)) == message


class TestWait:
    @pytest.mark.parametrize("wait", Wait)
    def test_crosses(self, wait: Wait) -> None:
        number = codec.wait_to_proto(wait)
        assert index_messages_pb2.Wait.Name(number) == f"WAIT_{wait.name}"
        assert codec.wait_from_proto(number) is wait

    def test_unsaid_is_indexed(self) -> None:
        request = index_messages_pb2.IndexTaskRequest()
        assert codec.wait_from_proto(request.wait) is Wait.INDEXED

    def test_a_number_of_another_version(self) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            codec.wait_from_proto(7)
        assert caught.value.field == "wait"


@pytest.mark.parametrize(
    ("record_type", "message_type"),
    [
        (TaskExecLog, search_pb2.TaskExecLog),
        (IndexedMessage, search_pb2.IndexedMessage),
    ],
)
def test_records_and_messages_have_the_same_fields(record_type: Any, message_type: Any) -> None:
    names = {field.name for field in msgspec.structs.fields(record_type)}
    assert names == set(message_type.DESCRIPTOR.fields_by_name)
