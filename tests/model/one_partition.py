"""Executions on Cassandra: one partition for a workflow, one conditional batch for a write.

``podium_backends.cassandra``, ``rounds/`` and ``outbox/``. A writer leaves a hint in its log, reads the partition, writes
the candidates of sets, and sends a batch that is conditional on the version that it read. Then it carries out its entry of
the outbox (a mark of the index) from memory. An heir takes the log of a process that died, or that only stands still.
"""

from __future__ import annotations

from enum import Enum

from .checker import BLOCKED, OneOf, Part, Program, Run, Step, continue_as
from .partition_store import GONE, NO_TOKEN, Batch, Cell, Entry, Rows, State, Token, archived


class Rule(Enum):
    """What writers, heirs and drainers keep to."""

    HINT_BEFORE_BATCH = "a hint stands in the writer's log before its batch is sent"
    LEASE_AFTER_READ = (
        "that the log is still the writer's own is checked after the version was read"
    )
    HEIR_RAISES = (
        "an heir raises the version before it takes what it reads for all that was written"
    )
    HEIR_HINTS = "an heir leaves a hint in its own log before it drops that of the dead process"
    BATCH_IF_VERSION = "a batch is conditional on the version that was read"
    CANDIDATE_BEFORE_BATCH = "what enters a set is written there before the batch"
    CANDIDATE_ABOVE_VERSION = "with a timestamp above the version that the batch goes by"
    CLEANUP_AFTER_BATCH = "what leaves a set is deleted after the batch"
    CLEANUP_AT_TOKEN = "with the token of that batch as its timestamp"
    TOKEN_IS_VERSION = "the index takes an entry only if its token is not older than the one there"
    FINISH_IF_TOKEN = "an entry is finished only if it still has the token that was carried out"
    FINISH_AS_OF_WRITE = "it is deleted as of the time at which it was written"
    UNKNOWN_RAISES = "a writer that doesn't know what its batch did raises the version"
    OTHER_IS_UNKNOWN = "finding a version that is neither its own nor the one it read, it answers that it doesn't know"
    TOKENS_DIFFER = "no two processes give a version the same token"
    VERSION_OUTLIVES = "the version stays when the documents go"
    REMOVAL_REFUSES = "while a removal record stands, writes are refused"
    STEP_AT_TOKEN = "a step of a removal is written only if its entry still has the token that the step was planned by"


ALL_RULES = frozenset(Rule)
HEIRS_LOGS = ("heir's log", "heir's second log")


class Change(Enum):
    """What a write does."""

    UPDATE = "updates the workflow"
    ENTER = "makes it pending"
    LEAVE = "makes it not pending"
    CREATE = "creates it"
    DROP = "removes it in one step"
    REMOVE = "sets a removal record"


