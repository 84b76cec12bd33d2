"""AND, OR, NOT and parentheses become a tree: one builder for both languages, without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum, auto

import msgspec

from podium_core.query.errors import QueryError
from podium_core.query.search_words import SearchWords
from podium_core.query.tree import MAX_DEPTH, And, Not, Or, Query

MAX_COMPARISONS = 1_000


class Join(Enum):
    """What stands between two operands."""

    AND = auto()
    OR = auto()


class _Node(msgspec.Struct, frozen=True):
    query: Query
    depth: int


class _Operands(msgspec.Struct):
    """What is between two parentheses, or between the ends of the text."""

    position: int
    operands: list[_Node] = []
    joins: list[Join] = []
    # How many NOT stand before the next operand.
    pending_nots: int = 0


Grouping = Callable[[list[_Node], list[Join]], _Node]


class TreeBuilder:
    """Takes what a parser meets, in its order, and gives the tree.

    The parser sees to it that operands and joins take turns.
    """

    def __init__(self, field: str, grouping: Grouping) -> None:
        self._field = field
        self._grouping = grouping
        self._groups = [_Operands(position=0)]
        self._levels = 0
        self._comparisons = 0
        self._words = SearchWords()

    @property
    def is_open(self) -> bool:
        """Whether a parenthesis is open."""
        return len(self._groups) > 1

    def open(self, position: int) -> None:
        """An opening parenthesis."""
        self._go_deeper(position)
        self._groups.append(_Operands(position=position))

    def negate(self, position: int) -> None:
        """A NOT before an operand."""
        self._go_deeper(position)
        self._groups[-1].pending_nots += 1

    def operand(self, query: Query, position: int) -> None:
        """A comparison or a term."""
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            reason = f"there are more than {MAX_COMPARISONS} conditions"
            raise QueryError(self._field, position, reason)
        if reason := self._words.too_many(query):
            raise QueryError(self._field, position, reason)
        self._add(_Node(query, 1), position)

    def widen(self, query: Query) -> None:
        """The last operand, or this."""
        operands = self._groups[-1].operands
        operands[-1] = _join(Or, [operands[-1], _Node(query, 1)])

    def join(self, join: Join) -> None:
        """An AND or OR between two operands."""
        self._groups[-1].joins.append(join)

    def close(self, position: int) -> None:
        """A closing parenthesis, where one is open."""
        group = self._groups.pop()
        self._levels -= 1
        self._add(self._grouping(group.operands, group.joins), position)

    def finish(self, position: int) -> Query:
        """The tree, once the text is at its end.

        Raises:
            QueryError: A parenthesis is still open, or the tree is too deep.
        """
        if self.is_open:
            raise QueryError(self._field, self._groups[-1].position, "this '(' is never closed")
        [group] = self._groups
        return self._require_shallow(self._grouping(group.operands, group.joins), position).query

    def _add(self, node: _Node, position: int) -> None:
        group = self._groups[-1]
        for _ in range(group.pending_nots):
            node = _Node(Not(node.query), node.depth + 1)
        self._levels -= group.pending_nots
        group.pending_nots = 0
        group.operands.append(self._require_shallow(node, position))

    def _go_deeper(self, position: int) -> None:
        self._levels += 1
        if self._levels > MAX_DEPTH:
            raise self._too_deep(position)

    def _require_shallow(self, node: _Node, position: int) -> _Node:
        if node.depth > MAX_DEPTH:
            raise self._too_deep(position)
        return node

    def _too_deep(self, position: int) -> QueryError:
        return QueryError(self._field, position, f"it is nested more than {MAX_DEPTH} levels deep")


def by_precedence(operands: list[_Node], joins: list[Join]) -> _Node:
    """AND binds closer than OR."""
    alternatives = [[operands[0]]]
    for operand, join in zip(operands[1:], joins, strict=True):
        if join is Join.OR:
            alternatives.append([operand])
        else:
            alternatives[-1].append(operand)
    return _join(Or, [_join(And, parts) for parts in alternatives])


def from_the_right(operands: list[_Node], joins: list[Join]) -> _Node:
    """Each AND and OR takes all that is to its right, as Conductor's own parser: ``a AND b OR c`` is ``a AND (b OR c)``."""
    parts = [operands[-1]]
    last: Join | None = None
    for operand, join in zip(operands[-2::-1], joins[::-1], strict=True):
        if last is not None and join is not last:
            parts = [_join_of(last, reversed(parts))]
        parts.append(operand)
        last = join
    return parts[0] if last is None else _join_of(last, reversed(parts))


def _join_of(join: Join, parts: Iterable[_Node]) -> _Node:
    return _join(And if join is Join.AND else Or, list(parts))


def _join(kind: type[And] | type[Or], nodes: list[_Node]) -> _Node:
    if len(nodes) == 1:
        return nodes[0]
    parts: list[Query] = []
    depth = 0
    for node in nodes:
        # (a AND b) AND c is a AND b AND c.
        if isinstance(node.query, And | Or) and isinstance(node.query, kind):
            parts += node.query.parts
            depth = max(depth, node.depth)
        else:
            parts.append(node.query)
            depth = max(depth, node.depth + 1)
    return _Node(kind(tuple(parts)), depth)
