"""MetadataDAO: definitions come back byte for byte."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET, Raw

from podium_core.errors import AlreadyExistsError, InvalidArgumentError, NotFoundError
from podium_core.models import TaskDef, WorkflowDef, collect
from podium_core.models.json_text import raw_bytes
from podium_core.ports import MetadataDAO
from tests.contract.ways import DEFINITION_WAYS, WAYS as ALL_WAYS

WAYS = DEFINITION_WAYS
NIGHTLY_WAYS = ALL_WAYS

# White space, key order, numbers that a double can't hold, an escape, a non-ASCII letter.
VERBATIM = '{ "z": 1.00, "name" : "%s",\n"big": 9007199254740993, "e": 1E5, "u": "\\u00e9é" }'


def make_task_def(name: str = "encode", *, text: str = VERBATIM, **fields: Any) -> TaskDef:
    document = text.replace("%s", name)
    return TaskDef(document=Raw(document.encode()), name=name, **fields)


def make_workflow_def(
    name: str = "order", version: int = 1, *, padding: int = 0, **fields: Any
) -> WorkflowDef:
    document = f'{{"name": "{name}", "version": {version}, "description": "{"x" * padding}"}}'
    return WorkflowDef(document=Raw(document.encode()), name=name, version=version, **fields)


def ids(definitions: list[WorkflowDef]) -> list[tuple[str, int]]:
    return [(definition.name, definition.version) for definition in definitions]


class TestCreateTaskDef:
    async def test_stores_the_document_byte_for_byte(self, metadata_dao: MetadataDAO) -> None:
        task_def = make_task_def()
        await metadata_dao.create_task_def(task_def)
        stored = await metadata_dao.get_task_def("encode")
        assert stored is not None
        assert raw_bytes(stored.document) == raw_bytes(task_def.document)

    async def test_replaces_one_of_that_name(self, metadata_dao: MetadataDAO) -> None:
        await metadata_dao.create_task_def(make_task_def())
        newer = make_task_def(text='{"name": "%s", "new": true}')
        await metadata_dao.create_task_def(newer)
        stored = await metadata_dao.get_task_def("encode")
        assert stored is not None
        assert raw_bytes(stored.document) == raw_bytes(newer.document)

    async def test_refuses_an_empty_name(self, metadata_dao: MetadataDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await metadata_dao.create_task_def(make_task_def(""))


class TestUpdateTaskDef:
    async def test_stores_the_definition_again(self, metadata_dao: MetadataDAO) -> None:
        await metadata_dao.create_task_def(make_task_def())
        newer = make_task_def(text='{"name": "%s", "new": true}')
        await metadata_dao.update_task_def(newer)
        stored = await metadata_dao.get_task_def("encode")
        assert stored is not None
        assert raw_bytes(stored.document) == raw_bytes(newer.document)

    async def test_of_an_unknown_name_is_an_error(self, metadata_dao: MetadataDAO) -> None:
        with pytest.raises(NotFoundError) as caught:
            await metadata_dao.update_task_def(make_task_def())
        assert caught.value.name == "encode"
        assert await metadata_dao.get_task_def("encode") is None

    async def test_refuses_an_empty_name(self, metadata_dao: MetadataDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await metadata_dao.update_task_def(make_task_def(""))


class TestGetTaskDef:
    async def test_answers_none_for_an_unknown_name(self, metadata_dao: MetadataDAO) -> None:
        assert await metadata_dao.get_task_def("unknown") is None

    async def test_reads_the_fields_that_identify_it(self, metadata_dao: MetadataDAO) -> None:
        text = (
            '{"name": "%s", "ownerApp": "shop", "ownerEmail": "a@b.example",'
            ' "createTime": 1700000000000, "updateTime": 1700000000001}'
        )
        await metadata_dao.create_task_def(
            make_task_def(
                text=text,
                owner_app="shop",
                owner_email="a@b.example",
                create_time=1_700_000_000_000,
                update_time=1_700_000_000_001,
            )
        )
        stored = await metadata_dao.get_task_def("encode")
        assert stored is not None
        assert (stored.owner_app, stored.owner_email) == ("shop", "a@b.example")
        assert (stored.create_time, stored.update_time) == (1_700_000_000_000, 1_700_000_000_001)

    async def test_what_the_document_does_not_say_is_unset(self, metadata_dao: MetadataDAO) -> None:
        await metadata_dao.create_task_def(make_task_def())
        stored = await metadata_dao.get_task_def("encode")
        assert stored is not None
        assert stored.owner_app is stored.owner_email is UNSET
        assert stored.create_time is stored.update_time is UNSET

    async def test_a_response_timeout_of_zero_stays(self, metadata_dao: MetadataDAO) -> None:
        task_def = make_task_def(text='{"name": "%s", "responseTimeoutSeconds": 0}')
        await metadata_dao.create_task_def(task_def)
        stored = await metadata_dao.get_task_def("encode")
        assert stored is not None
        assert raw_bytes(stored.document) == raw_bytes(task_def.document)

    async def test_refuses_an_empty_name(self, metadata_dao: MetadataDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await metadata_dao.get_task_def("")


class TestGetAllTaskDefs:
    async def test_is_empty_without_any(self, metadata_dao: MetadataDAO) -> None:
        assert await collect(metadata_dao.get_all_task_defs()) == []

    async def test_streams_them_all(self, metadata_dao: MetadataDAO) -> None:
        for name in ("c", "a", "b"):
            await metadata_dao.create_task_def(make_task_def(name))
        found = await collect(metadata_dao.get_all_task_defs())
        assert sorted(task_def.name for task_def in found) == ["a", "b", "c"]
        assert raw_bytes(found[0].document).startswith(b'{ "z": 1.00')

    async def test_goes_on_behind_a_resume_token(self, metadata_dao: MetadataDAO) -> None:
        names = [f"task-{n:02}" for n in range(8)]
        for name in names:
            padded = '{"name": "%s", "description": "' + "x" * 100_000 + '"}'
            await metadata_dao.create_task_def(make_task_def(name, text=padded))
        pages = [page async for page in metadata_dao.get_all_task_defs()]
        assert len(pages) > 1
        assert all(page.resume_token for page in pages[:-1])
        assert pages[-1].resume_token == ""
        rest = await collect(metadata_dao.get_all_task_defs(resume_token=pages[0].resume_token))
        seen = [task_def.name for task_def in (*pages[0].items, *rest)]
        assert sorted(seen) == names

    @pytest.mark.parametrize("token", ["nonsense!", "x", "bnVsbA", "WzFd", "é"])
    async def test_refuses_a_token_that_is_none(
        self, metadata_dao: MetadataDAO, token: str
    ) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await collect(metadata_dao.get_all_task_defs(resume_token=token))
        assert caught.value.field == "resume_token"


class TestRemoveTaskDef:
    async def test_removes_it(self, metadata_dao: MetadataDAO) -> None:
        await metadata_dao.create_task_def(make_task_def())
        await metadata_dao.remove_task_def("encode")
        assert await metadata_dao.get_task_def("encode") is None

    async def test_of_an_unknown_name_is_an_error(self, metadata_dao: MetadataDAO) -> None:
        with pytest.raises(NotFoundError) as caught:
            await metadata_dao.remove_task_def("unknown")
        assert caught.value.name == "unknown"

    async def test_refuses_an_empty_name(self, metadata_dao: MetadataDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await metadata_dao.remove_task_def("")


class TestCreateWorkflowDef:
    async def test_stores_the_document_byte_for_byte(self, metadata_dao: MetadataDAO) -> None:
        document = Raw((VERBATIM % "order").encode())
        await metadata_dao.create_workflow_def(WorkflowDef(document=document, name="order"))
        stored = await metadata_dao.get_workflow_def("order", 1)
        assert stored is not None
        assert raw_bytes(stored.document) == raw_bytes(document)

    async def test_of_a_name_and_version_that_are_there_is_an_error(
        self, metadata_dao: MetadataDAO
    ) -> None:
        first = make_workflow_def()
        await metadata_dao.create_workflow_def(first)
        with pytest.raises(AlreadyExistsError):
            await metadata_dao.create_workflow_def(make_workflow_def(padding=10))
        stored = await metadata_dao.get_workflow_def("order", 1)
        assert stored is not None
        assert raw_bytes(stored.document) == raw_bytes(first.document)

    async def test_another_version_is_another_definition(self, metadata_dao: MetadataDAO) -> None:
        await metadata_dao.create_workflow_def(make_workflow_def(version=1))
        await metadata_dao.create_workflow_def(make_workflow_def(version=2))
        assert await metadata_dao.get_workflow_versions("order") == [1, 2]

    async def test_refuses_an_empty_name(self, metadata_dao: MetadataDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await metadata_dao.create_workflow_def(make_workflow_def(""))

    @pytest.mark.parametrize("version", [0, -1])
    async def test_refuses_a_version_out_of_range(
        self, metadata_dao: MetadataDAO, version: int
    ) -> None:
        with pytest.raises(InvalidArgumentError):
            await metadata_dao.create_workflow_def(make_workflow_def(version=version))


class TestUpdateWorkflowDef:
    async def test_stores_the_definition_again(self, metadata_dao: MetadataDAO) -> None:
        await metadata_dao.create_workflow_def(make_workflow_def())
        newer = make_workflow_def(padding=10)
        await metadata_dao.update_workflow_def(newer)
        stored = await metadata_dao.get_workflow_def("order", 1)
        assert stored is not None
        assert raw_bytes(stored.document) == raw_bytes(newer.document)

    async def test_of_an_unknown_version_is_an_error(self, metadata_dao: MetadataDAO) -> None:
        await metadata_dao.create_workflow_def(make_workflow_def(version=1))
        with pytest.raises(NotFoundError):
            await metadata_dao.update_workflow_def(make_workflow_def(version=2))
        assert await metadata_dao.get_workflow_versions("order") == [1]

    async def test_refuses_an_empty_name(self, metadata_dao: MetadataDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await metadata_dao.update_workflow_def(make_workflow_def(""))


class TestGetLatestWorkflowDef:
    async def test_answers_the_highest_number(self, metadata_dao: MetadataDAO) -> None:
        for version in (9, 10, 2):
            await metadata_dao.create_workflow_def(make_workflow_def(version=version))
        latest = await metadata_dao.get_latest_workflow_def("order")
        assert latest is not None
        assert latest.version == 10

    async def test_falls_back_when_that_is_removed(self, metadata_dao: MetadataDAO) -> None:
        for version in (1, 2):
            await metadata_dao.create_workflow_def(make_workflow_def(version=version))
        await metadata_dao.remove_workflow_def("order", 2)
        latest = await metadata_dao.get_latest_workflow_def("order")
        assert latest is not None
        assert latest.version == 1

    async def test_answers_none_for_an_unknown_name(self, metadata_dao: MetadataDAO) -> None:
        assert await metadata_dao.get_latest_workflow_def("unknown") is None


class TestGetWorkflowDef:
    async def test_reads_the_fields_that_identify_it(self, metadata_dao: MetadataDAO) -> None:
        await metadata_dao.create_workflow_def(make_workflow_def("order", 3))
        stored = await metadata_dao.get_workflow_def("order", 3)
        assert stored is not None
        assert (stored.name, stored.version) == ("order", 3)
        assert stored.owner_app is UNSET

    async def test_answers_none_for_an_unknown_one(self, metadata_dao: MetadataDAO) -> None:
        await metadata_dao.create_workflow_def(make_workflow_def())
        assert await metadata_dao.get_workflow_def("order", 2) is None
        assert await metadata_dao.get_workflow_def("unknown", 1) is None

    async def test_refuses_a_version_out_of_range(self, metadata_dao: MetadataDAO) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await metadata_dao.get_workflow_def("order", 0)
        assert caught.value.field == "version"


class TestRemoveWorkflowDef:
    async def test_removes_that_version_only(self, metadata_dao: MetadataDAO) -> None:
        for version in (1, 2):
            await metadata_dao.create_workflow_def(make_workflow_def(version=version))
        await metadata_dao.remove_workflow_def("order", 1)
        assert await metadata_dao.get_workflow_versions("order") == [2]

    async def test_of_an_unknown_one_is_an_error(self, metadata_dao: MetadataDAO) -> None:
        await metadata_dao.create_workflow_def(make_workflow_def())
        with pytest.raises(NotFoundError):
            await metadata_dao.remove_workflow_def("order", 2)

    async def test_refuses_an_empty_name(self, metadata_dao: MetadataDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await metadata_dao.remove_workflow_def("", 1)


class TestGetAllWorkflowDefs:
    async def test_streams_all_versions_of_all(self, metadata_dao: MetadataDAO) -> None:
        for name, version in [("b", 1), ("a", 2), ("a", 10)]:
            await metadata_dao.create_workflow_def(make_workflow_def(name, version))
        found = await collect(metadata_dao.get_all_workflow_defs())
        assert sorted(ids(found)) == [("a", 2), ("a", 10), ("b", 1)]

    async def test_goes_on_behind_a_resume_token(self, metadata_dao: MetadataDAO) -> None:
        wanted = [("order", version) for version in range(1, 9)]
        for name, version in wanted:
            await metadata_dao.create_workflow_def(
                make_workflow_def(name, version, padding=100_000)
            )
        pages = [page async for page in metadata_dao.get_all_workflow_defs()]
        assert len(pages) > 1
        rest = await collect(metadata_dao.get_all_workflow_defs(resume_token=pages[0].resume_token))
        assert sorted(ids([*pages[0].items, *rest])) == wanted

    async def test_refuses_a_token_that_is_none(self, metadata_dao: MetadataDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await collect(metadata_dao.get_all_workflow_defs(resume_token="nonsense!"))


class TestGetAllWorkflowDefsLatestVersions:
    async def test_streams_the_highest_version_of_each(self, metadata_dao: MetadataDAO) -> None:
        for name, version in [("b", 1), ("a", 9), ("a", 10), ("c", 2), ("c", 1)]:
            await metadata_dao.create_workflow_def(make_workflow_def(name, version))
        found = await collect(metadata_dao.get_all_workflow_defs_latest_versions())
        assert sorted(ids(found)) == [("a", 10), ("b", 1), ("c", 2)]

    async def test_goes_on_behind_a_resume_token(self, metadata_dao: MetadataDAO) -> None:
        names = [f"order-{n}" for n in range(8)]
        for name in names:
            await metadata_dao.create_workflow_def(make_workflow_def(name, padding=100_000))
        stream = metadata_dao.get_all_workflow_defs_latest_versions()
        pages = [page async for page in stream]
        assert len(pages) > 1
        rest = await collect(
            metadata_dao.get_all_workflow_defs_latest_versions(resume_token=pages[0].resume_token)
        )
        assert sorted(name for name, _ in ids([*pages[0].items, *rest])) == names

    async def test_refuses_a_token_that_is_none(self, metadata_dao: MetadataDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await collect(
                metadata_dao.get_all_workflow_defs_latest_versions(resume_token="nonsense!")
            )


class TestGetWorkflowNames:
    async def test_answers_each_name_once_sorted(self, metadata_dao: MetadataDAO) -> None:
        for name, version in [("b", 1), ("a", 1), ("a", 2)]:
            await metadata_dao.create_workflow_def(make_workflow_def(name, version))
        assert await metadata_dao.get_workflow_names() == ["a", "b"]

    async def test_is_empty_without_any(self, metadata_dao: MetadataDAO) -> None:
        assert await metadata_dao.get_workflow_names() == []

    async def test_a_name_goes_with_its_last_version(self, metadata_dao: MetadataDAO) -> None:
        await metadata_dao.create_workflow_def(make_workflow_def())
        await metadata_dao.remove_workflow_def("order", 1)
        assert await metadata_dao.get_workflow_names() == []


class TestGetWorkflowVersions:
    async def test_answers_them_ascending_by_number(self, metadata_dao: MetadataDAO) -> None:
        for version in (10, 9, 1):
            await metadata_dao.create_workflow_def(make_workflow_def(version=version))
        assert await metadata_dao.get_workflow_versions("order") == [1, 9, 10]

    async def test_is_empty_for_an_unknown_name(self, metadata_dao: MetadataDAO) -> None:
        assert await metadata_dao.get_workflow_versions("unknown") == []
