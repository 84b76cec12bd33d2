"""What a refusal says: the field, the rule that it breaks, what came; so that the mend is plain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from podium_core.errors import InvalidArgumentError
from podium_core.models import Commit
from podium_core.models.json_text import json_object
from podium_core.payload_keys import require_path
from podium_core.write_set import builders, commit_builder
from tests.contract.records import make_task, make_workflow

PATHS = "workflow/input/, workflow/output/, task/input/ or task/output/"


def _committed(**parts: Any) -> None:
    commit_builder.commit(Commit(workflow_id="w1", **parts), now_ms=1)


REFUSALS: dict[str, Callable[[], object]] = {
    "input_json: must be a JSON object": lambda: json_object("[1]", "input_json"),
    "input_json: is not valid JSON: Input data was truncated": (
        lambda: json_object("{", "input_json")
    ),
    "input_json: is nested deeper than 512 levels": (
        lambda: json_object('{"a":' + "[" * 600 + "]" * 600 + "}", "input_json")
    ),
    f"path: must begin with one of the prefixes; a path is a key under {PATHS}": (
        lambda: require_path("s3://bucket/x")
    ),
    "tasks: the id 't1' comes twice: send it once": (
        lambda: builders.create_tasks([make_task(), make_task()], now_ms=1)
    ),
    "workflow.workflow_definition_json: must be a definition with a 'name'": (
        lambda: builders.create_workflow(
            replace(make_workflow(), workflow_definition=Raw(b'{"version":1}')), now_ms=1
        )
    ),
    "update_workflow: must be absent where create_workflow is set": (
        lambda: _committed(create_workflow=make_workflow(), update_workflow=make_workflow())
    ),
    "expected_update_time: must be absent where create_workflow is set: nothing is stored yet": (
        lambda: _committed(create_workflow=make_workflow(), expected_update_time=1)
    ),
    "create_workflow.workflow_id: must be the Commit's workflow_id": (
        lambda: _committed(create_workflow=make_workflow("w2"))
    ),
}


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_names_the_rule(text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        REFUSALS[text]()
    assert caught.value.message == text
