"""The removal mark of a workflow: when it goes, what goes with it, and how far that has come.

Each function gives the next mark of one event; ``podium_core.removal`` carries marks out, step by step.
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


class RemovalMark(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a workflow carries from the call that removes it until its last document is gone.

    Attributes:
        due_ms: When the documents go, by the store's clock. 0 is due whatever the clock does next: a removal that has begun
            can't be taken for an expiry to come.
        archive: Whether the index has to hold the documents first.
        take_messages: The queue messages of the workflow and its tasks go too.
        take_payloads: The payloads that Podium stored for them go too.
        leave_payloads: They stay for a while; those to which no document of this id refers by then go.
        mark_index: Entries of the index follow.
        expiry: What the workflow goes back to if its removal at once is taken back: the mark that it had before.
        sweeps: What is still to be done to each task, before anything else; one pass does all of them.
        after: The pass is through with the tasks up to this id.
        taken_back: The workflow lives; only the pass is left.
    """

    due_ms: int
    archive: ArchiveState = ArchiveState.UNWANTED
    take_messages: bool = False
    take_payloads: bool = False
    leave_payloads: bool = False
    mark_index: bool = False
    expiry: RemovalMark | None = None
    sweeps: tuple[Sweep, ...] = ()
    after: str = ""
    taken_back: bool = False

    @property
    def archives(self) -> bool:
        """Whether an archive is wanted, or there."""
        return self.archive is not ArchiveState.UNWANTED


def is_due(mark: RemovalMark | None, now_ms: int) -> bool:
    """Whether there is a mark whose time has come: from then on the workflow takes no write."""
    return mark is not None and mark.due_ms <= now_ms


def expiring(mark: RemovalMark | None) -> RemovalMark | None:
    """The mark, unless it was taken back. Asked where it is known not to be due."""
    return None if mark is None or mark.taken_back else mark


def mark_for(
    removal: WorkflowRemoval, before: RemovalMark | None, *, mark_index: bool, now_ms: int
) -> RemovalMark:
    """The mark that a removal sets on a workflow that isn't being removed yet; it may expire, or have been taken back."""
    earlier = expiring(before)
    return RemovalMark(
        due_ms=min(now_ms + removal.ttl_ms, MAX_TIME_MS) if removal.ttl_ms else 0,
        archive=ArchiveState.WANTED if removal.archive else ArchiveState.UNWANTED,
        take_messages=removal.take_messages,
        take_payloads=removal.take_payloads,
        leave_payloads=removal.leave_payloads,
        mark_index=mark_index,
        expiry=earlier if removal.ttl_ms == 0 else None,
        sweeps=_first_sweeps(removal, before),
    )


def _first_sweeps(removal: WorkflowRemoval, before: RemovalMark | None) -> tuple[Sweep, ...]:
    # A removal at once leaves the sets as its documents go: until an archive is confirmed it may be taken back.
    leave = (Sweep.LEAVE,) if removal.ttl_ms else ()
    if removal.archive:
        return (*leave, Sweep.UNMARK)
    if removal.ttl_ms and before is not None and (before.archives or before.taken_back):
        return (*leave, Sweep.MARK)
    return leave


def written(mark: RemovalMark) -> RemovalMark:
    """A workflow that expires was written: what is to be archived is archived again, before the unchanged due time."""
    return replace(mark, archive=ArchiveState.WANTED) if mark.archives else mark


def archived(mark: RemovalMark) -> RemovalMark:
    """The index holds the documents as they are now."""
    return replace(mark, archive=ArchiveState.CONFIRMED)


def swept(mark: RemovalMark, after: str) -> RemovalMark | None:
    """The pass has come up to this id; empty: it is over. None: nothing is left of the mark."""
    if after:
        return replace(mark, after=after)
    return None if mark.taken_back else replace(mark, sweeps=(), after="")


def begun(mark: RemovalMark) -> RemovalMark:
    """The documents begin to go, whatever the clock does from now on."""
    return replace(mark, due_ms=0)


def taken_back(mark: RemovalMark) -> RemovalMark | None:
    """Nothing was removed, but some entries may be archived ones by now: what the workflow goes back to."""
    sweeps = (Sweep.MARK,) if mark.mark_index else ()
    if mark.expiry is None:
        lives = RemovalMark(due_ms=MAX_TIME_MS, sweeps=sweeps, taken_back=True, mark_index=True)
        return lives if sweeps else None
    if mark.expiry.archives:
        return replace(mark.expiry, archive=ArchiveState.WANTED)
    return replace(mark.expiry, sweeps=(*mark.expiry.sweeps, *sweeps), after="")
