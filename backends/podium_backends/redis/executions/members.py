"""Ids in Redis's sets, which have no order: scanned, and put in order a window at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable

from podium_backends.redis.connection import Link
from podium_core.paging.ordered_window import ordered_ids

_BATCH = 1_000


async def scan_members(link: Link, key: str) -> AsyncIterator[list[str]]:
    """The members of a set, in batches; one that is there throughout comes at least once."""
    cursor: bytes = b"0"
    while True:
        cursor, members = await link.read("SSCAN", key, cursor, "COUNT", _BATCH)
        yield readable_ids(members)
        if cursor == b"0":
            return


def readable_ids(members: Iterable[bytes]) -> list[str]:
    """Members as texts, those left out that are nobody's id."""
    return [id_ for id_ in map(readable_id, members) if id_ is not None]


def readable_id(member: bytes) -> str | None:
    """A member as text. One that isn't UTF-8 is nobody's id."""
    try:
        return member.decode()
    except UnicodeDecodeError:
        return None


async def members_in_order(link: Link, key: str, *, after: str) -> AsyncGenerator[list[str]]:
    """The members of a set after this one in order, each once, a window at a time."""
    async for window in ordered_ids(lambda: scan_members(link, key), after=after):
        yield window
