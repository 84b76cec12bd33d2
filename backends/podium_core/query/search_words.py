"""How many words and prefixes a query may look for: what a search costs in the worst case."""

from __future__ import annotations

from podium_core.query.fields import FieldType
from podium_core.query.text_fields import text_words
from podium_core.query.tree import Equals, Not, OneOf, Phrase, Prefix, Query, StartsWith, Word

MAX_WORDS = 1_000
# Each one reads all words of the index that begin so.
MAX_PREFIXES = 32


class SearchWords:
    """Counts what the terms of one query look for in words: each word once, but all those of phrases."""

    def __init__(self) -> None:
        self._words: set[str] = set()
        self._in_phrases = 0
        self._prefixes = 0

    def too_many(self, query: Query) -> str:
        """Count the words of one term or comparison; why they are too many, or empty."""
        match query:
            case Not(part):
                return self.too_many(part)
            case Prefix() | StartsWith():
                self._prefixes += _in_texts(query)
            case Word(text=text) if _in_texts(query):
                self._words.update(text_words(text))
            case OneOf(values=values) if _in_texts(query):
                self._words.update(map(str, values))
            case Phrase(text=text) if _in_texts(query):
                self._in_phrases += len(text_words(text))
            case Equals(value=str(text)) if _in_texts(query):
                self._in_phrases += len(text_words(text))
        if len(self._words) + self._in_phrases > MAX_WORDS:
            return f"it looks for more than {MAX_WORDS} words"
        if self._prefixes > MAX_PREFIXES:
            return f"it has more than {MAX_PREFIXES} prefixes of words"
        return ""


def _in_texts(query: Word | Phrase | Prefix | StartsWith | Equals | OneOf) -> bool:
    return query.field is None or query.field.type is FieldType.TEXT
