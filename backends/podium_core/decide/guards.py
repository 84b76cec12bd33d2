"""Guards of a WriteSet: each holds, or says why not, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence

from podium_core.decide.facts import Known, WorkflowFacts
from podium_core.decide.removal_record import expiry_of, is_due
from podium_core.errors import ConflictError, FailedPreconditionError, NotFoundError
from podium_core.models.enums import TaskStatus
from podium_core.write_set.refusals import UploadLostError
from podium_core.write_set.write_set import (
    ExpectedWorkflowTime,
    Guard,
    HeldReceipt,
    Queueable,
    WorkflowExists,
    WorkflowTerminal,
)


def require_guards(guards: Sequence[Guard], known: Known, *, now_ms: int) -> None:
    """Raise what the first guard says that doesn't hold."""
    for guard in guards:
        match guard:
            case WorkflowExists(workflow_id):
                _require_live(workflow_id, known, now_ms)
            case ExpectedWorkflowTime(workflow_id, expected):
                facts = _require_live(workflow_id, known, now_ms)
                require_time("workflow", workflow_id, expected, facts.stamp)
            case WorkflowTerminal(workflow_id):
                _require_terminal(workflow_id, known, now_ms)
            case Queueable(workflow_id, task_id):
                _require_queueable(workflow_id, task_id, known)
            case HeldReceipt(queue_name, message_id, receipt):
                if (queue_name, message_id, receipt) not in known.held_receipts:
                    raise ConflictError("STALE_RECEIPT", f"message/{queue_name}/{message_id}")


def require_uploads(keys: Sequence[str], known: Known) -> None:
    """Each payload uploaded for this write still has its payload deletion, unclaimed."""
    if any(key not in known.unclaimed_payloads for key in keys):
        raise UploadLostError


def require_time(kind: str, name: str, expected: int, stamp: int) -> None:
    """The stored stamp is the expected one."""
    if stamp != expected:
        raise ConflictError(
            "STALE_UPDATE_TIME", f"{kind}/{name}", expected=str(expected), actual=str(stamp)
        )


def _live(workflow_id: str, known: Known, now_ms: int) -> WorkflowFacts | None:
    facts = known.workflows.get(workflow_id)
    return None if facts is None or is_due(facts.removal, now_ms) else facts


def _require_live(workflow_id: str, known: Known, now_ms: int) -> WorkflowFacts:
    facts = _live(workflow_id, known, now_ms)
    if facts is None:
        raise NotFoundError("workflow", workflow_id)
    return facts


def _require_queueable(workflow_id: str, task_id: str, known: Known) -> None:
    facts = known.workflows.get(workflow_id)
    if facts is None or expiry_of(facts.removal) is not None:
        raise NotFoundError("workflow", workflow_id)
    if task_id:
        task = known.tasks.get(task_id)
        if (
            task is None
            or task.workflow_id != workflow_id
            or task.status is not TaskStatus.SCHEDULED
        ):
            raise NotFoundError("task", task_id)


def _require_terminal(workflow_id: str, known: Known, now_ms: int) -> None:
    facts = _live(workflow_id, known, now_ms)
    if facts is not None and (facts.status is None or not facts.status.is_terminal):
        raise FailedPreconditionError(
            "WORKFLOW_NOT_TERMINAL",
            f"workflow/{workflow_id}",
            f"workflow '{workflow_id}' is {facts.status}, not terminal",
        )
