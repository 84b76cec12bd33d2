"""A search as an index carries it out, and what it finds."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podium_core.index.changes import EntryKind
from podium_core.index.kinds import SEARCHED
from podium_core.query import MatchAll, Query, SortKey

# Where a hit stands in its order: what it has of each key of ``Search.order``, in the index's own words, then its id.
Place = tuple[str | int | float | bool | None, ...]


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """A search over the entries of a kind.

    Attributes:
        query: What an entry has to meet.
        free_text: What it has to meet besides; how well it does is its score.
        lucene_query: A text in Lucene's own language, which an entry has to meet besides; empty: none.
        sort: The order that was asked for.
        start: So many hits are skipped.
        count: At most so many are given; 0: the total alone.
        after: Only hits after this place, in the same order: another page.
        with_documents: The documents are wanted, but for ``RAW_JSON``.
        is_cheap: It was not written by a caller, and need not wait for those that may take long.
    """

    kind: EntryKind
    query: Query = MatchAll()
    free_text: Query = MatchAll()
    lucene_query: str = ""
    sort: Sequence[SortKey] = ()
    start: int = 0
    count: int = 0
    after: Place | None = None
    with_documents: bool = False
    is_cheap: bool = False

    @property
    def order(self) -> tuple[SortKey, ...]:
        """The keys to sort by; then by id, ascending. Where nothing is asked for: the best first, of equals the newest.

        An entry that lacks a field comes last, both ways; one without a score has the least.
        """
        if self.sort:
            return tuple(self.sort)
        kind = SEARCHED[self.kind]
        newest = SortKey(kind.fields[kind.newest], descending=True)
        return (SortKey(None, descending=True), newest)


class Hit(msgspec.Struct, frozen=True):
    """An entry that was found; ``document`` is empty where it was not asked for."""

    id: str
    place: Place
    document: bytes = b""


class Hits(msgspec.Struct, frozen=True):
    """All that match, and those of the page that was asked for."""

    total: int
    hits: Sequence[Hit] = ()
