"""Free texts that mean the same in Lucene's query language and in ours: each group has one operator only."""

from __future__ import annotations

from random import Random

from podium_core.index import EntryKind
from podium_core.query import Field, FieldType
from tests.core.query.generated import FIELDS

_WORDS = (
    "a ab it's É é ΟΔΟΣ οδος 日本 x_1 3.14 7 true a.b foo|bar straße 👍 COMPLETED completed RUNNING FAILED alice Alice smith"
    " order refund timeout done-2 orderFlow shipFlow corr-A 2023-11-14 1700000000123 9007199254740993 f=1.0 \\-5"
)
WORDS = _WORDS.split()
# No document has one of these as the whole value of a keyword: side by side each of them would be looked for as such.
ONLY_IN_TEXTS = ("alice", "smith", "Smith", "customer", "nul", "timeout", "result")
VALUES = {
    FieldType.NUMBER: ("7", "0", "1", "2023", "9007199254740993", "\\-5"),
    FieldType.DATE: ("2023-11-14", "1700000000123", "7", "2023-11-14T22\\:13\\:20.123Z"),
    FieldType.BOOLEAN: ("true", "false"),
}
_ENDS_NO_PREFIX = ".'=|-\\"


def free_texts(kind: EntryKind, count: int) -> list[str]:
    """So many free texts over the fields of a kind, the same ones in each run."""
    made = _FreeTexts(kind)
    return [made.tree(2) for _ in range(count)]


class _FreeTexts:
    def __init__(self, kind: EntryKind) -> None:
        self._random = Random(5)
        self._fields = list(FIELDS[kind].values())

    def tree(self, depth: int) -> str:
        shape = self._random.randrange(4) if depth else 0
        if not shape:
            return self._term()
        parts = [_grouped(self.tree(depth - 1)) for _ in range(self._random.randint(2, 3))]
        return (" OR ", " AND ", " AND NOT ")[shape - 1].join(parts)

    def _term(self) -> str:
        match self._random.randrange(9):
            case 0 | 1 | 2:
                return self._word()
            case 3:
                return self._phrase()
            case 4:
                word = self._word()
                return word[: self._random.randint(1, 4)].rstrip(_ENDS_NO_PREFIX) + "*"
            case 5:
                return " ".join(self._random.choices(ONLY_IN_TEXTS, k=2))
            case _:
                field = self._random.choice(self._fields)
                return f"{field.name}:{self._value(field)}"

    def _value(self, field: Field) -> str:
        if field.name == "status":
            return self._random.choice(("COMPLETED", "FAILED"))
        if values := VALUES.get(field.type):
            return self._random.choice(values)
        return self._random.choice((self._word(), self._phrase()))

    def _phrase(self) -> str:
        words = [self._word().replace("\\", "") for _ in range(self._random.randint(1, 3))]
        return f'"{" ".join(words)}"'

    def _word(self) -> str:
        return self._random.choice(WORDS)


def _grouped(text: str) -> str:
    return f"({text})" if " " in text else text
