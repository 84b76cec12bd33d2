"""What ``outbox_marks`` and ``removal_records`` share: a one-step store with marks, and an index.

Documents, marks and the removal record of a workflow change together in one atomic step. There is one
mark for the workflow; removal record and index mark are the same one here, told apart by their kind.
Only fields that are to be set in the entry (IndexService) have a mark that stands beside a removal record.
The index keeps a version for each entry (external versions), may forget that of a deleted one after
a while, and lets a search see the entry as it was before its last change.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .checker import BLOCKED

GONE = "gone"
RUNNING = " (running)"


class Kind(Enum):
    """What a mark asks for."""

    UPSERT = "index the document"
    REMOVE = "delete the entry"
    VERIFY = "index the document, or see whether the entry is an archived one"
    BODY = "index the body that the mark carries"
    ARCHIVING = "archive, then remove"
    DELETING = "archived: remove the documents"
    EXPIRING = "archive now, remove when due"
    WAITING = "archived: remove when due"
    MERGE = "set fields of the entry that is there"


REMOVALS = {Kind.ARCHIVING, Kind.DELETING, Kind.EXPIRING, Kind.WAITING}
EXPIRIES = {Kind.EXPIRING, Kind.WAITING}


class Documents(NamedTuple):
    """A workflow and two tasks: who wrote them last."""

    workflow: str = "w0"
    task1: str = "a0"
    task2: str = "b0"


NONE_LEFT = Documents(GONE, GONE, GONE)


class Mark(NamedTuple):
    """A mark of the outbox; ``birth`` tells two apart even after the store has fallen back."""

    kind: Kind
    token: int
    birth: int
    body: str = ""


class Taken(NamedTuple):
    """What a drainer has taken: the mark, and when (hours are counted where they matter)."""

    mark: Mark
    hour: int


class Entry(NamedTuple):
    """An index entry; an archived one holds all documents (rawJSON)."""

    content: str
    version: int = 1
    archived: Documents | None = None


STORED, INDEXED = Documents(), Entry("w0")


@dataclass(slots=True)
class State:
    """Store and index; below the line, what only the model keeps."""

    documents: Documents = STORED
    mark: Mark | None = None
    merge: Mark | None = None
    last_token: int = 2
    entry: Entry = INDEXED
    due: bool = False
    index_seems_down: bool = False
    # ---
    births: int = 2
    entry_before: Entry = INDEXED
    acknowledged: Documents = STORED
    last_body: str = ""
    ended: str = ""
    expires: bool = False
    hour: int = 0

    @property
    def removal(self) -> Mark | None:
        """The removal record, if one stands."""
        return self.mark if self.mark and self.mark.kind in REMOVALS else None

    def write(self, document: str, text: str) -> None:
        """Store a document and acknowledge that."""
        self.documents = self.documents._replace(**{document: text})
        self.acknowledged = self.documents

    def delete(self, document: str) -> None:
        """Delete a document as part of a removal."""
        self.documents = self.documents._replace(**{document: GONE})

    def end(self, how: str) -> None:
        """The workflow is removed for good: archived or not."""
        self.documents, self.ended = NONE_LEFT, how

    def take_mark(self) -> object:
        """The mark and the time, if there is something to do."""
        if not self.mark or (self.mark.kind is Kind.WAITING and not self.due):
            return BLOCKED
        return Taken(self.mark, self.hour)

    def index(self, entry: Entry, *, versioned: bool = True) -> str:
        """Send an entry: with a version, an older one is a conflict."""
        if versioned and entry.version < self.entry.version:
            return "conflict"
        if entry != self.entry:
            self.entry_before, self.entry = self.entry, entry
        return "indexed"

    def forget_version(self) -> object:
        """The index forgets the version of a deleted entry, an hour after its deletion."""
        forgotten = Entry(GONE, 0)
        if self.entry.content != GONE or self.entry == forgotten:
            return BLOCKED
        self.entry = forgotten
        self.hour += 1
        return None

    def fall_back(self) -> object:
        """A fail-over or restore, after which the counter of tokens is an old one."""
        if self.mark:
            return BLOCKED
        self.last_token = 0
        self.hour += 1
        return None


def index_is_right(state: State) -> str | None:
    """At rest the index shows the workflow, its archive, or nothing: as it ended."""
    if state.removal:
        return "a removal never ends"
    if state.documents.workflow != GONE:
        return workflow_is_right(state)
    if state.documents != NONE_LEFT:
        return "a removed workflow has left a task behind"
    content, archived = state.entry.content, state.entry.archived
    if not state.ended:
        return "a workflow is gone that nobody has removed"
    if state.ended == "archived":
        return archive_is_right(state, archived)
    if state.ended == "body" and content != state.last_body:
        return "the index has not the last body"
    if state.ended == "removed" and content != GONE:
        return "the workflow was removed and the index still has it"
    return None


def workflow_is_right(state: State) -> str | None:
    """The workflow is there: with its tasks, and in the index as it is."""
    if state.expires:
        return "a workflow is there although its time is over"
    if state.documents != state.acknowledged:
        return "a document is gone although the workflow was not removed"
    if state.entry.archived:
        return "the workflow is there and its entry stays the archived one"
    if state.entry.content != state.documents.workflow:
        return "the index differs from the workflow and no mark is left"
    return None


def archive_is_right(state: State, archived: Documents | None) -> str | None:
    """The workflow was archived: the entry is the only copy, and a whole one."""
    if RUNNING in state.acknowledged.workflow:
        return "a running workflow was removed"
    if not archived:
        return "removed with archive, and the archived entry is lost"
    if archived != state.acknowledged:
        return "the archive lacks an acknowledged write"
    return None
