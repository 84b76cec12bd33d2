"""A search as SQL: how many entries match, and one page of them in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from podium_backends.sqlite.index.compile import compile_query
from podium_backends.sqlite.index.condition import sql_of
from podium_backends.sqlite.index.layout import Layout
from podium_backends.sqlite.index.scoring import score_expression
from podium_core.query import And, Query, SortKey

# A score costs a microsecond for every entry that has one of the words, however few are shown; of more than these, that
# almost all entries have, the score says little, and the newest come first.
MAX_SCORED = 10_000
# Of more hits than these, the first page isn't found by sorting all: along the index of the newest entries the first few
# hits are met soon, unless just the oldest are hits, and then it costs as much as to sort.
MAX_SORTED = 10_000


class Hits(NamedTuple):
    """What a search found: rows of the page as number and id."""

    total: int
    rows: list[tuple[int, str]]


class Search:
    """One search over the entries of a layout."""

    def __init__(
        self, layout: Layout, query: Query, free_text: Query, sort: Sequence[SortKey] = ()
    ) -> None:
        self._layout = layout
        # Without an order asked for: the best first. Ties, and what has no score, come newest first.
        self._sort = tuple(sort)
        self._score = score_expression(free_text, layout) if self._asks_for_score() else ""
        whole = compile_query(And((query, free_text)), layout)
        self._prologue = whole.prologue
        self._match = "" if whole.prologue else whole.condition.match
        where, arguments = sql_of(whole.condition, layout.words)
        self._where = where
        self._prologue_arguments = whole.prologue_arguments
        self._arguments = arguments

    def _asks_for_score(self) -> bool:
        return not self._sort or any(key.field is None for key in self._sort)

    def run(self, conn: sqlite3.Connection, *, start: int, count: int) -> Hits:
        """Count all hits, and find a page of them."""
        total = self.total(conn)
        if count == 0 or start >= total:
            return Hits(total, [])
        return Hits(total, self._page(conn, start, count, total))

    def total(self, conn: sqlite3.Connection) -> int:
        """How many entries match."""
        if self._match:
            return self._count_words(conn, self._match)
        sql = f"{self._prologue}SELECT count(*) FROM {self._layout.table} WHERE {self._where}"
        found = conn.execute(sql, (*self._prologue_arguments, *self._arguments)).fetchone()
        return int(found[0])

    def _count_words(self, conn: sqlite3.Connection, expression: str) -> int:
        words = self._layout.words
        sql = f"SELECT count(*) FROM {words} WHERE {words} MATCH ?"
        return int(conn.execute(sql, (expression,)).fetchone()[0])

    def _page(
        self, conn: sqlite3.Connection, start: int, count: int, total: int
    ) -> list[tuple[int, str]]:
        layout = self._layout
        scored = bool(self._score) and self._count_words(conn, self._score) <= MAX_SCORED
        prologue, arguments = self._prologue, list(self._prologue_arguments)
        scores = ""
        if scored:
            prologue = f"{prologue}, {self._scores()}" if prologue else f"WITH {self._scores()}"
            prologue += " "
            arguments.append(self._score)
            scores = " LEFT JOIN scores ON scored = number"
        order = self._order(scored=scored)

        def page_of(table: str) -> str:
            return (
                f"{prologue}SELECT number, {layout.id_column} FROM {table}{scores}"
                f" WHERE {self._where} ORDER BY {order} LIMIT ? OFFSET ?"
            )

        sql = page_of(layout.table)
        arguments += [*self._arguments, count, start]
        newest_first = order.startswith(self._order_by(self._newest()))
        if total > MAX_SORTED and newest_first and _sorts_all(conn, sql, arguments):
            sql = page_of(f"{layout.table} INDEXED BY {layout.by_newest}")
        return conn.execute(sql, arguments).fetchall()

    def _scores(self) -> str:
        words = self._layout.words
        found = f"SELECT rowid AS scored, rank AS score FROM {words} WHERE {words} MATCH ?"
        return f"scores AS MATERIALIZED ({found})"

    def _order(self, *, scored: bool) -> str:
        """Missing values come last, both ways; the id makes it one order."""
        keys = self._sort or (SortKey(None, descending=True), self._newest())
        texts = [self._order_by(key) for key in keys if scored or key.field is not None]
        return ", ".join([*texts, self._layout.id_column])

    def _newest(self) -> SortKey:
        fields = self._layout.fields
        return SortKey(fields[self._layout.newest], descending=True)

    def _order_by(self, key: SortKey) -> str:
        if key.field is not None:
            column = self._layout.columns[key.field.name]
            return f"{column} {'DESC' if key.descending else 'ASC'} NULLS LAST"
        # FTS5's rank is the less the better; an entry without one has the least score.
        return f"score {'ASC NULLS LAST' if key.descending else 'DESC NULLS FIRST'}"


def _sorts_all(conn: sqlite3.Connection, sql: str, arguments: Sequence[Any]) -> bool:
    """Whether SQLite would find all hits before it knows which come first."""
    plan = conn.execute(f"EXPLAIN QUERY PLAN {sql}", arguments).fetchall()
    return any(step[3] == "USE TEMP B-TREE FOR ORDER BY" for step in plan)


def documents_of(
    conn: sqlite3.Connection, layout: Layout, rows: Sequence[tuple[int, str]]
) -> Iterator[tuple[str, bytes]]:
    """Ids and documents of the rows of a page, each read as it is asked for."""
    sql = f"SELECT CAST(document AS BLOB) FROM {layout.documents} WHERE number = ?"
    return ((str(id_), conn.execute(sql, (number,)).fetchone()[0]) for number, id_ in rows)
