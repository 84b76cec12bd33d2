"""Commit where documents and queue are in different stores.

Contract, "Commit" and "The facade's side effects". The documents' store changes workflow, task and
push intents in one atomic step; the queue's store changes one message at a time. The workflow has a
decider message and its task one in the task's queue.

A decider pops the decider message, reads, and commits: no task yet, it creates and pushes one, and
itself to look again; task scheduled, it pushes itself; task done, the workflow is completed. With its
Commit it acknowledges what it popped. Leases may lapse at any time, and a decider may stall.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .checker import BLOCKED, OneOf, Part, Run, Step, continue_as


class Rule(Enum):
    """What Commit and the drainer keep to."""

    EXPECTED_TIME = "a Commit with a receipt also needs the workflow's expected time"
    INTENTS_WITH_DOCUMENTS = "pushes are intents that are stored with the documents"
    DOCUMENTS_BEFORE_ACKS = "a message is acknowledged after the documents, never before"
    DROP_IF_UNCHANGED = "an intent is dropped only if its token is still the one delivered"
    ACK_WITH_RECEIPT = "an acknowledgement carries its receipt, which must be that of the lease"
    REMOVE_DROPS_INTENTS = "a remove drops the pending intents of its id in the documents' step"
    REMOVE_WHAT_WAS_SEEN = "a remove takes only the message that was there before the documents"
    NEWER_PUSH_STAYS = "a message keeps its intent's token, and a lower one does not replace it"


class Habit(Enum):
    """What makes it quicker; it is right without."""

    CHECK_RECEIPT_EARLY = "the receipt is looked at before the documents"
    DELIVER_AT_ONCE = "the writer delivers its intents itself, not only the drainer"
    SKIP_OWN_ACK = "an acknowledgement of what the Commit pushes is left out"


ALL_RULES, ALL_HABITS = frozenset(Rule), frozenset(Habit)
DECIDER, TASK = "decider", "task"
RUNNING, COMPLETED, TERMINATED = "RUNNING", "COMPLETED", "TERMINATED"


class Workflow(NamedTuple):
    """Its status and its stamp."""

    status: str
    stamp: int


class Message(NamedTuple):
    """A message: the token of its push, and the receipt of a lease (0: ready)."""

    token: int
    receipt: int = 0


class Intent(NamedTuple):
    """A push that is still to be done."""

    queue: str
    token: int


class Commit(NamedTuple):
    """One call: the documents' part, then messages to acknowledge, remove and push."""

    expected: int
    status: str
    task: str = ""
    receipt: int = 0
    acks: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    pushes: tuple[str, ...] = ()


FIRST, READY = Workflow(RUNNING, 1), Message(0)


@dataclass(slots=True)
class State:
    """The documents' store, then the queue's; below the line, what only the model keeps."""

    workflow: Workflow = FIRST
    task: str = ""
    intents: frozenset[Intent] = frozenset()
    last_token: int = 0
    decider_message: Message | None = READY
    task_message: Message | None = None
    last_receipt: int = 0
    # ---
    overwrote_unseen: bool = False
    replaced_newer: bool = False

    def message(self, queue: str) -> Message | None:
        """The message of a queue."""
        return self.decider_message if queue == DECIDER else self.task_message

    def put_message(self, queue: str, message: Message | None) -> None:
        """Replace or remove a message."""
        if queue == DECIDER:
            self.decider_message = message
        else:
            self.task_message = message

    def add_intent(self, queue: str) -> Intent:
        """A fresh intent, which replaces another one for the same message."""
        self.last_token += 1
        intent = Intent(queue, self.last_token)
        self.intents = frozenset(one for one in self.intents if one.queue != queue) | {intent}
        return intent

    def pop(self, queue: str) -> object:
        """Take a ready message: a receipt."""
        message = self.message(queue)
        if not message or message.receipt:
            return BLOCKED
        self.last_receipt += 1
        self.put_message(queue, message._replace(receipt=self.last_receipt))
        return self.last_receipt

    def acknowledge(self, queue: str, receipt: int) -> None:
        """Remove a leased message (receipt 0: whoever's lease it is)."""
        message = self.message(queue)
        if message and message.receipt and receipt in (0, message.receipt):
            self.put_message(queue, None)

    def lapse(self, queue: str) -> None:
        """A lease ends by itself."""
        message = self.message(queue)
        if message:
            self.put_message(queue, message._replace(receipt=0))

    def leased(self) -> list[str]:
        """The queues whose message is leased."""
        messages = {queue: self.message(queue) for queue in (DECIDER, TASK)}
        return [queue for queue, message in messages.items() if message and message.receipt]


