"""What is known of a stored entry before it is written again."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple


class StoredEntry(NamedTuple):
    """A stored entry.

    Attributes:
        number: Its row.
        workflow_id: The workflow of a task's entry; empty for other kinds.
        external: It came through IndexService.
    """

    number: int
    token: int
    digest: bytes
    workflow_id: str
    external: bool = False


def digest_of(document: bytes) -> bytes:
    """What tells documents apart without comparing them."""
    return blake2b(document, digest_size=16).digest()
