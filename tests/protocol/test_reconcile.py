"""Reports of checks, and the outbox, there and back."""

from __future__ import annotations

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
from podium_protocol import codec

INDEX = IndexReport(
    progress=IndexProgress(checked=10, missing=1, stale=2, surplus=3, unreadable=4),
    differences=tuple(
        IndexDifference(kind, problem.value, problem)
        for problem in IndexProblem
        for kind in (EntryKind.WORKFLOW, EntryKind.TASK)
    ),
    resume_token="token",
    marked=6,
)
QUEUES = QueueReport(
    progress=QueueProgress(
        checked=10,
        workflow_not_queued=1,
        task_not_queued=2,
        message_without_task=3,
        message_unreadable=4,
    ),
    findings=tuple(QueueFinding(problem, "q", problem.value) for problem in QueueProblem),
    done=True,
    pushed=5,
)


class TestIndexReports:
    def test_of_a_repair(self) -> None:
        sent = codec.repair_index_to_proto(INDEX).SerializeToString()
        assert codec.index_report_from_proto(pb.RepairIndexResponse.FromString(sent)) == INDEX

    def test_of_a_check(self) -> None:
        sent = codec.verify_index_to_proto(INDEX).SerializeToString()
        back = codec.index_report_from_proto(pb.VerifyIndexResponse.FromString(sent))
        assert (back.progress, back.differences, back.marked) == (
            INDEX.progress,
            INDEX.differences,
            0,
        )

    def test_words_of_a_newer_server_are_left_out(self) -> None:
        # Fields 1-3 of a difference: an unknown kind, and an unknown problem.
        newer = pb.VerifyIndexResponse.FromString(
            b"\x12\x07\x08\x63\x12\x01a\x18\x01" + b"\x12\x07\x08\x01\x12\x01b\x18\x63"
        )
        assert len(newer.differences) == 2
        assert codec.index_report_from_proto(newer).differences == ()


class TestQueueReports:
    def test_of_a_repair(self) -> None:
        sent = codec.repair_queues_to_proto(QUEUES).SerializeToString()
        assert codec.queue_report_from_proto(pb.RepairQueuesResponse.FromString(sent)) == QUEUES

    def test_of_a_check(self) -> None:
        sent = codec.verify_queues_to_proto(QUEUES).SerializeToString()
        back = codec.queue_report_from_proto(pb.VerifyQueuesResponse.FromString(sent))
        assert (back.progress, back.findings, back.done, back.pushed) == (
            QUEUES.progress,
            QUEUES.findings,
            True,
            0,
        )

    def test_words_of_a_newer_server_are_left_out(self) -> None:
        newer = pb.VerifyQueuesResponse.FromString(b"\x12\x05\x08\x63\x1a\x01a")
        assert len(newer.findings) == 1
        assert codec.queue_report_from_proto(newer).findings == ()


def test_an_outbox() -> None:
    failure = OutboxFailure(kind="push", id="q\x00m", reason="no such thing", since_ms=7)
    state = OutboxState(depth=2**40, oldest_age_ms=5, set_aside=1, failures=(failure,))
    sent = codec.outbox_to_proto(state).SerializeToString()
    assert codec.outbox_from_proto(pb.GetOutboxResponse.FromString(sent)) == state
