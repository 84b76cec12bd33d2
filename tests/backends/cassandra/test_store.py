"""Opening a Cassandra as a store: what it serves, and one that is away at start."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import Raw

from podium_backends.cassandra.settings import CassandraSettings
from podium_backends.cassandra.setup import Setup
from podium_backends.cassandra.spec import SPEC
from podium_core.backend import ConnectedStore, DataType, StoreContext
from podium_core.errors import BackendUnavailableError, IncompatibleStoreError, OutcomeUnknownError
from podium_core.models import Guarantee, TaskDef
from tests.services.ports import free_ports

TASK_DEF = TaskDef(document=Raw(b'{"name": "encode"}'), name="encode")
DEFINITIONS = frozenset({DataType.METADATA, DataType.EVENT_HANDLERS, DataType.POLL_DATA})


def context(serves: frozenset[DataType] = DEFINITIONS) -> StoreContext:
    return StoreContext(name="main", serves=serves, commit_guarantee=Guarantee.ORDERED)


@pytest.fixture
async def absent(settings: CassandraSettings) -> AsyncIterator[Absent]:
    """The way to a Cassandra, closed at first."""
    (port,) = free_ports(1)
    host, _, to = settings.contact_points[0].rpartition(":")
    way = Absent(settings, port, host, int(to))
    yield way
    await way.close()


class Absent:
    """A port that nobody listens on, until ``come``."""

    def __init__(self, settings: CassandraSettings, port: int, host: str, to: int) -> None:
        self.settings = settings.model_copy(update={"contact_points": [f"127.0.0.1:{port}"]})
        self._port = port
        self._there = (host, to)
        self._server: asyncio.Server | None = None
        self._copies: set[asyncio.Task[None]] = set()

    async def come(self, tls: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self._port, ssl=tls)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(*self._there)
        for source, sink in ((reader, there_writer), (there_reader, writer)):
            task = asyncio.create_task(_copy(source, sink))
            self._copies.add(task)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._copies:
            task.cancel()
        await asyncio.gather(*self._copies, return_exceptions=True)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    finally:
        sink.close()


def served(store: ConnectedStore) -> set[DataType]:
    return {kind for kind in DataType if getattr(store, kind.value) is not None}


class TestOpen:
    @pytest.mark.parametrize("data_type", sorted(DEFINITIONS))
    async def test_has_an_adapter_for_what_is_routed_here(
        self, settings: CassandraSettings, data_type: DataType
    ) -> None:
        store = await SPEC.connect(context(frozenset({data_type})), settings)
        await store.close()
        assert served(store) == {data_type}

    async def test_closed_it_refuses(self, settings: CassandraSettings) -> None:
        store = await SPEC.connect(context(), settings)
        await store.ping()
        await store.close()
        with pytest.raises(BackendUnavailableError, match="closed"):
            await store.ping()

    async def test_one_that_comes_later(self, absent: Absent) -> None:
        store = await SPEC.connect(context(), absent.settings)
        assert store.metadata is not None
        try:
            for _ in range(2):
                with pytest.raises(BackendUnavailableError):
                    await store.ping()
                with pytest.raises(BackendUnavailableError):
                    await store.metadata.create_task_def(TASK_DEF)
            await absent.come()
            await store.metadata.create_task_def(TASK_DEF)
            await store.ping()
        finally:
            await store.close()

    async def test_one_whose_setup_timed_out(
        self, settings: CassandraSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is as one that is away: the setup runs again."""

        async def time_out(self: Setup) -> None:
            raise OutcomeUnknownError("main", "timed out")

        with monkeypatch.context() as slow:
            slow.setattr(Setup, "run", time_out)
            store = await SPEC.connect(context(), settings)
            with pytest.raises(BackendUnavailableError, match="timed out"):
                await store.ping()
        await store.ping()
        await store.close()

    async def test_one_that_can_not_be_used(self, settings: CassandraSettings) -> None:
        other = settings.model_copy(update={"serial_consistency": "SERIAL"})
        with pytest.raises(IncompatibleStoreError, match="serial_consistency"):
            await SPEC.connect(context(), other)

    async def test_one_that_comes_later_and_can_not_be_used(self, absent: Absent) -> None:
        """Nothing is written to it."""
        other = absent.settings.model_copy(update={"serial_consistency": "SERIAL"})
        store = await SPEC.connect(context(), other)
        assert store.metadata is not None
        try:
            await absent.come()
            for _ in range(2):
                with pytest.raises(BackendUnavailableError, match="serial_consistency"):
                    await store.metadata.create_task_def(TASK_DEF)
                with pytest.raises(BackendUnavailableError, match="serial_consistency"):
                    await store.ping()
        finally:
            await store.close()


class TestTls:
    """Behind a proxy that ends TLS, as Cassandra does it itself where it is configured."""

    @pytest.fixture
    def certificates(self, tmp_path: Path) -> Path:
        """``node.pem`` with ``node.key``, which sign themselves, and another such pair."""
        for name in ("node", "other"):
            command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
            command += ["-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem"]
            subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        return tmp_path

    @pytest.mark.parametrize(("trusted", "is_served"), [("node.pem", True), ("other.pem", False)])
    async def test_only_a_node_that_is_trusted_is_spoken_to(
        self, absent: Absent, certificates: Path, trusted: str, is_served: bool
    ) -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificates / "node.pem", certificates / "node.key")
        await absent.come(tls)
        own = {"tls": True, "tls_ca_file": certificates / trusted}
        store = await SPEC.connect(context(), absent.settings.model_copy(update=own))
        try:
            if is_served:
                await store.ping()
            else:
                with pytest.raises(BackendUnavailableError, match="certificate"):
                    await store.ping()
        finally:
            await store.close()

    async def test_who_speaks_plain_text_is_not_served(
        self, absent: Absent, certificates: Path
    ) -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificates / "node.pem", certificates / "node.key")
        await absent.come(tls)
        store = await SPEC.connect(context(), absent.settings)
        with pytest.raises(BackendUnavailableError):
            await store.ping()
        await store.close()
