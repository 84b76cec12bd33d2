"""Whether a Redis is one that this version can use: its version, its mode, and the format of what is on it."""

from __future__ import annotations

from collections.abc import Mapping

from podium_backends.redis.connection import Link
from podium_backends.redis.keys import Keys
from podium_core.errors import IncompatibleStoreError

OLDEST_VERSION = (6, 2)
FORMAT = 1
DEFAULT_LAYOUT = "podium"


async def check_server(link: Link) -> None:
    """Refuse a Redis that is too old, or a member of a cluster.

    Raises:
        IncompatibleStoreError: It is one of those.
        BackendUnavailableError: It can't be reached.
    """
    info = info_fields(await link.read("INFO", "server"))
    if fault := age_fault(info):
        raise IncompatibleStoreError(fault)
    if info.get("redis_mode") == "cluster":
        raise IncompatibleStoreError(
            "this Redis is a member of a cluster, which isn't served yet: use a standalone one or Sentinel"
        )


def age_fault(info: Mapping[str, str]) -> str:
    """Why this Redis is too old; empty: it isn't."""
    version = info.get("redis_version", "0")
    if tuple(int(part) for part in [*version.split("."), "0"][:2]) < OLDEST_VERSION:
        return f"Redis {version} is too old: 6.2 or newer is needed"
    return ""


def info_fields(info: bytes) -> dict[str, str]:
    """What INFO says, by name."""
    lines = (line.partition(":") for line in info.decode(errors="replace").splitlines())
    return {name: value for name, colon, value in lines if colon}


async def check_format(link: Link, keys: Keys, layout: str | None) -> None:
    """Compare the format of what is there with ours; on a Redis without one, write it.

    Args:
        link: The connection.
        keys: The key names.
        layout: That of the settings; None where they leave it open.
    Raises:
        IncompatibleStoreError: Another format or layout; or no format on a database that isn't empty, and no layout is set.
    """
    if fault := await format_fault(link, keys, layout):
        raise IncompatibleStoreError(fault)
    await link.write("SET", keys.format, _text(layout or DEFAULT_LAYOUT), "NX")
    # Another server may have been faster.
    if fault := await format_fault(link, keys, layout):
        raise IncompatibleStoreError(fault)


async def format_fault(link: Link, keys: Keys, layout: str | None) -> str:
    """Why these settings don't go with what is there, in one line; empty: they do. Takes what ``check_format`` does."""
    stored = await link.read("GET", keys.format)
    if stored is None:
        if layout is None and await link.read("DBSIZE"):
            return (
                f"this Redis holds data, and no {keys.format}: set layout = 'podium' to keep queues in keys of Podium's own,"
                " which no Java Conductor reads, or layout = 'conductor' to share the queues of a Java Conductor"
                " (stock 3.13.8 or conductor-oss), without order by priority"
            )
        return ""
    text, wanted = stored.decode(errors="replace"), _text(layout or DEFAULT_LAYOUT)
    if text == wanted:
        return ""
    return f"{keys.format} says '{text}', and this version with these settings uses '{wanted}'"


def _text(layout: str) -> str:
    return f"format={FORMAT} layout={layout}"
