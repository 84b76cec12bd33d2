"""Reports of checks and repairs, and the outbox as an operator sees it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar, cast

import msgspec

from podium.v1 import admin_service_pb2 as pb
from podium_core.index.changes import EntryKind
from podium_core.outbox import OutboxFailure
from podium_core.reconcile import (
    IndexDifference,
    IndexProblem,
    IndexProgress,
    IndexReport,
    OutboxState,
    QueueFinding,
    QueueProblem,
    QueueProgress,
    QueueReport,
)
from podium_protocol.codec.field_table import enum_table

P = TypeVar("P", IndexProgress, QueueProgress)

_index_problems = enum_table(IndexProblem, pb.IndexProblem.DESCRIPTOR)
_queue_problems = enum_table(QueueProblem, pb.QueueProblem.DESCRIPTOR)
_kind_numbers = {
    EntryKind.WORKFLOW: pb.INDEX_ENTRY_KIND_WORKFLOW,
    EntryKind.TASK: pb.INDEX_ENTRY_KIND_TASK,
}
_kinds = {number: kind for kind, number in _kind_numbers.items()}

# the index


def verify_index_to_proto(report: IndexReport) -> pb.VerifyIndexResponse:
    """A report of VerifyIndex."""
    return pb.VerifyIndexResponse(
        progress=pb.IndexProgress(**_counters(report.progress)),
        differences=map(_difference_to_proto, report.differences),
        resume_token=report.resume_token,
        done=report.done,
    )


def repair_index_to_proto(report: IndexReport) -> pb.RepairIndexResponse:
    """A report of RepairIndex."""
    return pb.RepairIndexResponse(
        progress=pb.IndexProgress(**_counters(report.progress)),
        differences=map(_difference_to_proto, report.differences),
        resume_token=report.resume_token,
        done=report.done,
        marked=report.marked,
    )


def index_report_from_proto(
    response: pb.VerifyIndexResponse | pb.RepairIndexResponse,
) -> IndexReport:
    """A report of either. Problems of a newer server, which this client doesn't know, are left out."""
    return IndexReport(
        progress=_read_counters(IndexProgress, response.progress),
        differences=tuple(_differences_from_proto(response.differences)),
        resume_token=response.resume_token,
        done=response.done,
        marked=response.marked if isinstance(response, pb.RepairIndexResponse) else 0,
    )


def _difference_to_proto(difference: IndexDifference) -> pb.IndexDifference:
    number = _index_problems.numbers[difference.problem.value]
    return pb.IndexDifference(
        kind=_kind_numbers[difference.kind],
        id=difference.id,
        problem=cast("pb.IndexProblem", number),
    )


def _differences_from_proto(messages: Iterable[pb.IndexDifference]) -> Iterable[IndexDifference]:
    for message in messages:
        problem = _index_problems.members.get(message.problem)
        kind = _kinds.get(message.kind)
        if problem is not None and kind is not None:
            yield IndexDifference(kind, message.id, IndexProblem(problem))


# queues


def verify_queues_to_proto(report: QueueReport) -> pb.VerifyQueuesResponse:
    """A report of VerifyQueues."""
    return pb.VerifyQueuesResponse(
        progress=pb.QueueProgress(**_counters(report.progress)),
        findings=map(_finding_to_proto, report.findings),
        resume_token=report.resume_token,
        done=report.done,
    )


def repair_queues_to_proto(report: QueueReport) -> pb.RepairQueuesResponse:
    """A report of RepairQueues."""
    return pb.RepairQueuesResponse(
        progress=pb.QueueProgress(**_counters(report.progress)),
        findings=map(_finding_to_proto, report.findings),
        resume_token=report.resume_token,
        done=report.done,
        pushed=report.pushed,
    )


def queue_report_from_proto(
    response: pb.VerifyQueuesResponse | pb.RepairQueuesResponse,
) -> QueueReport:
    """A report of either. Problems of a newer server, which this client doesn't know, are left out."""
    return QueueReport(
        progress=_read_counters(QueueProgress, response.progress),
        findings=tuple(_findings_from_proto(response.findings)),
        resume_token=response.resume_token,
        done=response.done,
        pushed=response.pushed if isinstance(response, pb.RepairQueuesResponse) else 0,
    )


def _finding_to_proto(finding: QueueFinding) -> pb.QueueFinding:
    number = _queue_problems.numbers[finding.problem.value]
    return pb.QueueFinding(
        problem=cast("pb.QueueProblem", number), queue_name=finding.queue_name, id=finding.id
    )


def _findings_from_proto(messages: Iterable[pb.QueueFinding]) -> Iterable[QueueFinding]:
    for message in messages:
        problem = _queue_problems.members.get(message.problem)
        if problem is not None:
            yield QueueFinding(QueueProblem(problem), message.queue_name, message.id)


# the outbox


def outbox_to_proto(state: OutboxState) -> pb.GetOutboxResponse:
    """The answer of GetOutbox."""
    return pb.GetOutboxResponse(
        depth=state.depth,
        oldest_age_ms=state.oldest_age_ms,
        set_aside=state.set_aside,
        failures=[
            pb.OutboxFailure(**msgspec.structs.asdict(failure)) for failure in state.failures
        ],
    )


def outbox_from_proto(response: pb.GetOutboxResponse) -> OutboxState:
    """The answer of GetOutbox."""
    return OutboxState(
        depth=response.depth,
        oldest_age_ms=response.oldest_age_ms,
        set_aside=response.set_aside,
        failures=tuple(
            OutboxFailure(
                kind=failure.kind,
                id=failure.id,
                reason=failure.reason,
                since_ms=failure.since_ms,
            )
            for failure in response.failures
        ),
    )


def _counters(progress: IndexProgress | QueueProgress) -> dict[str, int]:
    return msgspec.structs.asdict(progress)


def _read_counters(progress_type: type[P], message: pb.IndexProgress | pb.QueueProgress) -> P:
    names = progress_type.__struct_fields__
    return progress_type(**{name: getattr(message, name) for name in names})
