"""The documents of a set's members in order of id: in one trip where they are few and small."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from podium_backends.redis.connection import Link
from podium_backends.redis.executions.documents import TRIP_BYTES, each_document
from podium_backends.redis.executions.members import members_in_order, readable_id, readable_ids
from podium_backends.redis.executions.missing_members import MissingMembers
from podium_backends.redis.script_files import script

# The functions of scripts that read members.
MEMBERS = ("executions/documents", "executions/members")
_READ = script(*MEMBERS, "executions/read_members")
MOST_IDS_OF_A_TRIP = 1_000
# Ids and documents as ``members.lua`` answers them; None for what is too much.
Members = Sequence[Any]


def members_arguments(key_of: Callable[[str], str]) -> tuple[str, int, int]:
    """What a script takes that reads the documents with these keys, where they are few and small."""
    return key_of(""), MOST_IDS_OF_A_TRIP, TRIP_BYTES


async def documents_of_members(
    link: Link,
    sets: Sequence[str],
    key_of: Callable[[str], str],
    missing: MissingMembers,
    *,
    after: str,
    found: Members | None = None,
) -> AsyncIterator[tuple[str, bytes]]:
    """Ids after this one, each with its document; those without one are left out, and noted.

    Args:
        link: The connection for what reads much.
        sets: The key of one set of ids, or of two: then the ids that both have.
        key_of: The key of a document; of the empty id, what each begins with.
        missing: Where ids without a document are noted.
        after: An id, or empty.
        found: What a script has already read of the members.
    """
    ids, documents = found or await link.run_reading(_READ, sets, members_arguments(key_of))
    if documents is None:
        async for window in _windows(link, sets, ids, after):
            async for pair in documents_of(link, window, sets, key_of, missing):
                yield pair
        return
    pairs = list(zip(map(readable_id, ids), documents, strict=True))
    await missing.saw(sets, [id_ for id_, text in pairs if text is None and id_], key_of)
    wanted = [(id_, text) for id_, text in pairs if text is not None and id_ and id_ > after]
    for pair in sorted(wanted):
        yield pair


async def _windows(
    link: Link, sets: Sequence[str], ids: Sequence[bytes] | None, after: str
) -> AsyncIterator[list[str]]:
    """The ids after this one in order."""
    if ids is None and len(sets) == 1:
        async for window in members_in_order(link, sets[0], after=after):
            yield window
        return
    if ids is None:
        ids = await link.read("SINTER", *sets)
    yield sorted(id_ for id_ in readable_ids(ids) if id_ > after)


async def documents_of(
    link: Link,
    ids: Sequence[str],
    sets: Sequence[str],
    key_of: Callable[[str], str],
    missing: MissingMembers,
) -> AsyncIterator[tuple[str, bytes]]:
    """The same of ids that are members of these sets, in their order."""
    without: list[str] = []
    async for id_, document in each_document(link, ids, key_of):
        if document is None:
            without.append(id_)
        else:
            yield id_, document
    await missing.saw(sets, without, key_of)
