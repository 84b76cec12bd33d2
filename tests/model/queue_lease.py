"""One message of a queue: pushed, popped under a lease, acknowledged, or back when the lease ends.

Contract, "Queues", and "Commit" where executions and queue are one store. Every operation is one
atomic step, by the store's clock. A popped message is unacked until its lease ends: by itself, or by
Push, Postpone, Remove or SetUnackTimeout(0), after which its receipt is stale.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .checker import BLOCKED, Part, Run, Step, continue_as


class Rule(Enum):
    """What the operations keep to."""

    POP_IN_ONE_STEP = "choosing a ready message and leasing it are one step"
    LEASE_LAPSES = "a lease that is over makes the message ready by itself"
    RECEIPT_NEVER_AGAIN = "a receipt is that of one delivery; no later one gets it again"
    ACK_CHECKS_RECEIPT = "an acknowledgement with a stale receipt changes nothing"
    ACK_ONLY_UNACKED = "an acknowledgement without a receipt acts on an unacked message only"
    PUSH_ENDS_LEASE = "a push of a leased message ends the lease"
    RESET_LEAVES_UNACKED = "ResetOffsetTime never touches an unacked message"
    IF_NOT_EXISTS_LEAVES = "PushIfNotExists leaves a message that is there, whatever its state"
    GIVE_BACK_BY_RECEIPT = "a cancelled pop gives back its own delivery only"
    POSTPONE_IN_ONE_STEP = "a postpone removes and pushes in one step"
    POSTPONE_CHECKS_RECEIPT = "a postpone with a stale receipt changes nothing"
    COMMIT_CHECKS_RECEIPT = "a Commit with a stale receipt writes nothing"
    COMMIT_IN_ONE_STEP = "a Commit's documents, acknowledgement and push are one step"


ALL_RULES = frozenset(Rule)
LEASE = 2  # ticks


class Message(NamedTuple):
    """A message: its push, from when it is ready, and its last delivery (receipt 0: ready)."""

    push: int = 1
    due: int = 0
    receipt: int = 0
    leased_until: int = 0
    deliveries: int = 0
    last_delivery: int = 0  # only the model knows


class Delivery(NamedTuple):
    """What a pop gives; the number is for the model."""

    push: int
    receipt: int
    number: int


class Lease(NamedTuple):
    """A lease as its holder believes in it."""

    number: int
    until: int


PUSHED = Message()


@dataclass(slots=True)
class State:
    """The store; below the line, what only the model keeps."""

    message: Message | None = PUSHED
    now: int = 0
    last_receipt: int = 0
    workflow_stamp: int = 1
    # ---
    last_push: int = 1
    handled: frozenset[int] = frozenset()
    removed: bool = False
    lease: Lease | None = None
    wrong: str = ""

    def is_unacked(self) -> bool:
        """Whether the message is under a lease that is not over."""
        return bool(self.message and self.message.receipt and self.message.leased_until > self.now)

    def tick(self) -> object:
        """Time passes where something waits for it."""
        if not self.is_unacked() and not (self.message and self.message.due > self.now):
            return BLOCKED
        self.now += 1
        return None

    def deliver(self, receipt: int) -> Delivery:
        """Lease the message."""
        if self.lease and self.lease.until > self.now:
            self.wrong = "a second holder inside a lease"
        self.last_receipt += 1
        message, until = self.message or PUSHED, self.now + LEASE
        self.lease = Lease(self.last_receipt, until)
        self.message = message._replace(
            receipt=receipt,
            leased_until=until,
            deliveries=message.deliveries + 1,
            last_delivery=self.last_receipt,
        )
        return Delivery(message.push, receipt, self.last_receipt)

    def push(self, *, delay: int = 0) -> None:
        """A push, acknowledged: replaces whatever is there and ends its lease."""
        self.last_push += 1
        self.message = Message(self.last_push, self.now + delay)
        self.removed, self.lease = False, None

    def make_ready(self) -> None:
        """The message is nobody's, and ready."""
        if self.message:
            self.message = self.message._replace(receipt=0, due=self.now)

    def take_away(self) -> None:
        """The message is gone: acknowledged or removed."""
        self.message, self.lease = None, None

    def handle(self, push: int) -> None:
        """A worker has done what this push asks for."""
        self.handled |= {push}


