"""WriteSets on Cassandra: guard and redo, beside plain updates and ExtendLease.

Design, "Writes: one WriteSet". A guarded call

1. reads the guard (and carries out the WriteSet that it names, if its row is there), then
   documents, and decides; a refusal counts only if the guard, read again, is unchanged;
2. stores its WriteSet as a row under a fresh id;
3. moves the guard on in one lightweight transaction, conditional on the guard's seq;
4. writes the documents with the guard's stamp as timestamp, which may be repeated;
5. drops the row.

Whoever finds the row of a guard step that was passed may do 4 and 5: the next caller, the drainer.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from .checker import BLOCKED, OneOf, Part, Program, Run, Step, continue_as
from .guarded_store import (
    ABORTED,
    DOCUMENTS,
    MICROS,
    NO_GUARD,
    NOT_FOUND,
    OK,
    UNAVAILABLE,
    Call,
    Cell,
    Guard,
    Row,
    State,
)


class Rule(Enum):
    """What guarded calls, plain updates and the drainer keep to."""

    ROW_BEFORE_STEP = "the row that holds the WriteSet is stored before the guard step names it"
    FRESH_ROW_ID = "every attempt of a call stores its row under a fresh id"
    CARRY_OUT_FIRST = "a WriteSet that the guard names is carried out before anything is decided"
    GUARD_BEFORE_DOCUMENTS = "the guard is read before the documents"
    ROW_BEFORE_DOCUMENTS = "the row that the guard names is looked for before documents are read"
    REFUSAL_CONFIRMED = "a refusal counts only if the guard, read again, is unchanged"
    STEP_IF_UNCHANGED = "the guard step is conditional on the seq that was read"
    DROP_RAISES_SEQ = "a row that the guard does not name is dropped after a step that raises seq"
    GUARD_STAYS = "the guard is never cleared, not even by a removal"
    STAMP_ABOVE_ALL = "a stamp is max(now, the guard's + 1, the stored ones + 1)"
    REMOVAL_MARGIN = "a removal stamps itself a margin above that"
    PLAIN_AFTER_READ = "a plain update's timestamp is the one it read and a little, never its clock"
    LEASE_YIELDS = "ExtendLease adds less to the timestamp it read than any update"
    CREATES_ARE_GUARDED = "whatever may create a document is a guarded call"
    WORKFLOW_MUST_EXIST = "CreateTasks of a workflow without document is NOT_FOUND"
    EXPECT_THE_DOCUMENT = "an expected time is compared with the document, not with the guard"
    REQUEST_ID_FIRST = "a remembered request_id is answered before any precondition"
    STALE_IS_NEVER_OK = "a document that has the wanted text already is no excuse for a stale time"


ALL_RULES = frozenset(Rule)
Reading: TypeAlias = tuple[Guard, Row | None, tuple[Cell, ...]]
MARGIN = 2  # milliseconds that a removal is ahead of everything; a second in earnest


class GuardAndRedo:
    """Callers and drainer under a set of rules."""

    def __init__(self, rules: frozenset[Rule], *, attempts: int = 2, plain_adds: int = 2) -> None:
        """Keep to these rules; ``plain_adds`` is what a plain update adds to a timestamp."""
        self.rules = rules
        self.attempts = attempts
        self.plain_adds = plain_adds

    # Guarded calls

    def guarded(self, call: Call, attempt: int = 1) -> Run[State]:
        """Steps 1 to 3; whoever passes the guard step becomes ``carry_out``."""
        guard, unfinished, cells = yield from self.read(call, begins=attempt == 1)
        if unfinished:
            return continue_as(self.carry_out, unfinished, self.retry(call, attempt))
        now = (yield Step("reads its clock", State.read_clock)) if call.skewed else 2
        if refusal := self.refusal(call, guard, cells):
            return (yield from self.refuse(call, attempt, guard, refusal))
        row_id = f"{call.caller}{attempt}" if Rule.FRESH_ROW_ID in self.rules else call.caller
        new_guard, row = self.decide(call, guard, cells, now, row_id)
        if (yield from self.guard_step(call, guard, new_guard, row)):
            return continue_as(self.carry_out, row, continue_as(self.answer, call.caller, OK))
        return continue_as(self.drop_row, row.row_id, self.retry(call, attempt))

    def read(self, call: Call, *, begins: bool) -> Part[State, Reading]:
        """Step 1: the guard, then the row that it names, then the documents."""
        cells: tuple[Cell, ...] = ()
        if Rule.GUARD_BEFORE_DOCUMENTS not in self.rules:
            cells = yield self.read_documents(call)
        guard = yield Step("reads the guard", lambda s: s.read_guard(call.caller, begins=begins))
        if Rule.ROW_BEFORE_DOCUMENTS not in self.rules:
            cells = yield self.read_documents(call)
        row = None
        if Rule.CARRY_OUT_FIRST in self.rules and guard.row_id:
            row = yield Step(f"looks for row {guard.row_id}", lambda s: s.row(guard.row_id))
        if not row and not cells:
            cells = yield self.read_documents(call)
        return guard, row, cells

    def read_documents(self, call: Call) -> Step[State]:
        """The documents that the decision needs."""
        needs = DOCUMENTS if call.kind == "remove" else ("workflow",)
        return Step("reads documents", lambda s: tuple(map(s.cell, needs)))

    def refusal(self, call: Call, guard: Guard, cells: tuple[Cell, ...]) -> str:
        """What is answered without writing (a first answer, a failed precondition), or nothing."""
        workflow = cells[0]
        first_answer = dict(guard.requests).get(call.request, "")
        if first_answer and Rule.REQUEST_ID_FIRST in self.rules:
            return first_answer
        if call.kind == "create workflow":
            return "exists" if workflow.exists else first_answer
        must_exist = call.kind != "create tasks" or Rule.WORKFLOW_MUST_EXIST in self.rules
        if must_exist and not workflow.exists:
            return NOT_FOUND
        if call.kind == "create tasks" and guard.slot:
            return OK if guard.slot == call.document else "left out"
        stamp = workflow.stamp if Rule.EXPECT_THE_DOCUMENT in self.rules else guard.stamp
        if call.kind == "compare and set" and stamp != call.expected:
            same_text = bool(call.text) and workflow.writer == call.text
            return OK if same_text and Rule.STALE_IS_NEVER_OK not in self.rules else ABORTED
        return first_answer

    def refuse(
        self, call: Call, attempt: int, guard: Guard, refusal: str
    ) -> Part[State, Program[State]]:
        """A refusal counts only if nobody has passed the guard since it was read."""
        if Rule.REFUSAL_CONFIRMED in self.rules:
            seq = yield Step("reads the guard again", lambda s: s.guard.seq)
            if seq != guard.seq:
                return self.retry(call, attempt)
        return continue_as(self.answer, call.caller, refusal)

    def decide(
        self, call: Call, guard: Guard, cells: tuple[Cell, ...], now: int, row_id: str
    ) -> tuple[Guard, Row]:
        """The guard's next record and the WriteSet. A removal takes the workflow last."""
        stamp = self.stamp(call, guard, cells, now)
        removes = call.kind == "remove"
        there = [key for key, cell in zip(DOCUMENTS, cells, strict=False) if cell.exists]
        documents = tuple(reversed(there)) if removes else (call.document,)
        slot = {"create tasks": call.document, "remove": ""}.get(call.kind, guard.slot)
        requests = guard.requests | ({(call.request, OK)} if call.request else set())
        row = Row(row_id, call.text or call.caller, stamp, documents, removes)
        return Guard(guard.seq + 1, stamp, slot, row_id, requests), row

    def stamp(self, call: Call, guard: Guard, cells: tuple[Cell, ...], now: int) -> int:
        """The WriteSet's stamp, from which its timestamp follows."""
        stamp = now
        if Rule.STAMP_ABOVE_ALL in self.rules:
            stored = [cell.timestamp // MICROS + 1 for cell in cells if cell.exists]
            stamp = max(now, guard.stamp + 1, *stored)
        if call.kind == "compare and set":
            stamp = max(stamp, call.expected + 1)
        if call.kind == "remove" and Rule.REMOVAL_MARGIN in self.rules:
            stamp += MARGIN
        return stamp

    def guard_step(self, call: Call, seen: Guard, new: Guard, row: Row) -> Part[State, bool]:
        """Steps 2 and 3: the row, then the lightweight transaction on the guard."""
        store_row: Step[State] = Step(f"stores row {row.row_id}", lambda s: s.store_row(row))

        def move_guard(state: State) -> bool:
            conditional = Rule.STEP_IF_UNCHANGED in self.rules
            moved = state.move_guard(seen if conditional else None, new)
            if moved:
                state.took_effect |= {(call.request or call.caller, call.caller)}
            return moved

        if Rule.ROW_BEFORE_STEP in self.rules:
            yield store_row
        moved: bool = yield Step(f"guard step to seq {new.seq}", move_guard)
        if Rule.ROW_BEFORE_STEP not in self.rules and moved:
            yield store_row
        return moved

    def retry(self, call: Call, attempt: int) -> Program[State]:
        """Try again, or give up."""
        if attempt < self.attempts:
            return continue_as(self.guarded, call, attempt + 1)
        return continue_as(self.answer, call.caller, UNAVAILABLE)

    def answer(self, caller: str, answer: str) -> Run[State]:
        """Tell the caller."""
        yield Step(f"answers {answer}", lambda s: s.answer(caller, answer))
        return None

    # Redo, by whoever finds the row

    def carry_out(self, row: Row, then: Program[State]) -> Run[State]:
        """Steps 4 and 5: the documents with the row's stamp, then the row goes."""
        for document in row.documents:
            yield from self.redo(row, document)
        if row.removes and Rule.GUARD_STAYS not in self.rules:
            yield Step("clears the guard", lambda s: s.move_guard(None, NO_GUARD))
        return continue_as(self.drop_row, row.row_id, then)

    def redo(self, row: Row, document: str) -> Part[State, None]:
        """One document of a WriteSet; repeating it changes nothing."""
        cell = Cell(row.writer, not row.removes, row.stamp * MICROS, row.stamp)
        verb = "removes" if row.removes else "writes"
        yield Step(f"{verb} {document} at {cell.timestamp}", lambda s: s.write(document, cell))

    def drop_row(self, row_id: str, then: Program[State]) -> Run[State]:
        """Step 5."""
        yield Step(f"drops row {row_id}", lambda s: s.drop_row(row_id))
        return then

    def drainer(self) -> Run[State]:
        """Carries out a row that the guard names; drops any other, once the guard has moved."""
        again = continue_as(self.drainer)
        row: Row = yield Step("takes a row", lambda s: OneOf(sorted(s.rows)) if s.rows else BLOCKED)
        guard: Guard = yield Step("reads the guard", lambda s: s.guard)
        if guard.row_id == row.row_id:
            return continue_as(self.carry_out, row, again)
        raised = guard._replace(seq=guard.seq + 1)
        raise_seq: Step[State] = Step("raises seq", lambda s: s.move_guard(guard, raised))
        if Rule.DROP_RAISES_SEQ in self.rules and not (yield raise_seq):
            return again
        return continue_as(self.drop_row, row.row_id, again)

    # Writes without a guard

    def plain_update(self, caller: str, document: str) -> Run[State]:
        """An update without guards: read for existence, then one batch, which may come late."""
        yield Step("begins", lambda s: s.begin(caller))
        read: Cell = yield Step(f"reads {document}", lambda s: s.cell(document))
        if not read.exists:
            return continue_as(self.answer, caller, NOT_FOUND)
        now = yield Step("reads its clock", State.read_clock)
        after_read = Rule.PLAIN_AFTER_READ in self.rules
        timestamp = read.timestamp + self.plain_adds if after_read else now * MICROS
        cell = Cell(caller, True, timestamp, max(now, read.stamp + 1))
        yield Step(f"batch: {document} at {timestamp}", lambda s: s.write(document, cell))
        return continue_as(self.answer, caller, OK)

    def extend_lease(self, document: str) -> Run[State]:
        """Reads the task and writes it back with a new stamp."""
        read: Cell = yield Step(f"reads {document}", lambda s: s.cell(document))
        now = yield Step("reads its clock", State.read_clock)
        timestamp = read.timestamp + 1 if Rule.LEASE_YIELDS in self.rules else now * MICROS
        cell = read._replace(timestamp=timestamp, stamp=now)
        yield Step(f"writes {document} back at {timestamp}", lambda s: s.write(document, cell))
        return None

    def create_workflow(self, caller: str, *, skewed: bool = True) -> Program[State]:
        """CreateWorkflow."""
        if Rule.CREATES_ARE_GUARDED in self.rules:
            return continue_as(self.guarded, Call(caller, "create workflow", skewed=skewed))
        return continue_as(self.plain_create, caller)

    def plain_create(self, caller: str) -> Run[State]:
        """A creation without a guard: there is not even a timestamp to go by."""
        read: Cell = yield Step("reads workflow", lambda s: s.cell("workflow"))
        now = yield Step("reads its clock", State.read_clock)
        cell = Cell(caller, True, now * MICROS, now)
        if not read.exists:
            yield Step(f"writes workflow at {now}", lambda s: s.write("workflow", cell))
        return continue_as(self.answer, caller, "exists" if read.exists else OK)

    # Clients that do one thing after another

    def create_after(self, remover: str, caller: str) -> Run[State]:
        """The same workflow is created again, once its removal was acknowledged."""
        yield Step("sees it removed", lambda s: None if remover in s.acknowledged else BLOCKED)
        return self.create_workflow(caller)

    def update_then_compare_and_set(self, updater: str, caller: str) -> Run[State]:
        """A client alone: a plain update, a read, and a call that expects the stamp it shows."""
        yield from self.plain_update(updater, "workflow")
        read: Cell = yield Step("reads workflow", lambda s: s.cell("workflow"))
        call = Call(caller, "compare and set", expected=read.stamp, skewed=True)
        return continue_as(self.guarded, call)
