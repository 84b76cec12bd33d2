"""The tokens of a file: each above every earlier one, in every process that writes to it, even after the clock was set back.

The last one is in the file. A transaction of many writes reads it once, counts on, and writes it once before it commits;
a savepoint undoes documents and marks, never a token.
"""

from __future__ import annotations

import sqlite3

from podium_core.clock import token_now


class TokenCounter:
    """Counts within the transaction that is open on a connection."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: int | None = None

    def begin(self) -> None:
        """A transaction has begun: read the counter again, another process may have raised it."""
        self._last = None

    def next(self, conn: sqlite3.Connection, *, above: int = 0) -> int:
        """A fresh token, above ``above`` too."""
        if self._last is None:
            self._last = int(conn.execute("SELECT last FROM outbox_token").fetchone()[0])
        self._last = max(self._last + 1, above + 1, token_now())
        return self._last

    def save(self, conn: sqlite3.Connection) -> None:
        """Before the transaction commits."""
        if self._last is not None:
            conn.execute("UPDATE outbox_token SET last = ?", (self._last,))


class WriterConnection(sqlite3.Connection):
    """A connection with the counter of its transactions."""

    def __init__(self, *arguments: object, **keywords: object) -> None:
        super().__init__(*arguments, **keywords)  # type: ignore[arg-type]
        self.tokens = TokenCounter()


def next_token(conn: sqlite3.Connection, *, above: int = 0) -> int:
    """A token above every one given out before, for the transaction that is open."""
    if not isinstance(conn, WriterConnection):
        raise TypeError("tokens are given out on a writer's connection")
    return conn.tokens.next(conn, above=above)


def begin_tokens(conn: sqlite3.Connection) -> None:
    """A transaction has begun."""
    if isinstance(conn, WriterConnection):
        conn.tokens.begin()


def save_tokens(conn: sqlite3.Connection) -> None:
    """Before the transaction commits."""
    if isinstance(conn, WriterConnection):
        conn.tokens.save(conn)
