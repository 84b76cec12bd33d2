"""WriteSets of concurrent calls on SQLite: one writer thread, one transaction for a group.

Design, "Writes: one WriteSet", one step; contract, "Acknowledged means durable". Each call of a
group runs in a savepoint of its own. It may fail by itself (a constraint) or take the whole
transaction with it: after SQLITE_FULL or an I/O error SQLite has rolled everything back, and the
next SAVEPOINT opens a transaction of its own, which its RELEASE commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .checker import OneOf, Part, Program, Run, Step, continue_as


class Rule(Enum):
    """What the writer thread keeps to."""

    SAVEPOINT_FOR_EACH_CALL = "a call that fails by itself is rolled back to its own savepoint"
    ASK_IN_TRANSACTION = (
        "after an error the writer asks whether the transaction is still open; if it is not, the "
        "group's other calls are run again one by one"
    )
    ANSWER_AFTER_COMMIT = "no call is answered before COMMIT has returned"
    ANSWER_AS_COMMIT_SAYS = "when COMMIT fails, no call of the group is told OK"


ALL_RULES = frozenset(Rule)
OK, ERROR = "OK", "error: nothing written"


@dataclass(slots=True)
class State:
    """The database and what the calls were told."""

    transaction: tuple[str, ...] | None = None
    opened_by_savepoint: bool = False
    durable: frozenset[str] = frozenset()
    answers: frozenset[tuple[str, str]] = frozenset()
    failures_left: int = 1

    def begin(self) -> None:
        """BEGIN IMMEDIATE."""
        self.transaction = ()

    def write(self, call: str, part: str) -> None:
        """A statement; a first one comes after SAVEPOINT, which opens a transaction if none is."""
        if self.transaction is None:
            self.transaction, self.opened_by_savepoint = (), True
        self.transaction += (f"{call}.{part}",)

    def may_fail(self, *failures: str) -> OneOf:
        """What the disk and the constraints make of the next statement."""
        return OneOf(("ok", *failures)) if self.failures_left else OneOf(("ok",))

    def roll_back_to_savepoint(self, call: str) -> None:
        """Undo one call."""
        kept = [write for write in self.transaction or () if not write.startswith(call)]
        self.transaction, self.failures_left = tuple(kept), self.failures_left - 1

    def roll_back(self) -> None:
        """SQLite rolls the whole transaction back by itself."""
        self.transaction, self.failures_left = None, self.failures_left - 1

    def release(self) -> None:
        """RELEASE: commits if the savepoint is the outermost."""
        if self.opened_by_savepoint:
            self.commit()
            self.opened_by_savepoint = False

    def commit(self) -> str:
        """COMMIT, durable when it returns (synchronous=FULL)."""
        if self.transaction is None:
            return ERROR
        self.durable |= frozenset(self.transaction)
        self.transaction = None
        return OK

    def answer(self, call: str, answer: str) -> None:
        """Tell the caller."""
        self.answers |= {(call, answer)}


class GroupCommit:
    """The writer thread under a set of rules."""

    def __init__(self, rules: frozenset[Rule]) -> None:
        """Keep to these rules."""
        self.rules = rules

    def writer(self, group: tuple[str, ...], later: tuple[str, ...] = ()) -> Run[State]:
        """Write a group in one transaction; ``later`` are calls that then run one by one."""
        yield Step("BEGIN", State.begin)
        staged: tuple[str, ...] = ()
        for call in group:
            outcome = yield from self.run_call(call)
            if outcome == "ok":
                staged += (call,)
            elif outcome == "closed" and Rule.ASK_IN_TRANSACTION in self.rules:
                again = staged + group[group.index(call) + 1 :] + later
                return self.one_by_one(again)
        yield from self.commit(staged)
        return self.one_by_one(later)

    def one_by_one(self, calls: tuple[str, ...]) -> Program[State] | None:
        """Each of these in a transaction of its own."""
        return continue_as(self.writer, calls[:1], calls[1:]) if calls else None

    def run_call(self, call: str) -> Part[State, str]:
        """Two statements (document and mark) in a savepoint: ok, failed or transaction closed."""
        yield Step(f"{call}: SAVEPOINT, writes document", lambda s: s.write(call, "document"))
        outcome = yield Step(
            f"{call}: its second statement", lambda s: s.may_fail("constraint", "disk full")
        )
        if outcome == "disk full":
            yield Step("SQLite rolls the transaction back", State.roll_back)
            yield from self.answer(call, ERROR)
            return "closed"
        if outcome == "constraint":
            if Rule.SAVEPOINT_FOR_EACH_CALL in self.rules:
                yield Step(f"{call}: ROLLBACK TO", lambda s: s.roll_back_to_savepoint(call))
            yield from self.answer(call, ERROR)
            return "failed"
        yield Step(f"{call}: writes mark", lambda s: s.write(call, "mark"))
        yield Step(f"{call}: RELEASE", State.release)
        if Rule.ANSWER_AFTER_COMMIT not in self.rules:
            yield from self.answer(call, OK)
        return "ok"

    def commit(self, staged: tuple[str, ...]) -> Part[State, None]:
        """COMMIT, then answer every call that waits for it."""
        outcome = yield Step("the disk at COMMIT", lambda s: s.may_fail("disk full"))
        if outcome == "ok":
            told = yield Step("COMMIT", State.commit)
        else:
            yield Step("COMMIT fails, rolled back", State.roll_back)
            told = ERROR
        if Rule.ANSWER_AS_COMMIT_SAYS not in self.rules:
            told = OK
        if Rule.ANSWER_AFTER_COMMIT in self.rules:
            for call in staged:
                yield from self.answer(call, told)

    def answer(self, call: str, answer: str) -> Part[State, None]:
        """Answer one call."""
        yield Step(f"{call}: answers {answer}", lambda s: s.answer(call, answer))


def invariant(state: State) -> str | None:
    """A call is durable whole or not at all, and as it was told."""
    for call in {write.split(".")[0] for write in state.durable}:
        if not {f"{call}.document", f"{call}.mark"} <= state.durable:
            return "half of a call is durable"
    for call, answer in state.answers:
        durable = f"{call}.document" in state.durable
        if answer == OK and not durable:
            return "a call that was told OK is not durable"
        if answer == ERROR and durable:
            return "a call that was told 'nothing written' is durable"
    return None
