"""How far a page goes: it ends with the record that reaches so many bytes, or so many rows."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from podium_core.models.page import Page

T = TypeVar("T")

PAGE_BYTES = 256 * 1024
PAGE_ROWS = 1_000

# What a resume token holds: the next page begins after it.
Key = tuple[str | int, ...]


class Found(NamedTuple, Generic[T]):
    """A record, and the bytes that were read for it: those of its own row and of any other."""

    item: T
    size: int


class PageBuilder(Generic[T]):
    """The page that is being filled.

    Attributes:
        last_key: Of the last record; None where there is none.
    """

    __slots__ = (
        "_archived",
        "_items",
        "_keys",
        "_max_rows",
        "_size",
        "_unreadable_ids",
        "last_key",
    )

    def __init__(self, *, max_rows: int = PAGE_ROWS, archived: bool = False) -> None:
        """``archived`` as of ``Page``."""
        self._max_rows = max_rows
        self._archived = archived
        self._clear()

    def _clear(self) -> None:
        self._items: list[T] = []
        self._keys: list[Key] = []
        self._unreadable_ids: list[str] = []
        self._size = 0
        self.last_key: Key | None = None

    @property
    def is_full(self) -> bool:
        """Whether the page ends here."""
        rows = len(self._items) + len(self._unreadable_ids)
        return self._size >= PAGE_BYTES or rows >= self._max_rows

    @property
    def has_items(self) -> bool:
        """Whether a record is in it that could be read."""
        return bool(self._items)

    def add(self, found: Found[T], key: Key) -> None:
        """The next record."""
        self._items.append(found.item)
        self._keys.append(key)
        self._size += found.size
        self.last_key = key

    def add_unreadable(self, id_: str, key: Key | None = None) -> None:
        """The next record can't be read."""
        self._unreadable_ids.append(id_)
        self.last_key = key or self.last_key

    def take(self, token: str) -> Page[T]:
        """The page with what is there, and the token with which the stream goes on; then the next one begins."""
        page = Page(
            items=tuple(self._items),
            keys=tuple(self._keys),
            unreadable_ids=tuple(self._unreadable_ids),
            resume_token=token,
            archived=self._archived,
        )
        self._clear()
        return page
