"""Where a server of these tests keeps executions and queues: what to configure, and what to look at beside the server."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import redis

from podium_backends.redis.keys import Keys
from podium_backends.redis.outbox.outbox import ALL_KINDS
from podium_core.outbox import BUCKETS

FEW = 5


class Store(Protocol):
    """One store, used by one server or more.

    Attributes:
        kills: Of five kills that a test of the embedded store makes, how many one of this makes.
        queues_follow: Queues are another store: after a fault messages follow the documents, in a while.
        servers: How many run on it.
    """

    kills: int
    servers: int
    queues_follow: bool

    def arguments(self, folder: Path) -> Sequence[str]:
        """Of ``serve``, with the folder of the server's data."""

    def marks_left(self) -> Iterator[str]:
        """What still waits in the outbox, or was set aside; a few of them."""

    def last_token(self) -> int:
        """The newest token of the outbox that was given out; or a number that grows with each."""

    def set_clock(self, offset_ms: int) -> None:
        """Let the store's clock be wrong, if it isn't the server's."""


NewStore = Callable[[Path], Store]


class EmbeddedStore:
    """The default: files below the folder."""

    kills = 5
    servers = 1
    queues_follow = False

    def __init__(self, folder: Path) -> None:
        self._database = folder / "data" / "podium.db"

    def arguments(self, folder: Path) -> Sequence[str]:
        """Nothing is configured."""
        del folder
        return ()

    def marks_left(self) -> Iterator[str]:
        """As ``Store``."""
        with closing(self._connect()) as conn:
            sql = "SELECT kind, id, due_ms, attempts, aside, reason FROM outbox LIMIT ?"
            yield from (f"a mark is left: {row}" for row in conn.execute(sql, (FEW,)))

    def last_token(self) -> int:
        """As ``Store``."""
        with closing(self._connect()) as conn:
            return int(conn.execute("SELECT last FROM outbox_token").fetchone()[0])

    def set_clock(self, offset_ms: int) -> None:
        """It goes by the server's clock."""

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)


class RedisStore:
    """Everything but index and payloads on a Redis, below a key prefix.

    Attributes:
        client: A connection of the test's own.
        prefix: What every key begins with.
        keys: The key names.
    """

    kills = 2
    servers = 1
    queues_follow = False

    def __init__(self, url: str, prefix: str, settings: str = "") -> None:
        """Take further lines of the store's table, in TOML."""
        self.client = redis.Redis.from_url(url, socket_timeout=120)
        self.prefix = prefix
        self.keys = Keys(workflow_prefix=prefix, stack="test", domain="")
        self._table = f'url = "{url}"\nlayout = "podium"\nworkflow_prefix = "{prefix}"\n{settings}'

    def arguments(self, folder: Path) -> Sequence[str]:
        """As ``Store``; the clock is one that ``index_failpoints`` puts in place of Redis's."""
        file = folder / f"{self.prefix}.toml"
        file.write_text(
            f'[stores.redis]\nkind = "redis"\n{self._table}\n'
            '[stores.local]\nkind = "sqlite"\n[stores.files]\nkind = "local_files"\n'
            '[routing]\ndefault = "redis"\nindex = "local"\npayloads = "files"\n'
            # What is a moment old counts too.
            "[repair]\nmin_age_seconds = 0\nsecond_look_seconds = 0.2\n",
            "utf-8",
        )
        return ("--config", str(file))

    def marks_left(self) -> Iterator[str]:
        """As ``Store``."""
        for kind in ALL_KINDS:
            for bucket in range(BUCKETS):
                marks, _, entries = self.keys.outbox(kind, bucket)
                for member in self._all(self.client.zrange(marks, 0, FEW - 1)):
                    yield f"a mark is left: {kind} {member!r}"
                for member, entry in list(self._all(self.client.hgetall(entries)).items())[:FEW]:
                    yield f"an entry is left: {kind} {member!r} {entry!r}"

    def last_token(self) -> int:
        """As ``Store``."""
        return int(self._all(self.client.get(self.keys.token)) or 0)

    def set_clock(self, offset_ms: int) -> None:
        """As ``Store``: the servers look at it in every script."""
        port = self._all(self.client.info("server"))["tcp_port"]
        self.client.hset(CLOCK_KEY, str(port), offset_ms)

    @staticmethod
    def _all(reply: Any) -> Any:
        """What redis-py answers where it isn't asynchronous, which its types don't say."""
        return reply


# A hash: port of a Redis -> by how many ms its clock is wrong, as ``clock_stand_in.lua`` reads it.
CLOCK_KEY = "podium-test-clock"
