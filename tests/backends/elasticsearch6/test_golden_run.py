"""Conductor's own run, made again on indices that it made: by its own requests, and by our writes. The same is found."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from elasticsearch import TransportError

from podium_backends.elasticsearch6.mappings import MARKER, WORDS
from podium_core.index import EntryKind
from tests.backends.elasticsearch6.java_indices import java_setup
from tests.backends.elasticsearch6.opened_index import OpenedIndex, opened_index
from tests.clock import FakeClock
from tests.core.query.golden import documents
from tests.golden.index_run import (
    BAD_PAGES,
    KEPT_HERE,
    LAST_BEFORE_SEARCHES,
    RUN_AT_MS,
    STEPS,
    expect_right_or_refused,
    expect_sound_searches,
    expected,
    make,
)

# Elasticsearch gives no page beyond its window.
BAD_PAGES_HERE = {**BAD_PAGES, 180: "max_result_window"}
KINDS = (EntryKind.WORKFLOW, EntryKind.TASK, EntryKind.EVENT)


@pytest.fixture
async def index(elasticsearch_url: str) -> AsyncIterator[OpenedIndex]:
    """On Java's indices, to which ours adds what they lack."""
    async with opened_index(elasticsearch_url, FakeClock(RUN_AT_MS)) as opened:
        cluster = opened.cluster
        for each in java_setup(cluster.names.prefix):
            await cluster.perform(each)
        await opened.table.setup()
        yield opened


async def replay(index: OpenedIndex, step: dict[str, Any]) -> None:
    """What Java sent, to indices of our prefix."""
    prefix = index.cluster.names.prefix
    for sent in step["http_requests"]:
        if "_search" in sent["uri"]:
            continue
        path = sent["uri"].partition("?")[0].replace("/conductor_", f"/{prefix}_")
        body = sent.get("body")
        if path == "/_bulk":
            body = body.replace('"_index":"conductor_', f'"_index":"{prefix}_').encode()
        elif body:
            body = json.loads(body)
        # Some of its requests are refused.
        with suppress(TransportError):
            await index.cluster.ask(sent["method"], path, body)


async def held(index: OpenedIndex, kind: EntryKind) -> dict[str, Any]:
    """The documents of a kind as Elasticsearch holds them, by id, without what is ours."""
    await index.table.refresh()
    indices = index.cluster.names.indices(kind)
    found = await index.cluster.ask("POST", f"/{indices}/_search", {"size": 100})
    documents = {hit["_id"]: hit["_source"] for hit in found["hits"]["hits"]}
    for document in documents.values():
        document.pop(MARKER, None)
        document.pop(WORDS, None)
    return documents


async def test_what_conductor_wrote_is_found(index: OpenedIndex) -> None:
    for step in STEPS[: LAST_BEFORE_SEARCHES + 1]:
        await replay(index, step)
    for kind in KINDS[:2]:
        assert await held(index, kind) == expected(STEPS[LAST_BEFORE_SEARCHES], kind)
        assert len(documents(kind.value)) == len(await held(index, kind))
    await expect_sound_searches(index)
    await expect_right_or_refused(index, bad_pages=BAD_PAGES_HERE)


async def test_what_we_write_is_the_same_after_each_step_and_is_found(index: OpenedIndex) -> None:
    for number, step in enumerate(STEPS):
        await make(index, step)
        for kind in KINDS:
            found = await held(index, kind)
            found = {id_: each for id_, each in found.items() if id_ not in KEPT_HERE}
            assert found == expected(step, kind), (number, kind)
        if number == LAST_BEFORE_SEARCHES:
            await expect_sound_searches(index)
            await expect_right_or_refused(index, bad_pages=BAD_PAGES_HERE)
