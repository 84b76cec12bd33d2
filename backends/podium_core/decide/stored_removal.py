"""A workflow's removal mark as it is stored, and what comes next for it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from podium_core.decide.facts import WorkflowFacts
from podium_core.decide.removal_mark import ArchiveState, RemovalMark, is_due


class RemovalStage(StrEnum):
    """What comes next for a removal mark."""

    SWEEP = "sweep"  # the pass through its tasks isn't over
    ARCHIVE = "archive"  # the index doesn't hold the documents yet, as they are now
    WAIT = "wait"  # nothing, until it is due
    DELETE = "delete"  # documents may go


class StoredRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow's removal mark as it is stored.

    Attributes:
        token: Fresh whenever the mark was written, or the workflow that is to be archived.
        stage: By the store's clock when it was read.
        facts: The workflow's; the mark is ``facts.removal``.
    """

    workflow_id: str
    token: int
    stage: RemovalStage
    facts: WorkflowFacts
    mark: RemovalMark


def stage_of(mark: RemovalMark, now_ms: int) -> RemovalStage:
    """What comes next."""
    if mark.sweeps:
        return RemovalStage.SWEEP
    if mark.archive is ArchiveState.WANTED:
        return RemovalStage.ARCHIVE
    return RemovalStage.DELETE if is_due(mark, now_ms) else RemovalStage.WAIT
