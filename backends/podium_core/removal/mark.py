"""The removal mark of a workflow: when it goes, what goes with it, and whether the index has to hold it first."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class ArchiveState(StrEnum):
    """Whether the index has to hold the documents before they go."""

    UNWANTED = "unwanted"
    WANTED = "wanted"  # it doesn't hold them yet, as they are now
    CONFIRMED = "confirmed"


class RemovalMark(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a workflow carries from the call that removes it until its last document is gone.

    Attributes:
        due_ms: When the documents go, by the store's clock. 0 is due whatever the clock does next: a removal that has begun
            can't be taken for an expiry to come.
        archive: Whether the index has to hold the documents first.
        take_messages: The queue messages of the workflow and its tasks go too.
        take_payloads: The payloads that Podium stored for them go too.
        mark_index: Entries of the index follow.
        expiry: What the workflow goes back to if its removal at once is taken back: the mark that it had before.
    """

    due_ms: int
    archive: ArchiveState = ArchiveState.UNWANTED
    take_messages: bool = False
    take_payloads: bool = False
    mark_index: bool = False
    expiry: RemovalMark | None = None

    def is_due(self, now_ms: int) -> bool:
        """Whether its time has come: from then on the workflow takes no write."""
        return self.due_ms <= now_ms

    @property
    def archives(self) -> bool:
        """Whether an archive is wanted, or there."""
        return self.archive is not ArchiveState.UNWANTED


def is_due(mark: RemovalMark | None, now_ms: int) -> bool:
    """Whether there is a mark whose time has come."""
    return mark is not None and mark.due_ms <= now_ms
