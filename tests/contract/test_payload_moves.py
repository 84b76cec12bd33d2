"""Large inputs and outputs: moved out of the documents by the sizes that were configured, and put back by reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import pytest
from msgspec import Raw

from podium_core.errors import CorruptRecordError, FailedPreconditionError, PayloadTooLargeError
from podium_core.execution_service import ExecutionService
from podium_core.models import Commit, Page, Task, Workflow, WorkflowStatus, collect
from podium_core.models.json_text import raw_text
from podium_core.payload_keys import is_owned
from podium_core.ports import ExternalPayloadStorage
from tests.contract.daos import Daos
from tests.contract.large_records import (
    SMALL_LIMITS,
    SMALL_SOFT_LIMITS,
    TASK_HARD,
    TASK_SOFT,
    WORKFLOW_HARD,
    WORKFLOW_SOFT,
    WRITES,
    PayloadKeys,
    Write,
    content_of,
    data_of,
    large_task,
    large_workflow,
    next_payload_deletion,
    path_of,
    sized,
    stored,
)
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import Settings

R = TypeVar("R", Task, Workflow)


@pytest.fixture
def settings() -> Settings:
    return SMALL_LIMITS


async def record_of(executions: ExecutionService, write: Write) -> Task | Workflow | None:
    """What the write is about, as it is stored."""
    if write.make is make_workflow:
        return await executions.get_workflow("w1")
    return await executions.get_task("t1")


def made(write: Write, side: str, data: Raw) -> Any:
    """A record with this input or output."""
    field = side if write.make is make_workflow else f"{side}_data"
    return write.make(**{field: data})


@pytest.mark.parametrize("side", ["input", "output"])
@pytest.mark.parametrize("name", WRITES)
class TestWrites:
    @pytest.fixture
    def write(self, name: str) -> Write:
        return WRITES[name]

    @pytest.fixture
    def soft(self, write: Write) -> int:
        return WORKFLOW_SOFT if write.make is make_workflow else TASK_SOFT

    @pytest.fixture
    def hard(self, write: Write) -> int:
        return WORKFLOW_HARD if write.make is make_workflow else TASK_HARD

    async def test_at_the_soft_limit_it_stays_in_the_document(
        self, daos: Daos, write: Write, side: str, soft: int, payload_keys: PayloadKeys
    ) -> None:
        await write.prepare(daos.executions)
        await write.write(daos.executions, made(write, side, sized(soft)))
        found = await record_of(daos.executions, write)
        assert path_of(found, side) == ""
        assert found is not None
        assert data_of(found, side) == raw_text(sized(soft))
        assert payload_keys() == set()

    @pytest.mark.parametrize("at_hard_limit", [False, True])
    async def test_above_it_and_up_to_the_hard_limit_it_moves(
        self,
        daos: Daos,
        write: Write,
        side: str,
        soft: int,
        hard: int,
        at_hard_limit: bool,
        payload_keys: PayloadKeys,
    ) -> None:
        data = sized(hard if at_hard_limit else soft + 1, "é")
        await write.prepare(daos.executions)
        await write.write(daos.executions, made(write, side, data))
        found = await record_of(daos.executions, write)
        assert found is not None
        path = path_of(found, side)
        what = "workflow" if write.make is make_workflow else "task"
        assert path.startswith(f"{what}/{side}/")
        assert is_owned(path, "w1")
        assert data_of(found, side) == "{}"
        assert await content_of(daos.payloads, path) == raw_text(data)
        assert payload_keys() == {path}
        assert await next_payload_deletion(daos) is None

    async def test_above_the_hard_limit_it_is_refused_and_nothing_is_stored(
        self, daos: Daos, write: Write, side: str, hard: int, payload_keys: PayloadKeys
    ) -> None:
        await write.prepare(daos.executions)
        before = await record_of(daos.executions, write)
        with pytest.raises(PayloadTooLargeError) as raised:
            await write.write(daos.executions, made(write, side, sized(hard + 1)))
        assert (raised.value.limit_bytes, raised.value.size_bytes) == (hard, hard + 1)
        assert side in raised.value.field
        assert await record_of(daos.executions, write) == before
        assert payload_keys() == set()
        assert await next_payload_deletion(daos) is None


class TestManyRecords:
    async def test_one_that_is_too_large_and_none_is_uploaded(
        self, daos: Daos, payload_keys: PayloadKeys
    ) -> None:
        commit = Commit(
            workflow_id="w1",
            create_workflow=large_workflow(),
            create_tasks=[large_task("t1"), large_task("t2", TASK_HARD + 1)],
        )
        with pytest.raises(PayloadTooLargeError, match=r"create_tasks\[1\]\.input_data_json"):
            await daos.executions.commit(commit)
        assert payload_keys() == set()
        assert await daos.executions.get_workflow("w1") is None

    async def test_each_has_its_own_payload(self, daos: Daos, payload_keys: PayloadKeys) -> None:
        commit = Commit(
            workflow_id="w1",
            create_workflow=large_workflow(output=sized(WORKFLOW_SOFT + 2)),
            create_tasks=[large_task("t1"), large_task("t2", TASK_HARD)],
        )
        await daos.executions.commit(commit)
        found = await daos.executions.get_workflow("w1", include_tasks=True)
        assert found is not None
        paths = [path_of(found, "input"), path_of(found, "output")]
        paths += [path_of(task, "input") for task in found.tasks]
        assert set(paths) == payload_keys()
        assert len(set(paths)) == 4
        assert await next_payload_deletion(daos) is None


READS: dict[str, Callable[[ExecutionService, bool], Awaitable[list[Any]]]] = {
    "GetTask": lambda e, w: _listed(e.get_task("t1", include_payloads=w)),
    "GetTasks": lambda e, w: e.get_tasks(["t1"], include_payloads=w),
    "GetTasksByType": lambda e, w: e.get_tasks_by_type("encode", count=9, include_payloads=w),
    "GetPendingTasksByWorkflow": lambda e, w: collect(
        e.get_pending_tasks_by_workflow("encode", "w1", include_payloads=w)
    ),
    "GetPendingTasksForTaskType": lambda e, w: collect(
        e.get_pending_tasks_for_task_type("encode", include_payloads=w)
    ),
    "GetTasksForWorkflow": lambda e, w: collect(e.get_tasks_for_workflow("w1", include_payloads=w)),
    "GetWorkflow": lambda e, w: _listed(
        e.get_workflow("w1", include_tasks=True, include_payloads=w)
    ),
    "GetWorkflows": lambda e, w: collect(
        e.get_workflows(["w1"], include_tasks=True, include_payloads=w)
    ),
    "GetPendingWorkflowsByType": lambda e, w: collect(
        e.get_pending_workflows_by_type("order", include_payloads=w)
    ),
    "GetWorkflowsByType": lambda e, w: collect(
        e.get_workflows_by_type("order", start_time=0, end_time=9, include_payloads=w)
    ),
    "GetWorkflowsByCorrelationId": lambda e, w: collect(
        e.get_workflows_by_correlation_id("order", "c", include_tasks=True, include_payloads=w)
    ),
}


async def _listed(record: Awaitable[Any]) -> list[Any]:
    found = await record
    return [] if found is None else [found]


class TestReads:
    @pytest.mark.parametrize("name", READS)
    async def test_put_it_back_where_that_is_asked_for(
        self, executions: ExecutionService, name: str
    ) -> None:
        outputs: dict[type[Any], Raw] = {
            Task: sized(TASK_SOFT + 2),
            Workflow: sized(WORKFLOW_SOFT + 2),
        }
        inputs: dict[type[Any], Raw] = {
            Task: sized(TASK_SOFT + 1),
            Workflow: sized(WORKFLOW_SOFT + 1),
        }
        await executions.create_workflow(
            large_workflow(correlation_id="c", create_time=5, output=outputs[Workflow])
        )
        await executions.create_tasks([large_task(output_data=outputs[Task])])
        (plain,) = await READS[name](executions, False)
        (filled,) = await READS[name](executions, True)
        pairs = [(plain, filled)]
        if isinstance(plain, Workflow):
            pairs += zip(plain.tasks, filled.tasks, strict=True)
        for before, after in pairs:
            for side, expected in (("input", inputs), ("output", outputs)):
                assert data_of(before, side) == "{}"
                assert data_of(after, side) == raw_text(expected[type(after)])
                assert path_of(after, side) == path_of(before, side) != ""
        if name in {"GetWorkflow", "GetWorkflows", "GetWorkflowsByCorrelationId"}:
            assert len(pairs) == 2

    async def test_leave_alone_what_lies_in_the_document(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow(input=sized(WORKFLOW_SOFT)))
        found = await executions.get_workflow("w1", include_payloads=True)
        assert found == await executions.get_workflow("w1")

    async def test_of_a_payload_that_a_caller_has_stored_itself(
        self, executions: ExecutionService, payloads: ExternalPayloadStorage
    ) -> None:
        path = "workflow/input/own.json"
        await stored(payloads, path, b'{"own":1}')
        own = make_workflow(external_input_payload_storage_path=path)
        await executions.create_workflow(own)
        found = await executions.get_workflow("w1", include_payloads=True)
        assert found is not None
        assert data_of(found, "input") == '{"own":1}'

    async def test_of_an_archived_workflow(self, executions: ExecutionService) -> None:
        await executions.create_workflow(large_workflow(status=WorkflowStatus.COMPLETED))
        await executions.create_tasks([large_task()])
        await executions.remove_workflow("w1", archive=True)
        found = await executions.get_workflow("w1", include_tasks=True, include_payloads=True)
        assert found is not None
        assert data_of(found, "input") == raw_text(sized(WORKFLOW_SOFT + 1))
        assert data_of(found.tasks[0], "input") == raw_text(sized(TASK_SOFT + 1))


class TestMissingPayload:
    async def test_is_an_error_of_a_get_that_asks_for_it(
        self, executions: ExecutionService, payloads: ExternalPayloadStorage
    ) -> None:
        await executions.create_workflow(large_workflow())
        path = path_of(await executions.get_workflow("w1"), "input")
        await payloads.delete(path)
        with pytest.raises(CorruptRecordError):
            await executions.get_workflow("w1", include_payloads=True)
        assert await executions.get_workflow("w1") is not None

    @pytest.mark.parametrize("content", [b"[1]", b"{", b'{"a":"\xff"}'])
    async def test_so_is_one_that_is_no_json_object(
        self, executions: ExecutionService, payloads: ExternalPayloadStorage, content: bytes
    ) -> None:
        await executions.create_workflow(large_workflow())
        path = path_of(await executions.get_workflow("w1"), "input")
        await stored(payloads, path, content)
        with pytest.raises(CorruptRecordError):
            await executions.get_workflow("w1", include_payloads=True)

    async def test_is_listed_by_a_stream_which_goes_on(
        self, executions: ExecutionService, payloads: ExternalPayloadStorage
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([large_task(f"t{n}") for n in range(4)])
        for id_ in ("t1", "t3"):
            await payloads.delete(path_of(await executions.get_task(id_), "input"))
        pages = await listed(executions.get_tasks_for_workflow("w1", include_payloads=True))
        assert [task.task_id for page in pages for task in page.items] == ["t0", "t2"]
        assert [id_ for page in pages for id_ in page.unreadable_ids] == ["t1", "t3"]


class TestFullStore:
    @pytest.fixture
    def settings(self) -> Settings:
        return {
            **SMALL_LIMITS,
            "PODIUM_STORES__PAYLOADS__MAX_TOTAL_BYTES": str(2 * WORKFLOW_SOFT),
        }

    async def test_refuses_an_upload_and_the_write_of_a_large_record(
        self, executions: ExecutionService, payloads: ExternalPayloadStorage
    ) -> None:
        await executions.create_workflow(large_workflow("w1"))
        with pytest.raises(FailedPreconditionError, match="max_total_bytes of 600") as caught:
            await executions.create_workflow(large_workflow("w2"))
        assert caught.value.kind == "PAYLOAD_STORE_FULL"
        assert await executions.get_workflow("w2") is None
        with pytest.raises(FailedPreconditionError, match="max_total_bytes of 600"):
            await stored(payloads, "workflow/input/own.json", b"x" * (WORKFLOW_SOFT + 1))
        # What needs no room there goes on.
        assert (await executions.create_workflow(make_workflow("w2"))).created


class TestPathOfACaller:
    """The caller keeps its payloads elsewhere, or has not stored it yet: nothing of ours is lost."""

    PATHS = (
        "task/input/gone.json",
        "task/input",
        "s3://bucket/payload.json",
        "/etc/passwd",
        "../../etc/passwd",
        "task/input/../../../etc/passwd",
        "task/input/a\\b\n",
        f"task/input/{'x' * 3_000}",
    )

    @pytest.mark.parametrize("path", PATHS)
    async def test_is_stored_as_it_is(self, executions: ExecutionService, path: str) -> None:
        await executions.create_workflow(make_workflow(external_output_payload_storage_path=path))
        found = await executions.get_workflow("w1")
        assert found is not None
        assert found.external_output_payload_storage_path == path

    @pytest.mark.parametrize("path", PATHS)
    async def test_a_read_of_its_payload_names_the_field(
        self, executions: ExecutionService, path: str
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task(external_input_payload_storage_path=path)])
        with pytest.raises(FailedPreconditionError) as caught:
            await executions.get_task("t1", include_payloads=True)
        assert caught.value.kind == "PAYLOAD_UNREADABLE"
        assert caught.value.subject == "task/t1"
        assert "task 't1': external_input_payload_storage_path" in caught.value.message
        with pytest.raises(FailedPreconditionError):
            await executions.get_workflow("w1", include_tasks=True, include_payloads=True)

    @pytest.mark.parametrize("content", [b"[1]", b"{", b'{"a":"\xff"}', b""])
    async def test_so_does_one_of_what_is_no_json_object(
        self, executions: ExecutionService, payloads: ExternalPayloadStorage, content: bytes
    ) -> None:
        path = "workflow/output/own.json"
        await stored(payloads, path, content)
        await executions.create_workflow(make_workflow(external_output_payload_storage_path=path))
        with pytest.raises(FailedPreconditionError, match="external_output_payload_storage_path"):
            await executions.get_workflow("w1", include_payloads=True)

    @pytest.mark.parametrize("path", ["", " "])
    async def test_a_blank_one_is_none(self, executions: ExecutionService, path: str) -> None:
        await executions.create_workflow(make_workflow(external_input_payload_storage_path=path))
        found = await executions.get_workflow("w1", include_payloads=True)
        assert found == await executions.get_workflow("w1")

    async def test_is_listed_by_a_stream_which_goes_on(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        odd = make_task("t1", external_input_payload_storage_path="elsewhere")
        await executions.create_tasks([make_task("t0"), odd, make_task("t2")])
        pages = await listed(executions.get_tasks_for_workflow("w1", include_payloads=True))
        assert [task.task_id for page in pages for task in page.items] == ["t0", "t2"]
        assert [id_ for page in pages for id_ in page.unreadable_ids] == ["t1"]

    async def test_another_workflows_payload_is_no_loss_either(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(large_workflow("w1"))
        path = path_of(await executions.get_workflow("w1"), "input")
        await executions.create_workflow(
            make_workflow("w2", external_input_payload_storage_path=path)
        )
        again = await executions.get_workflow("w2", include_payloads=True)
        assert again is not None
        assert data_of(again, "input") == raw_text(sized(WORKFLOW_SOFT + 1))
        await executions.create_workflow(
            make_workflow("w3", external_input_payload_storage_path=f"{path[:-6]}x.json")
        )
        with pytest.raises(FailedPreconditionError):
            await executions.get_workflow("w3", include_payloads=True)


async def listed(pages: AsyncIterator[Page[R]]) -> list[Page[R]]:
    return [page async for page in pages]


class TestLargeStreams:
    @pytest.fixture
    def settings(self) -> Settings:
        return SMALL_SOFT_LIMITS

    async def test_are_cut_into_pages_that_go_on_where_they_ended(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        ids = [f"t{n:02}" for n in range(12)]
        for id_ in ids:
            await executions.create_tasks([large_task(id_, 100_000)])
        pages = await listed(executions.get_tasks_for_workflow("w1", include_payloads=True))
        assert max(len(page.items) for page in pages) <= 3
        assert [task.task_id for page in pages for task in page.items] == ids
        for at, page in enumerate(pages[:-1]):
            rest = await collect(
                executions.get_tasks_for_workflow(
                    "w1", include_payloads=True, resume_token=page.resume_token
                )
            )
            assert rest == [task for later in pages[at + 1 :] for task in later.items]
