"""Terms of FTS5's query language: what a word, a phrase, a prefix is in the columns of a ``words`` table.

No term holds a quotation mark, so that none needs escaping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from podium_backends.sqlite.index.layout import EXACT

# No word has another ASCII character; the gap between two texts, and FTS5's own signs, are among them.
_NO_WORD = re.compile(r"[^a-z0-9_.,:;'\u0080-\U0010ffff]")


def in_columns(columns: Iterable[str], expression: str) -> str:
    """The expression, in one of these columns."""
    return f"{{{' '.join(columns)}}} : ({expression})"


def exactly(tokens: Iterable[str]) -> str:
    """One of these tokens in ``exact``."""
    return f"{EXACT} : ({either(tokens)})"


def exact_prefix(token: str) -> str:
    """A token in ``exact`` that begins so."""
    return f'{EXACT} : ("{token}" *)'


def either(tokens: Iterable[str]) -> str:
    """At least one of the tokens."""
    return " OR ".join(f'"{token}"' for token in tokens)


def phrase(tokens: Sequence[str]) -> str:
    """The tokens, one after the other."""
    return f'"{" ".join(tokens)}"'


def prefix(token: str) -> str:
    """A token that begins so."""
    return f'"{token}" *'


def is_word(token: str) -> bool:
    """Whether this can be a word, or the beginning of one, at all."""
    return bool(token) and _NO_WORD.search(token) is None
