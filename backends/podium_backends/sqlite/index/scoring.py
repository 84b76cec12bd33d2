"""How well entries match a free text: FTS5's bm25 over the terms that were looked for."""

from __future__ import annotations

from collections.abc import Iterator

from podium_backends.sqlite.index.compile import term_conditions
from podium_backends.sqlite.index.layout import Layout
from podium_core.query import And, Or, Phrase, Prefix, Query, Word


def scored_by(free_text: Query, layout: Layout) -> str:
    """The FTS5 expression whose rank is the score of a free text; empty if it looks for no words."""
    return " OR ".join(f"({match})" for match in _matches(free_text, layout))


def _matches(query: Query, layout: Layout) -> Iterator[str]:
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _matches(part, layout)
        case Word() | Phrase() | Prefix():
            # A term under a NOT is no reason to come first.
            for condition in term_conditions(query, layout):
                if condition.match:
                    yield condition.match
        case _:
            return
