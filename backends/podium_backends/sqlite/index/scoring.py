"""How well entries match a free text: FTS5's bm25 over the terms that were looked for."""

from __future__ import annotations

from collections.abc import Iterator

from podium_backends.sqlite.index.compile import SqlConditions
from podium_backends.sqlite.index.condition import Condition
from podium_backends.sqlite.index.layout import Layout
from podium_core.query import And, Meaning, Or, Phrase, Prefix, Query, Word


def score_expression(free_text: Query, layout: Layout) -> str:
    """The FTS5 expression whose rank is the score of a free text; empty if it looks for no words."""
    meaning = Meaning(layout.fields, SqlConditions(layout))
    matches = (condition.match for condition in _conditions(free_text, meaning) if condition.match)
    return " OR ".join(f"({match})" for match in dict.fromkeys(matches))


def _conditions(query: Query, meaning: Meaning[Condition]) -> Iterator[Condition]:
    match query:
        case And(parts) | Or(parts):
            terms = [part for part in parts if isinstance(part, Word | Prefix)]
            yield from meaning.alternatives(terms)
            for part in parts:
                if not isinstance(part, Word | Prefix):
                    yield from _conditions(part, meaning)
        case Word() | Prefix():
            yield from meaning.alternatives([query])
        case Phrase():
            yield from meaning.phrase_alternatives(query)
        case _:
            # A term under a NOT is no reason to come first.
            return
