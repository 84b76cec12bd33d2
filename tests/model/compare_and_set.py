"""WriteSets with expected times on Redis: read, compare in Python, one script that compares bytes.

Design, rule 5 of "Rules that make it what it is" and "Writes: one WriteSet"; contract, "Stamps and
compare-and-set" and "Commit". Redis runs a script alone, but rolls nothing back. Beside Podium a
Java writer stores documents blindly, perhaps with the stamp that is there already (written in the
same millisecond).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .checker import Part, Run, Step


class Rule(Enum):
    """What a compare-and-set on Redis keeps to."""

    COMPARE_IN_THE_SCRIPT = "the script that writes compares again, in the same step"
    COMPARE_BYTES = "the script compares the bytes that were read, not the stamp in them"
    GUARDS_BEFORE_WRITES = "every guard of the WriteSet is checked before its first write"
    STAMP_GROWS = "the new stamp is max(now, stored + 1), not the clock alone"
    STALE_IS_NEVER_OK = "a document which has the wanted text already is no excuse for a stale time"
    REQUEST_ID_FIRST = "a remembered request_id is answered before any precondition"
    REQUEST_ID_IN_THE_SCRIPT = "the request_id is remembered by the script that writes"


ALL_RULES = frozenset(Rule)
OK, ABORTED = "OK", "ABORTED"


class Document(NamedTuple):
    """The stored bytes: a text and the stamp in it."""

    text: str
    stamp: int


INITIAL = Document("initial", 1)


class Call(NamedTuple):
    """A writing call: the documents it replaces and the stamp expected of each (-1: none)."""

    caller: str
    expected: tuple[tuple[str, int], ...]
    text: str
    request: str = ""


class Seen(NamedTuple):
    """What a call read in one MGET."""

    documents: tuple[tuple[str, Document], ...]
    first_answer: str


@dataclass(slots=True)
class State:
    """Two documents and the remembered requests; below the line, what only the model keeps."""

    workflow: Document = INITIAL
    task: Document = INITIAL
    requests: tuple[tuple[str, str], ...] = ()
    # ---
    now: int = 1
    answers: frozenset[tuple[str, str]] = frozenset()
    effects: tuple[str, ...] = ()
    overwrote_unseen: bool = False

    def document(self, key: str) -> Document:
        """GET."""
        return self.workflow if key == "workflow" else self.task

    def put(self, key: str, document: Document) -> None:
        """SET."""
        if key == "workflow":
            self.workflow = document
        else:
            self.task = document

    def first_answer(self, request: str) -> str:
        """The answer remembered for a request, or nothing."""
        return dict(self.requests).get(request, "") if request else ""

    def remember(self, request: str) -> None:
        """Remember that this request was answered OK."""
        if request:
            self.requests += ((request, OK),)

    def answer(self, caller: str, answer: str) -> None:
        """Tell the caller."""
        self.answers |= {(caller, answer)}


class CompareAndSet:
    """The writers under a set of rules."""

    def __init__(self, rules: frozenset[Rule]) -> None:
        """Keep to these rules."""
        self.rules = rules

    def write(self, call: Call) -> Run[State]:
        """One call of the facade: read, compare, script, answer."""
        seen: Seen = yield Step("MGET documents and request", lambda s: self.read(s, call))
        answer = self.compare(call, seen)
        if not answer and Rule.COMPARE_IN_THE_SCRIPT not in self.rules:
            answer = yield Step("compares once more", lambda s: self.stale(s, seen))
        if not answer:
            answer = yield Step("script", lambda s: self.script(s, call, seen))
            yield from self.remember_late(call, answer)
        yield Step(f"answers {answer}", lambda s: s.answer(call.caller, answer))
        return None

    def read(self, state: State, call: Call) -> Seen:
        """The documents of the call and what is known of its request."""
        documents = tuple((key, state.document(key)) for key, _ in call.expected)
        return Seen(documents, state.first_answer(call.request))

    def compare(self, call: Call, seen: Seen) -> str:
        """What can be answered from what was read: the first answer, or that it is stale."""
        if seen.first_answer and Rule.REQUEST_ID_FIRST in self.rules:
            return seen.first_answer
        documents = dict(seen.documents)
        stale = [key for key, stamp in call.expected if stamp not in (-1, documents[key].stamp)]
        if not stale:
            return seen.first_answer
        written_already = all(documents[key].text == call.text for key in stale)
        if written_already and Rule.STALE_IS_NEVER_OK not in self.rules:
            return OK
        return ABORTED

    def script(self, state: State, call: Call, seen: Seen) -> str:
        """The writing script: request, guards, documents, and the request is remembered."""
        if first_answer := state.first_answer(call.request):
            return first_answer
        all_first = Rule.GUARDS_BEFORE_WRITES in self.rules
        compares = Rule.COMPARE_IN_THE_SCRIPT in self.rules
        if compares and all_first and self.stale(state, seen):
            return ABORTED
        for key, read in seen.documents:
            if compares and self.changed(state, key, read):
                return ABORTED
            self.replace(state, call, key, read)
        if Rule.REQUEST_ID_IN_THE_SCRIPT in self.rules:
            state.remember(call.request)
        return OK

    def stale(self, state: State, seen: Seen) -> str:
        """ABORTED if any document of the call has changed."""
        changed = any(self.changed(state, key, read) for key, read in seen.documents)
        return ABORTED if changed else ""

    def changed(self, state: State, key: str, read: Document) -> bool:
        """Whether a document is another than the one read, as far as the script looks."""
        stored = state.document(key)
        if Rule.COMPARE_BYTES in self.rules:
            return stored != read
        return stored.stamp != read.stamp

    def replace(self, state: State, call: Call, key: str, read: Document) -> None:
        """SET with the next stamp."""
        grown = max(state.now, read.stamp + 1)
        stamp = grown if Rule.STAMP_GROWS in self.rules else state.now
        state.overwrote_unseen |= state.document(key) != read
        state.put(key, Document(call.text, stamp))
        state.effects += (f"{call.request or call.caller} {key}",)

    def remember_late(self, call: Call, answer: str) -> Part[State, None]:
        """Without the rule, the request is remembered in a step of its own."""
        if answer == OK and Rule.REQUEST_ID_IN_THE_SCRIPT not in self.rules:
            yield Step("remembers the request", lambda s: s.remember(call.request))


def java_writer(key: str, stamp: int) -> Run[State]:
    """Conductor's own server: SET, without a look."""
    yield Step(f"Java: SET {key}", lambda s: s.put(key, Document("java", stamp)))
    return None


def invariant(state: State) -> str | None:
    """Nothing is overwritten unseen, no request works twice."""
    if state.overwrote_unseen:
        return "a write was overwritten by a writer that had not seen it"
    if len(set(state.effects)) < len(state.effects):
        return "a request took effect twice"
    return None


def one_success(state: State) -> str | None:
    """Of two writers with the same expectation one succeeds at most."""
    answers = dict(state.answers)
    if answers.get("A") == answers.get("B") == OK:
        return "two writers with the same expectation were both told OK"
    return invariant(state)


def whole_or_nothing(writers: Mapping[str, int]) -> str | None:
    """Each writer wrote all of its documents or none."""
    half = [writer for writer, documents in writers.items() if documents == 1]
    return "half of a WriteSet was written" if half else None


def both_documents(state: State) -> str | None:
    """For calls that write workflow and task."""
    writers = [effect.split()[0] for effect in state.effects]
    return whole_or_nothing({one: writers.count(one) for one in writers}) or invariant(state)


def first_answer_again(state: State) -> str | None:
    """A repeat of a request that took effect is told what the first call was told."""
    refused = ABORTED in dict(state.answers).values()
    if state.effects and refused:
        return "the repeat of a request was refused although the request took effect"
    return invariant(state)
