"""The file of an index: opened, kept in order and closed as one."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from podium_backends.sqlite.file.connection import FileFormat
from podium_backends.sqlite.file.database import MAX_GROUP_WEIGHT, Database
from podium_backends.sqlite.index.index_table import SqliteIndexTable
from podium_backends.sqlite.index.searchers import Searchers
from podium_backends.sqlite.index.words_version import rebuild_words, words_are_current
from podium_backends.sqlite.index.writes import forget_old_tokens
from podium_backends.sqlite.maintenance import PAUSE_SECONDS, ROWS, give_back_free_pages
from podium_core.clock import Clock, system_clock_ms
from podium_core.paging.read_budget import MAX_ANSWER_BYTES
from podium_core.searching import IndexReads

# 'Podx'.
INDEX_FORMAT = FileFormat(0x506F6478, 1, "podium_backends.sqlite.index")


class IndexFile:
    """An index in use.

    Attributes:
        reads: What IndexService asks.
        table: Where the indexer sends to.
    """

    def __init__(
        self,
        path: Path,
        name: str = "main",
        *,
        lock_timeout_ms: int = 5_000,
        task_log_result_limit: int = 10,
        query_right_grouping: bool = False,
        search_timeout_ms: int = 10_000,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        clock: Clock = system_clock_ms,
    ) -> None:
        self._database = Database(
            path, name, lock_timeout_ms=lock_timeout_ms, clock=clock, file_format=INDEX_FORMAT
        )
        self._searchers = Searchers(path, name, timeout_ms=search_timeout_ms)
        # Apart from searches, which take long: neither log reads nor the indexer wait for them.
        self._lookups = Searchers(path, name, 1, timeout_ms=search_timeout_ms)
        self._entry_reader = Searchers(path, name, 1)
        self.table = SqliteIndexTable(
            self._database, self._searchers, self._lookups, self._entry_reader
        )
        self.reads = IndexReads(
            self.table,
            clock=self._database.now_ms,
            task_log_result_limit=task_log_result_limit,
            right_grouping=query_right_grouping,
            max_answer_bytes=max_answer_bytes,
        )

    async def open(self) -> None:
        """Create the file, or open it. Raises as ``Database.open``."""
        await self._database.open()
        if not self._database.read(words_are_current):
            await self._database.write(rebuild_words, weight=MAX_GROUP_WEIGHT)
        self._searchers.open()
        self._lookups.open()
        self._entry_reader.open()

    async def maintain(self) -> None:
        """Forget deleted entries after a while, and give back free pages, both in small pieces."""
        more = True
        while more:
            forget = partial(forget_old_tokens, now_ms=self._database.now_ms(), limit=ROWS)
            more = await self._database.write(forget)
            await asyncio.sleep(PAUSE_SECONDS)
        await give_back_free_pages(self._database)

    async def ping(self) -> None:
        """Return once the file answers. Raises as ``Database.ping``."""
        await self._database.ping()

    async def close(self) -> None:
        """Interrupt searches, finish writes, and close."""
        await self._searchers.close()
        await self._lookups.close()
        await self._entry_reader.close()
        await self._database.close()
