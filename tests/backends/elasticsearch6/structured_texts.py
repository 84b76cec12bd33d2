"""Structured queries and orders over the fields of a kind, with values that documents hold."""

from __future__ import annotations

from random import Random

from podium_core.index import EntryKind
from podium_core.query import Field, FieldType
from tests.backends.elasticsearch6.free_texts import VALUES, WORDS
from tests.core.query.generated import FIELDS

_JOINED = (" AND ", " OR ", " AND NOT ")


class StructuredTexts:
    """The same ones in each run."""

    def __init__(self, kind: EntryKind) -> None:
        self._random = Random(7)
        self._fields = list(FIELDS[kind].values())

    def query(self, depth: int = 2) -> str:
        """A query."""
        shape = self._random.randrange(4) if depth else 0
        if not shape:
            return self._comparison()
        parts = [f"({self.query(depth - 1)})" for _ in range(self._random.randint(2, 3))]
        return _JOINED[shape - 1].join(parts)

    def sort(self) -> list[str]:
        """One or two fields to sort by."""
        fields = [field for field in self._fields if field.sortable]
        chosen = self._random.sample(fields, self._random.randint(1, 2))
        return [f"{field.name}:{self._random.choice(('ASC', 'DESC'))}" for field in chosen]

    def _comparison(self) -> str:
        field = self._random.choice(self._fields)
        name, value = field.name, self._value(field)
        forms = [
            f"{name} IS NULL",
            f"{name} IS NOT NULL",
            f"{name} = {value}",
            f"{name} != {value}",
        ]
        forms += [f"{name} IN ({value}, {self._value(field)})", f"{name} NOT IN ({value})"]
        if field.type in {FieldType.KEYWORD, FieldType.TEXT} and not field.choices:
            forms += [f"{name} STARTS_WITH {value}"] * 2
        if field.type in {FieldType.KEYWORD, FieldType.NUMBER, FieldType.DATE}:
            forms += [f"{name} {sign} {value}" for sign in ("<", "<=", ">", ">=")]
            forms.append(f"{name} BETWEEN {value} AND {self._value(field)}")
        return self._random.choice(forms)

    def _value(self, field: Field) -> str:
        if field.choices:
            return self._random.choice(("COMPLETED", "FAILED"))
        words = VALUES.get(field.type, WORDS)
        text = " ".join(self._random.choices(words, k=self._count(field)))
        return "'" + text.replace("\\", "").replace("'", "''") + "'"

    def _count(self, field: Field) -> int:
        return self._random.randint(1, 2) if field.type is FieldType.TEXT else 1
