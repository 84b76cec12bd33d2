"""The removal record of a workflow: when it goes, what goes with it, and how far that has come.

Each function gives the record after one event. ``podium_core.removal`` carries removals out, step by step.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec.structs import replace

from podium_core.write_set.write_set import WorkflowRemoval

# Later than any time that matters; sums of two still fit 64 bits.
MAX_TIME_MS = 2**53


class ArchiveState(StrEnum):
    """Whether the index has to hold the documents before they go."""

    UNWANTED = "unwanted"
    WANTED = "wanted"  # it doesn't hold them yet, as they are now
    CONFIRMED = "confirmed"


class Sweep(StrEnum):
    """What is done to each task of a workflow, in steps of bounded size."""

    LEAVE = "leave"  # out of slots, sets, limit places and queues
    UNMARK = "unmark"  # its mark for the index goes: the archive takes the place of what waits
    MARK = "mark"  # a mark for the index: its entry may be an archived one, and the task lives


class RemovalRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a workflow carries from the call that removes it until its last document is gone.

    Attributes:
        due_ms: When the documents go, by the store's clock. Store 0, not now: a clock set back must not
            turn a removal that has begun into a future expiry.
        archive: Whether the index has to hold the documents first.
        remove_messages: The queue messages of the workflow and its tasks go too.
        delete_payloads: The payloads that Podium stored for them go too.
        delete_payloads_later: They stay for a while; those to which no document of this id refers by then go.
        mark_index: Entries of the index follow.
        expiry: The record that the workflow had before. Cancelling the removal restores it.
        sweeps: What is still to be done to each task, before anything else; one pass does all of them.
        after: The pass is through with the tasks up to this id.
        cancelled: The workflow lives; only the pass is still to be finished.
    """

    due_ms: int
    archive: ArchiveState = ArchiveState.UNWANTED
    remove_messages: bool = False
    delete_payloads: bool = False
    delete_payloads_later: bool = False
    mark_index: bool = False
    expiry: RemovalRecord | None = None
    sweeps: tuple[Sweep, ...] = ()
    after: str = ""
    cancelled: bool = False

    @property
    def archives(self) -> bool:
        """Whether an archive is wanted, or there."""
        return self.archive is not ArchiveState.UNWANTED


def is_due(record: RemovalRecord | None, now_ms: int) -> bool:
    """Whether there is a record whose time has come: from then on the workflow takes no write."""
    return record is not None and record.due_ms <= now_ms


def expiry_of(record: RemovalRecord | None) -> RemovalRecord | None:
    """The record of an expiry to come; None if the removal was cancelled. Only for a record that is not due."""
    return None if record is None or record.cancelled else record


def writes_entries(record: RemovalRecord | None, now_ms: int) -> bool:
    """Whether entries of the index are the removal's to write: the workflow goes, or is to be archived."""
    if record is None:
        return False
    return record.archives or (not record.cancelled and is_due(record, now_ms))


def unqueues(record: RemovalRecord | None) -> bool:
    """Whether nothing of the workflow is queued any more, be the removal due or not."""
    return record is not None and not record.cancelled


def new_record(
    removal: WorkflowRemoval, before: RemovalRecord | None, *, mark_index: bool, now_ms: int
) -> RemovalRecord:
    """The record that a removal sets on a workflow that isn't being removed yet.

    ``before`` may be an expiry, or a cancelled removal.
    """
    earlier = expiry_of(before)
    return RemovalRecord(
        due_ms=min(now_ms + removal.ttl_ms, MAX_TIME_MS) if removal.ttl_ms else 0,
        archive=ArchiveState.WANTED if removal.archive else ArchiveState.UNWANTED,
        remove_messages=removal.remove_messages,
        delete_payloads=removal.delete_payloads,
        delete_payloads_later=removal.delete_payloads_later,
        mark_index=mark_index,
        expiry=earlier if removal.ttl_ms == 0 else None,
        sweeps=_first_sweeps(removal, before),
    )


def _first_sweeps(removal: WorkflowRemoval, before: RemovalRecord | None) -> tuple[Sweep, ...]:
    # A removal without a ttl keeps the sets until its documents go: it can be cancelled until the archive is confirmed.
    leave = (Sweep.LEAVE,) if removal.ttl_ms else ()
    if removal.archive:
        return (*leave, Sweep.UNMARK)
    if removal.ttl_ms and before is not None and (before.archives or before.cancelled):
        return (*leave, Sweep.MARK)
    return leave


def after_write(record: RemovalRecord) -> RemovalRecord:
    """After a write to a workflow that expires: archive it again if it is archived. The due time stays."""
    return replace(record, archive=ArchiveState.WANTED) if record.archives else record


def after_archive(record: RemovalRecord) -> RemovalRecord:
    """The index holds the documents as they are now."""
    return replace(record, archive=ArchiveState.CONFIRMED)


def after_sweep_step(record: RemovalRecord, after: str) -> RemovalRecord | None:
    """After a step of the pass, up to this id; empty: the pass is over. None: the record goes."""
    if after:
        return replace(record, after=after)
    return None if record.cancelled else replace(record, sweeps=(), after="")


def after_deletion_began(record: RemovalRecord) -> RemovalRecord:
    """Documents begin to go. The due time becomes 0, so that a clock set back does not delay the rest."""
    return replace(record, due_ms=0)


def after_cancel(record: RemovalRecord) -> RemovalRecord | None:
    """After a cancelled removal. No document was removed, but index entries may be archives: mark them again."""
    sweeps = (Sweep.MARK,) if record.mark_index else ()
    if record.expiry is None:
        lives = RemovalRecord(due_ms=MAX_TIME_MS, sweeps=sweeps, cancelled=True, mark_index=True)
        return lives if sweeps else None
    if record.expiry.archives:
        return replace(record.expiry, archive=ArchiveState.WANTED)
    return replace(record.expiry, sweeps=(*record.expiry.sweeps, *sweeps), after="")


def can_be_read(record: RemovalRecord | None, now_ms: int) -> bool:
    """Whether the workflow can be read: until its documents begin to go, since the removal may be cancelled."""
    if record is None or record.cancelled:
        return True
    return record.due_ms > now_ms or record.archive is ArchiveState.WANTED
