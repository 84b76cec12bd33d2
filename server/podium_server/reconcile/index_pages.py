"""Documents with their entries, then entries without a document, page by page in the order of either store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from podium_core.errors import CorruptRecordError
from podium_core.index.changes import EntryKind
from podium_core.index.entries import EntryHead, digest_of
from podium_core.index.stored_document import OwnedId, StoredDocument
from podium_core.ports import IndexTarget, StoredDocuments
from podium_server.large_work import done_by_size
from podium_server.outbox.entries import entry_document
from podium_server.reconcile.pace import Pace

# Between two turns of the event loop: so many documents, or characters of them.
_TURN = 50
_TURN_SIZE = 256 * 1024
ENTRY_PAGE = 500


class Seen(NamedTuple):
    """The part of a document that is kept: its expected entry.

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
    """A document and an entry of one id; at least one of them is there. ``owner`` as of ``StoredDocument``."""

    id: str
    owner: str
    seen: Seen | None
    head: EntryHead | None


class IndexPage(NamedTuple):
    """Some pairs, each id once, and the cursor with which the walk goes on; None after the last page."""

    pairs: Sequence[Pair]
    cursor: str | None


class IndexPages:
    """Reads both sides."""

    def __init__(self, source: StoredDocuments, target: IndexTarget) -> None:
        self._source = source
        self._target = target
        self._pace = Pace()

    async def documents(self, kind: EntryKind, cursor: str) -> IndexPage:
        """Documents, each with its entry."""
        limit = self._pace.limit
        documents, following = await self._source.scan_documents(kind, cursor=cursor, limit=limit)
        self._pace.read(documents)
        owners = {document.id: document.owner for document in documents}
        seen = await _seen(documents)
        # After the documents: what is written between the two has its entry later, and the second look knows.
        heads = await self._target.heads(kind, list(seen))
        found = zip(seen.items(), heads, strict=True)
        return IndexPage(
            [Pair(id_, owners[id_], one, head) for (id_, one), head in found], following
        )

    async def entries(self, kind: EntryKind, cursor: str) -> IndexPage:
        """Entries that have no document."""
        heads, following = await self._target.scan(kind, cursor=cursor, limit=ENTRY_PAGE)
        owned = {head.id: (head, _owner_of(kind, head)) for head in heads}
        stored = await self._source.stored_ids(
            kind, [(id_, owner) for id_, (_, owner) in owned.items()]
        )
        await asyncio.sleep(0)
        alone = [(id_, *found) for id_, found in owned.items() if id_ not in stored]
        return IndexPage([Pair(id_, owner, None, head) for id_, head, owner in alone], following)

    async def seen(self, kind: EntryKind, ids: Sequence[OwnedId]) -> dict[str, Seen]:
        """The documents of these ids as they are now; those that are gone aren't among them."""
        found: dict[str, Seen] = {}
        rest = list(ids)
        while rest:
            documents = await self._source.documents(kind, rest, max_size=_TURN_SIZE)
            found |= await _seen(document for document in documents if not document.gone)
            del rest[: len(documents)]
        return found


def _owner_of(kind: EntryKind, head: EntryHead) -> str:
    return head.id if kind is EntryKind.WORKFLOW else head.workflow_id


async def _seen(documents: Iterable[StoredDocument]) -> dict[str, Seen]:
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
