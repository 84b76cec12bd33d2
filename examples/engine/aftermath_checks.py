"""What the demo checks of search, archive and payloads."""

from __future__ import annotations

from examples.engine.aftermath import Aftermath, MovedOutput, Removed
from examples.engine.checks import Check
from examples.engine.searches import statuses_of
from examples.engine.worker import receipt_of
from podium_core.execution_service import WorkflowSource
from podium_core.models import TaskStatus
from podium_core.models.json_text import EMPTY_OBJECT, from_raw

KIB = 1024


def check_aftermath(aftermath: Aftermath) -> list[Check]:
    """Check everything."""
    return [
        one(aftermath) for one in (index_agrees, searches_found, receipts_moved, archive_answers)
    ]


def index_agrees(aftermath: Aftermath) -> Check:
    """Every workflow and task of the run is in the index with its final status, and nothing else is."""
    wanted, indexed = statuses_of(aftermath.workflows), aftermath.indexed
    wrong = {id_ for id_, _ in wanted.items() ^ indexed.items()}
    tasks = len(wanted) - len(aftermath.workflows)
    return Check(
        bool(wanted) and not wrong,
        f"the index has {len(aftermath.workflows)} workflows and {tasks} tasks with their last status; "
        f"missing or different: {len(wrong) or 'none'}",
    )


def searches_found(aftermath: Aftermath) -> Check:
    """Each search found exactly what the executions say that it has to find."""
    wrong = [a.search.typed for a in aftermath.answers if a.found != a.search.expected]
    hits = sum(len(answer.found) for answer in aftermath.answers)
    return Check(
        bool(aftermath.answers) and not wrong,
        f"{len(aftermath.answers)} searches found the {hits} workflows and tasks that they should; "
        f"wrong: {'; '.join(wrong) or 'none'}",
    )


def receipts_moved(aftermath: Aftermath) -> Check:
    """Every receipt lies in the payload store, not in its task's document, and comes back whole."""
    receipts = {
        str(task.task_id)
        for workflow in aftermath.workflows
        for task in workflow.tasks
        if task.task_type == "charge_card" and task.status is TaskStatus.COMPLETED
    }
    back = {str(moved.whole.task_id) for moved in aftermath.moved if _came_back(moved)}
    size = max((len(bytes(moved.whole.output_data)) for moved in aftermath.moved), default=0)
    return Check(
        receipts == back and len(back) == len(aftermath.moved),
        f"{len(back)} of {len(receipts)} receipts of {size // KIB} KiB lie in the payload store, "
        "and came back whole",
    )


def archive_answers(aftermath: Aftermath) -> Check:
    """The workflow that was removed is gone from the executions, and found whole in the archive."""
    removed = aftermath.removed
    if removed is None:
        return Check(False, "no workflow was there to remove")
    faults = [
        *_faults_of_reading(removed),
        *(
            ["a search for archived = true misses it"]
            if removed.answer.found != removed.answer.search.expected
            else []
        ),
    ]
    return Check(
        not faults,
        "a workflow was removed with archive: GetWorkflow finds it whole in the ARCHIVE, and a search finds it; "
        f"wrong: {', '.join(faults) or 'none'}",
    )


def _came_back(moved: MovedOutput) -> bool:
    output = from_raw(moved.whole.output_data)
    return moved.stored.output_data == EMPTY_OBJECT and output.get("receipt") == receipt_of(
        from_raw(moved.whole.input_data)["order"]
    )


def _faults_of_reading(removed: Removed) -> list[str]:
    faults = [f"the executions still have {removed.left} documents of it"] if removed.left else []
    if removed.found is None:
        return [*faults, "GetWorkflow doesn't find it"]
    if removed.found.source is not WorkflowSource.ARCHIVE:
        faults.append(f"GetWorkflow says {removed.found.source}")
    if removed.found.workflow != removed.workflow:
        faults.append("it isn't as it was")
    return faults
