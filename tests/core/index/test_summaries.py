"""Entries of workflows and tasks, as Conductor's constructors derive them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import UNSET, Raw

from podium_core.errors import CorruptRecordError
from podium_core.index import (
    TASK_ENTRY,
    WORKFLOW_ENTRY,
    task_summary,
    time_of_any_date,
    workflow_summary,
)
from podium_core.models import Task, TaskStatus, Workflow, WorkflowStatus
from podium_core.models.json_text import to_raw
from tests.core.index import es6

# Java's map notation; ours is JSON.
_OWN_FORM = ("input", "output", "inputSize", "outputSize")

WORKFLOWS = [
    found for found in es6.given("indexWorkflow") if found.get("startTime") != "not a date"
]
TASKS = es6.given("indexTask")


def _time(document: dict[str, Any], key: str) -> Any:
    date = document.get(key)
    return UNSET if date is None else time_of_any_date(date)


def _get(document: dict[str, Any], key: str) -> Any:
    return document.get(key, UNSET)


def _workflow_of(summary: dict[str, Any]) -> Workflow:
    """The workflow that Conductor made this summary from."""
    names = summary["failedReferenceTaskNames"]
    return Workflow(
        workflow_id=summary["workflowId"],
        workflow_definition=to_raw(
            {"name": summary["workflowType"], "version": summary["version"]}
        ),
        status=WorkflowStatus(summary["status"]),
        correlation_id=_get(summary, "correlationId"),
        create_time=_time(summary, "startTime"),
        updated_time=_time(summary, "updateTime"),
        end_time=_time(summary, "endTime") or 0,
        reason_for_incompletion=_get(summary, "reasonForIncompletion"),
        event=_get(summary, "event"),
        failed_reference_task_names=tuple(names.split(",")) if names else (),
        failed_task_names=tuple(summary["failedTaskNames"]),
        priority=summary["priority"],
        external_input_payload_storage_path=_get(summary, "externalInputPayloadStoragePath"),
        external_output_payload_storage_path=_get(summary, "externalOutputPayloadStoragePath"),
    )


def _task_of(summary: dict[str, Any]) -> Task:
    """The task that Conductor made this summary from."""
    return Task(
        task_id=summary["taskId"],
        workflow_instance_id=summary["workflowId"],
        workflow_type=summary["workflowType"],
        correlation_id=summary["correlationId"],
        task_def_name=summary["taskDefName"],
        task_type=summary["taskType"],
        status=TaskStatus(summary["status"]),
        scheduled_time=_time(summary, "scheduledTime"),
        start_time=_time(summary, "startTime"),
        update_time=_time(summary, "updateTime"),
        end_time=_time(summary, "endTime"),
        # The golden one was made from a reason of 33,000.
        reason_for_incompletion=_get(summary, "reasonForIncompletion"),
        external_input_payload_storage_path=_get(summary, "externalInputPayloadStoragePath"),
        external_output_payload_storage_path=_get(summary, "externalOutputPayloadStoragePath"),
        workflow_priority=summary["workflowPriority"],
        domain=_get(summary, "domain"),
    )


def _but_for_payloads(document: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in document.items() if key not in _OWN_FORM]


class TestGolden:
    def test_there_are_some(self) -> None:
        assert (len(WORKFLOWS), len(TASKS)) == (14, 13)

    @pytest.mark.parametrize("summary", WORKFLOWS)
    def test_a_workflow(self, summary: dict[str, Any]) -> None:
        document = json.loads(WORKFLOW_ENTRY.encode(workflow_summary(_workflow_of(summary))))
        assert _but_for_payloads(document) == _but_for_payloads(summary)
        assert list(document) == list(summary)

    @pytest.mark.parametrize("summary", TASKS)
    def test_a_task(self, summary: dict[str, Any]) -> None:
        document = json.loads(TASK_ENTRY.encode(task_summary(_task_of(summary))))
        assert _but_for_payloads(document) == _but_for_payloads(summary)
        assert list(document) == list(summary)


class TestWorkflowSummary:
    def test_the_least(self) -> None:
        document = json.loads(WORKFLOW_ENTRY.encode(workflow_summary(Workflow(workflow_id="w"))))
        assert document == {
            "workflowId": "w",
            "input": "{}",
            "output": "{}",
            "executionTime": 0,
            "failedReferenceTaskNames": "",
            "priority": 0,
            "failedTaskNames": [],
            "inputSize": 2,
            "outputSize": 2,
        }

    def test_payloads_are_the_stored_text(self) -> None:
        text = '{ "b": 1.00, "a":"é\U0001f600" }'
        summary = workflow_summary(Workflow(input=Raw(text.encode()), output=Raw(b"{ }")))
        assert (summary.input, summary.output) == (text, "{ }")
        assert (summary.input_size, summary.output_size) == (len(text) + 1, 3)

    def test_null_is_an_empty_map(self) -> None:
        summary = workflow_summary(Workflow(input=Raw(b"null")))
        assert (summary.input, summary.input_size) == ("{}", 2)

    def test_an_externalised_payload_is_empty(self) -> None:
        path = "workflow/input/a.json"
        summary = workflow_summary(
            Workflow(input=Raw(b'{"a":1}'), external_input_payload_storage_path=path)
        )
        assert (summary.input, summary.input_size) == ("{}", 2)
        assert summary.external_input_payload_storage_path == path

    def test_a_blank_path_is_left_out_and_still_empties(self) -> None:
        summary = workflow_summary(
            Workflow(output=Raw(b'{"a":1}'), external_output_payload_storage_path=" ")
        )
        assert summary.output == "{}"
        assert summary.external_output_payload_storage_path is UNSET

    def test_without_a_definition_it_has_the_stored_name(self) -> None:
        summary = workflow_summary(Workflow(workflow_name="order", workflow_version=3))
        assert (summary.workflow_type, summary.version) == ("order", 3)

    def test_the_end_of_one_that_never_began(self) -> None:
        summary = workflow_summary(Workflow(end_time=5))
        assert (summary.end_time, summary.execution_time) == (5, 0)

    def test_text_that_is_no_utf8_is_corrupt(self) -> None:
        with pytest.raises(CorruptRecordError, match="workflow 'w'"):
            workflow_summary(Workflow(workflow_id="w", input=Raw(b'{"a":"\xff"}')))


class TestTaskSummary:
    def test_the_least(self) -> None:
        never = "1970-01-01T00:00:00.000Z"
        assert json.loads(TASK_ENTRY.encode(task_summary(Task(task_id="t")))) == {
            "scheduledTime": never,
            "startTime": never,
            "updateTime": never,
            "endTime": never,
            "executionTime": 0,
            "queueWaitTime": 0,
            "input": "{}",
            "output": "{}",
            "taskId": "t",
            "workflowPriority": 0,
        }

    @pytest.mark.parametrize("name", [UNSET, ""])
    def test_the_type_stands_in_for_the_definition(self, name: Any) -> None:
        assert task_summary(Task(task_def_name=name, task_type="HTTP")).task_def_name == "HTTP"

    @pytest.mark.parametrize(
        ("times", "wait"),
        [
            ({"scheduled_time": 100, "start_time": 350}, 250),
            ({"scheduled_time": 350, "start_time": 100}, -250),
            ({"scheduled_time": 0, "start_time": 100}, 0),
            ({"scheduled_time": 100, "start_time": 0}, 0),
            ({"scheduled_time": 100, "start_time": 350, "callback_after_seconds": 1}, 250),
            (
                {"scheduled_time": 100, "start_time": 350, "callback_after_seconds": 1}
                | {"update_time": 400},
                0,
            ),
        ],
    )
    def test_queue_wait_time(self, times: dict[str, int], wait: int) -> None:
        assert task_summary(Task(**times)).queue_wait_time == wait  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("reason", "kept"),
        [
            ("x" * 33_000, "x" * 500),
            ("x" * 500, "x" * 500),
            ("é" * 501, "é" * 500),
            ("\U0001f600" * 251, "\U0001f600" * 250),
            ("x" + "\U0001f600" * 250, "x" + "\U0001f600" * 249),
            ("", ""),
        ],
    )
    def test_a_long_reason_is_cut_between_characters(self, reason: str, kept: str) -> None:
        assert task_summary(Task(reason_for_incompletion=reason)).reason_for_incompletion == kept

    def test_text_that_is_no_utf8_is_corrupt(self) -> None:
        with pytest.raises(CorruptRecordError, match="task 't'"):
            task_summary(Task(task_id="t", output_data=Raw(b'{"a":"\xff"}')))
