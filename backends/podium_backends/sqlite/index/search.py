"""A search as SQL: how many entries match, and one page of them in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from podium_backends.sqlite.index.compile import compile_query
from podium_backends.sqlite.index.condition import sql_of
from podium_backends.sqlite.index.layout import Layout
from podium_backends.sqlite.index.order import UNSCORED, Order
from podium_backends.sqlite.index.scoring import score_expression
from podium_core.index.search import Hit, Hits, Search
from podium_core.paging.read_budget import ReadBudget
from podium_core.query import And

# A score costs a microsecond for every entry that has one of the words, however few are shown; of more than these, that
# almost all entries have, the score says little, and the newest come first.
MAX_SCORED = 10_000
# Of more hits than these, the first page isn't found by sorting all: along the index of the newest entries the first few
# hits are met soon, unless just the oldest are hits, and then it costs as much as to sort.
MAX_SORTED = 10_000


class SqlSearch:
    """One search over the entries of a layout."""

    def __init__(self, layout: Layout, search: Search) -> None:
        self._layout = layout
        self._search = search
        asks_for_score = any(key.field is None for key in search.order)
        self._score = score_expression(search.free_text, layout) if asks_for_score else ""
        whole = compile_query(And((search.query, search.free_text)), layout)
        self._prologue = whole.prologue
        self._match = "" if whole.prologue else whole.condition.match
        where, arguments = sql_of(whole.condition, layout.words)
        self._where = where
        self._prologue_arguments = whole.prologue_arguments
        self._arguments = arguments

    def run(self, conn: sqlite3.Connection, budget: ReadBudget) -> Hits:
        """Count all hits, and find the page. Raises ``ResultTooLargeError`` as ``IndexTable.search``."""
        search = self._search
        total = self._total(conn)
        if search.count == 0 or search.start >= total:
            return Hits(total)
        rows = self._page(conn, total)
        if not search.with_documents:
            return Hits(total, [Hit(str(id_), (*place, id_)) for _, id_, *place in rows])
        sql = f"SELECT CAST(document AS BLOB) FROM {self._layout.documents} WHERE number = ?"
        hits: list[Hit] = []
        for number, id_, *place in rows:
            document = conn.execute(sql, (number,)).fetchone()[0]
            budget.take_document(len(document))
            hits.append(Hit(str(id_), (*place, id_), document))
        return Hits(total, hits)

    def _total(self, conn: sqlite3.Connection) -> int:
        if self._match:
            return self._count_words(conn, self._match)
        sql = f"{self._prologue}SELECT count(*) FROM {self._layout.table} WHERE {self._where}"
        found = conn.execute(sql, (*self._prologue_arguments, *self._arguments)).fetchone()
        return int(found[0])

    def _count_words(self, conn: sqlite3.Connection, expression: str) -> int:
        words = self._layout.words
        sql = f"SELECT count(*) FROM {words} WHERE {words} MATCH ?"
        return int(conn.execute(sql, (expression,)).fetchone()[0])

    def _page(self, conn: sqlite3.Connection, total: int) -> list[tuple[Any, ...]]:
        layout, search = self._layout, self._search
        scored = self._is_scored(conn)
        prologue, arguments = self._prologue, list(self._prologue_arguments)
        scores = ""
        if scored:
            prologue = f"{prologue}, {self._scores()}" if prologue else f"WITH {self._scores()}"
            prologue += " "
            arguments.append(self._score)
            scores = " LEFT JOIN scores ON scored = number"
        order = Order(search.order, layout, scored=scored)
        where, place = order.after(search.after) if search.after else ("", ())

        def page_of(table: str) -> str:
            return (
                f"{prologue}SELECT number, {layout.id_column}, {order.columns} FROM {table}{scores}"
                f" WHERE {self._where}{where} ORDER BY {order.sql} LIMIT ? OFFSET ?"
            )

        sql = page_of(layout.table)
        arguments += [*self._arguments, *place, search.count, search.start]
        if total > MAX_SORTED and order.is_newest_first and _sorts_all(conn, sql, arguments):
            sql = page_of(f"{layout.table} INDEXED BY {layout.by_newest}")
        return conn.execute(sql, arguments).fetchall()

    def _is_scored(self, conn: sqlite3.Connection) -> bool:
        """Whether scores count; further pages do as the first one did."""
        if not self._score:
            return False
        if self._search.after:
            keys = zip(self._search.order, self._search.after, strict=False)
            return all(value != UNSCORED for key, value in keys if key.field is None)
        return self._count_words(conn, self._score) <= MAX_SCORED

    def _scores(self) -> str:
        words = self._layout.words
        found = f"SELECT rowid AS scored, rank AS score FROM {words} WHERE {words} MATCH ?"
        return f"scores AS MATERIALIZED ({found})"


def _sorts_all(conn: sqlite3.Connection, sql: str, arguments: Sequence[Any]) -> bool:
    """Whether SQLite would find all hits before it knows which come first."""
    plan = conn.execute(f"EXPLAIN QUERY PLAN {sql}", arguments).fetchall()
    return any(step[3] == "USE TEMP B-TREE FOR ORDER BY" for step in plan)
