"""How well entries match a free text: FTS5's bm25 over the terms that were looked for."""

from __future__ import annotations

from collections.abc import Iterator

from podium_backends.sqlite.index.compile import alternatives, phrase_conditions
from podium_backends.sqlite.index.condition import Condition
from podium_backends.sqlite.index.layout import Layout
from podium_core.query import And, Or, Phrase, Prefix, Query, Word


def score_expression(free_text: Query, layout: Layout) -> str:
    """The FTS5 expression whose rank is the score of a free text; empty if it looks for no words."""
    return " OR ".join(f"({match})" for match in _matches(free_text, layout))


def _matches(query: Query, layout: Layout) -> Iterator[str]:
    for condition in _conditions(query, layout):
        if condition.match:
            yield condition.match


def _conditions(query: Query, layout: Layout) -> Iterator[Condition]:
    match query:
        case And(parts) | Or(parts):
            terms = [part for part in parts if isinstance(part, Word | Prefix)]
            yield from alternatives(terms, layout)
            for part in parts:
                if not isinstance(part, Word | Prefix):
                    yield from _conditions(part, layout)
        case Word() | Prefix():
            yield from alternatives([query], layout)
        case Phrase():
            yield from phrase_conditions(query, layout)
        case _:
            # A term under a NOT is no reason to come first.
            return
