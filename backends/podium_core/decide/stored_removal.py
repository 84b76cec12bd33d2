"""A workflow's removal record as it is stored, and what comes next for it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from podium_core.decide.facts import TaskFacts, WorkflowFacts
from podium_core.decide.removal_record import ArchiveState, RemovalRecord, is_due

Tasks = Sequence[tuple[str, TaskFacts]]


class RemovalStage(StrEnum):
    """The next step of a removal."""

    SWEEP = "sweep"  # the pass through its tasks isn't over
    ARCHIVE = "archive"  # the index doesn't hold the documents yet, as they are now
    WAIT = "wait"  # nothing, until it is due
    DELETE = "delete"  # documents may go

    @property
    def is_about_tasks(self) -> bool:
        """Whether the step needs the next tasks."""
        return self in (RemovalStage.SWEEP, RemovalStage.DELETE)


class StoredRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow's removal record as it is stored.

    Attributes:
        token: Fresh whenever the record was written, or the workflow that is to be archived.
        stage: By the store's clock when it was read.
        facts: The workflow's; the record is ``facts.removal``.
        tasks: Its next tasks in order of id, after ``record.after``: as many as were asked for, or all that are left.
    """

    workflow_id: str
    token: int
    stage: RemovalStage
    facts: WorkflowFacts
    record: RemovalRecord
    tasks: Tasks = ()


def stage_of(record: RemovalRecord, now_ms: int) -> RemovalStage:
    """The next step of a removal with this record."""
    if record.sweeps:
        return RemovalStage.SWEEP
    if record.archive is ArchiveState.WANTED:
        return RemovalStage.ARCHIVE
    return RemovalStage.DELETE if is_due(record, now_ms) else RemovalStage.WAIT
