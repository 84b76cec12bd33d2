"""Large payloads: stored before the document that refers to them, deleted after it.

Contract, "Writing" (sizes) and "The facade's side effects". A payload lives in another store than its
document. A due mark is set, then the payload is uploaded under a key that is never used again, then a
write refers to it and lifts the mark. Whatever is still marked when its time comes is deleted. A write
after which no document refers to a payload any more sets a claimed mark in its own step. Documents and
marks of a workflow change together, in one step.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .checker import BLOCKED, OneOf, Part, Run, Step, continue_as


class Rule(Enum):
    """What writers and drainers keep to."""

    MARK_BEFORE_UPLOAD = "the due mark is set before the upload begins"
    LIFT_WITH_DOCUMENT = "the write takes its payload's mark away in the same step"
    LIFT_IF_UNCLAIMED = "in that step it requires that the mark is there, and unclaimed"
    CLAIM_BEFORE_DELETION = "a drainer claims a due mark, and deletes only then"
    DELETED_TWICE = "a claimed upload is deleted once more when the upload's time limit is over"
    CLAIM_SETS_THE_TIME = "the claim itself moves the mark behind that limit, not a step after it"
    MARK_WITH_UPDATE = (
        "an update that drops a payload marks its deletion as claimed in its own step"
    )
    MARK_WITH_REMOVAL = "so does the removal of the workflow, of all that its documents refer to"
    LAST_REFERENCE = "a payload is marked only when no other document refers to it"


ALL_RULES = frozenset(Rule)


class Mark(Enum):
    """What stands in the outbox for a payload."""

    DUE = "to be deleted when its time comes, unless it is lifted"
    CLAIMED = "to be deleted now"
    LATE = "to be deleted when the upload's time limit is over"


class Payload(NamedTuple):
    """A key of the payload store: whether something is there, and its mark."""

    stored: bool = False
    mark: Mark | None = None


STORED, NOTHING = Payload(stored=True), Payload()


@dataclass(slots=True)
class State:
    """Payloads, and what two documents of one workflow refer to ('' is nothing)."""

    old: Payload = STORED
    new: Payload = NOTHING
    document: str = "old"
    copy: str = ""
    due: bool = False
    over: bool = False

    def payload(self, key: str) -> Payload:
        """The payload of this key."""
        found: Payload = getattr(self, key)
        return found

    def set(self, key: str, *, stored: bool | None = None, mark: Mark | None) -> None:
        """Change what is at a key."""
        before = self.payload(key)
        setattr(self, key, Payload(before.stored if stored is None else stored, mark))

    def refers_to(self, key: str) -> bool:
        """Whether any document refers to a payload."""
        return key in (self.document, self.copy)

    def is_due(self, mark: Mark | None) -> bool:
        """Whether a drainer has something to do about a mark."""
        times = {Mark.DUE: self.due, Mark.CLAIMED: True, Mark.LATE: self.over}
        return mark is not None and times[mark]


KEYS = ("old", "new")


class PayloadDeletions:
    """Writers, drainers and time under a set of rules."""

    def __init__(self, rules: frozenset[Rule]) -> None:
        """Keep to these rules."""
        self.rules = rules

    # Writers

    def upload(self) -> Part[State, bool]:
        """The new payload is marked and stored; whether that came in time."""
        mark: Step[State] = Step("sets the due mark", lambda s: s.set("new", mark=Mark.DUE))
        first = Rule.MARK_BEFORE_UPLOAD in self.rules

        def store(state: State) -> bool:
            if state.over:
                return False
            state.set("new", stored=True, mark=state.new.mark)
            return True

        if first:
            yield mark
        in_time = yield Step("uploads", store)
        if in_time and not first:
            yield mark
        return bool(in_time)

    def time(self) -> Run[State]:
        """What clocks do."""
        yield Step("the due time passes", lambda s: setattr(s, "due", True))
        yield Step("the upload's time limit passes", lambda s: setattr(s, "over", True))
        return None

    def delete(self, key: str) -> Step[State]:
        """The payload store deletes what is at a key."""
        return Step(
            f"deletes the {key} payload",
            lambda s: s.set(key, stored=False, mark=s.payload(key).mark),
        )

    def drop(self, key: str, mark: Mark) -> Step[State]:
        """A mark that is settled goes, if it is still the one that was taken."""
        return Step(
            f"drops the mark of the {key} one if unchanged",
            lambda s: s.set(key, mark=None) if s.payload(key).mark is mark else None,
        )

    # A one-step store

    def replace(self) -> Run[State]:
        """An update whose payload is moved: the document then refers to the new one."""
        if (yield from self.upload()):
            yield from self.write("new")
        return None

    def shrink(self) -> Run[State]:
        """An update whose payload is small again."""
        yield from self.write("")
        return None

    def write(self, key: str) -> Part[State, None]:
        """The document, and what changes with it."""
        in_step = Rule.MARK_WITH_UPDATE in self.rules

        def write(state: State) -> object:
            if key and not self.may_refer_to(state, key):
                return "refused"
            before, state.document = state.document, key
            if key and Rule.LIFT_WITH_DOCUMENT in self.rules:
                state.set(key, mark=None)
            if in_step:
                self.leave(state, before)
            return before

        before = yield Step(f"stores the document with '{key}'", write)
        if before == "refused":
            return
        if key and Rule.LIFT_WITH_DOCUMENT not in self.rules:
            yield Step("lifts the mark", lambda s: s.set(key, mark=None))
        if not in_step:
            yield Step("marks what it referred to", lambda s: self.leave(s, before))

    def may_refer_to(self, state: State, key: str) -> bool:
        """Whether the payload of a write is still safe."""
        return Rule.LIFT_IF_UNCLAIMED not in self.rules or state.payload(key).mark is Mark.DUE

    def leave(self, state: State, key: str) -> None:
        """A document doesn't refer to a payload any more."""
        if not key or (Rule.LAST_REFERENCE in self.rules and state.refers_to(key)):
            return
        state.set(key, mark=Mark.CLAIMED)

    def remove(self) -> Run[State]:
        """RemoveWorkflow without archive."""
        in_step = Rule.MARK_WITH_REMOVAL in self.rules

        def remove(state: State) -> object:
            keys = tuple(key for key in KEYS if state.refers_to(key))
            state.document = state.copy = ""
            if in_step:
                self.leave_all(state, keys)
            return keys

        keys = yield Step("removes the documents", remove)
        if not in_step:
            yield Step("marks what they referred to", lambda s: self.leave_all(s, keys))
        return None

    def leave_all(self, state: State, keys: tuple[str, ...]) -> None:
        """No document refers to these payloads any more."""
        for key in keys:
            self.leave(state, key)

    def drainer(self) -> Run[State]:
        """Takes a mark whose time has come and carries it out."""
        key, mark = yield Step("takes a mark", self.take)
        if mark is Mark.DUE:
            yield from self.claim(key)
        else:
            yield self.delete(key)
            yield self.drop(key, mark)
        return continue_as(self.drainer)

    def take(self, state: State) -> object:
        """Any of the payloads that there is something to do about, with its mark."""
        marks = ((key, state.payload(key).mark) for key in KEYS)
        return OneOf((key, mark) for key, mark in marks if state.is_due(mark)) or BLOCKED

    def claim(self, key: str) -> Part[State, None]:
        """A mark that nobody has lifted: it can't be lifted any more, then the payload goes."""
        twice = Rule.DELETED_TWICE in self.rules
        then = Mark.LATE if twice else None
        at_once = twice and Rule.CLAIM_SETS_THE_TIME in self.rules
        claimed = Mark.LATE if at_once else Mark.CLAIMED

        def claim(state: State) -> bool:
            if state.payload(key).mark is not Mark.DUE:
                return False
            state.set(key, mark=claimed)
            return True

        if Rule.CLAIM_BEFORE_DELETION not in self.rules:
            yield self.delete(key)
        if not (yield Step("claims the mark if unchanged", claim)):
            return
        yield self.delete(key)
        if not at_once:
            yield Step("moves the mark on", lambda s: self.move_on(s, key, then))

    def move_on(self, state: State, key: str, then: Mark | None) -> None:
        """A claimed mark that the claim itself has not moved."""
        if state.payload(key).mark is Mark.CLAIMED:
            state.set(key, mark=then)


def nothing_is_missing(state: State) -> str | None:
    """No document refers to a payload that isn't there."""
    missing = any(state.refers_to(key) and not state.payload(key).stored for key in KEYS)
    return "a document refers to a payload that is gone" if missing else None


def nothing_is_left(state: State) -> str | None:
    """At rest every payload that is there is referred to, and no mark is left."""
    for key in KEYS:
        payload = state.payload(key)
        if payload.mark:
            return "a mark is never carried out"
        if payload.stored and not state.refers_to(key):
            return "an orphan stays for ever"
    return None
