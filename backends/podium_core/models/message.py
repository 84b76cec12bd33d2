"""Queue messages: what is pushed, what is delivered, what a queue's details say."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType


class PushMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message to push. ``id`` is unique in its queue; ``priority`` 0-99, the highest first; due in ``offset_ms``."""

    id: str
    payload: str | UnsetType = UNSET
    priority: int = 0
    offset_ms: int = 0


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A delivered message: leased to its receiver until acknowledged or until the unack timeout has passed.

    Attributes:
        receipt: Proves this delivery; an ack with a stale one answers false.
        delivery_count: How often it was delivered, this time included.
    """

    id: str
    payload: str | UnsetType = UNSET
    priority: int = 0
    receipt: str = ""
    delivery_count: int = 1


class QueueDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A queue's counts: ``size`` ready and delayed (lapsed leases are ready), ``unacked`` leased."""

    name: str
    size: int
    unacked: int
