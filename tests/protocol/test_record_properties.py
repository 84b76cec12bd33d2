"""Whatever JSON object lies in a store, reading it over the wire and writing it back changes nothing."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, strategies as st

from podium.v1 import task_pb2, workflow_pb2
from podium_core.models.documents import TASK, WORKFLOW
from podium_protocol import codec

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _text
)
_values: st.SearchStrategy[Any] = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_statuses = st.sampled_from(["IN_PROGRESS", "COMPLETED", "RUNNING", "FAILED", "sleeping", ""])


def _documents(keys: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    # The spelling of our own key isn't a document that anyone stores.
    others = _text.filter(lambda key: key != "podium:extra")
    return st.dictionaries(st.sampled_from(keys) | others, _values | _statuses, max_size=12)


def _text_of(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


@given(_documents(list(TASK.fields)))
def test_a_task(document: dict[str, Any]) -> None:
    task = TASK.decode(_text_of(document), "t")
    data = codec.task_to_proto(task).SerializeToString()
    back = codec.task_from_proto(task_pb2.Task.FromString(data), "task")
    assert json.loads(TASK.encode(back)) == json.loads(TASK.encode(task))


@given(_documents([key for key in WORKFLOW.fields if key != "tasks"]))
def test_a_workflow(document: dict[str, Any]) -> None:
    workflow = WORKFLOW.decode(_text_of(document), "w")
    data = codec.workflow_to_proto(workflow).SerializeToString()
    back = codec.workflow_from_proto(workflow_pb2.Workflow.FromString(data), "workflow")
    assert json.loads(WORKFLOW.encode(back)) == json.loads(WORKFLOW.encode(workflow))


@given(st.binary(max_size=200) | _values.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_as_extra_raise_anything_but_our_error(data: bytes) -> None:
    from podium_core.errors import InvalidArgumentError

    message = task_pb2.Task(extra_json=data.decode("utf-8", "replace"))
    try:
        task = codec.task_from_proto(message, "task")
    except InvalidArgumentError:
        return
    TASK.encode(task)
    codec.task_to_proto(task)
