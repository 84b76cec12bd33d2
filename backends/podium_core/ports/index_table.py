"""What a store that serves the index implements; ``podium_core.index.IndexReads`` makes the reads of IndexDAO of it."""

from __future__ import annotations

from typing import Protocol

from podium_core.index.changes import EntryKind
from podium_core.index.search import Hits, Search
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports.index_target import IndexTarget


class IndexTable(IndexTarget, Protocol):
    """The target that the indexer sends to, and searches of it. Arguments are known to be valid."""

    async def setup(self) -> None:
        """Create what the index needs, if it isn't there; safe to repeat, and by several servers at once."""
        ...

    async def search(self, search: Search, budget: ReadBudget) -> Hits:
        """Carry a search out.

        Raises:
            InvalidArgumentError: It asks for more than this index can give.
            ResultTooLargeError: The documents are above the budget.
            DeadlineExceededError: It ran until the store's own time limit.
            OverloadedError: It waited for others until then.
        """
        ...

    async def records(
        self, kind: EntryKind, owner: str, count: int, budget: ReadBudget
    ) -> list[tuple[str, bytes]]:
        """Ids and documents of the first entries of an owner, of a kind that is only looked up, oldest first.

        Those of one millisecond are in the order in which they were sent. Raises as ``search``.
        """
        ...
