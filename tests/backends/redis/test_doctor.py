"""What the doctor says of real Redis servers that are set up in some wrong way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from podium_backends.redis.doctor import diagnose
from podium_backends.redis.settings import RedisSettings
from podium_core.backend import Severity
from tests.patience import PATIENCE_SECONDS
from tests.services.ports import free_ports
from tests.services.redis_sentinel import SERVICE, WatchedRedis
from tests.services.redis_server import RedisServer

OK, WARNING, FAULT = Severity.OK, Severity.WARNING, Severity.FAULT
PATIENT = {"connect_timeout_ms": int(PATIENCE_SECONDS * 1000)}


@contextmanager
def redis_with(folder: Path, *options: str) -> Iterator[RedisServer]:
    server = RedisServer(folder, options=options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def found(url: str, **settings: Any) -> list[tuple[Severity, str]]:
    checked = RedisSettings.model_validate({"url": url, **PATIENT, **settings})
    return [(one.severity, one.text) async for one in diagnose("main", checked)]


def says(findings: list[tuple[Severity, str]], severity: Severity, part: str) -> bool:
    return any(severity is one and part in text for one, text in findings)


async def test_one_that_loses_nothing(tmp_path: Path) -> None:
    with redis_with(tmp_path, "--appendonly", "yes", "--appendfsync", "always") as server:
        findings = await found(server.url)
    assert {severity for severity, _ in findings} == {OK}
    assert says(findings, OK, "fsynced before it is acknowledged")


@pytest.mark.parametrize(
    ("options", "severity", "part"),
    [
        ((), WARNING, "no append-only file"),
        (("--appendonly", "yes"), WARNING, "appendfsync everysec"),
        (
            ("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"),
            FAULT,
            "allkeys-lru removes data",
        ),
        (("--maxmemory-policy", "volatile-ttl"), WARNING, "volatile-ttl removes data"),
        (("--cluster-enabled", "yes"), FAULT, "it is a cluster"),
        (("--replicaof", "127.0.0.1", "1"), FAULT, "it is a replica"),
    ],
)
async def test_what_is_set_up_badly(
    tmp_path: Path, options: tuple[str, ...], severity: Severity, part: str
) -> None:
    with redis_with(tmp_path, *options) as server:
        assert says(await found(server.url), severity, part)


async def test_a_password_that_is_missing_or_wrong(tmp_path: Path) -> None:
    with redis_with(tmp_path, "--requirepass", "right") as server:
        assert says(await found(server.url), FAULT, "Set 'password'")
        assert says(await found(server.url, password="wrong"), FAULT, "Set 'password'")
        assert not says(await found(server.url, password="right"), FAULT, "")


def _user(*forbidden: str) -> tuple[str, ...]:
    return ("--user", "worker", "on", ">secret", "~*", "&*", "+@all", *forbidden)


async def test_an_acl_that_forbids_what_is_needed(tmp_path: Path) -> None:
    with redis_with(tmp_path, *_user("-sort", "-publish", "-config")) as server:
        findings = await found(server.url, username="worker", password="secret")
    assert says(findings, WARNING, "SORT is forbidden")
    assert says(findings, WARNING, "PUBLISH is forbidden")
    with redis_with(tmp_path, *_user("-eval")) as server:
        findings = await found(server.url, username="worker", password="secret")
    assert says(findings, FAULT, "scripts aren't allowed")


async def test_the_layout_of_queues(tmp_path: Path) -> None:
    with redis_with(tmp_path) as server:
        assert says(await found(server.url), OK, "queues in the layout 'podium'")
        with redis.Redis.from_url(server.url) as client:
            client.set("something", "x")
            assert says(await found(server.url), FAULT, "set layout = 'podium'")
            conductor = await found(server.url, layout="conductor")
            assert says(conductor, OK, "queues in the layout 'conductor'")
            client.set("test.PODIUM.FORMAT", "format=1 layout=podium")
        assert says(await found(server.url, layout="conductor"), FAULT, "layout=podium")
        assert says(await found(server.url), OK, "queues in the layout 'podium'")


async def test_nobody_there() -> None:
    port = free_ports(1)[0]
    assert says(await found(f"redis://127.0.0.1:{port}"), FAULT, f"Redis at 127.0.0.1:{port}")


async def test_sentinels(tmp_path: Path) -> None:
    watched = WatchedRedis(tmp_path)
    watched.start()
    try:
        gone = f"127.0.0.1:{free_ports(1)[0]}"
        settings = {
            "topology": "sentinel",
            "sentinels": [watched.sentinel, gone],
            "sentinel_service": SERVICE,
        }
        findings = await found("redis://unused", **settings)
        assert says(findings, OK, f"Sentinel {watched.sentinel}: OK 1 usable Sentinels")
        assert says(findings, WARNING, f"Sentinel {gone}")
        assert says(findings, OK, "a primary with 1 replicas")
    finally:
        watched.stop()
