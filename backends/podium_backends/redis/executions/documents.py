"""Documents by their keys: in one trip as far as an answer may be large, or a slice at a time for streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

from podium_backends.redis.connection import Link
from podium_backends.redis.script_files import script

T = TypeVar("T")

_READ = script("executions/documents", "executions/read_documents")

# Keys of one script: Lua's stack takes no more than about 8,000.
_KEYS_OF_A_TRIP = 5_000
# What one trip of a stream brings, as far as the documents before tell their size.
TRIP_BYTES = 1024 * 1024
LARGEST_SLICE = 1_000


async def documents_within(link: Link, keys: Sequence[str], max_bytes: int) -> list[bytes | None]:
    """The documents in order of the keys, None for one that isn't there; fewer than keys where the bytes are reached."""
    found: list[bytes | None] = []
    left = max_bytes
    for at in range(0, len(keys), _KEYS_OF_A_TRIP):
        part = keys[at : at + _KEYS_OF_A_TRIP]
        documents: list[bytes | None] = await link.run_reading(_READ, part, [left])
        found += documents
        left -= sum(len(document or b"") for document in documents)
        if len(documents) < len(part) or left <= 0:
            break
    return found


async def each_document(
    link: Link, items: Sequence[T], key_of: Callable[[T], str]
) -> AsyncIterator[tuple[T, bytes | None]]:
    """Each item in order with its document; None for one that isn't there.

    Args:
        link: The connection for what reads much.
        items: What documents are wanted of, as their ids.
        key_of: The key of an item's document.
    """
    # MGET costs Redis less than a script, but nothing bounds what it reads.
    first = [key_of(item) for item in items[:LARGEST_SLICE]]
    documents = await documents_within(link, first, TRIP_BYTES)
    at = 0
    while documents:
        part = items[at : at + len(documents)]
        at += len(part)
        total = 0
        for item, document in zip(part, documents, strict=True):
            total += len(document or b"")
            yield item, document
        size = max(1, min(LARGEST_SLICE, TRIP_BYTES * len(part) // max(total, 1)))
        keys = [key_of(item) for item in items[at : at + size]]
        documents = await link.read("MGET", *keys) if keys else []
