"""Indexes in SQLite files for tests, and documents as Elasticsearch would hold them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from podium_backends.sqlite.index.index_file import IndexFile
from podium_core.clock import Clock, system_clock_ms
from podium_core.index import EntryKind
from podium_core.index.entries import IndexAnswer, IndexWrite


@asynccontextmanager
async def opened_index(
    path: Path, clock: Clock = system_clock_ms, **settings: Any
) -> AsyncIterator[IndexFile]:
    """Open an index; a second time for a second process, as far as the file is concerned."""
    index = IndexFile(path, clock=clock, **settings)
    await index.open()
    try:
        yield index
    finally:
        await index.close()


def document_of(members: Mapping[str, Any]) -> bytes:
    """The JSON text of a document."""
    return msgspec.json.encode(dict(members))


async def put_workflows(
    index: IndexFile, documents: Sequence[Mapping[str, Any]], *, token: int = 1
) -> list[IndexAnswer]:
    """Send whole documents, each with a ``workflowId``."""
    return await index.table.send(
        [
            IndexWrite(
                kind=EntryKind.WORKFLOW,
                id=document["workflowId"],
                token=token,
                document=document_of(document),
            )
            for document in documents
        ]
    )
