"""Histories of queue operations, and what no history may show.

Each operation took effect between its call and its answer; where the answer never came, at any time after its call, or
not at all. What happens to one message doesn't depend on others, so a history is checked id by id. Times are seconds of
one monotonic clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

NEVER = float("inf")
# The store's clock has whole milliseconds, and clocks of two processes are read a little apart.
SLACK = 0.005


class Kind(Enum):
    """What was done with a message."""

    PUSH = auto()
    DELIVERY = auto()
    ACK = auto()
    REMOVE = auto()
    RELEASE = auto()
    """The lease was ended: by a timeout of 0, or by ``postpone``, which may set a delay as well."""


@dataclass(frozen=True)
class Op:
    """One operation on one message.

    Attributes:
        called: When it was called.
        answered: When its answer came; ``NEVER`` where none did: it may or may not have taken effect.
        done: What it answered: pushed, acked, removed, released.
        delay: Of a push or release: seconds until the message is ready.
        lease: Of a delivery: its length in seconds.
    """

    kind: Kind
    message_id: str
    called: float
    answered: float = NEVER
    done: bool = True
    delay: float = 0.0
    lease: float = 0.0

    @property
    def sure(self) -> bool:
        """Whether it surely took effect."""
        return self.answered < NEVER and self.done

    @property
    def possible(self) -> bool:
        """Whether it may have taken effect."""
        return self.answered == NEVER or self.done


def violations(history: Iterable[Op], present: set[str]) -> list[str]:
    """What a history shows that it must not.

    Args:
        history: All operations.
        present: The ids that were in the queue in the end.
    """
    by_id: Mapping[str, list[Op]] = defaultdict(list)
    for op in history:
        by_id[op.message_id].append(op)
    return [
        f"{id_}: {what}"
        for id_ in sorted(set(by_id) | present)
        for what in _of_one(by_id[id_], id_ in present)
    ]


def _of_one(ops: Sequence[Op], present: bool) -> Iterator[str]:
    pushes = [op for op in ops if op.kind is Kind.PUSH and op.possible]
    deliveries = sorted((op for op in ops if op.kind is Kind.DELIVERY), key=lambda op: op.answered)
    acks = [op for op in ops if op.kind is Kind.ACK and op.possible]
    ends = acks + [op for op in ops if op.kind is Kind.REMOVE and op.possible]
    yield from _loss(pushes, deliveries, ends, present)
    yield from _life_after_death(pushes, deliveries, ends, present)
    yield from _early(pushes, deliveries)
    yield from _two_holders(ops, deliveries)
    if sum(ack.sure for ack in acks) > len(pushes):
        yield "acked more often than it was pushed"


def _loss(
    pushes: Sequence[Op], deliveries: Sequence[Op], ends: Sequence[Op], present: bool
) -> Iterator[str]:
    """An acknowledged push is delivered, or still there; and it is there until something takes it away."""
    if any(push.sure for push in pushes) and not present and not ends:
        yield "gone, and nobody acked or removed it" if deliveries else "never seen again"


def _life_after_death(
    pushes: Sequence[Op], deliveries: Sequence[Op], ends: Sequence[Op], present: bool
) -> Iterator[str]:
    """After an ack or a removal that was answered, only another push brings a message back."""
    for end in (end for end in ends if end.sure):
        if any(push.answered > end.called for push in pushes):
            continue
        if present:
            yield "still there after it was taken away"
        if any(delivery.called > end.answered for delivery in deliveries):
            yield "delivered after it was taken away"
    if deliveries and not pushes:
        yield "delivered, and nobody pushed it"


def _early(pushes: Sequence[Op], deliveries: Sequence[Op]) -> Iterator[str]:
    """Nothing is delivered before its delay is over."""
    for delivery in deliveries:
        if pushes and all(delivery.answered < push.called + push.delay - SLACK for push in pushes):
            yield "delivered before its time"


def _two_holders(ops: Sequence[Op], deliveries: Sequence[Op]) -> Iterator[str]:
    """No second delivery within a lease, unless something ended the lease between the two."""
    enders = [op for op in ops if op.kind in (Kind.PUSH, Kind.RELEASE) and op.possible]
    for one, other in pairwise(deliveries):
        began, ended = min(one.called, other.called), max(one.answered, other.answered)
        between = any(op.called < ended and op.answered > began for op in enders)
        # An answer may be long on its way, so either may have been the first.
        if not between and not _fits(one, other) and not _fits(other, one):
            yield "a second holder within a lease"


def _fits(first: Op, second: Op) -> bool:
    """Whether the second delivery can lie behind the lease of the first."""
    return second.answered >= first.called + first.lease - SLACK
