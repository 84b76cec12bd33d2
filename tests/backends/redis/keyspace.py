"""The keyspaces that Java left after each step of its scenario, loaded into a Redis and read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from podium_backends.redis.connection import Link
from tests.golden.documents import FOLDER

Keyspace = dict[str, dict[str, Any]]
"""By key its type, its value (text, {field: text}, [members] or [[member, score], ...]) and ``ttl``: seconds, or -1."""


@cache
def steps() -> tuple[dict[str, Any], ...]:
    """The steps, each with the keyspace ``before`` it and ``after`` it."""
    recorded = json.loads((FOLDER / "redis-golden.json").read_text("utf-8"))["steps"]
    keyspace: Keyspace = {}
    found = []
    for step in recorded:
        after = dict(keyspace)
        for key, change in step["keyspace_delta"].items():
            if change is None:
                after.pop(key, None)
            else:
                after[key] = {name: change[name] for name in ("type", "value", "ttl")}
        found.append({**step, "before": keyspace, "after": after})
        keyspace = after
    return tuple(found)


async def load(link: Link, keyspace: Keyspace) -> None:
    """Fill an empty database."""
    for key, stored in keyspace.items():
        value = stored["value"]
        match stored["type"]:
            case "string":
                await link.write("SET", key, value)
            case "hash":
                await link.write("HSET", key, *(part for item in value.items() for part in item))
            case "set":
                await link.write("SADD", key, *value)
            case "zset":
                await link.write(
                    "ZADD", key, *(part for member, score in value for part in (score, member))
                )
        if stored["ttl"] > 0:
            await link.write("EXPIRE", key, stored["ttl"])


async def read(link: Link) -> Keyspace:
    """What a database holds."""
    keyspace: Keyspace = {}
    for name in await link.read("KEYS", "*"):
        key = name.decode()
        type_ = (await link.read("TYPE", key)).decode()
        keyspace[key] = {
            "type": type_,
            "value": await _value(link, key, type_),
            "ttl": await link.read("TTL", key),
        }
    return keyspace


async def _value(link: Link, key: str, type_: str) -> Any:
    match type_:
        case "string":
            return (await link.read("GET", key)).decode()
        case "hash":
            parts = [part.decode() for part in await link.read("HGETALL", key)]
            return dict(zip(parts[::2], parts[1::2], strict=True))
        case "set":
            return sorted(member.decode() for member in await link.read("SMEMBERS", key))
        case _:
            parts = [part.decode() for part in await link.read("ZRANGE", key, 0, -1, "WITHSCORES")]
            return [list(pair) for pair in zip(parts[::2], parts[1::2], strict=True)]


def parsed(keyspace: Mapping[str, Any]) -> dict[str, Any]:
    """A keyspace whose JSON texts are values, so that spaces and the order of members don't count."""
    return {key: _parsed(stored["value"]) for key, stored in keyspace.items()}


def lifetimes(keyspace: Mapping[str, Any]) -> dict[str, int]:
    """After how many seconds the keys end that do."""
    return {key: stored["ttl"] for key, stored in keyspace.items() if stored["ttl"] > 0}


def _parsed(value: Any) -> Any:
    if isinstance(value, dict):
        return {field: _parsed(text) for field, text in value.items()}
    if isinstance(value, str) and value.startswith("{"):
        return json.loads(value)
    return value
