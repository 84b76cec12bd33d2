"""The removal record: archive and removal of a workflow, at once or when its time is over.

Contract, "Writing": ``RemoveWorkflow(archive)`` and ``RemoveWorkflowWithExpiry``. A removal is a record
that the call itself or else a drainer carries out: archive (confirmed by the index, the record read
again after the documents), turn the record to "deleting", remove the documents, drop the record.
"""

from __future__ import annotations

from enum import Enum

from .checker import BLOCKED, Part, Run, Step, continue_as
from .outbox_marks import ALL_RULES as OUTBOX_RULES, OutboxMarks
from .outbox_store import (
    EXPIRIES,
    GONE,
    REMOVALS,
    RUNNING,
    Documents,
    Entry,
    Kind,
    Mark,
    State,
    Taken,
)


class Rule(Enum):
    """What removals keep to, above the rules of the outbox."""

    STATUS_IN_THE_SAME_STEP = "the removal record is set in one step with the check of the status"
    WRITES_ARE_REFUSED = "while a removal record stands, writes to the workflow answer NOT_FOUND"
    DRAINERS_CARRY_ON = "a drainer carries out a removal record whose call has died"
    RECORD_READ_AGAIN = "the record is read again after the documents, before they are archived"
    ARCHIVED_FIRST = "the record turns to deleting only when the index has confirmed the archive"
    DELETES_UNDER_THE_RECORD = "each step of the deletion requires that the record still stands"
    RECORD_GOES_LAST = "the record goes when all documents are gone"
    DELETING_IS_NOT_TAKEN_BACK = "a call that gives up takes no record back that is deleting"
    UPDATES_ARE_ARCHIVED = "an update of an expiring workflow has it archived again before it goes"
    DUE_TIME_STAYS = "an update of an expiring workflow does not change when it goes"
    NO_REMOVAL_BEFORE_A_MERGE = (
        "an entry is read for a merge only once no removal has it to archive"
    )


ALL_RULES: frozenset[Enum] = OUTBOX_RULES | frozenset(Rule)


