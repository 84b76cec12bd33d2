"""``podium index copy``: opens two stores of a configuration, and copies the index of one to the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from podium_core.backend import DataType, StoreContext
from podium_core.errors import StorageError
from podium_core.ports import IndexTable
from podium_server.cli.lines import print_line
from podium_server.cli.progress import Progress
from podium_server.config.config import Config, StoreConfig
from podium_server.reconcile.index_copy import CopyReport, IndexCopy
from podium_server.startup_errors import StartupError


def run_copy(config: Config, source: str, target: str, token: str) -> bool:
    """Copy, and print how it went; whether every entry could be copied.

    Raises:
        StartupError: A name is wrong, or a store can't be opened or reached; it says how to go on.
    """
    if source == target:
        raise StartupError(f"'{source}' can't be copied to itself")
    stores = _index_store(config, source), _index_store(config, target)
    return asyncio.run(_Run(config, token).copy(*stores))


def _index_store(config: Config, name: str) -> StoreConfig:
    serving = {
        name: store for name, store in config.stores.items() if DataType.INDEX in store.spec.serves
    }
    if name not in serving:
        names = ", ".join(serving) or "none"
        raise StartupError(f"no store '{name}' that can hold an index; there are: {names}")
    return serving[name]


class _Run:
    def __init__(self, config: Config, token: str) -> None:
        self._config = config
        self._token = token
        self._reached = ""
        self._progress = Progress()

    async def copy(self, source: StoreConfig, target: StoreConfig) -> bool:
        report = CopyReport(read=0, copied=0, newer=0, refused_count=0)
        try:
            async with self._opened(source) as from_table, self._opened(target) as to_table:
                async for report in IndexCopy(from_table, to_table).run(self._token):
                    self._show(report)
                    self._reached = report.resume_token
        except StorageError as error:
            raise StartupError(f"{error.message}{self._how_to_go_on()}") from error
        except asyncio.CancelledError:
            # Ctrl-C
            self._progress.note(f"podium: interrupted{self._how_to_go_on()}")
            raise
        finally:
            self._progress.clear()
        print_line(f"{_summary(report)} ({self._progress.seconds:.1f} s)")
        return not report.refused_count

    def _show(self, report: CopyReport) -> None:
        for entry in report.refused:
            self._progress.say(f"refused    {entry.kind.value:<8} {entry.id}: {entry.reason}")
        self._progress.show(report.read, f"{report.copied:,} copied")

    def _how_to_go_on(self) -> str:
        return f"; go on with --resume {self._reached}" if self._reached else ""

    @contextlib.asynccontextmanager
    async def _opened(self, store: StoreConfig) -> AsyncIterator[IndexTable]:
        context = StoreContext(
            name=store.name,
            serves=frozenset({DataType.INDEX}),
            commit_guarantee=self._config.commit_guarantee,
        )
        connected = await store.spec.connect(context, store.settings)
        try:
            if connected.index is None:
                raise LookupError(f"kind {store.kind} declares an index, and gives none")
            yield connected.index.table
        finally:
            await connected.close()


def _summary(report: CopyReport) -> str:
    return (
        f"{report.read:,} entries read: {report.copied:,} copied, {report.newer:,} newer there,"
        f" {report.refused_count:,} refused"
    )
