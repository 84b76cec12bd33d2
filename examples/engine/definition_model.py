"""What the engine reads of Conductor's workflow definitions; Podium itself stores the whole file as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw

from podium_core.models import WorkflowDef

DEFINITIONS_FOLDER = Path(__file__).parent / "definitions"

# By name and version.
Definitions = Mapping[tuple[str, int], WorkflowDef]


class TaskDefinition(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """How a task is retried, and how many of it may run at a time. The defaults are Conductor's."""

    name: str
    retry_count: int = 3
    retry_logic: str = "FIXED"
    retry_delay_seconds: int = 60
    concurrent_exec_limit: int | None = None


class SubWorkflowParams(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    name: str
    version: int | None = None


class WorkflowTask(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A task in a definition."""

    name: str
    task_reference_name: str
    type: str = "SIMPLE"
    input_parameters: dict[str, Any] = {}
    optional: bool = False
    task_definition: TaskDefinition | None = None
    fork_tasks: list[list[WorkflowTask]] = []
    join_on: list[str] = []
    decision_cases: dict[str, list[WorkflowTask]] = {}
    default_case: list[WorkflowTask] = []
    evaluator_type: str | None = None
    expression: str | None = None
    case_value_param: str | None = None
    sub_workflow_param: SubWorkflowParams | None = None

    @property
    def retry_count(self) -> int:
        """How often the task is tried again. Without a definition: never."""
        return self.task_definition.retry_count if self.task_definition else 0

    @property
    def retry_delay_ms(self) -> int:
        """How long after a failure."""
        return self.task_definition.retry_delay_seconds * 1000 if self.task_definition else 0


class WorkflowDefinition(msgspec.Struct, frozen=True, rename="camel"):
    """A workflow's definition."""

    name: str
    version: int = 1
    tasks: list[WorkflowTask] = []
    output_parameters: dict[str, Any] = {}


def parse_definition(document: Raw | bytes) -> WorkflowDefinition:
    """The parts of a definition that the engine reads."""
    return msgspec.json.decode(document, type=WorkflowDefinition)


def load_definitions() -> dict[str, WorkflowDef]:
    """The definitions of this folder's JSON files, by name."""
    files = sorted(DEFINITIONS_FOLDER.glob("*.json"))
    return {file.stem: workflow_def(file.read_bytes()) for file in files}


def workflow_def(document: bytes) -> WorkflowDef:
    """A definition as Podium takes it: the document, and the two fields that name it."""
    parsed = parse_definition(document)
    return WorkflowDef(document=Raw(document), name=parsed.name, version=parsed.version)


def find_definition(definitions: Definitions, name: str, version: int | None) -> WorkflowDef | None:
    """A definition by name and version; the highest version where none is asked for."""
    if version is not None:
        return definitions.get((name, version))
    versions = [known for known_name, known in definitions if known_name == name]
    return definitions[name, max(versions)] if versions else None


def every_task(tasks: list[WorkflowTask]) -> Iterator[WorkflowTask]:
    """The tasks of a definition, those inside forks and cases too."""
    for task in tasks:
        yield task
        for inner in (*task.fork_tasks, *task.decision_cases.values(), task.default_case):
            yield from every_task(inner)


def simple_task_types(definitions: Mapping[str, WorkflowDef]) -> list[str]:
    """The types of the tasks that workers do, each once; they are the names of the queues too."""
    tasks = [
        task
        for definition in definitions.values()
        for task in every_task(parse_definition(definition.document).tasks)
    ]
    return sorted({task.name for task in tasks if task.type == "SIMPLE"})
