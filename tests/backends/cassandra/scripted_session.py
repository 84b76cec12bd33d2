"""A session that answers from a script: the order of statements, and what comes between two of them, without a Cassandra."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from podium_backends.cassandra.connection import Row, Session, Write


class ScriptedSession(Session):
    """Answers each read by ``on_read(cql, values)``, each conditional batch by ``on_apply(writes)``; keeps all statements.

    Attributes:
        sent: The text of each statement, in order; of a conditional batch that of its first one.
        batches: The conditional batches.
    """

    def __init__(
        self,
        on_read: Callable[[str, tuple[Any, ...]], list[Row]] = lambda _cql, _values: [],
        on_apply: Callable[[Sequence[Write]], bool] = lambda _writes: True,
    ) -> None:
        self.sent: list[str] = []
        self.batches: list[Sequence[Write]] = []
        self._on_read = on_read
        self._on_apply = on_apply

    @property
    def store(self) -> str:
        return "main"

    async def rows(self, cql: str, *values: Any) -> list[Row]:
        self.sent.append(cql)
        return self._on_read(cql, values)

    async def write(self, cql: str, *values: Any) -> None:
        del values
        self.sent.append(cql)

    async def write_all(self, writes: Sequence[Write]) -> None:
        self.sent += [write.cql for write in writes]

    async def apply(self, writes: Sequence[Write]) -> bool:
        self.sent.append(writes[0].cql)
        self.batches.append(writes)
        return self._on_apply(writes)

    def position(self, text: str) -> int:
        """Where the first statement stands that begins with a text."""
        return next(at for at, cql in enumerate(self.sent) if cql.startswith(text))
