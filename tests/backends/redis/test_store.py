"""Opening a Redis as a store: its version, its mode, the format of what is on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_backends.redis.connection import Link
from podium_backends.redis.format import check_format
from podium_backends.redis.settings import RedisSettings
from podium_backends.redis.spec import SPEC
from podium_core.backend import Capability, DataType, StoreContext
from podium_core.errors import BackendUnavailableError, IncompatibleStoreError
from podium_core.models import Guarantee, PushMessage
from tests.backends.redis.scripted_redis import scripted_redis
from tests.backends.redis.stores import new_prefix, settings_at
from tests.services.redis_server import RedisServer

CONTEXT = StoreContext(
    name="queues",
    serves=frozenset({DataType.QUEUES, DataType.RATE_LIMITS}),
    commit_guarantee=Guarantee.ORDERED,
)


class Fresh:
    """Key names that nobody has used, and a connection."""

    def __init__(self, url: str) -> None:
        self.prefix = new_prefix()
        self.settings = settings_at(url, self.prefix)
        self.keys = self.settings.keys
        self.link = Link(self.settings.target("queues"))


@pytest.fixture
async def fresh(redis_url: str) -> AsyncIterator[Fresh]:
    made = Fresh(redis_url)
    yield made
    await made.link.write("DEL", made.keys.format, "test-something")
    await made.link.close()


class TestOpen:
    async def test_writes_its_format_once(self, fresh: Fresh) -> None:
        for _ in range(2):
            store = await SPEC.connect(CONTEXT, fresh.settings)
            await store.ping()
            await store.close()
            with pytest.raises(BackendUnavailableError):
                await store.ping()
        assert await fresh.link.read("GET", fresh.keys.format) == b"format=1 layout=podium"

    async def test_serves_what_it_declares(self, fresh: Fresh) -> None:
        store = await SPEC.connect(CONTEXT, fresh.settings)
        served = {kind for kind in DataType if getattr(store, kind.value) is not None}
        await store.close()
        assert served == SPEC.serves

    async def test_one_that_comes_later(self, tmp_path: Path) -> None:
        server = RedisServer(tmp_path)
        settings = settings_at(server.url, new_prefix())
        store = await SPEC.connect(CONTEXT, settings)
        assert store.queues is not None
        with pytest.raises(BackendUnavailableError):
            await store.ping()
        with pytest.raises(BackendUnavailableError):
            await store.queues.get_size("q")
        server.start()
        try:
            await store.queues.push("q", PushMessage(id="m"))
            link = Link(settings.target("queues"))
            assert await link.read("GET", settings.keys.format) == b"format=1 layout=podium"
            await link.close()
        finally:
            await store.close()
            server.kill()

    async def test_one_that_comes_later_and_can_not_be_used(self, tmp_path: Path) -> None:
        """Until somebody has mended it; nothing is written to it."""
        server = RedisServer(tmp_path)
        settings = settings_at(server.url, new_prefix())
        store = await SPEC.connect(CONTEXT, settings)
        assert store.queues is not None
        server.start()
        link = Link(settings.target("queues"))
        try:
            await link.write("SET", settings.keys.format, "format=2 layout=podium")
            for _ in range(2):
                with pytest.raises(BackendUnavailableError, match="format=2"):
                    await store.queues.push("q", PushMessage(id="m"))
                with pytest.raises(BackendUnavailableError, match="format=2"):
                    await store.ping()
            assert await link.read("DBSIZE") == 1
            await link.write("DEL", settings.keys.format)
            await store.queues.push("q", PushMessage(id="m"))
        finally:
            await link.close()
            await store.close()
            server.kill()

    @pytest.mark.parametrize(
        ("info", "problem"),
        [
            ("redis_version:6.0.16\r\nredis_mode:standalone\r\n", "6.0.16 is too old"),
            ("redis_version:5\r\n", "5 is too old"),
            ("redis_version:7.2.4\r\nredis_mode:cluster\r\n", "cluster"),
        ],
    )
    async def test_refuses_a_server_that_it_can_not_use(self, info: str, problem: str) -> None:
        async def answer(request: list[bytes], writer: asyncio.StreamWriter) -> None:
            assert request[0] == b"INFO"
            writer.write(f"${len(info)}\r\n{info}\r\n".encode())

        async with scripted_redis(answer) as server:
            with pytest.raises(IncompatibleStoreError, match=problem):
                await SPEC.connect(CONTEXT, RedisSettings(url=server.url))


class TestFormat:
    async def test_on_a_database_of_others_the_layout_has_to_be_said(self, fresh: Fresh) -> None:
        await fresh.link.write("SET", "test-something", "x")
        with pytest.raises(IncompatibleStoreError) as refused:
            await SPEC.connect(CONTEXT, fresh.settings.model_copy(update={"layout": None}))
        (said,) = refused.value.message.splitlines()
        assert "layout = 'podium' to keep queues in keys of Podium's own" in said
        assert "layout = 'conductor' to share the queues of a Java Conductor" in said
        assert await fresh.link.read("GET", fresh.keys.format) is None
        await check_format(fresh.link, fresh.keys, "podium")
        await check_format(fresh.link, fresh.keys, None)

    async def test_refuses_another_one(self, fresh: Fresh) -> None:
        await fresh.link.write("SET", fresh.keys.format, "format=2 layout=podium")
        with pytest.raises(IncompatibleStoreError, match="format=2"):
            await check_format(fresh.link, fresh.keys, "podium")

    @pytest.mark.parametrize(
        ("first", "then"), [("podium", "conductor"), ("conductor", "podium"), ("conductor", None)]
    )
    async def test_refuses_another_layout(self, fresh: Fresh, first: str, then: str | None) -> None:
        await check_format(fresh.link, fresh.keys, first)
        with pytest.raises(IncompatibleStoreError) as refused:
            await check_format(fresh.link, fresh.keys, then)
        (said,) = refused.value.message.splitlines()
        assert f"layout={first}" in said
        assert f"layout={then or 'podium'}" in said
        await check_format(fresh.link, fresh.keys, first)

    @pytest.mark.parametrize("layout", ["podium", "conductor", None])
    async def test_is_written_again_where_redis_was_emptied(
        self, own_redis: RedisServer, layout: str | None
    ) -> None:
        """Others may have written before: what was found when the store was opened still holds."""
        fresh = Fresh(own_redis.url)
        await fresh.link.write("FLUSHALL")
        settings = fresh.settings.model_copy(update={"layout": layout})
        store = await SPEC.connect(CONTEXT, settings)
        assert store.maintain is not None
        await fresh.link.write("FLUSHALL")
        await fresh.link.write("SET", "test-something", "x")
        await store.maintain()
        written = f"format=1 layout={layout or 'podium'}".encode()
        assert await fresh.link.read("GET", fresh.keys.format) == written
        await fresh.link.write("SET", fresh.keys.format, "format=2 layout=podium")
        with pytest.raises(IncompatibleStoreError, match="format=2"):
            await store.maintain()
        await store.close()
        await fresh.link.close()


class TestCapabilities:
    def test_java_s_queues_have_none(self, fresh: Fresh) -> None:
        conductor = fresh.settings.model_copy(update={"layout": "conductor"})
        queues = {Capability.PRIORITY_ORDER, Capability.LEASE_COUNTS}
        assert SPEC.capabilities(conductor) == SPEC.capabilities(fresh.settings) - queues
        assert SPEC.capabilities(fresh.settings) >= queues