class RemovalRecords(OutboxMarks):
    """The outbox with removals."""

    # Calls

    def remove_with_archive(self) -> Run[State]:
        """RemoveWorkflow(archive): sets the record and sees it through; a repeat does the same."""

        def may_be_removed(state: State) -> bool:
            workflow = state.documents.workflow
            return workflow != GONE and RUNNING not in workflow

        def set_record(state: State) -> bool:
            if Rule.STATUS_IN_THE_SAME_STEP in self.rules and not may_be_removed(state):
                return False
            if state.documents.workflow != GONE and not state.removal:
                self.put_mark(state, Kind.ARCHIVING)
            return True

        check: Step[State] = Step("checks the status", may_be_removed)
        if Rule.STATUS_IN_THE_SAME_STEP not in self.rules and not (yield check):
            return None
        if not (yield Step("sets the removal record", set_record)):
            return None
        return continue_as(self.complete)

    def complete(self) -> Run[State]:
        """The call carries its removal out, or gives up when the index seems to be down."""

        def look(state: State) -> object:
            if not state.removal:
                return "removed"
            return self.take_back(state) or state.take_mark()

        taken = yield Step("looks at the removal record", look)
        if not isinstance(taken, Taken):
            return None
        yield from self.carry_out(taken)
        return continue_as(self.complete)

    def take_back(self, state: State) -> str:
        """Index down: the record is taken back, if that is still possible."""
        if not state.index_seems_down or not state.removal:
            return ""
        deleting = state.removal.kind is Kind.DELETING
        if deleting and Rule.DELETING_IS_NOT_TAKEN_BACK in self.rules:
            return ""
        state.index_seems_down = False
        self.put_mark(state, Kind.UPSERT)
        return "UNAVAILABLE, nothing removed"

    def remove_with_expiry(self) -> Run[State]:
        """RemoveWorkflowWithExpiry(archive): the same record with a due time."""

        def set_record(state: State) -> None:
            self.put_mark(state, Kind.EXPIRING)
            state.expires = True

        yield Step("sets the removal record with a due time", set_record)
        return None

    def time(self) -> Run[State]:
        """The due time comes."""
        yield Step("the due time passes", lambda s: setattr(s, "due", True))
        return None

    # IndexService sets fields of the entry

    def set_fields(self) -> Run[State]:
        """UpdateWorkflow of IndexService."""

        def mark(state: State) -> None:
            state.last_token += 1
            state.births += 1
            state.merge = Mark(Kind.MERGE, state.last_token, state.births)

        yield Step("marks fields to be set", mark)
        return None

    def merger(self) -> Run[State]:
        """A drainer that carries such marks out."""
        taken: Mark = yield Step("takes the merge", lambda s: s.merge or BLOCKED)
        if Rule.NO_REMOVAL_BEFORE_A_MERGE in self.rules:
            yield Step("waits for a removal", lambda s: BLOCKED if archives(s) else None)
        shown: Entry = yield Step("gets the entry", lambda s: s.entry)
        outcome = "nothing there"
        if shown.content != GONE:
            entry = shown._replace(version=taken.token)
            outcome = yield Step(
                f"sends it merged, version {taken.token}", lambda s: s.index(entry)
            )

        def settle(state: State) -> None:
            if state.merge != taken:
                return
            state.merge = None
            if outcome == "conflict":
                state.last_token = max(state.last_token, state.entry.version) + 1
                state.merge = taken._replace(token=state.last_token)

        yield Step("drops the merge, or raises its token", settle)
        return continue_as(self.merger)

    # What updates do meanwhile

    def refuses(self, state: State) -> bool:
        """A removal record refuses writes, unless it waits for its time."""
        if not state.removal or state.removal.kind in EXPIRIES:
            return False
        return Rule.WRITES_ARE_REFUSED in self.rules

    def mark_update(self, state: State, document: str) -> None:
        """An update of an expiring workflow or of its tasks puts the record back to archiving."""
        if not state.removal or state.removal.kind not in EXPIRIES:
            super().mark_update(state, document)
        elif Rule.DUE_TIME_STAYS not in self.rules:
            self.put_mark(state, Kind.UPSERT)
        else:
            again = Rule.UPDATES_ARE_ARCHIVED in self.rules
            self.put_mark(state, Kind.EXPIRING if again else state.removal.kind)

    # Carrying out

    def take_any(self, state: State) -> object:
        """What a drainer takes: removals too."""
        if state.removal and Rule.DRAINERS_CARRY_ON not in self.rules:
            return BLOCKED
        return state.take_mark()

    def carry_out(self, taken: Taken) -> Part[State, None]:
        """One stage of a removal, or an ordinary index mark."""
        if taken.mark.kind not in REMOVALS:
            yield from super().carry_out(taken)
        elif taken.mark.kind is Kind.DELETING:
            yield from self.delete(taken.mark)
        elif taken.mark.kind is Kind.WAITING:
            yield from self.turn(taken.mark, Kind.DELETING)
        else:
            yield from self.archive(taken)

    def archive(self, taken: Taken) -> Part[State, None]:
        """Sends the archived entry and turns the record on when the index has it."""
        mark = taken.mark
        then = Kind.WAITING if mark.kind is Kind.EXPIRING else Kind.DELETING
        documents = yield from self.read_in_pages()
        read_again: Step[State] = Step("reads the record again", lambda s: s.mark == mark)
        if Rule.RECORD_READ_AGAIN in self.rules and not (yield read_again):
            return
        if Rule.ARCHIVED_FIRST not in self.rules:
            yield from self.turn(mark, then)
        confirmed = yield from self.send(taken, Entry(documents.workflow, mark.token, documents))
        if confirmed and Rule.ARCHIVED_FIRST in self.rules:
            yield from self.turn(mark, then)

    def read_in_pages(self) -> Part[State, Documents]:
        """A large execution isn't read in one step: writes come between its parts."""
        workflow = yield Step("reads the workflow", lambda s: s.documents.workflow)
        task1, task2 = yield Step("reads the tasks", lambda s: s.documents[1:])
        return Documents(workflow, task1, task2)

    def turn(self, mark: Mark, then: Kind) -> Part[State, None]:
        """The record goes on to its next stage, if unchanged."""
        label = f"turns the record to {then.name.lower()} if unchanged"
        yield Step(label, lambda s: self.turn_mark(s, mark, then))

    def delete(self, mark: Mark) -> Part[State, None]:
        """Removes the documents, the workflow's own last, then the record."""
        mark_last = Rule.RECORD_GOES_LAST in self.rules
        under_record = Rule.DELETES_UNDER_THE_RECORD in self.rules and mark_last
        drop: Step[State] = Step("drops the record", lambda s: self.end(s, mark))
        if not mark_last:
            yield drop
        for document in ("task1", "task2", "workflow"):
            yield from self.delete_one(document, mark, under_record=under_record)
        if mark_last:
            yield drop

    def delete_one(self, document: str, mark: Mark, *, under_record: bool) -> Part[State, None]:
        """One chunk of a removal."""

        def delete(state: State) -> object:
            if under_record and state.mark != mark:
                return "the record has changed"
            state.delete(document)
            return None

        yield Step(f"removes {document}", delete)

    def end(self, state: State, mark: Mark) -> None:
        """The removal is over."""
        if state.mark == mark:
            state.ended = "archived"
        self.turn_mark(state, mark, None)


def archives(state: State) -> bool:
    """Whether a removal is under way, or has an execution to archive."""
    return state.removal is not None and state.removal.kind is not Kind.WAITING
