"""What becomes of payloads that were moved: they go with the last document that refers to them, and no other goes."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET

from podium_core.errors import ConflictError
from podium_core.execution_service import ExecutionService
from podium_core.models import Commit, PayloadType, Task, TaskStatus, WorkflowStatus
from podium_core.models.json_text import raw_text
from podium_core.outbox import due_times
from podium_core.payload_keys import new_key
from podium_core.ports import ExternalPayloadStorage
from tests.contract.eventually import eventually
from tests.contract.large_records import (
    SMALL_LIMITS,
    TASK_SOFT,
    WORKFLOW_SOFT,
    content_of,
    data_of,
    keys_in,
    large_task,
    large_workflow,
    next_payload_mark,
    path_of,
    payload_marks,
    sized,
    stored,
)
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import Daos, Settings

replace = msgspec.structs.replace

HOUR_MS = 60 * 60 * 1000


@pytest.fixture
def settings() -> Settings:
    return SMALL_LIMITS


@pytest.fixture(autouse=True)
def _no_respite(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an update no longer refers to is due at once, instead of in an hour."""
    monkeypatch.setattr(due_times, "LEFT_MS", 0)


@pytest.fixture
async def task(executions: ExecutionService) -> Task:
    """A stored task whose input was moved, as it is read."""
    await executions.create_workflow(make_workflow())
    await executions.create_tasks([large_task()])
    found = await executions.get_task("t1")
    assert found is not None
    return found


async def leaves(folder: Path, *keys: str) -> None:
    """The drainer deletes all payloads but these."""

    async def look() -> set[str]:
        return keys_in(folder)

    await eventually(look, set(keys).__eq__)


async def path_after(executions: ExecutionService, task_id: str = "t1") -> str:
    return path_of(await executions.get_task(task_id), "input")


class TestUpdate:
    async def test_of_what_was_read_without_payloads_keeps_it(
        self, daos: Daos, task: Task, tmp_path: Path
    ) -> None:
        await daos.executions.update_task(replace(task, status=TaskStatus.IN_PROGRESS))
        assert await path_after(daos.executions) == path_of(task, "input")
        assert await next_payload_mark(daos) is None
        assert keys_in(tmp_path) == {path_of(task, "input")}

    async def test_of_what_was_read_with_payloads_stores_it_anew(
        self, daos: Daos, task: Task, tmp_path: Path
    ) -> None:
        whole = await daos.executions.get_task("t1", include_payloads=True)
        assert whole is not None
        await daos.executions.update_task(whole)
        path = await path_after(daos.executions)
        assert path not in ("", path_of(task, "input"))
        await leaves(tmp_path, path)
        again = await daos.executions.get_task("t1", include_payloads=True)
        assert again is not None
        assert data_of(again, "input") == data_of(whole, "input")

    async def test_with_another_payload_has_the_old_one_deleted(
        self, daos: Daos, task: Task, tmp_path: Path
    ) -> None:
        await daos.executions.update_task(replace(task, input_data=sized(TASK_SOFT + 9)))
        path = await path_after(daos.executions)
        await leaves(tmp_path, path)
        assert await content_of(daos.payloads, path) == raw_text(sized(TASK_SOFT + 9))

    @pytest.mark.parametrize("keeps_the_path", [True, False])
    async def test_with_a_small_one_brings_it_back_into_the_document(
        self, daos: Daos, task: Task, tmp_path: Path, keeps_the_path: bool
    ) -> None:
        small = replace(task, input_data=sized(TASK_SOFT))
        if not keeps_the_path:
            small = replace(small, external_input_payload_storage_path=UNSET)
        await daos.executions.update_task(small)
        found = await daos.executions.get_task("t1")
        assert found is not None
        assert path_of(found, "input") == ""
        assert data_of(found, "input") == raw_text(sized(TASK_SOFT))
        await leaves(tmp_path)

    async def test_of_one_side_leaves_the_other_alone(
        self, daos: Daos, task: Task, tmp_path: Path
    ) -> None:
        await daos.executions.update_task(replace(task, output_data=sized(TASK_SOFT + 2)))
        found = await daos.executions.get_task("t1")
        assert path_of(found, "input") == path_of(task, "input")
        await leaves(tmp_path, path_of(found, "input"), path_of(found, "output"))

    async def test_of_a_workflow_and_by_a_commit(self, daos: Daos, tmp_path: Path) -> None:
        await daos.executions.create_workflow(large_workflow())
        await daos.executions.update_workflow(large_workflow(size=WORKFLOW_SOFT + 2))
        second = path_of(await daos.executions.get_workflow("w1"), "input")
        await leaves(tmp_path, second)
        update = large_workflow(size=WORKFLOW_SOFT + 3)
        await daos.executions.commit(Commit(workflow_id="w1", update_workflow=update))
        third = path_of(await daos.executions.get_workflow("w1"), "input")
        assert third != second
        await leaves(tmp_path, third)

    async def test_a_workflow_that_is_replaced_as_java_does(
        self, daos: Daos, tmp_path: Path
    ) -> None:
        await daos.executions.create_workflow(large_workflow())
        await daos.executions.create_workflow(make_workflow(), replace=True)
        await leaves(tmp_path)


