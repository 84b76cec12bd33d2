"""The words of a file stay those that its documents are found, and deleted, by."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from podium_backends.sqlite.index import words_version
from podium_backends.sqlite.index.extraction import EXTRACTORS
from podium_core.index import EntryKind
from tests.backends.sqlite.indexes import document_of, opened_index, put_workflows


def test_what_a_document_is_found_by() -> None:
    """Whoever has to change this has to raise ``words_version._RULES``."""
    document = {
        "status": "RUNNING",
        "version": 2,
        "archived": True,
        "startTime": "2023-11-14T22:13:20.123Z",
        "input": "It's 3.14, É",
        "failedTaskNames": ["a b", "c"],
    }
    extract = EXTRACTORS[EntryKind.WORKFLOW].extract(document_of(document), "w")
    assert extract.words == (
        "it's 3.14 é",
        "",
        "a b | c",
        "",
        "",
        "k77 k52554e4e494e47 d1700000000123 n2 b1",
    )


async def test_are_made_anew_where_they_would_be_others_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index.db"
    async with opened_index(path) as index:
        documents = [{"workflowId": id_, "input": f"word {id_}"} for id_ in ("a", "b", "c")]
        await put_workflows(index, documents)
    conn = sqlite3.connect(path)
    conn.execute("INSERT INTO workflow_words (workflow_words) VALUES ('delete-all')")
    conn.execute("UPDATE workflow_documents SET document = 'no JSON' WHERE number = 3")
    conn.commit()
    conn.close()
    async with opened_index(path) as index:
        assert (await index.dao.search_workflows(free_text="word")).results == ()
    monkeypatch.setattr(words_version, "WORDS_VERSION", "another")
    async with opened_index(path) as index:
        found = await index.dao.search_workflows(free_text="word", sort=["workflowId"])
        assert found.results == ("a", "b")
        assert await index.dao.remove_workflow("a")
        assert (await index.dao.search_workflows(free_text="word")).results == ("b",)