class OnePartition:
    """Writers, heirs and the network under a set of rules.

    Each process has ``attempts`` rounds for a write. ``clocks``: they differ, and may be behind the version. ``unknown``: a
    writer may not hear of its batch.
    """

    def __init__(
        self,
        rules: frozenset[Rule],
        *,
        attempts: int = 2,
        clocks: bool = False,
        unknown: bool = False,
        renews: bool = False,
    ) -> None:
        """Keep to these rules."""
        self.rules = rules
        self.attempts = attempts
        self.clocks = clocks
        self.unknown = unknown
        self.renews = renews

    def has(self, rule: Rule) -> bool:
        """Whether a rule is kept."""
        return rule in self.rules

    def token(self, name: str, version: Token, now: int) -> Token:
        """The token of a write that read this version."""
        number = max(now, version.number + 1)
        return Token(number, name if self.has(Rule.TOKENS_DIFFER) else "")

    # a write

    def write(self, name: str, change: Change, log: str, attempt: int = 1) -> Run[State]:
        """A round: hint, read, decide, candidates, batch."""

        def look(state: State) -> object:
            if self.has(Rule.HINT_BEFORE_BATCH) and log:
                state.hints |= {log}
            return state.version, state.rows

        version, before = yield Step("leaves a hint and reads the partition", look)
        after = self.decided(change, before, f"{name}'s")
        if after is None:
            return continue_as(self.drop_hint, log)
        now = 0
        if self.clocks:
            now = yield Step("reads its clock", lambda _: OneOf((0, version.number + 2)))
        token = self.token(name, version, now)
        if change is Change.REMOVE:
            after = after._replace(step=token)
        yield from self.before_batch(before, after, token, now)
        if self.has(Rule.LEASE_AFTER_READ) and not (
            yield Step("is the log its own?", lambda s: log not in s.taken)
        ):
            if not self.renews or log.endswith("2"):
                return None
            return continue_as(self.write, name, change, f"{log}2", attempt)
        marks = change is not Change.REMOVE
        batch = Batch(name, version, token, after, marks)
        written = yield from self.sent(batch)
        if written is None:
            return continue_as(self.find_out, name, change, log, attempt, batch)
        return self.heard(name, change, log, attempt, batch, written=written)

    def hint(self, log: str) -> Part[State, None]:
        """Leave a hint in a log."""
        yield Step("leaves a hint", lambda s: setattr(s, "hints", s.hints | {log}))

    def decided(self, change: Change, before: Rows, doc: str) -> Rows | None:
        """The rows as they are to be; None: refused."""
        if change is Change.CREATE:
            return Rows(doc, pending=True) if before.doc == GONE else None
        if before.doc == GONE:
            return None
        if before.removal and (self.has(Rule.REMOVAL_REFUSES) or change is Change.REMOVE):
            return None
        if change is Change.DROP:
            return Rows(GONE)
        if change is Change.REMOVE:
            return before._replace(removal="archive")
        pending = {Change.ENTER: True, Change.LEAVE: False}.get(change, before.pending)
        return before._replace(doc=doc, pending=pending)

    def before_batch(self, before: Rows, after: Rows, token: Token, now: int) -> Part[State, None]:
        """The candidate of a set that is entered."""
        if after.pending and not before.pending and self.has(Rule.CANDIDATE_BEFORE_BATCH):
            at = token if self.has(Rule.CANDIDATE_ABOVE_VERSION) else Token(now)
            yield Step("writes the candidate", lambda s: s.put_candidate(Cell(True, at)))
        if before.pending and not after.pending and not self.has(Rule.CLEANUP_AFTER_BATCH):
            yield Step("deletes the candidate", lambda s: s.put_candidate(Cell(False, token)))

    def sent(self, batch: Batch) -> Part[State, bool | None]:
        """Send a batch; whether it was written, None: nobody knows."""
        yield Step("sends the batch", lambda s: setattr(s, "under_way", s.under_way | {batch}))

        def hear(state: State) -> object:
            answer = state.answer(batch)
            return BLOCKED if answer is None and not self.unknown else answer

        answer: bool | None = yield Step("hears of it", hear)
        return answer

    def heard(
        self, name: str, change: Change, log: str, attempt: int, batch: Batch, *, written: bool
    ) -> Program[State]:
        """What a writer does when it knows."""
        if written:
            return continue_as(self.after_batch, name, change, log, batch)
        if attempt < self.attempts:
            return continue_as(self.write, name, change, log, attempt + 1)
        return continue_as(self.drop_hint, log)

    def find_out(
        self, name: str, change: Change, log: str, attempt: int, batch: Batch
    ) -> Run[State]:
        """Raise the version, so that the batch isn't written any more; know by the version found."""

        def look(state: State) -> Token:
            if state.version == batch.token:
                state.acknowledge(batch)
            return state.version

        found: Token = yield Step("reads the version", look)
        if found == batch.token:
            return continue_as(self.after_batch, name, change, log, batch)
        if self.has(Rule.UNKNOWN_RAISES):
            raised = self.token(name, found, 0)
            if not (yield Step("raises it", lambda s: s.raise_version(found, raised))):
                return continue_as(self.find_out, name, change, log, attempt, batch)
        if found != batch.expects and self.has(Rule.OTHER_IS_UNKNOWN):
            return continue_as(self.look_again, log)
        return self.heard(name, change, log, attempt, batch, written=False)

    def look_again(self, log: str) -> Run[State]:
        """The writer takes what is there into its memory, as an heir does."""
        mark: Token = yield Step("reads the mark", lambda s: s.mark)
        return continue_as(self.drain, log, mark) if mark else continue_as(self.drop_hint, log)

    def after_batch(self, name: str, change: Change, log: str, batch: Batch) -> Run[State]:
        """Delete the candidate of a set that was left; carry the mark out."""
        if not self.has(Rule.HINT_BEFORE_BATCH) and log:
            yield from self.hint(log)
        if not self.has(Rule.CANDIDATE_BEFORE_BATCH) and batch.rows.pending:
            yield Step("writes the candidate", lambda s: s.put_candidate(Cell(True, batch.token)))
        if change in {Change.LEAVE, Change.DROP} and self.has(Rule.CLEANUP_AFTER_BATCH):
            late = Token(batch.token.number + 5)
            at = batch.token if self.has(Rule.CLEANUP_AT_TOKEN) else late
            yield Step("deletes the candidate", lambda s: s.put_candidate(Cell(False, at)))
        if change is Change.REMOVE:
            return continue_as(self.carry_out, name, log)
        return continue_as(self.drain, log, batch.token)

    # the outbox

    def drain(self, log: str, mark: Token) -> Run[State]:
        """Carry out a mark that waits in memory."""
        doc: str = yield Step("reads the document", lambda s: s.rows.doc)
        versioned = self.has(Rule.TOKEN_IS_VERSION)
        yield Step("sends it", lambda s: s.send(Entry(doc, mark), versioned=versioned))
        found: Token = yield Step("reads the mark again", lambda s: s.mark)
        if found == mark or (found and not self.has(Rule.FINISH_IF_TOKEN)):
            as_of = found if self.has(Rule.FINISH_AS_OF_WRITE) else None
            yield Step("deletes the mark", lambda s: s.delete_mark(as_of=as_of))
        if log in HEIRS_LOGS:
            # An heir has the entry of a removal in memory too.
            return continue_as(self.carry_out, "heir", log)
        return continue_as(self.drop_hint, log)

    def drop_hint(self, log: str) -> Run[State]:
        """Nothing waits in memory any more."""

        def drop(state: State) -> None:
            if log not in state.taken:
                state.hints -= {log}

        if not log:
            return None
        yield Step("drops its hint", drop)
        return continue_as(self.heir) if log in HEIRS_LOGS else None

    # removals

    def carry_out(self, name: str, log: str) -> Run[State]:
        """The next step of a removal, planned by what is read now."""
        planned: Rows = yield Step("looks at the removal", lambda s: s.rows)
        if not planned.removal:
            return continue_as(self.drop_hint, log)
        if planned.removal == "archive":
            entry = Entry(archived(planned.doc), planned.step)
            yield Step("archives the document", lambda s: s.send(entry, versioned=True))
        yield from self.step(name, planned)
        return continue_as(self.carry_out, name, log)

    def step(self, name: str, planned: Rows, *, cancels: bool = False) -> Part[State, None]:
        """One conditional batch, if the removal is the one that the step was planned by."""
        version, before = yield Step("reads the partition", lambda s: (s.version, s.rows))
        unchanged = before.step == planned.step or not self.has(Rule.STEP_AT_TOKEN)
        if not before.removal or not unchanged:
            return
        token = self.token(name, version, 0)
        after = Rows(GONE) if planned.removal == "delete" else before
        if planned.removal == "archive":
            after = before._replace(removal="delete", step=token)
        if cancels:
            after = before._replace(removal="", step=NO_TOKEN)
        batch = Batch("", version, token, after, marks=cancels)
        yield from self.sent(batch)

    def cancel_and_go_on(self, name: str) -> Run[State]:
        """Cancel a removal that only archives so far; then update the workflow, and remove it again."""
        seen: Rows = yield Step(
            "looks at the removal", lambda s: s.rows if s.rows.removal else BLOCKED
        )
        if seen.removal == "archive":
            yield from self.step(f"{name} cancels", seen, cancels=True)
            yield from self.updates_at_once(name)
            return continue_as(self.write, name, Change.REMOVE, "")
        return None

    def updates_at_once(self, name: str) -> Part[State, None]:
        """An update in one step, with its mark: of all that comes between, the removal matters here."""

        def update(state: State) -> None:
            if state.rows.removal or state.rows.doc == GONE:
                return
            token = self.token(name, state.version, 0)
            state.rows = state.rows._replace(doc=f"{name}'s")
            state.version, state.mark = token, NO_TOKEN
            state.entry = Entry(state.rows.doc, token)

        yield Step("updates the workflow, and the index", update)

    def create_and_drop(self, name: str) -> Run[State]:
        """A whole life of the workflow, in another process."""
        for change in (Change.CREATE, Change.DROP):
            version, before = yield Step("reads the partition", lambda s: (s.version, s.rows))
            after = self.decided(change, before, f"{name}'s")
            if after is None:
                break
            token = self.token(name, version, 0)
            yield from self.before_batch(before, after, token, 0)
            batch = Batch(f"{name} {change.name}", version, token, after, marks=True)
            if not (yield from self.sent(batch)):
                break
        return continue_as(self.look_again, "")

    # others

    def network(self, *, first: bool) -> Run[State]:
        """Batches arrive at any time; with one process for the first and one for the last, in any order of two."""
        if_version, keep = self.has(Rule.BATCH_IF_VERSION), self.has(Rule.VERSION_OUTLIVES)

        def arrive(state: State) -> object:
            if not state.under_way:
                return BLOCKED
            batch = min(state.under_way) if first else max(state.under_way)
            state.apply(batch, if_version=if_version, keep_version=keep)
            return None

        yield Step("a batch arrives", arrive)
        return continue_as(self.first_arrives if first else self.last_arrives)

    def first_arrives(self) -> Run[State]:
        """The first one that is under way."""
        return self.network(first=True)

    def last_arrives(self) -> Run[State]:
        """The last one."""
        return self.network(first=False)

    def heir(self) -> Run[State]:
        """Takes the log of any process, dead or slow; starts again, as another process, after its own death."""

        def choose(state: State) -> object:
            return OneOf(sorted(state.hints)) if state.hints else BLOCKED

        log: str = yield Step("finds a log with a hint", choose)
        yield Step(f"takes {log}", lambda s: setattr(s, "taken", s.taken | {log}))
        return continue_as(self.take_over, log)

    def take_over(self, log: str) -> Run[State]:
        """Raise the version, take the mark into memory, hint in the own log, drop the other's hint."""
        if self.has(Rule.HEIR_RAISES):
            found: Token = yield Step("reads the version", lambda s: s.version)
            raised = self.token("heir", found, 0)
            if not (yield Step("raises it", lambda s: s.raise_version(found, raised))):
                return continue_as(self.take_over, log)
        mark, removal = yield Step("reads mark and removal", lambda s: (s.mark, s.rows.removal))
        own = next(name for name in HEIRS_LOGS if name != log)
        if (mark or removal) and self.has(Rule.HEIR_HINTS):
            yield from self.hint(own)
        yield Step("drops the hint", lambda s: setattr(s, "hints", s.hints - {log}))
        if mark:
            return continue_as(self.drain, own, mark)
        return continue_as(self.carry_out, "heir", own) if removal else continue_as(self.heir)
