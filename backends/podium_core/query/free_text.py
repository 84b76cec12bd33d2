"""Free text: the part of Lucene's query syntax that means the same on every store."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from podium_core.query.errors import QueryError, text_in_quotes
from podium_core.query.fields import Field, FieldType
from podium_core.query.grouping import Join, TreeBuilder, by_precedence
from podium_core.query.texts import require_field, require_short, require_usable
from podium_core.query.tree import Exists, MatchAll, Phrase, Prefix, Query, Word
from podium_core.query.values import misfit

_PATH = "free_text"
_SPACE = re.compile(r"\s*")
_OPERATOR = re.compile(r"(AND|OR|NOT)(?=[\s\"()]|\Z)")
_PHRASE = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# What stands for itself inside a word.
_PLAIN = re.compile(r"(?:[^\s\"()\\:*?~^\[\]{}!&|]++|&(?!&)|\|(?!\|))+")
_ENDS_A_WORD = re.compile(r"[\s\"()]|\Z")

_JOINS = {"AND": Join.AND, "OR": Join.OR}
_HAS_PREFIXES = (FieldType.KEYWORD, FieldType.TEXT)

_RANGES = "there are no ranges here; use the structured query, as version BETWEEN 2 AND 3"
_WILDCARDS = "a wildcard can only be a * at the end of a word"
_ESCAPE = "put a \\ before it if it is meant itself"
# Parts of Lucene's syntax that are refused wherever they stand, and what to do instead.
_REFUSED = {
    "*": f"{_WILDCARDS}; {_ESCAPE}",
    "?": f"{_WILDCARDS}; {_ESCAPE}",
    "~": f"there is no fuzzy search; {_ESCAPE}",
    "^": f"there is no boosting; {_ESCAPE}",
    "[": f"{_RANGES}; {_ESCAPE}",
    "]": f"{_RANGES}; {_ESCAPE}",
    "{": f"{_RANGES}; {_ESCAPE}",
    "}": f"{_RANGES}; {_ESCAPE}",
    "!": f"say NOT instead of !; {_ESCAPE}",
    "&&": f"say AND instead of &&; {_ESCAPE}",
    "||": f"say OR instead of ||; {_ESCAPE}",
}
_REFUSED_FIRST = {
    "+": f"say AND instead of +; {_ESCAPE}",
    "-": f"say NOT instead of -; {_ESCAPE}",
    "/": f"there are no regular expressions; {_ESCAPE}",
    "<": f"{_RANGES}; {_ESCAPE}",
    ">": f"{_RANGES}; {_ESCAPE}",
}


def parse_free_text(text: str, fields: Mapping[str, Field]) -> Query:
    """The tree of a free text; ``MatchAll`` for an empty one and for ``*``.

    There are words, ``"phrases"``, ``prefix*`` and ``*``, which is everything; each of them, or a group in parentheses,
    can be searched for in one field, ``field:value``, where ``field:*`` asks for any value. They are put together by NOT,
    which binds closest, then AND, then OR, in upper case; what stands side by side is joined by OR. (Lucene has no such
    order: there ``a b AND c`` is ``+(a b) +c``.)

    Words side by side, without fields of their own, are one text for keywords: ``Connection refused`` is also a
    ``reasonForIncompletion`` of just these two words, with one blank between them.

    A backslash makes the next character mean itself, in phrases too. The rest of Lucene's syntax is refused with advice:
    ``+``, ``-``, ``<``, ``>`` and ``/`` at the start of a word, ``!``, ``&&``, ``||``, other wildcards, ``~``, ``^``, ranges
    and ``_exists_:``.

    Args:
        text: At most 64 KiB with 1,000 terms, nested at most 100 levels deep; a prefix has at most 1,000 bytes.
        fields: What can be named.
    Raises:
        QueryError: Of ``free_text``: not such a text; nothing of it is ever ignored.
    """
    require_usable(text, _PATH)
    if not text.strip():
        return MatchAll()
    return _FreeTextParser(text, fields).parse()


class _FreeTextParser:
    """Goes through the text once; ``_at`` is where it is."""

    def __init__(self, text: str, fields: Mapping[str, Field]) -> None:
        self._text = text
        self._at = 0
        self._fields = fields
        self._tree = TreeBuilder(_PATH, by_precedence)
        # The field before each open parenthesis, if any; the first is the whole text.
        self._scopes: list[Field | None] = [None]
        # Words that stand side by side, up to here; None where the next word can't be the first of such.
        self._run: list[str] | None = []

    def parse(self) -> Query:
        while True:
            self._operand()
            self._closings()
            if self._at == len(self._text):
                self._end_run()
                return self._tree.finish(self._at)
            self._join()

    # between terms

    def _operand(self) -> None:
        """Everything up to the end of the next term: NOT, opening parentheses, field names."""
        while True:
            self._skip_space()
            operator = self._peek_operator()
            if operator == "NOT":
                self._tree.negate(self._at)
                self._run = None
                self._at += len(operator)
            elif operator or self._peek() in {"", ")"}:
                self._fail_without("a word, a phrase or a group")
            elif self._term():
                return

    def _open(self, field: Field | None) -> None:
        self._end_run()
        self._tree.open(self._at)
        self._scopes.append(field)
        self._at += 1

    def _closings(self) -> None:
        self._skip_space()
        while self._peek() == ")" and self._tree.is_open:
            self._end_run()
            self._tree.close(self._at)
            self._scopes.pop()
            self._at += 1
            self._skip_space()

    def _join(self) -> None:
        operator = self._peek_operator()
        if operator == "NOT":
            # Lucene takes a NOT b for a AND NOT b, our order of binding for a OR NOT b.
            self._fail("say AND NOT or OR NOT")
        if self._peek() == ")":
            self._fail("there is no '(' to this ')'; " + _ESCAPE)
        self._at += len(operator)
        if operator:
            self._end_run()
        if operator == "AND":
            self._run = None
        self._tree.join(_JOINS.get(operator, Join.OR))

    # words side by side

    def _add_to_run(self, word: str) -> None:
        # The one after AND or NOT belongs to that; those after it may be side by side.
        self._run = [] if self._run is None else [*self._run, word]

    def _end_run(self) -> None:
        """Where a run of words ends, its last word may also be the whole run."""
        field = self._scopes[-1]
        if self._run and len(self._run) > 1 and (field is None or field.type is FieldType.KEYWORD):
            self._tree.widen(Word(" ".join(self._run), field))
        self._run = []

    # terms

    def _term(self) -> bool:
        """Take a term; False if only a field name was taken, and a group opened after it."""
        start = self._at
        named = self._field_name()
        field = named or self._scopes[-1]
        if self._peek() == "(":
            self._open(field)
            return False
        position = self._at
        query = self._phrase(field) if self._peek() == '"' else self._word(field)
        _require_type(query, position)
        if named is None and isinstance(query, Word):
            self._tree.operand(query, start)
            self._add_to_run(query.text)
        else:
            self._end_run()
            self._tree.operand(query, start)
        return True

    def _field_name(self) -> Field | None:
        """Take ``name:`` and the white space after it, if that comes next."""
        self._refuse(_REFUSED_FIRST)
        start = self._at
        name = self._word_text()
        if self._peek() != ":":
            self._at = start
            return None
        field = self._require_field(name, start)
        self._at += 1
        self._skip_space()
        if self._peek_operator() or self._peek() in {"", ")"}:
            self._fail_without(f"a value after {name}:")
        return field

    def _require_field(self, name: str, position: int) -> Field:
        if not name:
            self._fail(f"a field name is expected before the colon; {_ESCAPE}")
        if name == "_exists_":
            raise QueryError(_PATH, position, "say field:* instead of _exists_:field")
        advice = "put a \\ before the colon if no field is meant; "
        return require_field(name, self._fields, _PATH, position, advice=advice)

    def _phrase(self, field: Field | None) -> Query:
        match = _PHRASE.match(self._text, self._at)
        if match is None:
            self._fail(f'this " is never closed; {_ESCAPE}')
        self._at = match.end()
        self._refuse(_REFUSED)
        return Phrase(_ESCAPED.sub(r"\1", match[1]), field)

    def _word(self, field: Field | None) -> Query:
        self._refuse(_REFUSED_FIRST)
        start = self._at
        text = self._word_text(with_colons=True)
        if self._peek() == "*" and _ENDS_A_WORD.match(self._text, self._at + 1):
            require_short(text, _PATH, start)
            self._at += 1
            return _star_query(text, field)
        self._refuse(_REFUSED)
        return Word(text, field)

    def _word_text(self, *, with_colons: bool = False) -> str:
        """Take a word up to the first character that means something, and give it without its backslashes."""
        pieces: list[str] = []
        while self._at < len(self._text):
            if plain := _PLAIN.match(self._text, self._at):
                pieces.append(plain[0])
                self._at = plain.end()
            elif self._peek() == "\\":
                pieces.append(self._read_escape())
            elif with_colons and self._peek() == ":":
                pieces.append(":")
                self._at += 1
            else:
                break
        return "".join(pieces)

    def _read_escape(self) -> str:
        if self._at + 1 == len(self._text):
            self._fail("nothing is after this \\; write \\\\ if it is meant itself")
        self._at += 2
        return self._text[self._at - 1]

    # the text

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _peek_operator(self) -> str:
        match = _OPERATOR.match(self._text, self._at)
        return match[0] if match else ""

    def _refuse(self, refused: Mapping[str, str]) -> None:
        for length in (2, 1):
            reason = refused.get(self._text[self._at : self._at + length])
            if reason is not None:
                self._fail(reason)

    def _fail_without(self, what: str) -> NoReturn:
        found = self._peek_operator() or self._peek()
        self._fail(
            f"{what} is expected, found {text_in_quotes(found) if found else 'the end'}; {_ESCAPE}"
        )

    def _fail(self, reason: str) -> NoReturn:
        raise QueryError(_PATH, self._at, reason)


def _star_query(text: str, field: Field | None) -> Query:
    if text:
        return Prefix(text, field)
    return MatchAll() if field is None else Exists(field)


def _require_type(query: Query, position: int) -> None:
    """Refuse a term that can't be in its field."""
    if not isinstance(query, Word | Phrase | Prefix) or query.field is None:
        return
    name, type_ = query.field.name, query.field.type
    if isinstance(query, Prefix):
        if type_ not in _HAS_PREFIXES:
            raise QueryError(_PATH, position, f"{name} is a {type_} field and has no prefixes")
    elif reason := misfit(query.field, query.text):
        raise QueryError(_PATH, position, reason)