class TwoStores:
    """Deciders, workers, clients and drainers under a set of rules."""

    def __init__(self, rules: frozenset[Rule], habits: frozenset[Habit] = ALL_HABITS) -> None:
        """Keep to these rules and habits."""
        self.rules = rules
        self.habits = habits

    # Commit

    def commit(self, commit: Commit) -> Run[State]:
        """Receipt, documents with intents, acknowledgements, removes, pushes."""
        if commit.receipt and Habit.CHECK_RECEIPT_EARLY in self.habits:
            holds = yield Step("looks at its receipt", lambda s: self.holds(s, commit.receipt))
            if not holds:
                return None
        seen: dict[str, Message | None] = {}
        for queue in commit.removes:
            seen[queue] = yield self.look_at(queue)
        if Rule.DOCUMENTS_BEFORE_ACKS not in self.rules:
            yield from self.acknowledge(commit)
        intents = yield Step(
            f"documents: {commit.status}, pushes {commit.pushes}",
            lambda s: self.write_documents(s, commit),
        )
        if intents is None:
            return None
        if Rule.DOCUMENTS_BEFORE_ACKS in self.rules:
            yield from self.acknowledge(commit)
        for queue in commit.removes:
            yield self.remove(queue, seen[queue])
        yield from self.push_all(commit, intents)
        return None

    def holds(self, state: State, receipt: int) -> bool:
        """Whether a receipt is still that of the decider message's lease."""
        message = state.decider_message
        return bool(message and message.receipt == receipt)

    def look_at(self, queue: str) -> Step[State]:
        """What message is there, before the documents."""
        return Step(f"looks at the {queue} message", lambda s: s.message(queue))

    def write_documents(self, state: State, commit: Commit) -> tuple[Intent, ...] | None:
        """The documents' one step; None if the expected time is stale."""
        stale = state.workflow.stamp != commit.expected
        if stale and Rule.EXPECTED_TIME in self.rules:
            return None
        state.overwrote_unseen |= stale
        state.workflow = Workflow(commit.status, state.workflow.stamp + 1)
        state.task = commit.task or state.task
        if Rule.REMOVE_DROPS_INTENTS in self.rules:
            kept = (intent for intent in state.intents if intent.queue not in commit.removes)
            state.intents = frozenset(kept)
        if Rule.INTENTS_WITH_DOCUMENTS not in self.rules:
            return ()
        return tuple(state.add_intent(queue) for queue in commit.pushes)

    def acknowledge(self, commit: Commit) -> Part[State, None]:
        """Every acknowledgement, each in a step of its own."""
        receipt = commit.receipt if Rule.ACK_WITH_RECEIPT in self.rules else 0
        for queue in commit.acks:
            if queue not in commit.pushes or Habit.SKIP_OWN_ACK not in self.habits:
                yield self.acknowledge_one(queue, receipt)

    def acknowledge_one(self, queue: str, receipt: int) -> Step[State]:
        """One acknowledgement."""
        label = f"acknowledges {queue} with receipt {receipt}"
        return Step(label, lambda s: s.acknowledge(queue, receipt))

    def remove(self, queue: str, seen: Message | None) -> Step[State]:
        """Remove a message, in whatever state it is."""

        def remove(state: State) -> None:
            message = state.message(queue)
            same = message and seen and message.token == seen.token
            if same or Rule.REMOVE_WHAT_WAS_SEEN not in self.rules:
                state.put_message(queue, None)

        return Step(f"removes the {queue} message", remove)

    # Pushes

    def push_all(self, commit: Commit, intents: tuple[Intent, ...]) -> Part[State, None]:
        """The writer's own delivery; without intents it is the only one."""
        if Rule.INTENTS_WITH_DOCUMENTS not in self.rules:
            intents = tuple(Intent(queue, commit.expected) for queue in commit.pushes)
        elif Habit.DELIVER_AT_ONCE not in self.habits:
            return
        for intent in intents:
            yield from self.deliver(intent)

    def deliver(self, intent: Intent) -> Part[State, None]:
        """Push, then drop the intent."""
        yield Step(f"pushes {intent.queue} ({intent.token})", lambda s: self.push(s, intent))
        yield Step(f"drops intent {intent.token}", lambda s: self.drop(s, intent))

    def push(self, state: State, intent: Intent) -> None:
        """A push replaces what is there and ends its lease."""
        message = state.message(intent.queue)
        if message and message.token > intent.token:
            if Rule.NEWER_PUSH_STAYS in self.rules:
                return
            state.replaced_newer = True
        state.put_message(intent.queue, Message(intent.token))

    def drop(self, state: State, delivered: Intent) -> None:
        """Drop a delivered intent; without the rule, whatever intent its id has."""
        by_token = Rule.DROP_IF_UNCHANGED in self.rules
        state.intents = frozenset(
            one
            for one in state.intents
            if one.queue != delivered.queue or (by_token and one.token != delivered.token)
        )

    def drainer(self) -> Run[State]:
        """Delivers what is left."""
        intent: Intent = yield Step(
            "takes an intent", lambda s: OneOf(sorted(s.intents)) or BLOCKED
        )
        yield from self.deliver(intent)
        return continue_as(self.drainer)

    def late_drainer(self) -> Run[State]:
        """A drainer that comes when the workflow has ended (a stalled one may push too late)."""
        yield Step("sees it ended", lambda s: BLOCKED if s.workflow.status == RUNNING else None)
        return continue_as(self.drainer)

    # Who uses it

    def decider(self) -> Run[State]:
        """Pops the decider message, reads, decides, commits."""
        receipt = yield Step("pops the decider message", lambda s: s.pop(DECIDER))
        workflow, task = yield Step("reads workflow and task", lambda s: (s.workflow, s.task))
        if workflow.status != RUNNING:
            yield self.acknowledge_one(DECIDER, receipt)
            return None
        commit = Commit(workflow.stamp, RUNNING, receipt=receipt, acks=(DECIDER,))
        if not task:
            commit = commit._replace(task="SCHEDULED", pushes=(TASK, DECIDER))
        elif task == "SCHEDULED":
            commit = commit._replace(pushes=(DECIDER,))
        else:
            commit = commit._replace(status=COMPLETED)
        return continue_as(self.commit, commit)

    def worker(self) -> Run[State]:
        """Pops the task, does it, acknowledges it."""
        receipt = yield Step("pops the task", lambda s: s.pop(TASK))
        yield Step("the task is done", lambda s: setattr(s, "task", "DONE") if s.task else None)
        yield self.acknowledge_one(TASK, receipt)
        return None

    def terminate(self) -> Run[State]:
        """Ends the workflow and takes its messages with it."""
        workflow: Workflow = yield Step("reads workflow", lambda s: s.workflow)
        if workflow.status != RUNNING:
            return None
        commit = Commit(workflow.stamp, TERMINATED, removes=(DECIDER, TASK))
        return continue_as(self.commit, commit)

    def restart(self) -> Run[State]:
        """Once the workflow has ended, starts it anew."""
        stamp = yield Step(
            "sees it ended",
            lambda s: s.workflow.stamp if s.workflow.status != RUNNING else BLOCKED,
        )
        commit = Commit(stamp, RUNNING, task="SCHEDULED", pushes=(TASK, DECIDER))
        return continue_as(self.commit, commit)

    def time(self) -> Run[State]:
        """The lease of some message lapses."""
        queue = yield Step("time passes", lambda s: OneOf(s.leased()) or BLOCKED)
        yield Step(f"the lease of the {queue} message lapses", lambda s: s.lapse(queue))
        return None


def stays_removed(state: State) -> str | None:
    """The ended workflow has no messages."""
    left = state.decider_message or state.task_message
    return "a message came back after it was removed" if left else None


def never_stuck(state: State) -> str | None:
    """Whoever has something to do has a message for it, or an intent of one."""
    coming = {intent.queue for intent in state.intents}
    if state.overwrote_unseen:
        return "a decision overwrote what it had not seen"
    if state.replaced_newer:
        return "an older push replaced a newer one"
    if state.workflow.status != RUNNING:
        return None
    if not state.decider_message and DECIDER not in coming:
        return "stuck: the workflow runs and nobody will decide it"
    if state.task == "SCHEDULED" and not state.task_message and TASK not in coming:
        return "stuck: the task is scheduled and nobody will get it"
    return None
