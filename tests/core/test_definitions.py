"""What a store asks of definitions and handlers before it writes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import Raw

from podium_core.definitions import (
    require_event_handler,
    require_task_def,
    require_workflow_def,
    require_workflow_def_key,
)
from podium_core.errors import InvalidArgumentError
from podium_core.models import EventHandler, TaskDef, WorkflowDef

DOCUMENT = Raw(b"{}")


def test_gives_what_identifies_them() -> None:
    assert require_task_def(TaskDef(document=DOCUMENT, name="t")) == "t"
    assert require_workflow_def(WorkflowDef(document=DOCUMENT, name="w", version=2)) == ("w", 2)
    handler = EventHandler(document=DOCUMENT, name="h", event="e")
    assert require_event_handler(handler) == ("h", "e")


@pytest.mark.parametrize(
    ("check", "field"),
    [
        (lambda: require_task_def(TaskDef(document=DOCUMENT, name="")), "task_def.name"),
        (
            lambda: require_workflow_def(WorkflowDef(document=DOCUMENT, name="")),
            "workflow_def.name",
        ),
        (
            lambda: require_workflow_def(WorkflowDef(document=DOCUMENT, name="w", version=0)),
            "workflow_def.version",
        ),
        (
            lambda: require_event_handler(EventHandler(document=DOCUMENT, name="", event="e")),
            "event_handler.name",
        ),
        (
            lambda: require_event_handler(EventHandler(document=DOCUMENT, name="h")),
            "event_handler.event",
        ),
        (lambda: require_workflow_def_key("", 1), "name"),
        (lambda: require_workflow_def_key("w", 0), "version"),
    ],
)
def test_refuses_what_lacks_it(check: Callable[[], object], field: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        check()
    assert caught.value.field == field