class TestSharedPayload:
    """A task that is retried takes over the path of the first try's input, as Conductor does it."""

    @pytest.fixture
    async def retried(self, executions: ExecutionService, task: Task) -> Task:
        retried = replace(task, task_id="t2", retry_count=1)
        await executions.create_tasks([retried])
        return retried

    async def test_stays_while_one_of_both_refers_to_it(
        self, daos: Daos, task: Task, retried: Task, tmp_path: Path
    ) -> None:
        shared = path_of(task, "input")
        await daos.executions.update_task(replace(task, input_data=sized(TASK_SOFT + 5)))
        own = await path_after(daos.executions)
        await daos.executions.remove_task("t1")
        await leaves(tmp_path, shared)
        assert own not in keys_in(tmp_path)
        found = await daos.executions.get_task("t2", include_payloads=True)
        assert found is not None
        assert data_of(found, "input") == raw_text(sized(TASK_SOFT + 1))

    async def test_of_a_workflow_and_a_task_stays_while_one_of_both_refers_to_it(
        self, executions: ExecutionService, tmp_path: Path
    ) -> None:
        await executions.create_workflow(large_workflow())
        shared = path_of(await executions.get_workflow("w1"), "input")
        await executions.create_tasks([make_task(external_input_payload_storage_path=shared)])
        await executions.update_workflow(large_workflow(size=WORKFLOW_SOFT + 2))
        own = path_of(await executions.get_workflow("w1"), "input")
        assert keys_in(tmp_path) == {shared, own}
        await executions.remove_task("t1")
        await leaves(tmp_path, own)

    async def test_goes_with_the_last_one(
        self, daos: Daos, task: Task, retried: Task, tmp_path: Path
    ) -> None:
        await daos.executions.remove_task("t1")
        assert keys_in(tmp_path) == {path_of(task, "input")}
        assert await next_payload_mark(daos) is None
        await daos.executions.update_task(
            replace(retried, external_input_payload_storage_path=UNSET)
        )
        await leaves(tmp_path)

    async def test_goes_with_the_workflow(
        self, executions: ExecutionService, retried: Task, tmp_path: Path
    ) -> None:
        await executions.remove_workflow("w1")
        await leaves(tmp_path)


