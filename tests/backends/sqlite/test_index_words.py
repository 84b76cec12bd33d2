"""The words of a file are those that its documents are found by, and go with them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from podium_backends.sqlite.index import words_version
from podium_backends.sqlite.index.extraction import EXTRACTORS
from podium_core.index import EntryKind
from tests.backends.sqlite.indexes import document_of, opened_index, put_workflows
from tests.table_writes import TableWrites


def test_what_a_document_is_found_by() -> None:
    """Whoever has to change this has to raise ``words_version._RULES``."""
    document = {
        "status": "RUNNING",
        "version": 2,
        "archived": True,
        "startTime": "2023-11-14T22:13:20.123Z",
        "updateTime": "2023-11-14T22:13:20.124Z",
        "input": '{"É":"It\\u0027s\\n3.14, \\ud83d","n":[1,2,3]}',
        "output": "{path=C:\\new, l=[1,2]}",
        "failedTaskNames": ["a b", "c"],
    }
    extract = EXTRACTORS[EntryKind.WORKFLOW].extract(document_of(document), "w")
    assert extract.words == {
        "input": "é it's 3.14 n 1 2 3",
        "output": "path c new l 1,2",
        "failed_task_names": "a b | c",
        "external_input_payload_storage_path": "",
        "external_output_payload_storage_path": "",
        "exact": "k77 k52554e4e494e47 d1700000000123 n2 b1",
    }


async def test_are_made_anew_where_they_would_be_others_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index.db"
    async with opened_index(path) as index:
        documents = [{"workflowId": id_, "input": f"word {id_}"} for id_ in ("a", "b", "c")]
        await put_workflows(index, documents)
    conn = sqlite3.connect(path)
    conn.execute("UPDATE workflow_words SET input = 'made otherwise'")
    conn.execute("UPDATE workflow_documents SET document = 'no JSON' WHERE number = 3")
    conn.commit()
    conn.close()
    async with opened_index(path) as index:
        assert (await index.reads.search_workflows(free_text="word")).results == ()
    monkeypatch.setattr(words_version, "WORDS_VERSION", "another")
    async with opened_index(path) as index:
        found = await index.reads.search_workflows(free_text="word", sort=["workflowId"])
        assert found.results == ("a", "b")
        # What can't be read keeps its words.
        assert (await index.reads.search_workflows(free_text="otherwise")).results == ("c",)


async def test_words_of_a_document_that_cannot_be_read_go_with_it(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    async with opened_index(path) as index:
        documents = [{"workflowId": id_, "input": "word", "status": "OLD"} for id_ in "abc"]
        await put_workflows(index, documents)
        conn = sqlite3.connect(path)
        conn.execute("UPDATE workflow_documents SET document = 'no JSON' WHERE number < 3")
        conn.commit()
        conn.close()
        await put_workflows(index, [{"workflowId": "a", "input": "new", "status": "NEW"}], token=2)
        await TableWrites(index.table).remove_workflow("b")
        for text in ("word", "OLD"):
            # The count comes from the words alone.
            assert await index.reads.get_workflow_count("", text) == 1
        for text in ("new", "NEW"):
            assert (await index.reads.search_workflows(free_text=text)).results == ("a",)
