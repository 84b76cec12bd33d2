"""The tokens under which values of other fields than texts are found in ``exact``: writing and searching make the same."""

from __future__ import annotations

from functools import lru_cache

# In bytes. Of a longer keyword only the beginning is a token, which no shorter value has; FTS5 takes 32,768 characters.
MAX_KEYWORD = 256


@lru_cache(maxsize=8_192)
def keyword_term(value: str) -> str:
    """The token of a keyword. That of a beginning is the beginning of its token."""
    return "k" + value.encode()[:MAX_KEYWORD].hex()


def number_term(value: int) -> str:
    """The token of a number."""
    return f"n{value}"


def boolean_term(value: int) -> str:
    """The token of a boolean, as its column holds it."""
    return f"b{value}"


def date_term(time: int) -> str:
    """The token of a time in milliseconds since the epoch."""
    return f"d{time}"