class TestRemoval:
    @pytest.fixture
    async def paths(self, executions: ExecutionService, tmp_path: Path) -> set[str]:
        """Of a completed workflow and its task, inputs and outputs."""
        await executions.create_workflow(
            large_workflow(output=sized(WORKFLOW_SOFT + 2), status=WorkflowStatus.COMPLETED)
        )
        await executions.create_tasks([large_task(output_data=sized(TASK_SOFT + 2))])
        paths = keys_in(tmp_path)
        assert len(paths) == 4
        return paths

    async def test_of_a_workflow_takes_its_payloads(
        self, executions: ExecutionService, paths: set[str], tmp_path: Path
    ) -> None:
        assert await executions.remove_workflow("w1")
        await leaves(tmp_path)

    async def test_when_its_time_is_over_takes_them_too(
        self, executions: ExecutionService, paths: set[str], tmp_path: Path
    ) -> None:
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=1)
        assert keys_in(tmp_path) == paths
        await leaves(tmp_path)

    async def test_of_a_task_takes_its_own(
        self, executions: ExecutionService, paths: set[str], tmp_path: Path
    ) -> None:
        await executions.remove_task("t1")
        await leaves(tmp_path, *(path for path in paths if path.startswith("workflow/")))

    async def test_with_archive_keeps_them(
        self, daos: Daos, paths: set[str], tmp_path: Path
    ) -> None:
        await daos.executions.remove_workflow("w1", archive=True)
        assert keys_in(tmp_path) == paths
        assert await next_payload_mark(daos) is None

    async def test_a_workflow_that_is_reset_leaves_them_for_an_hour(
        self, daos: Daos, paths: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(due_times, "LEFT_MS", HOUR_MS)
        await daos.executions.reset_workflow("w1")
        assert keys_in(tmp_path) == paths
        assert await payload_marks(daos, paths) == paths
        due_in_ms = await next_payload_mark(daos)
        assert due_in_ms is not None
        assert HOUR_MS // 2 < due_in_ms <= HOUR_MS

    async def test_what_a_restart_refers_to_stays_with_it(
        self, daos: Daos, paths: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As Java's restart: read, reset, create again with the input and without the output."""
        monkeypatch.setattr(due_times, "LEFT_MS", HOUR_MS)
        before = await daos.executions.get_workflow("w1")
        assert before is not None
        path = path_of(before, "input")
        await daos.executions.reset_workflow("w1")
        await daos.executions.create_workflow(
            make_workflow(external_input_payload_storage_path=path)
        )
        assert await payload_marks(daos, paths) == paths - {path}
        again = await daos.executions.get_workflow("w1", include_payloads=True)
        assert again is not None
        assert await daos.executions.remove_workflow("w1")
        await leaves(tmp_path, *(paths - {path}))

    async def test_a_reset_workflows_payloads_go_by_themselves(
        self, daos: Daos, paths: set[str], tmp_path: Path
    ) -> None:
        await daos.executions.reset_workflow("w1")
        await leaves(tmp_path)

    async def test_leaves_what_podium_has_not_made_for_the_workflow(
        self, daos: Daos, payloads: ExternalPayloadStorage, tmp_path: Path
    ) -> None:
        own, others = "workflow/input/own.json", new_key(PayloadType.TASK_INPUT, "w2")
        for path in (own, others):
            await stored(payloads, path, b"{}")
        await daos.executions.create_workflow(
            make_workflow(external_input_payload_storage_path=own)
        )
        await daos.executions.create_tasks([make_task(external_input_payload_storage_path=others)])
        await daos.executions.remove_workflow("w1")
        assert await next_payload_mark(daos) is None
        assert keys_in(tmp_path) == {own, others}


class TestUploadWithoutADocument:
    """Its due mark stands: it is deleted when that comes, by itself."""

    async def due_later(self, daos: Daos, key: str) -> None:
        assert await payload_marks(daos, [key]) == {key}
        due_in_ms = await next_payload_mark(daos)
        assert due_in_ms is not None
        assert HOUR_MS // 2 < due_in_ms <= HOUR_MS

    async def test_of_a_task_that_was_left_out(
        self, daos: Daos, task: Task, tmp_path: Path
    ) -> None:
        outcome = await daos.executions.create_tasks(
            [large_task("t2", reference_task_name=task.reference_task_name)]
        )
        assert outcome.left_out_task_ids == ("t2",)
        (key,) = keys_in(tmp_path) - {path_of(task, "input")}
        await self.due_later(daos, key)

    async def test_of_a_task_that_was_created_before(
        self, daos: Daos, task: Task, tmp_path: Path
    ) -> None:
        assert (await daos.executions.create_tasks([large_task()])).created_task_ids == ("t1",)
        assert await path_after(daos.executions) == path_of(task, "input")
        (key,) = keys_in(tmp_path) - {path_of(task, "input")}
        await self.due_later(daos, key)

    async def test_of_a_workflow_that_exists(self, daos: Daos, tmp_path: Path) -> None:
        await daos.executions.create_workflow(make_workflow())
        assert not (await daos.executions.create_workflow(large_workflow())).created
        (key,) = keys_in(tmp_path)
        await self.due_later(daos, key)

    async def test_of_a_stale_update(self, daos: Daos, task: Task, tmp_path: Path) -> None:
        with pytest.raises(ConflictError):
            await daos.executions.update_task(large_task(), expected_update_time=1)
        assert await path_after(daos.executions) == path_of(task, "input")
        (key,) = keys_in(tmp_path) - {path_of(task, "input")}
        await self.due_later(daos, key)

    async def test_of_a_commit_that_is_repeated(self, daos: Daos, tmp_path: Path) -> None:
        commit = Commit(workflow_id="w1", request_id="r", create_workflow=large_workflow())
        await daos.executions.commit(commit)
        path = path_of(await daos.executions.get_workflow("w1"), "input")
        assert (await daos.executions.commit(commit)).replayed
        assert path_of(await daos.executions.get_workflow("w1"), "input") == path
        (key,) = keys_in(tmp_path) - {path}
        await self.due_later(daos, key)
