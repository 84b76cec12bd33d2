"""A store of the tests of faults: executions, definitions and limits on a Cassandra, queues and index in files beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Thread

from podium_backends.cassandra.connection import Row, Session
from podium_backends.cassandra.partition import rows
from podium_backends.cassandra.settings import CassandraSettings
from tests.faults.stores import FEW

# All rows of a kind: what no server asks, and a test may.
_ENTRIES = "SELECT workflow_id, id, value FROM executions WHERE kind = 3 ALLOW FILTERING"
_VERSIONS = "SELECT DISTINCT workflow_id, version FROM executions"
_LOGS = "SELECT owner, first_window, holder FROM logs WHERE part = 0"
_HINTS = "SELECT owner, window, workflow_id FROM log"
_ROUTED = ("executions", "metadata", "event_handlers", "poll_data", "concurrency_limits")


class CassandraStore:
    """A keyspace."""

    kills = 1
    servers = 1
    queues_follow = True

    def __init__(self, settings: CassandraSettings, more_settings: str = "") -> None:
        """Take further lines of the store's table, in TOML."""
        self._settings = settings
        self._more = more_settings
        self._asked = _Connection(settings)

    def arguments(self, folder: Path) -> Sequence[str]:
        """As ``Store``."""
        file = folder / f"{self._settings.keyspace}.toml"
        routing = "".join(f'{data_type} = "cassandra"\n' for data_type in _ROUTED)
        file.write_text(
            f'[stores.cassandra]\nkind = "cassandra"\nkeyspace = "{self._settings.keyspace}"\n'
            f"contact_points = {list(self._settings.contact_points)!r}\nreplication = 1\n"
            f'{self._more}\n[stores.local]\nkind = "sqlite"\n[stores.files]\nkind = "local_files"\n'
            f'[routing]\ndefault = "local"\npayloads = "files"\n{routing}'
            # What is a moment old counts too.
            "[repair]\nmin_age_seconds = 0\nsecond_look_seconds = 0.2\n",
            "utf-8",
        )
        return ("--config", str(file))

    def marks_left(self) -> Iterator[str]:
        """As ``Store``; hints count that are of no server which runs, and logs."""
        for workflow_id, id_, value in self._asked.rows(_ENTRIES)[:FEW]:
            entry = rows.decode_entry(value)
            yield f"an entry is left: {workflow_id} {id_!r} {entry}"
        logs = self._asked.rows(_LOGS)
        if len(logs) > self.servers:
            yield f"a log is left: {logs}"
        owners = {owner for owner, *_ in logs}
        hints = [hint for hint in self._asked.rows(_HINTS) if hint[0] not in owners]
        yield from (f"a hint is left: {hint}" for hint in hints[:FEW])

    def last_token(self) -> int:
        """As ``Store``: each workflow has tokens of its own, which grow."""
        return sum(version or 0 for _, version in self._asked.rows(_VERSIONS))

    def set_clock(self, offset_ms: int) -> None:
        """It goes by the server's clock."""

    def rows(self, cql: str) -> list[Row]:
        """What is there."""
        return self._asked.rows(cql)

    def close(self) -> None:
        """Let go of the connection."""
        self._asked.close()


class _Connection:
    """A session on a loop of its own, for who isn't asynchronous."""

    def __init__(self, settings: CassandraSettings) -> None:
        self._session = Session(settings.target("test"), _nothing, settings.keyspace)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def rows(self, cql: str) -> list[Row]:
        answer: Future[list[Row]] = asyncio.run_coroutine_threadsafe(
            self._session.rows(cql), self._loop
        )
        return answer.result()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._session.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _nothing() -> None:
    """The keyspace is there."""
