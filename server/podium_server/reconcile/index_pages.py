"""Documents and entries side by side, in the order of their ids, page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import blake2b
from typing import NamedTuple

from podium_core.errors import CorruptRecordError
from podium_core.index.changes import EntryKind
from podium_core.index.entries import EntryHead
from podium_core.index.stored_document import StoredDocument
from podium_core.ports import IndexTarget, StoredDocuments
from podium_server.large_work import done_by_size
from podium_server.outbox.entries import entry_document
from podium_server.reconcile.pace import Pace

# Between two turns of the event loop: so many documents, or characters of them.
_TURN = 50
_TURN_SIZE = 256 * 1024


class Seen(NamedTuple):
    """What is kept of a document: what its entry should be.

    Attributes:
        digest: Of the entry that it should have; empty where it can't be read.
        removing: As of ``StoredDocument``.
    """

    digest: bytes
    removing: bool

    @property
    def unreadable(self) -> bool:
        """Whether it can't be read."""
        return not self.digest


class Pair(NamedTuple):
    """A document and an entry of one id; at least one of them is there."""

    id: str
    seen: Seen | None
    head: EntryHead | None


class IndexPage(NamedTuple):
    """Some pairs, and the id behind which the next page begins; None behind the last one."""

    pairs: Sequence[Pair]
    after: str | None


def digest_of(document: bytes) -> bytes:
    """As ``EntryHead.digest``."""
    return blake2b(document, digest_size=16).digest()


class IndexPages:
    """Reads both sides."""

    def __init__(self, source: StoredDocuments, target: IndexTarget) -> None:
        self._source = source
        self._target = target
        self._pace = Pace()

    async def page(self, kind: EntryKind, after: str) -> IndexPage:
        """The pairs behind an id."""
        limit = self._pace.limit
        # Documents before entries: what is written between the two has its entry later, and the second look knows.
        documents, last = await self._source.scan_documents(kind, after=after, limit=limit)
        heads = await self._target.scan(kind, after=after, limit=limit)
        self._pace.read(documents)
        horizon = _horizon(last, limit, heads)
        seen = await _seen(document for document in documents if _within(document.id, horizon))
        shown = {head.id: head for head in heads if _within(head.id, horizon)}
        ids = sorted(seen.keys() | shown.keys())
        return IndexPage([Pair(id_, seen.get(id_), shown.get(id_)) for id_ in ids], horizon)

    async def seen(self, kind: EntryKind, ids: Sequence[str]) -> dict[str, Seen]:
        """The documents of these ids as they are now; those that are gone aren't among them."""
        found: dict[str, Seen] = {}
        rest = list(ids)
        while rest:
            documents = await self._source.documents(kind, rest, max_size=_TURN_SIZE)
            found |= await _seen(document for document in documents if not document.gone)
            del rest[: len(documents)]
        return found


def _horizon(last: str | None, limit: int, heads: Sequence[EntryHead]) -> str | None:
    """The last id up to which both sides are known; None where that is all."""
    ends = [last, heads[-1].id if len(heads) >= limit else None]
    return min((end for end in ends if end is not None), default=None)


def _within(id_: str, horizon: str | None) -> bool:
    return horizon is None or id_ <= horizon


async def _seen(documents: Iterator[StoredDocument]) -> dict[str, Seen]:
    found: dict[str, Seen] = {}
    size = 0
    for document in documents:
        digest = await done_by_size(partial(_wanted_digest, document), document.size)
        found[document.id] = Seen(digest, document.removing)
        size += document.size
        if size > _TURN_SIZE or len(found) % _TURN == 0:
            size = 0
            await asyncio.sleep(0)
    return found


def _wanted_digest(document: StoredDocument) -> bytes:
    if document.record is None:
        return b""
    try:
        return digest_of(entry_document(document.record))
    except CorruptRecordError:
        return b""
