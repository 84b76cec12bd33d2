"""Conductor's structured query language: ``status = 'FAILED' AND startTime > 2023-11-16``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from podium_core.query.comparisons import OPERATORS, Operator, Written, comparison, require_served
from podium_core.query.errors import QueryError, text_in_quotes
from podium_core.query.fields import Field
from podium_core.query.grouping import Join, TreeBuilder, by_precedence, from_the_right
from podium_core.query.texts import require_field, require_usable
from podium_core.query.tree import Exists, MatchAll, Not, Query

MAX_VALUES = 1_024

_PATH = "query"
_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[^\s()=<>!'\",]+")
_SYMBOL = re.compile(r"[=<>!]+")
_PLAIN_VALUE = re.compile(r"[^\s()'\",=<>!][^\s()'\"]*")
# As Conductor's UI writes it: up to the next comma or parenthesis, blanks and quotes within it included.
_PLAIN_IN_LIST = re.compile(r"[^\s(),](?:[^(),]*[^\s(),])?")
_ENDS_IN_LIST = re.compile(r"\s*[,)]")
# What is between quotes, taken in one go; a quote in it has a backslash before it, or is doubled as in SQL.
_QUOTED = {
    quote: re.compile(
        rf"{quote}([^{quote}\\]*+(?:(?:\\.|{quote}{quote})[^{quote}\\]*+)*+){quote}", re.DOTALL
    )
    for quote in "'\""
}
_ESCAPED = {quote: re.compile(rf"\\(.)|{quote}({quote})", re.DOTALL) for quote in "'\""}

_JOINS = {"AND": Join.AND, "OR": Join.OR}
_SYMBOLS = {each.value: each for each in Operator if not each.value.isalpha()}
_WORDS = {
    each.value: each for each in (Operator.BETWEEN, Operator.IN, Operator.STARTS_WITH, Operator.IS)
}
_NEGATED = (Operator.BETWEEN, Operator.IN, Operator.STARTS_WITH)
_ADVICE = {
    "==": "say = instead; ",
    "<>": "say != instead; ",
    "LIKE": "say STARTS_WITH instead, or search for words in free_text; ",
    "ILIKE": "say STARTS_WITH instead, or search for words in free_text; ",
}


def parse_query(text: str, fields: Mapping[str, Field], *, right_grouping: bool = False) -> Query:
    """The tree of a structured query; ``MatchAll`` for an empty one.

    A comparison is ``field operator value``; the operators are ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``,
    ``BETWEEN a AND b``, ``IN (a, b)``, ``STARTS_WITH``, ``IS NULL`` and ``IS NOT NULL``. Comparisons are put together by
    AND, which binds closer, OR, NOT before a comparison, and parentheses. NOT may also stand before IN, BETWEEN and
    STARTS_WITH. These words count in upper and lower case (Conductor's are upper case only); field names and values are
    case sensitive.

    A value may stand in ``'…'`` or ``"…"``, where a backslash escapes the next character and a doubled quote is one quote,
    or bare, up to the next white space, parenthesis or quote. In a list a bare value goes up to the next comma or
    parenthesis, as in Conductor: ``IN (Loop Task, O'Brien x)``. A status is one that Conductor has; STARTS_WITH and bounds
    take any text. A date stands for all the time it names: ``startTime > 2023-11-16``
    begins with the 17th. Texts have ``=`` (the words one after the other), ``!=``, ``IN`` (one word each),
    ``STARTS_WITH`` and ``IS``; NUMBER and DATE have all but ``STARTS_WITH``; BOOLEAN ``=``, ``!=``, ``IN`` and ``IS``.

    Args:
        text: At most 64 KiB with 1,000 comparisons, nested at most 100 levels deep, 1,024 values in a list, and
            1,000 bytes in a bound or prefix.
        fields: What can be named.
        right_grouping: AND and OR take all to their right, as Conductor's own parser does: ``a AND b OR c`` is then
            ``a AND (b OR c)``.
    Raises:
        QueryError: Of ``query``: not such a text; nothing of it is ever ignored.
    """
    require_usable(text, _PATH)
    if not text.strip():
        return MatchAll()
    return _StructuredParser(text, fields, right_grouping=right_grouping).parse()


class _StructuredParser:
    """Goes through the text once; ``_at`` is where it is."""

    def __init__(self, text: str, fields: Mapping[str, Field], *, right_grouping: bool) -> None:
        self._text = text
        self._at = 0
        self._fields = fields
        self._tree = TreeBuilder(_PATH, from_the_right if right_grouping else by_precedence)

    def parse(self) -> Query:
        while True:
            self._openings()
            self._comparison()
            self._closings()
            if self._at == len(self._text):
                return self._tree.finish(self._at)
            self._join()

    # around comparisons

    def _openings(self) -> None:
        while True:
            self._skip_space()
            if self._peek() == "(":
                self._tree.open(self._at)
                self._at += 1
            elif _keyword(self._peek_name()) == "NOT":
                self._tree.negate(self._at)
                self._at += len("NOT")
            else:
                return

    def _closings(self) -> None:
        self._skip_space()
        while self._peek() == ")" and self._tree.is_open:
            self._tree.close(self._at)
            self._at += 1
            self._skip_space()

    def _join(self) -> None:
        word = self._peek_name()
        join = _JOINS.get(_keyword(word))
        if join is None:
            closing = ", )" if self._tree.is_open else ""
            self._fail_without(f"AND, OR{closing} or the end of the query")
        self._at += len(word)
        self._tree.join(join)

    # a comparison

    def _comparison(self) -> None:
        position = self._at
        field = self._field()
        self._skip_space()
        operator_position = self._at
        negated = self._negation()
        operator = self._operator()
        require_served(field, operator, operator_position)
        self._skip_space()
        compared = self._read_comparison(field, operator)
        self._tree.operand(Not(compared) if negated else compared, position)

    def _field(self) -> Field:
        name = self._peek_name()
        if not name or _keyword(name) in _JOINS:
            self._fail_without("a field name, NOT or (")
        field = require_field(name, self._fields, _PATH, self._at)
        self._at += len(name)
        return field

    def _negation(self) -> bool:
        """Take the NOT of NOT IN, NOT BETWEEN and NOT STARTS_WITH."""
        word = self._peek_name()
        if _keyword(word) != "NOT":
            return False
        self._at += len(word)
        self._skip_space()
        if _WORDS.get(_keyword(self._peek_name())) not in _NEGATED:
            self._fail_without("IN, BETWEEN or STARTS_WITH (else NOT stands before the field)")
        return True

    def _operator(self) -> Operator:
        symbol = _SYMBOL.match(self._text, self._at)
        word = symbol[0] if symbol else self._peek_name()
        operator = _SYMBOLS.get(word) or _WORDS.get(_keyword(word))
        if operator is None:
            found = f"{text_in_quotes(word)} is no operator" if word else "an operator is expected"
            advice = _ADVICE.get(word) or _ADVICE.get(_keyword(word), "")
            self._fail(f"{found}; {advice}there are {OPERATORS}")
        self._at += len(word)
        return operator

    def _read_comparison(self, field: Field, operator: Operator) -> Query:
        if operator is Operator.IS:
            return self._null_or_not(field)
        if operator is Operator.IN:
            return comparison(field, operator, self._list())
        if operator is Operator.BETWEEN:
            return comparison(field, operator, self._two_values())
        return comparison(field, operator, [self._value()])

    def _null_or_not(self, field: Field) -> Query:
        word = _keyword(self._peek_name())
        if word == "NOT":
            self._at += len(word)
            self._skip_space()
            self._word("NULL", "NULL")
            return Exists(field)
        self._word("NULL", "NULL or NOT NULL")
        return Not(Exists(field))

    def _two_values(self) -> list[Written]:
        least = self._value()
        self._skip_space()
        self._word("AND", "AND and the upper value")
        self._skip_space()
        return [least, self._value()]

    def _list(self) -> list[Written]:
        if self._peek() != "(":
            self._fail_without("( and the values")
        values: list[Written] = []
        while not values or self._peek() == ",":
            if len(values) == MAX_VALUES:
                self._fail(f"there are more than {MAX_VALUES} values")
            self._at += 1
            self._skip_space()
            values.append(self._value_in_list())
            self._skip_space()
        if self._peek() != ")":
            self._fail_without("a comma or ) after a value (quote values with parentheses)")
        self._at += 1
        return values

    # values

    def _value(self) -> Written:
        if self._peek() in _QUOTED:
            return self._read_quoted(self._peek())
        return self._plain(_PLAIN_VALUE)

    def _value_in_list(self) -> Written:
        quote = self._peek()
        whole = quote in _QUOTED and _QUOTED[quote].match(self._text, self._at)
        if whole and _ENDS_IN_LIST.match(self._text, whole.end()):
            return self._read_quoted(quote)
        if quote in _QUOTED:
            self._fail(f"a value that begins with {quote} has to end with it, before a comma or )")
        return self._plain(_PLAIN_IN_LIST)

    def _read_quoted(self, quote: str) -> Written:
        match = _QUOTED[quote].match(self._text, self._at)
        if match is None:
            self._fail(f"this {quote} is never closed")
        self._at = match.end()
        return Written(_ESCAPED[quote].sub(r"\1\2", match[1]), match.start())

    def _plain(self, pattern: re.Pattern[str]) -> Written:
        match = pattern.match(self._text, self._at)
        if match is None:
            self._fail_without("a value")
        keyword = _keyword(match[0])
        in_list = pattern is _PLAIN_IN_LIST
        if keyword == "NULL" or (keyword == "NOT" and not in_list):
            self._fail("use IS NULL or IS NOT NULL; quote it if the text is meant")
        if keyword in _JOINS and not in_list:
            self._fail(f"a value is expected, found {match[0]}; quote it if the text is meant")
        self._at = match.end()
        return Written(match[0], match.start())

    # the text

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _peek_name(self) -> str:
        match = _NAME.match(self._text, self._at)
        return match[0] if match else ""

    def _word(self, word: str, expected: str) -> None:
        if _keyword(self._peek_name()) != word:
            self._fail_without(expected)
        self._at += len(word)

    def _fail_without(self, what: str) -> NoReturn:
        found = self._peek_name() or self._peek()
        self._fail(f"{what} is expected, found {text_in_quotes(found) if found else 'the end'}")

    def _fail(self, reason: str) -> NoReturn:
        raise QueryError(_PATH, self._at, reason)


def _keyword(word: str) -> str:
    # Beyond ASCII there are letters whose upper case is one of A-Z.
    return word.upper() if word.isascii() else ""
