"""The state while a WriteSet is decided: the stored facts, with its own changes, and the effects so far."""

from __future__ import annotations

from podium_core.decide.effects import (
    DeletePayloadsLater,
    DropMark,
    Effect,
    KeepPayloads,
    MarkEntry,
    SetRemoval,
)
from podium_core.decide.facts import Known, SlotKey
from podium_core.decide.removal_record import RemovalRecord, after_write, expiry_of
from podium_core.index.changes import EntryKind
from podium_core.index.marks import UPSERT_BODY, outbox_kind

MARK_WORKFLOW = outbox_kind(EntryKind.WORKFLOW)
MARK_TASK = outbox_kind(EntryKind.TASK)
MARK_EVENT = outbox_kind(EntryKind.EVENT)


class DecisionState:
    """Facts by id, an earlier part of the WriteSet included.

    Attributes:
        now_ms: The store's clock.
        effects: The effects decided so far.
        marks_index: Whether entries of the index follow.
    """

    def __init__(self, known: Known, *, now_ms: int, mark_index: bool) -> None:
        self.now_ms = now_ms
        self.effects: list[Effect] = []
        self.tasks = known.tasks
        self.workflows = known.workflows
        self.events = known.events
        self._removals = known.removals
        self._slots = known.slots
        self._taken: dict[SlotKey, str] = {}
        self._archived_again: set[str] = set()
        self.marks_index = mark_index

    # slots

    def holder(self, slot: SlotKey) -> str | None:
        """The task that holds a slot, one of this WriteSet included."""
        return self._taken.get(slot) or self._slots.get(slot)

    def take_slot(self, slot: SlotKey, task_id: str) -> None:
        """A task of this WriteSet holds the slot."""
        self._taken[slot] = task_id

    # removal records

    def removal(self, workflow_id: str) -> RemovalRecord | None:
        """The removal record of a workflow that is being removed, or expires."""
        return expiry_of(self._removals.get(workflow_id))

    def archive_again(self, workflow_id: str, record: RemovalRecord) -> None:
        """A workflow that is to be archived was written: the index has to hold it as it is now."""
        if workflow_id not in self._archived_again:
            self._archived_again.add(workflow_id)
            self.effects.append(SetRemoval(workflow_id, after_write(record)))

    # marks for the index

    def mark_entry(self, kind: str, id_: str, owner: str, body: bytes = UPSERT_BODY) -> None:
        """Mark an entry, if this WriteSet marks at all."""
        if self.marks_index:
            self.effects.append(MarkEntry(kind, id_, owner, body))

    def drop_mark(self, kind: str, id_: str, owner: str) -> None:
        """Delete the mark of an earlier write."""
        if self.marks_index:
            self.effects.append(DropMark(kind, id_, owner))

    # payloads

    def refer_to_payloads(
        self, workflow_id: str, before: tuple[str, ...], now: tuple[str, ...]
    ) -> None:
        """A document refers to these payloads now, and did to those before."""
        if now:
            self.effects.append(KeepPayloads(workflow_id, now))
        if before and before != now:
            left = tuple(key for key in before if key not in now)
            if left:
                self.effects.append(DeletePayloadsLater(workflow_id, left))
