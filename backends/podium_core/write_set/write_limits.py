"""What one write may be in a store, and the check of a WriteSet before the store sees it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from podium_core.errors import PayloadTooLargeError, UnsupportedOperationError
from podium_core.write_set.write_set import HeldReceipt, PushOp, WriteSet


class WriteLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a store of executions declares of its writes.

    Attributes:
        max_write_bytes: The most bytes of documents and messages in one WriteSet; None: no limit of its own.
        spans_workflows: Whether a WriteSet over several workflows is one atomic step.
    """

    max_write_bytes: int | None = None
    spans_workflows: bool = True

    @property
    def are_limits(self) -> bool:
        """Whether there is anything to check."""
        return self.max_write_bytes is not None or not self.spans_workflows


UNLIMITED = WriteLimits()


def require_within(write_set: WriteSet, limits: WriteLimits) -> None:
    """Refuse what a store can't write in one step.

    Raises:
        PayloadTooLargeError: It has more bytes than the store takes.
        UnsupportedOperationError: It is over several workflows, and the store writes one at a time.
    """
    limit = limits.max_write_bytes
    if limit is not None and (size := bytes_of(write_set)) > limit:
        raise PayloadTooLargeError("", limit_bytes=limit, size_bytes=size)
    if not limits.spans_workflows and len(workflows_of(write_set)) > 1:
        message = "the store of executions writes one workflow at a time: make a call for each"
        raise UnsupportedOperationError("executions", "apply", message)


def bytes_of(write_set: WriteSet) -> int:
    """The bytes of what is stored: documents, and payloads of messages."""
    return sum(_sizes(write_set))


def _sizes(s: WriteSet) -> Iterator[int]:
    yield from (put.document.size for put in s.workflow_puts)
    yield from (put.document.size for put in s.task_puts)
    for event in s.event_puts:
        yield len(event.document)
    for op in s.queue_ops:
        if isinstance(op, PushOp) and op.payload:
            yield len(op.payload.encode("utf-8", "surrogatepass"))


def workflows_of(write_set: WriteSet) -> frozenset[str]:
    """The workflows that a WriteSet names. A task that is removed is named by its own id only."""
    return frozenset(id_ for id_ in _workflows(write_set) if id_)


def _workflows(s: WriteSet) -> Iterator[str]:
    named = (
        *s.workflow_puts,
        *s.task_puts,
        *s.workflow_removals,
        *s.pending_removals,
        *s.queue_ops,
    )
    yield from (one.workflow_id for one in named)
    for guard in s.guards:
        if not isinstance(guard, HeldReceipt):
            yield guard.workflow_id