class QueueLease:
    """Clients of the queue under a set of rules."""

    def __init__(self, rules: frozenset[Rule]) -> None:
        """Keep to these rules."""
        self.rules = rules

    # Pop and acknowledgement

    def is_ready(self, state: State) -> bool:
        """Due and under no lease; one that is over counts as none."""
        message = state.message
        if message and message.receipt:
            return Rule.LEASE_LAPSES in self.rules and message.leased_until <= state.now
        return bool(message and message.due <= state.now)

    def pop(self) -> Part[State, Delivery]:
        """Pop, waiting until there is a message."""

        def lease(state: State) -> Delivery:
            deliveries = state.message.deliveries if state.message else 0
            fresh = Rule.RECEIPT_NEVER_AGAIN in self.rules
            return state.deliver(state.last_receipt + 1 if fresh else deliveries + 1)

        if Rule.POP_IN_ONE_STEP not in self.rules:
            yield Step("chooses", lambda s: None if self.is_ready(s) else BLOCKED)
            delivery: Delivery = yield Step("leases", lease)
        else:
            delivery = yield Step("pops", lambda s: lease(s) if self.is_ready(s) else BLOCKED)
        return delivery

    def is_current(self, state: State, delivery: Delivery) -> bool:
        """Whether this delivery's receipt is that of the lease."""
        message = state.message
        return state.is_unacked() and bool(message and message.receipt == delivery.receipt)

    def acknowledge(self, state: State, delivery: Delivery) -> bool:
        """Ack with the receipt: false and no change if it is stale."""
        current = self.is_current(state, delivery)
        if not current and Rule.ACK_CHECKS_RECEIPT in self.rules:
            return False
        if state.message and state.message.last_delivery != delivery.number:
            state.wrong = "a stale receipt took a message away"
        state.take_away()
        return True

    def acknowledge_by_id(self, state: State) -> bool:
        """Ack without a receipt, as Java does."""
        if not state.is_unacked() and Rule.ACK_ONLY_UNACKED in self.rules:
            return False
        state.take_away()
        return True

    def worker(self, rounds: int = 1) -> Run[State]:
        """Pops, handles, acknowledges with the receipt."""
        delivery = yield from self.pop()
        yield Step("handles it", lambda s: s.handle(delivery.push))
        yield Step("acknowledges", lambda s: self.acknowledge(s, delivery))
        return continue_as(self.worker, rounds - 1) if rounds > 1 else None

    def java_worker(self) -> Run[State]:
        """Pops, handles, acknowledges by id."""
        delivery = yield from self.pop()
        yield Step("handles it", lambda s: s.handle(delivery.push))
        yield Step("acknowledges by id", self.acknowledge_by_id)
        return None

    def cancelled_pop(self) -> Run[State]:
        """A pop whose caller has gone: the message is given back."""
        delivery = yield from self.pop()

        def give_back(state: State) -> None:
            if self.is_current(state, delivery):
                state.lease = None
            elif Rule.GIVE_BACK_BY_RECEIPT in self.rules:
                return
            state.make_ready()

        yield Step("gives it back", give_back)
        return None

    # Other operations

    def pusher(self) -> Run[State]:
        """Push of the same id."""

        def push(state: State) -> None:
            before, lease = state.message, state.lease
            state.push()
            if before and state.message and Rule.PUSH_ENDS_LEASE not in self.rules:
                state.message = before._replace(push=state.last_push)
                state.lease = lease

        yield Step("pushes", push)
        return None

    def push_if_not_exists(self) -> Run[State]:
        """PushIfNotExists of the same id."""

        def push(state: State) -> None:
            if not state.message:
                state.push()
            elif Rule.IF_NOT_EXISTS_LEAVES not in self.rules and state.is_unacked():
                state.make_ready()

        yield Step("pushes if it does not exist", push)
        return None

    def postponer(self) -> Run[State]:
        """Pops, and postpones what it popped, with the receipt."""
        delivery = yield from self.pop()

        def postpone(state: State) -> None:
            current = self.is_current(state, delivery)
            if not current and Rule.POSTPONE_CHECKS_RECEIPT in self.rules:
                return
            lease = None if current else state.lease
            state.push(delay=1)
            state.lease = lease  # who holds the message has no part in it

        def remove(state: State) -> bool:
            current = self.is_current(state, delivery)
            if current:
                state.take_away()
            return current

        if Rule.POSTPONE_IN_ONE_STEP in self.rules:
            yield Step("postpones", postpone)
        elif (yield Step("removes", remove)):
            yield Step("pushes with a delay", lambda s: s.push(delay=1))
        return None

    def reset_offset_time(self) -> Run[State]:
        """ResetOffsetTime: a delayed message is ready at once."""

        def reset(state: State) -> None:
            if not state.is_unacked() or Rule.RESET_LEAVES_UNACKED not in self.rules:
                state.make_ready()

        yield Step("resets the offset time", reset)
        return None

    def end_lease(self) -> Run[State]:
        """SetUnackTimeout(0): the message is ready, the receipt stale."""

        def end(state: State) -> None:
            if state.is_unacked():
                state.make_ready()
                state.lease = None

        yield Step("sets the unack timeout to 0", end)
        return None

    def remove_and_push(self) -> Run[State]:
        """Remove, in any state; later the same id is pushed again."""

        def remove(state: State) -> None:
            state.take_away()
            state.removed = True

        yield Step("removes", remove)
        return continue_as(self.pusher)

    def time(self) -> Run[State]:
        """The store's clock."""
        yield Step("a tick", State.tick)
        return continue_as(self.time)

    # Commit in one store: the receipt is the lock

    def decider(self) -> Run[State]:
        """Pops the decider message, reads, and commits: document, ack, push of the same id."""
        delivery = yield from self.pop()
        stamp = yield Step("reads the workflow", lambda s: s.workflow_stamp)

        def document(state: State) -> bool:
            if not self.is_current(state, delivery) and Rule.COMMIT_CHECKS_RECEIPT in self.rules:
                return False
            if state.workflow_stamp != stamp:
                state.wrong = "a decision overwrote what it had not seen"
            state.workflow_stamp += 1
            state.handle(delivery.push)
            return True

        def commit(state: State) -> bool:
            written = document(state)
            if written:
                state.push()
            return written

        if Rule.COMMIT_IN_ONE_STEP in self.rules:
            yield Step("commits", commit)
        elif (yield Step("writes the document", document)):
            yield Step("acknowledges", lambda s: self.acknowledge(s, delivery))
            yield Step("pushes", lambda s: s.push())
        return None

    # What must hold at rest

    def nothing_lost(self, state: State) -> str | None:
        """No push is lost, and every message that is there comes back."""
        if state.message and not self.is_ready(state):
            return "a message never comes back"
        if not state.message and not state.removed and state.last_push not in state.handled:
            return "an acknowledged push was lost"
        return None

    def still_decided(self, state: State) -> str | None:
        """The decider message is there and comes back."""
        if not state.message:
            return "the workflow has lost its decider message"
        return self.nothing_lost(state)


def no_wrong(state: State) -> str | None:
    """One holder at a time; stale receipts do nothing."""
    return state.wrong or None
