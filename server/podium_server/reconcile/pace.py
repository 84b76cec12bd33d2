"""How many documents are read at once: few where they are large, so that neither memory nor the event loop notices."""

from __future__ import annotations

from collections.abc import Sequence

from podium_core.index.stored_document import StoredDocument

MAX_PAGE = 200
FIRST_PAGE = 50
# Characters of documents in a page.
PAGE_SIZE = 4 * 1024 * 1024


class Pace:
    """The limit of the next page, by the size of the one before."""

    def __init__(self) -> None:
        self.limit = FIRST_PAGE

    def read(self, documents: Sequence[StoredDocument]) -> None:
        """A page was read."""
        size = sum(document.size for document in documents)
        if size > PAGE_SIZE:
            self.limit = max(self.limit * PAGE_SIZE // (2 * size), 1)
        elif size < PAGE_SIZE // 4:
            self.limit = min(self.limit * 2, MAX_PAGE)
