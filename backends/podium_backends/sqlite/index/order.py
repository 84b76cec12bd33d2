"""The order of hits as SQL, and which hits come after a place in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from podium_backends.sqlite.index.layout import Layout
from podium_core.index.search import Place
from podium_core.query import SortKey

# A score in the place of a hit where scores don't count.
UNSCORED = ""


class _Term(NamedTuple):
    """One key: a column, and whether large values, and missing ones, come last."""

    column: str
    ascending: bool
    missing_last: bool = True

    @property
    def sql(self) -> str:
        missing = "LAST" if self.missing_last else "FIRST"
        return f"{self.column} {'ASC' if self.ascending else 'DESC'} NULLS {missing}"

    def beyond(self, value: Any) -> tuple[str, tuple[Any, ...]]:
        """The condition of rows that come after this value."""
        if value is None:
            return ("0", ()) if self.missing_last else (f"{self.column} IS NOT NULL", ())
        compared = f"{self.column} {'>' if self.ascending else '<'} ?"
        return (f"({compared} OR {self.column} IS NULL)" if self.missing_last else compared), (
            value,
        )


class Order:
    """Missing values come last, both ways; the id makes it one order.

    Attributes:
        columns: What the place of a hit is made of, but for its id.
        sql: For ORDER BY.
        is_newest_first: Whether the index of the newest entries has this order.
    """

    def __init__(self, keys: Sequence[SortKey], layout: Layout, *, scored: bool) -> None:
        self._id = _Term(layout.id_column, ascending=True)
        self._terms = [_term(key, layout, scored=scored) for key in keys]
        columns = ("''" if term is None else term.column for term in self._terms)
        self.columns = ", ".join(columns)
        used = [term for term in self._terms if term is not None]
        self.sql = ", ".join([*(term.sql for term in used), layout.id_column])
        self.is_newest_first = used[0] == _Term(layout.columns[layout.newest], ascending=False)

    def after(self, place: Place) -> tuple[str, tuple[Any, ...]]:
        """The condition of rows after a place, as something to put after the others, and its values."""
        pairs = [
            (term, value)
            for term, value in zip((*self._terms, self._id), place, strict=True)
            if term is not None
        ]
        alternatives: list[str] = []
        arguments: list[Any] = []
        equal: list[str] = []
        before: list[Any] = []
        for term, value in pairs:
            sql, values = term.beyond(value)
            alternatives.append(" AND ".join([*equal, sql]))
            arguments += [*before, *values]
            equal.append(f"{term.column} IS ?")
            before.append(value)
        return f" AND ({' OR '.join(alternatives)})", tuple(arguments)


def _term(key: SortKey, layout: Layout, *, scored: bool) -> _Term | None:
    if key.field is not None:
        return _Term(layout.columns[key.field.name], ascending=not key.descending)
    # FTS5's rank is the less the better; an entry without one has the least score.
    return _Term("score", key.descending, missing_last=key.descending) if scored else None
