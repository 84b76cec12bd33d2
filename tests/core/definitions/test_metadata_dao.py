"""What definitions' arguments must be before a store is asked, and what its answers mean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from podium_core.definitions import TableMetadataDAO
from podium_core.errors import (
    AlreadyExistsError,
    InvalidArgumentError,
    NotFoundError,
    ResultTooLargeError,
)
from podium_core.models import collect
from podium_core.paging.resume_token import resume_token
from tests.core.definitions.memory_tables import MemoryMetadata
from tests.refused_arguments import METADATA_BY_NAME, METADATA_BY_VERSION, task_def, workflow_def

BAD_NAMES = ["", "a\x00b", "x" * 1_025]
BAD_VERSIONS = [0, -1, 2**31]


ABSENT: dict[str, tuple[str, Callable[[TableMetadataDAO], Awaitable[object]]]] = {
    "update_task_def": ("task definition 't'", lambda dao: dao.update_task_def(task_def())),
    "remove_task_def": ("task definition 't'", lambda dao: dao.remove_task_def("t")),
    "update_workflow_def": (
        "workflow definition 'w:1'",
        lambda dao: dao.update_workflow_def(workflow_def()),
    ),
    "remove_workflow_def": (
        "workflow definition 'w:1'",
        lambda dao: dao.remove_workflow_def("w", 1),
    ),
}


@pytest.fixture
def table() -> MemoryMetadata:
    return MemoryMetadata()


@pytest.fixture
def dao(table: MemoryMetadata) -> TableMetadataDAO:
    return TableMetadataDAO(table)


async def refuse(table: MemoryMetadata, call: Awaitable[object], field: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        await call
    assert caught.value.field == field
    assert table.called == []


class TestArguments:
    @pytest.mark.parametrize("method", METADATA_BY_NAME)
    @pytest.mark.parametrize("name", BAD_NAMES)
    async def test_a_definition_has_a_name(
        self, table: MemoryMetadata, dao: TableMetadataDAO, method: str, name: str
    ) -> None:
        field, call = METADATA_BY_NAME[method]
        await refuse(table, call(dao, name), field)

    @pytest.mark.parametrize("method", METADATA_BY_VERSION)
    @pytest.mark.parametrize("version", BAD_VERSIONS)
    async def test_a_version_is_a_positive_number(
        self, table: MemoryMetadata, dao: TableMetadataDAO, method: str, version: int
    ) -> None:
        field, call = METADATA_BY_VERSION[method]
        await refuse(table, call(dao, version), field)

    def test_a_token_of_another_stream_is_refused(self, dao: TableMetadataDAO) -> None:
        for method in (
            dao.get_all_task_defs,
            dao.get_all_workflow_defs,
            dao.get_all_workflow_defs_latest_versions,
        ):
            with pytest.raises(InvalidArgumentError):
                method(resume_token=resume_token(1, 2, 3))


class TestAnswers:
    @pytest.mark.parametrize("method", ABSENT)
    async def test_what_is_not_there_is_not_found(self, dao: TableMetadataDAO, method: str) -> None:
        called, call = ABSENT[method]
        with pytest.raises(NotFoundError, match=called):
            await call(dao)

    async def test_a_version_is_created_once(self, dao: TableMetadataDAO) -> None:
        await dao.create_workflow_def(workflow_def())
        await dao.create_workflow_def(workflow_def(version=2))
        with pytest.raises(AlreadyExistsError, match="workflow definition 'w:1'"):
            await dao.create_workflow_def(workflow_def())

    async def test_what_is_there_is_written_and_removed(
        self, table: MemoryMetadata, dao: TableMetadataDAO
    ) -> None:
        await dao.create_task_def(task_def())
        await dao.create_task_def(task_def())
        await dao.update_task_def(task_def())
        await dao.create_workflow_def(workflow_def())
        await dao.update_workflow_def(workflow_def())
        assert await dao.get_task_def("t") == task_def()
        assert await dao.get_workflow_def("w", 1) == workflow_def()
        assert await dao.get_latest_workflow_def("w") == workflow_def()
        await dao.remove_task_def("t")
        await dao.remove_workflow_def("w", 1)
        assert (table.tasks, table.workflows) == ({}, {})

    async def test_streams_go_on_where_their_token_says(
        self, table: MemoryMetadata, dao: TableMetadataDAO
    ) -> None:
        await collect(dao.get_all_task_defs())
        await collect(dao.get_all_task_defs(resume_token=resume_token("t")))
        await collect(dao.get_all_workflow_defs(resume_token=resume_token("w", 2)))
        await collect(dao.get_all_workflow_defs_latest_versions())
        assert table.called == [
            "task_defs after ''",
            "task_defs after 't'",
            "workflow_defs after ('w', 2), latest_only=False",
            "workflow_defs after ('', 0), latest_only=True",
        ]

    async def test_names_and_versions_are_in_order(self, dao: TableMetadataDAO) -> None:
        for name, version in (("b", 2), ("a", 1), ("b", 10), ("b", 1)):
            await dao.create_workflow_def(workflow_def(name, version))
        assert await dao.get_workflow_names() == ["a", "b"]
        assert await dao.get_workflow_versions("b") == [1, 2, 10]

    @pytest.mark.parametrize(
        "ask", [lambda dao: dao.get_workflow_names(), lambda dao: dao.get_workflow_versions("w")]
    )
    async def test_more_than_an_answer_holds(
        self, table: MemoryMetadata, ask: Callable[[TableMetadataDAO], Awaitable[object]]
    ) -> None:
        dao = TableMetadataDAO(table, max_answer_bytes=9)
        for name in ("w", "x" * 9):
            for version in (1, 2):
                await dao.create_workflow_def(workflow_def(name, version))
        with pytest.raises(ResultTooLargeError):
            await ask(dao)
