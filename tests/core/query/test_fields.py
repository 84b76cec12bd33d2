"""The fields are those of the golden mappings."""

from __future__ import annotations

from typing import Any

import pytest

from podium_core.models.search import TaskSummary, WorkflowSummary
from podium_core.query import TASK_FIELDS, UNSEARCHABLE, WORKFLOW_FIELDS, FieldType
from tests.core.query.golden import golden

_TYPES = {"long": FieldType.NUMBER}


def _mapped(kind: str) -> dict[str, FieldType]:
    mapping: dict[str, Any] = golden()["indices"][f"conductor_{kind}"]["mappings"][kind]
    found = {}
    for name, field in mapping["properties"].items():
        if field.get("index", True):
            found[name] = _TYPES.get(field["type"]) or FieldType(field["type"])
        for sub, exact in field.get("fields", {}).items():
            found[f"{name}.{sub}"] = FieldType(exact["type"])
    return found


def test_workflows_have_those_of_the_mapping() -> None:
    assert {each.name: each.type for each in WORKFLOW_FIELDS.values()} == _mapped("workflow")


def test_tasks_have_those_of_the_mapping_and_paths_that_it_had_no_document_of() -> None:
    path = "externalInputPayloadStoragePath"
    dynamic = {path: FieldType.TEXT, f"{path}.keyword": FieldType.KEYWORD}
    assert {each.name: each.type for each in TASK_FIELDS.values()} == _mapped("task") | dynamic


@pytest.mark.parametrize(
    ("summary", "fields"), [(WorkflowSummary, WORKFLOW_FIELDS), (TaskSummary, TASK_FIELDS)]
)
def test_each_field_of_an_entry_can_be_searched_or_is_known_not_to(
    summary: Any, fields: Any
) -> None:
    names = set(summary.__struct_encode_fields__) - {"podium:extra"}
    assert names - UNSEARCHABLE == {each.key for each in fields.values()}


def test_texts_have_no_order() -> None:
    assert not WORKFLOW_FIELDS["input"].sortable
    assert WORKFLOW_FIELDS["externalInputPayloadStoragePath.keyword"].sortable
    assert (
        WORKFLOW_FIELDS["externalInputPayloadStoragePath.keyword"].key
        == "externalInputPayloadStoragePath"
    )
