"""Entries of an index: as they are written, with a token each, and as they are read."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from podium_core.index.changes import EntryKind

# Bytes of documents that one read of entries returns.
ENTRIES_SIZE = 4 * 1024 * 1024


def digest_of(document: bytes) -> bytes:
    """What tells documents apart without comparing them: BLAKE2b, 16 bytes."""
    return blake2b(document, digest_size=16).digest()


class IndexWrite(msgspec.Struct, frozen=True, kw_only=True):
    """One entry to be written, or to be deleted.

    Attributes:
        token: The write's version: it takes effect where no newer one is there.
        document: The JSON document, as Elasticsearch would hold it; None deletes the entry.
        external: It came through IndexService, not from a stored document: its execution may live elsewhere.
    """

    kind: EntryKind
    id: str
    token: int
    document: bytes | None
    external: bool = False


class IndexAnswer(msgspec.Struct, frozen=True):
    """What became of a write; as it stands by default: it was made.

    Attributes:
        stale: A newer token is there, of an entry or of a deleted one: nothing was written.
        refused: Why the index can't take this document, now or later; empty: it can.
        away: Why it can't take it now, as another one may; empty: it can.
        was_there: There was an entry before.
        token: The newer token, of a stale write.
    """

    stale: bool = False
    refused: str = ""
    away: str = ""
    was_there: bool = False
    token: int = 0


class IndexEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it is now; ``external`` as it was written."""

    kind: EntryKind
    id: str
    token: int
    archived: bool
    document: bytes
    external: bool = False


class EntryScan(NamedTuple):
    """Some heads, and the cursor with which the scan goes on; None after the last entry."""

    heads: Sequence[EntryHead]
    cursor: str | None


class EntryHead(msgspec.Struct, frozen=True):
    """What tells whether an entry is as its document is, without reading it.

    Attributes:
        workflow_id: The workflow of a workflow's or a task's entry; empty for other kinds.
        digest: As ``digest_of`` its document.
        external: As it was written.
    """

    id: str
    token: int
    archived: bool
    workflow_id: str
    digest: bytes
    external: bool = False
