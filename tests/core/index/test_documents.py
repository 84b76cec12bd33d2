"""Documents of entries and summaries: nothing is lost either way."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, strategies as st
from msgspec import UNSET, Raw
from msgspec.structs import fields, replace

from podium_core.errors import CorruptRecordError
from podium_core.index import TASK_ENTRY, WORKFLOW_ENTRY, EntryType, with_members
from podium_core.models import TaskSummary, WorkflowSummary
from tests.core.index import es6

ENTRY_TYPES: list[EntryType[Any]] = [WORKFLOW_ENTRY, TASK_ENTRY]

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_dates = st.sampled_from(
    ["2023-11-14T22:13:20.123Z", "1970-01-01T00:00:00.000Z", "2023-11-14", "10000-01-01", ""]
)
_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: number % 1 != 0)
    | _text
    | _dates,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)


def _documents(entry_type: EntryType[Any]) -> st.SearchStrategy[dict[str, Any]]:
    keys = st.sampled_from([*entry_type.fields, "rawJSON"]) | _text
    return st.dictionaries(keys, _values, max_size=12)


def _summaries(record_type: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "time": st.integers(-(2**63), 2**63 - 1),
        "version": st.integers(-(2**31), 2**31 - 1),
        "failed_task_names": st.lists(_text, max_size=2).map(tuple),
        "archived": st.booleans(),
        "extra": st.just(Raw(b'{"new":1.00}')),
    }

    def values(name: str) -> st.SearchStrategy[Any]:
        number = name.endswith(("_time", "_size"))
        small = name in ("version", "priority", "workflow_priority")
        kind = "time" if number else "version" if small else name
        return kinds.get(kind, _text)

    return st.fixed_dictionaries(
        {}, optional={field.name: values(field.name) for field in fields(record_type)}
    ).map(lambda found: record_type(**found))


def _stored_again(entry_type: EntryType[Any], document: bytes) -> Any:
    return json.loads(entry_type.encode(entry_type.decode(document, "id")))


class TestGolden:
    @pytest.mark.parametrize("document", es6.stored("workflow"))
    def test_a_workflows_document_comes_back_byte_for_byte(self, document: bytes) -> None:
        again = WORKFLOW_ENTRY.encode(WORKFLOW_ENTRY.decode(document, "w"))
        if b"rawJSON" in document:
            kept = {key: value for key, value in json.loads(document).items() if key != "rawJSON"}
            assert json.loads(again) == kept
        else:
            assert again == document

    @pytest.mark.parametrize("document", es6.stored("task"))
    def test_a_tasks_document_comes_back_byte_for_byte(self, document: bytes) -> None:
        summary = TASK_ENTRY.decode(document, "t")
        assert summary.extra is UNSET
        assert TASK_ENTRY.encode(summary) == document

    def test_of_an_archived_workflow(self) -> None:
        (document,) = (found for found in es6.stored("workflow") if b"rawJSON" in found)
        summary = WORKFLOW_ENTRY.decode(document, "w")
        assert (summary.archived, summary.extra) == (True, UNSET)


class TestRoundTrips:
    @given(_documents(WORKFLOW_ENTRY))
    @example({"failedTaskNames": None})
    @example({"startTime": 1_700_000_000_123, "podium:extra": {"a": 1}})
    def test_a_workflows_document(self, document: dict[str, Any]) -> None:
        expected = {"failedTaskNames": [], **document}
        expected.pop("rawJSON", None)
        assert _stored_again(WORKFLOW_ENTRY, json.dumps(document).encode()) == expected

    @given(_documents(TASK_ENTRY))
    def test_a_tasks_document(self, document: dict[str, Any]) -> None:
        expected = {key: value for key, value in document.items() if key != "rawJSON"}
        assert _stored_again(TASK_ENTRY, json.dumps(document).encode()) == expected

    @given(_summaries(WorkflowSummary))
    def test_a_workflows_summary(self, summary: WorkflowSummary) -> None:
        assert WORKFLOW_ENTRY.decode(WORKFLOW_ENTRY.encode(summary), "w") == summary

    @given(_summaries(TaskSummary))
    def test_a_tasks_summary(self, summary: TaskSummary) -> None:
        assert TASK_ENTRY.decode(TASK_ENTRY.encode(summary), "t") == summary


class TestExtra:
    def test_holds_what_typed_fields_can_not(self) -> None:
        summary = WORKFLOW_ENTRY.decode(
            b'{"workflowId":"w","startTime":"soon","version":null,"parent":"p"}', "w"
        )
        assert (summary.workflow_id, summary.start_time, summary.version) == ("w", UNSET, UNSET)
        assert json.loads(bytes(summary.extra)) == {  # type: ignore[arg-type]
            "startTime": "soon",
            "version": None,
            "parent": "p",
        }

    def test_gives_way_to_a_field_that_is_set(self) -> None:
        summary = WORKFLOW_ENTRY.decode(b'{"startTime":"soon"}', "w")
        document = json.loads(WORKFLOW_ENTRY.encode(replace(summary, start_time=0)))
        assert document["startTime"] == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize("entry_type", ENTRY_TYPES)
@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"{", b'"a"', b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_corrupt(entry_type: EntryType[Any], text: bytes) -> None:
    with pytest.raises(CorruptRecordError) as caught:
        entry_type.decode(text, "id")
    assert caught.value.name == "id"


class TestMerged:
    def test_sets_some_and_keeps_place_and_text_of_the_others(self) -> None:
        document = b'{"b":1.00,"a":{"x": 1},"c":[]}'
        fields = Raw(b'{"d":2,"a":null}')
        assert with_members(document, fields) == b'{"b":1.00,"a":null,"c":[],"d":2}'

    def test_nothing_to_set(self) -> None:
        assert with_members(b'{"a":1E5}', Raw(b"{}")) == b'{"a":1E5}'

    def test_of_what_is_no_object(self) -> None:
        with pytest.raises(CorruptRecordError, match="'w1'"):
            with_members(b"[]", Raw(b"{}"), "w1")
