"""Facts of documents that Podium wrote, kept beside them: by these a write knows without reading what it replaces.

They only make writes faster. A document that Java wrote later has another stamp or another length. Where facts are missing
or don't fit, the document is read.
"""

from __future__ import annotations

from podium_core.decide import TaskFacts, WorkflowFacts
from podium_core.models.enums import TaskStatus, WorkflowStatus
from podium_core.write_set import Document

# A week after the last write that had to look the documents are read once more.
FACTS_TTL_SECONDS = 7 * 24 * 60 * 60
WORKFLOW_FIELD = ""
_SEPARATOR = "\x00"


def task_rest(facts: TaskFacts) -> str:
    """What has to be unchanged where a task is stored again: definition, payloads."""
    return _SEPARATOR.join((facts.definition_name, *facts.payload_keys))


def workflow_rest(facts: WorkflowFacts) -> str:
    """What has to be unchanged where a workflow is stored again: what its sets go by, and its payloads."""
    correlation = "" if facts.correlation_id is None else f"={facts.correlation_id}"
    sets = (facts.name, str(facts.version), correlation, str(facts.create_time))
    return _SEPARATOR.join((*sets, *facts.payload_keys))


def kept_task_facts(facts: TaskFacts, document: Document) -> str:
    """The field of a task in the hash of its workflow: stamp, status, bytes, where the stamp stands, and the rest."""
    return _field(facts.stamp, facts.status, document, task_rest(facts))


def kept_workflow_facts(facts: WorkflowFacts, document: Document) -> str:
    """The field of the workflow itself."""
    return _field(facts.stamp, facts.status, document, workflow_rest(facts))


def _field(
    stamp: int, status: TaskStatus | WorkflowStatus | None, document: Document, rest: str
) -> str:
    size = document.size + len(str(stamp))
    return f"{stamp} {status.value if status else '-'} {size} {len(document.head)} {rest}"
