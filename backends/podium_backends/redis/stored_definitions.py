"""Definitions as Redis holds them: documents in hashes, read a slice in each trip."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from podium_backends.redis.connection import Link
from podium_core.paging.pages_of import Row, found_if_readable

T = TypeVar("T")

# Documents that one trip reads; a definition is rarely above a few kilobytes.
SLICE = 100


async def texts(link: Link, *command: Any) -> list[str]:
    """The members or fields that a command gives, in order; those that aren't UTF-8 are nobody's."""
    return sorted(_decode(await link.read(*command)))


def _decode(members: Iterable[bytes]) -> Iterable[str]:
    for member in members:
        try:
            yield member.decode()
        except UnicodeDecodeError:
            continue


async def fields_of(link: Link, key: str, names: Sequence[str]) -> AsyncIterator[tuple[str, bytes]]:
    """Fields of a hash with their values, in the order of the names, a slice in each trip."""
    for at in range(0, len(names), SLICE):
        part = names[at : at + SLICE]
        for name, document in zip(part, await link.read("HMGET", key, *part), strict=True):
            if document is not None:
                yield name, document


async def rows_of(
    link: Link, key: str, after: str, parse: Callable[[bytes, str], T]
) -> AsyncIterator[Row[T]]:
    """The documents of a hash by name, in order of name, from after this one."""
    names = [name for name in await texts(link, "HKEYS", key) if name > after]
    async for name, document in fields_of(link, key, names):
        yield Row((name,), name, found_if_readable(partial(parse, document, name), len(document)))
