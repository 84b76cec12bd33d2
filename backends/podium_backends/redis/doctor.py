"""What is wrong with a Redis, or with our way to it; each finding says what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import msgspec

from podium_backends.redis.connection import Link, RedisReplyError, Target
from podium_backends.redis.format import DEFAULT_LAYOUT, age_fault, format_fault, info_fields
from podium_backends.redis.settings import RedisSettings
from podium_core.backend import Finding, Severity
from podium_core.errors import BackendUnavailableError

_FINE, _WARNING, _FAULT = Severity.OK, Severity.WARNING, Severity.FAULT
_KEEPS_ALL = "noeviction"


async def diagnose(store: str, settings: RedisSettings) -> AsyncIterator[Finding]:
    """Look at a Redis; nothing is written but one message to a channel that nobody hears."""
    target = settings.target(store)
    link = Link(target)
    try:
        info = info_fields(await link.read("INFO"))
        yield _version(info)
        yield _role(info)
        if info.get("cluster_enabled") == "1":
            yield Finding(
                _FAULT, "it is a cluster, which isn't served yet: use one Redis, or Sentinel"
            )
        yield _eviction(info)
        yield await _durability(link, info)
        for finding in [await _scripts(link), await _channels(link), await _sort(link)]:
            if finding is not None:
                yield finding
        yield await _layout(link, settings)
    except BackendUnavailableError as error:
        yield Finding(_FAULT, error.message)
    finally:
        await link.close()
    async for finding in _sentinels(target):
        yield finding


def _version(info: Mapping[str, str]) -> Finding:
    if fault := age_fault(info):
        return Finding(_FAULT, fault)
    return Finding(_FINE, f"Redis {info.get('redis_version', '')}")


def _role(info: Mapping[str, str]) -> Finding:
    if info.get("role") == "slave":
        primary = f"{info.get('master_host')}:{info.get('master_port')}"
        return Finding(_FAULT, f"it is a replica and takes no writes: use its primary, {primary}")
    return Finding(_FINE, f"a primary with {info.get('connected_slaves', '0')} replicas")


def _eviction(info: Mapping[str, str]) -> Finding:
    policy = info.get("maxmemory_policy", _KEEPS_ALL)
    if policy == _KEEPS_ALL:
        return Finding(_FINE, "nothing is evicted (maxmemory-policy noeviction)")
    what = f"maxmemory-policy {policy} removes data when memory is short: set it to {_KEEPS_ALL}"
    return Finding(_WARNING if info.get("maxmemory") == "0" else _FAULT, what)


async def _durability(link: Link, info: Mapping[str, str]) -> Finding:
    if info.get("aof_enabled") != "1":
        what = "no append-only file: what was acknowledged is lost when Redis dies; set 'appendonly yes'"
        return Finding(_WARNING, what)
    fsync = await _setting(link, "appendfsync")
    if fsync == "always":
        return Finding(
            _FINE, "every write is fsynced before it is acknowledged (appendfsync always)"
        )
    if not fsync:
        return Finding(
            _WARNING, "appendfsync can't be read (CONFIG is forbidden): ask who runs this Redis"
        )
    what = f"appendfsync {fsync}: a crash of the machine loses the last second or more; 'always' loses nothing"
    return Finding(_WARNING, what)


async def _layout(link: Link, settings: RedisSettings) -> Finding:
    if fault := await format_fault(link, settings.keys, settings.layout):
        return Finding(_FAULT, fault)
    return Finding(_FINE, f"queues in the layout '{settings.layout or DEFAULT_LAYOUT}'")


async def _setting(link: Link, name: str) -> str:
    try:
        answer = await link.read("CONFIG", "GET", name)
    except BackendUnavailableError:
        return ""
    return answer[1].decode() if len(answer) == 2 else ""


async def _scripts(link: Link) -> Finding | None:
    try:
        await link.read("EVAL", "return 1", 0)
    except BackendUnavailableError as error:
        return Finding(_FAULT, f"scripts aren't allowed, nothing works without: {error.message}")
    return None


async def _channels(link: Link) -> Finding | None:
    try:
        await link.read("PUBLISH", "PODIUM.DOCTOR", "")
    except BackendUnavailableError:
        what = "PUBLISH is forbidden: consumers hear of messages up to a second late; allow +publish +subscribe"
        return Finding(_WARNING, what)
    return None


async def _sort(link: Link) -> Finding | None:
    try:
        await link.read("SORT", "PODIUM.DOCTOR", "BY", "nosort", "GET", "#")
    except BackendUnavailableError:
        return Finding(
            _WARNING, "SORT is forbidden: a workflow's tasks take two trips to read; allow +sort"
        )
    return None


async def _sentinels(target: Target) -> AsyncIterator[Finding]:
    for host, port in target.sentinels:
        url = f"redis://{host}:{port}"
        own = {"url": url, "sentinels": (), "options": target.sentinel_options}
        link = Link(msgspec.structs.replace(target, **own))
        try:
            answer = await link.read("SENTINEL", "CKQUORUM", target.service)
            yield Finding(_FINE, f"Sentinel {host}:{port}: {answer.decode()}")
        # An error reply says what is wrong with the quorum.
        except (BackendUnavailableError, RedisReplyError) as error:
            yield Finding(_WARNING, f"Sentinel {host}:{port}: {error}")
        finally:
            await link.close()
