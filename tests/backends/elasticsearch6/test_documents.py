"""What was written comes back byte for byte, whatever Elasticsearch makes of it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_core.index import EntryKind
from podium_core.index.entries import IndexWrite, digest_of
from podium_core.paging.read_budget import ReadBudget
from tests.backends.elasticsearch6.served import Served, served

DOCUMENTS = (
    b'{"workflowId":"w","priority":1.00,"a":1e5,"b":12345678901234567890123}',
    b'{ "workflowId" : "w", "a":[ 1, 2 ] , "b":{ }}',
    b'{"workflowId":"w","a":"\\u00e9\\/","b":"\xc3\xa9/"}',
    b'{"workflowId":"w","startTime":"2023-11-14T22:13:20.000Z","output":"{\\"a\\": 1.0}"}',
    b'{"rawJSON":"{\\"podium\\":{\\"a\\":1}}","archived":true}',
    b"{}",
)


@pytest.fixture
async def server(elasticsearch_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with served(elasticsearch_url, tmp_path) as opened:
        yield opened


def writes(kind: EntryKind) -> list[IndexWrite]:
    token = time.time_ns() // 1_000
    return [
        IndexWrite(kind=kind, id=f"w{number}", token=token, document=document)
        for number, document in enumerate(DOCUMENTS)
    ]


@pytest.mark.parametrize("kind", [EntryKind.WORKFLOW, EntryKind.TASK])
async def test_entries(server: Served, kind: EntryKind) -> None:
    sent = writes(kind)
    ids = [write.id for write in sent]
    assert not [answer.refused for answer in await server.table.send(sent) if answer.refused]
    found = await server.table.entries(kind, ids)
    assert [entry.document for entry in found if entry] == list(DOCUMENTS)
    heads = await server.table.heads(kind, ids)
    assert [head.digest for head in heads if head] == [digest_of(each) for each in DOCUMENTS]
    assert [head.archived for head in heads if head] == [b"archived" in each for each in DOCUMENTS]


async def test_what_is_looked_up(server: Served) -> None:
    token = time.time_ns() // 1_000
    lines = [
        b'{"taskId":"t","createdTime":%d,%b' % (at, each[1:])
        for at, each in enumerate(DOCUMENTS[:-1])
    ]
    sent = [
        IndexWrite(kind=EntryKind.TASK_LOG, id=f"l{at}", token=token, document=line)
        for at, line in enumerate(lines)
    ]
    assert not [answer.refused for answer in await server.table.send(sent) if answer.refused]
    await server.table.refresh()
    found = await server.table.records(EntryKind.TASK_LOG, "t", 100, ReadBudget(1_000_000))
    assert found == [(write.id, write.document) for write in sent]
