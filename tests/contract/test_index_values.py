"""IndexDAO: what values entries are found by, however they are written, and what is only kept."""

from __future__ import annotations

import pytest
from msgspec import Raw

from podium_core.errors import InvalidArgumentError
from podium_core.execution_service import ExecutionService
from podium_core.ports import IndexDAO
from tests.contract.eventually import eventually
from tests.contract.records import (
    make_event_execution,
    make_task_summary,
    make_workflow,
    make_workflow_summary,
)
from tests.contract.ways import INDEX_WAYS_AT_NIGHT, SEARCH_WAYS

WAYS = SEARCH_WAYS
NIGHTLY_WAYS = INDEX_WAYS_AT_NIGHT

DIGITS = b"9" * 5_000
# Numbers beyond what columns, and Python's own, can hold.
TOO_LARGE = [b"1e400", b"-1e400", DIGITS, b"%d" % 2**64, b"1.5e300", DIGITS + b".5"]


async def found(dao: IndexDAO, query: str = "", free_text: str = "") -> list[str]:
    """Ids of the workflows that match."""
    return list((await dao.search_workflows(query, free_text, sort=["workflowId"])).results)


class TestJsonValues:
    """The same value is found in the same way, whatever encoder wrote it."""

    @pytest.mark.parametrize(
        "text",
        [
            '{"clé":"déjà vu","n":[1,2,3]}',
            '{"cl\\u00e9":"d\\u00e9j\\u00e0\\u0020vu","n":[1, 2,\\n3]}'.replace("\\\\n", "\n"),
            '{ "cl\\u00E9" : "d\\u00E9j\\u00E0\\tvu" , "n" : [ 1,2 ,3 ] }',
        ],
    )
    async def test_are_found_decoded(self, index_dao: IndexDAO, text: str) -> None:
        text = text.replace("\\n3", "\n3")
        await index_dao.index_workflow(make_workflow_summary("w1", input=text))
        for word in ("clé", "déjà", "vu", "1", "2", "3", '"déjà vu"', "DÉJ*"):
            assert await found(index_dao, free_text=word) == ["w1"], word
        for word in ("u00e9j", "d", "tvu", "n3", "1,2"):
            assert await found(index_dao, free_text=word) == [], word
        assert await found(index_dao, "input = 'déjà vu'") == ["w1"]
        # The text itself is as it was.
        summaries = await index_dao.search_workflow_summary()
        assert summaries.results[0].input == text

    async def test_a_line_end_is_between_two_words(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary("w1", output='{"t":"first\\nsecond"}'))
        assert await found(index_dao, free_text="nsecond") == []
        assert await found(index_dao, free_text="second") == ["w1"]
        assert await found(index_dao, "output = 'first second'") == ["w1"]

    async def test_pairs_are_one_character_and_halves_none(self, index_dao: IndexDAO) -> None:
        text = '{"a":"x\\ud83d\\udc4dy","b":"p\\ud83dq","c":"\\\\ud83d"}'
        await index_dao.index_workflow(make_workflow_summary("w1", input=text))
        for word in ("x", "👍", "y", "p", "q", "ud83d"):
            assert await found(index_dao, free_text=word) == ["w1"], word

    async def test_what_is_no_json_is_taken_as_it_stands(self, index_dao: IndexDAO) -> None:
        text = "{path=C:\\new, t=first\\nsecond, n=[1, 2]}"
        await index_dao.index_workflow(make_workflow_summary("w1", input=text))
        for word in ("new", "nsecond", "2"):
            assert await found(index_dao, free_text=word) == ["w1"], word

    async def test_of_stored_executions_too(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        workflow = make_workflow("w1", input=Raw(b'{"t":"d\\u00e9j\\u00e0","l":[7,8]}'))
        await executions.create_workflow(workflow)

        async def is_found() -> bool:
            return await found(index_dao, free_text="déjà AND 8") == ["w1"]

        await eventually(is_found)


class TestNumbersThatNothingHolds:
    @pytest.mark.parametrize("number", TOO_LARGE)
    async def test_stay_in_an_event_execution(self, index_dao: IndexDAO, number: bytes) -> None:
        execution = make_event_execution(output=Raw(b'{"n":%b,"ok":1}' % number))
        await index_dao.add_event_execution(execution)
        assert await index_dao.get_event_executions("sqs:orders") == [execution]

    @pytest.mark.parametrize("number", TOO_LARGE)
    async def test_of_the_facade_too(
        self, executions: ExecutionService, index_dao: IndexDAO, number: bytes
    ) -> None:
        await executions.add_event_execution(make_event_execution(output=Raw(b'{"n":%b}' % number)))

        async def is_found() -> bool:
            return len(await index_dao.get_event_executions("sqs:orders")) == 1

        await eventually(is_found)

    @pytest.mark.parametrize("number", TOO_LARGE)
    async def test_stay_in_a_document_and_out_of_its_columns(
        self, index_dao: IndexDAO, number: bytes
    ) -> None:
        extra = Raw(b'{"executionTime":%b,"endTime":%b,"x":%b}' % (number, number, number))
        await index_dao.index_workflow(make_workflow_summary("w1", input='{"a":"b"}', extra=extra))
        await index_dao.index_task(make_task_summary("t1", extra=Raw(b'{"x":%b}' % number)))
        assert await found(index_dao, "executionTime IS NULL AND endTime IS NULL", "b") == ["w1"]
        assert await index_dao.get("w1", "x") == Raw(number)
        assert await index_dao.get("w1", "endTime") == Raw(number)
        assert (await index_dao.search_tasks()).results == ("t1",)

    async def test_are_found_as_words_of_texts(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary("w1", input='{"n":[1e400,2]}'))
        assert await found(index_dao, free_text="1e400") == ["w1"]


class TestAStatus:
    @pytest.mark.parametrize(
        ("query", "free_text", "field"),
        [
            ("status = 'RUNING'", "", "query"),
            ("status IN (RUNING)", "", "query"),
            ("", "status:RUNING", "free_text"),
        ],
    )
    async def test_that_cannot_be_is_refused(
        self, index_dao: IndexDAO, query: str, free_text: str, field: str
    ) -> None:
        with pytest.raises(InvalidArgumentError, match="perhaps RUNNING is meant") as caught:
            await index_dao.search_workflows(query, free_text)
        assert caught.value.field == field

    async def test_of_another_writer_is_found_by_its_beginning(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary("w1", status="REVIEW"))
        assert await found(index_dao, "status STARTS_WITH 'REVIEW'") == ["w1"]
        assert await found(index_dao, free_text="REVIEW") == ["w1"]


class TestNames:
    async def test_as_the_ui_of_conductor_joins_them(self, index_dao: IndexDAO) -> None:
        for at, name in enumerate(["Loop Task", "O'Brien x", "Loop"]):
            await index_dao.index_workflow(make_workflow_summary(f"w{at}", workflow_type=name))
        assert await found(index_dao, "workflowType IN (Loop Task,O'Brien x)") == ["w0", "w1"]
        assert await found(index_dao, "workflowType NOT IN (Loop Task,O'Brien x)") == ["w2"]
        assert await found(index_dao, "workflowType = 'O''Brien x'") == ["w1"]

    async def test_of_several_words_are_one_value(self, index_dao: IndexDAO) -> None:
        reason = "Connection refused"
        await index_dao.index_workflow(
            make_workflow_summary("w1", reason_for_incompletion=reason, input="{}")
        )
        assert await found(index_dao, free_text=reason) == ["w1"]
        assert await found(index_dao, free_text="reasonForIncompletion:(Connection refused)") == [
            "w1"
        ]
        assert await found(index_dao, free_text="Connection timed") == []


class TestDates:
    async def test_count_from_a_day_on_where_no_field_is_named(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(make_workflow_summary("w1"))  # on 2023-11-14
        await index_dao.index_workflow(make_workflow_summary("w2", version=2023, start_time=0))
        assert await found(index_dao, free_text="2023") == ["w2"]
        assert await found(index_dao, free_text="2023-11") == []
        assert await found(index_dao, free_text="2023-11-14") == ["w1"]
        assert await found(index_dao, free_text="startTime:2023") == ["w1"]
