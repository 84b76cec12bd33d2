"""The outbox: marks with tokens, drainers without leases, an index with external versions.

Contract, "The facade's side effects"; design, rule 5. A write marks the outbox in its own atomic
step. A drainer reads the mark, then the document, sends it with the mark's token as external version
(equal ones pass), and deletes the mark only if its token is unchanged. Drainers may stall anywhere.
"""

from __future__ import annotations

from enum import Enum

from .checker import BLOCKED, OneOf, Part, Run, Step, continue_as
from .outbox_store import GONE, RUNNING, Documents, Entry, Kind, Mark, State, Taken


class Rule(Enum):
    """What writers, drainers and repair keep to."""

    MARK_WITH_DOCUMENT = "the mark is set in the same atomic step as the document"
    FRESH_TOKEN = "every write gives its mark a fresh, higher token"
    DROP_IF_UNCHANGED = "a mark is dropped only if its token is still the one that was read"
    TOKEN_IS_VERSION = "the token goes to the index as external version"
    CONFLICT_RAISES_TOKEN = "after a conflict a mark that still stands gets a token above the entry"
    SENDS_ARE_FRESH = "a send not begun soon after its read is dropped, so no version is forgotten"
    ARCHIVE_GIVES_WAY = "an archived entry gives way to a document that is there"
    REPAIR_ONLY_MARKS = "verify and repair only set marks and never send"


ALL_RULES: frozenset[Enum] = frozenset(Rule)


class OutboxMarks:
    """Writers, drainers and repair under a set of rules."""

    def __init__(self, rules: frozenset[Enum]) -> None:
        """Keep to these rules."""
        self.rules = rules

    # Writers

    def put_mark(self, state: State, kind: Kind, body: str = "") -> None:
        """Set the mark, in the writer's own step."""
        if Rule.FRESH_TOKEN in self.rules:
            state.last_token += 1
            state.births += 1
        state.mark = Mark(kind, state.last_token, state.births, body)

    def update(self, text: str, document: str = "workflow", *, running: bool = False) -> Run[State]:
        """UpdateWorkflow or UpdateTask (whose own mark and entry are not modelled)."""
        text += RUNNING if running else ""
        with_document = Rule.MARK_WITH_DOCUMENT in self.rules

        def write(state: State) -> str:
            if state.documents.workflow == GONE or self.refuses(state):
                return "NOT_FOUND"
            state.write(document, text)
            if with_document:
                self.mark_update(state, document)
            return "OK"

        answer = yield Step(f"writes {document} '{text}'", write)
        if answer == "OK" and not with_document:
            yield Step("marks it", lambda s: self.mark_update(s, document))
        return None

    def refuses(self, state: State) -> bool:
        """Whether a write is refused."""
        return bool(state.removal)

    def mark_update(self, state: State, document: str) -> None:
        """The mark that an update sets."""
        if document == "workflow":
            self.put_mark(state, Kind.UPSERT)

    def remove(self) -> Run[State]:
        """ResetWorkflow: documents and entry go, nothing is archived."""

        def step(state: State) -> object:
            if state.removal:
                return BLOCKED
            if state.documents.workflow == GONE and not state.entry.archived:
                return "removed: false"
            state.end("removed")
            self.put_mark(state, Kind.REMOVE)
            return None

        yield Step("removes the workflow", step)
        return None

    def create_again(self, text: str) -> Run[State]:
        """ResetWorkflow, then CreateWorkflow of the same id."""
        yield from self.remove()

        def create(state: State) -> None:
            state.ended = ""
            state.write("workflow", text)
            self.put_mark(state, Kind.UPSERT)

        yield Step(f"creates it again as '{text}'", create)
        return None

    def index_body(self, body: str) -> Run[State]:
        """IndexService: the mark carries the document, which lives elsewhere."""

        def mark(state: State) -> None:
            self.put_mark(state, Kind.BODY, body)
            state.last_body, state.ended = body, "body"

        yield Step(f"marks body '{body}'", mark)
        return None

    # Drainers

    def drainer(self) -> Run[State]:
        """Takes the mark and carries it out."""
        taken: Taken = yield Step("takes the mark", self.take_any)
        yield from self.carry_out(taken)
        return continue_as(self.drainer)

    def take_any(self, state: State) -> object:
        """What a drainer takes."""
        return state.take_mark()

    def carry_out(self, taken: Taken) -> Part[State, None]:
        """Reads the documents, sends what is to be sent, drops the mark."""
        documents: Documents = yield Step("reads documents", lambda s: s.documents)
        entry = yield from self.entry_for(taken.mark, documents)
        if entry and not (yield from self.send(taken, entry)):
            return
        yield Step("drops the mark if unchanged", lambda s: self.turn_mark(s, taken.mark, None))

    def entry_for(self, mark: Mark, documents: Documents) -> Part[State, Entry | None]:
        """What to send for a mark."""
        workflow = documents.workflow
        if mark.kind is Kind.BODY:
            return Entry(mark.body, mark.token)
        if mark.kind is Kind.REMOVE:
            return Entry(GONE, mark.token)
        if workflow != GONE and Rule.ARCHIVE_GIVES_WAY in self.rules:
            return Entry(workflow, mark.token)
        if workflow == GONE and mark.kind is Kind.UPSERT:
            return None
        shown: Entry = yield Step("gets the entry", lambda s: s.entry)
        return None if shown.archived else Entry(workflow, mark.token)

    def send(self, taken: Taken, entry: Entry) -> Part[State, bool]:
        """Send an entry to the index; whether the mark is done with."""
        versioned = Rule.TOKEN_IS_VERSION in self.rules

        def send(state: State) -> str:
            if state.hour != taken.hour and Rule.SENDS_ARE_FRESH in self.rules:
                return "too late, dropped"
            return state.index(entry, versioned=versioned)

        outcome: str = yield Step(f"sends '{entry.content}' version {entry.version}", send)
        if outcome == "conflict" and Rule.CONFLICT_RAISES_TOKEN in self.rules:
            yield Step("raises the mark's token", lambda s: self.raise_token(s, taken.mark))
            return False
        return outcome != "too late, dropped"

    def raise_token(self, state: State, mark: Mark) -> None:
        """A mark that still stands after a conflict gets a token above the entry's version."""
        if state.mark == mark:
            state.last_token = max(state.last_token, state.entry.version)
            self.put_mark(state, mark.kind, mark.body)

    def turn_mark(self, state: State, mark: Mark, then: Kind | None) -> None:
        """Drop the mark or turn it to its next kind, if it is still the one that was read."""
        if state.mark == mark or Rule.DROP_IF_UNCHANGED not in self.rules:
            state.mark = mark._replace(kind=then) if then else None

    # Repair, and what happens to store and index

    def repair(self) -> Run[State]:
        """Compares what a search shows with the document, and mends."""
        if Rule.REPAIR_ONLY_MARKS in self.rules:
            yield Step("sets a mark", lambda s: None if s.mark else self.put_mark(s, Kind.VERIFY))
            return None
        shown: Entry = yield Step("searches", lambda s: OneOf((s.entry, s.entry_before)))
        documents: Documents = yield Step("reads documents", lambda s: s.documents)
        if shown.archived or shown.content == documents.workflow:
            return None

        def mend(state: State) -> str:
            state.last_token += 1
            entry = Entry(documents.workflow, state.last_token)
            return state.index(entry)

        yield Step(f"sends '{documents.workflow}' with a token of its own", mend)
        return None

    def forget(self) -> Run[State]:
        """The index forgets a deleted entry's version (gc_deletes)."""
        yield Step("forgets a version", State.forget_version)
        return None

    def fall_back(self) -> Run[State]:
        """The store falls back to an older state of its counter."""
        yield Step("the store's counter falls back", State.fall_back)
        return None
