"""What becomes of payloads that were moved: they go with the last document that refers to them, and no other goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest
from msgspec import UNSET

from podium_core.errors import ConflictError
from podium_core.execution_service import ExecutionService
from podium_core.models import Commit, PayloadType, Task, TaskStatus, WorkflowStatus
from podium_core.models.json_text import raw_text
from podium_core.outbox import LEFT_MS
from podium_core.payload_keys import new_key
from podium_core.ports import ExternalPayloadStorage
from tests.clock import ShiftedClock
from tests.contract.daos import Daos
from tests.contract.eventually import eventually
from tests.contract.large_records import (
    SMALL_LIMITS,
    TASK_SOFT,
    WORKFLOW_SOFT,
    PayloadKeys,
    content_of,
    data_of,
    large_task,
    large_workflow,
    next_payload_deletion,
    path_of,
    payload_deletions,
    sized,
    stored,
)
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import Settings

replace = msgspec.structs.replace

HOUR_MS = 60 * 60 * 1000

Leaves = Callable[..., Awaitable[None]]
"""Lets an hour pass, and waits until the drainer has deleted all payloads but these."""


@pytest.fixture
def settings() -> Settings:
    return SMALL_LIMITS


@pytest.fixture
async def task(executions: ExecutionService) -> Task:
    """A stored task whose input was moved, as it is read."""
    await executions.create_workflow(make_workflow())
    await executions.create_tasks([large_task()])
    found = await executions.get_task("t1")
    assert found is not None
    return found


async def remain(payload_keys: PayloadKeys, *keys: str) -> None:
    """Wait until the drainer has deleted all payloads but these."""

    async def look() -> set[str]:
        return payload_keys()

    await eventually(look, set(keys).__eq__)


@pytest.fixture
def leaves(payload_keys: PayloadKeys, shifted_clock: ShiftedClock) -> Leaves:
    async def wait(*keys: str) -> None:
        # What an update no longer refers to is due in an hour.
        shifted_clock.pass_by(LEFT_MS)
        await remain(payload_keys, *keys)

    return wait


async def path_after(executions: ExecutionService, task_id: str = "t1") -> str:
    return path_of(await executions.get_task(task_id), "input")


class TestUpdate:
    async def test_of_what_was_read_without_payloads_keeps_it(
        self, daos: Daos, task: Task, payload_keys: PayloadKeys
    ) -> None:
        await daos.executions.update_task(replace(task, status=TaskStatus.IN_PROGRESS))
        assert await path_after(daos.executions) == path_of(task, "input")
        assert await next_payload_deletion(daos) is None
        assert payload_keys() == {path_of(task, "input")}

    async def test_of_what_was_read_with_payloads_stores_it_again(
        self, daos: Daos, task: Task, leaves: Leaves
    ) -> None:
        whole = await daos.executions.get_task("t1", include_payloads=True)
        assert whole is not None
        await daos.executions.update_task(whole)
        path = await path_after(daos.executions)
        assert path not in ("", path_of(task, "input"))
        await leaves(path)
        again = await daos.executions.get_task("t1", include_payloads=True)
        assert again is not None
        assert data_of(again, "input") == data_of(whole, "input")

    async def test_with_another_payload_has_the_old_one_deleted(
        self, daos: Daos, task: Task, leaves: Leaves
    ) -> None:
        await daos.executions.update_task(replace(task, input_data=sized(TASK_SOFT + 9)))
        path = await path_after(daos.executions)
        await leaves(path)
        assert await content_of(daos.payloads, path) == raw_text(sized(TASK_SOFT + 9))

    @pytest.mark.parametrize("keeps_the_path", [True, False])
    async def test_with_a_small_one_brings_it_back_into_the_document(
        self, daos: Daos, task: Task, leaves: Leaves, keeps_the_path: bool
    ) -> None:
        small = replace(task, input_data=sized(TASK_SOFT))
        if not keeps_the_path:
            small = replace(small, external_input_payload_storage_path=UNSET)
        await daos.executions.update_task(small)
        found = await daos.executions.get_task("t1")
        assert found is not None
        assert path_of(found, "input") == ""
        assert data_of(found, "input") == raw_text(sized(TASK_SOFT))
        await leaves()

    async def test_of_one_side_leaves_the_other_alone(
        self, daos: Daos, task: Task, leaves: Leaves
    ) -> None:
        await daos.executions.update_task(replace(task, output_data=sized(TASK_SOFT + 2)))
        found = await daos.executions.get_task("t1")
        assert path_of(found, "input") == path_of(task, "input")
        await leaves(path_of(found, "input"), path_of(found, "output"))

    async def test_of_a_workflow_and_by_a_commit(self, daos: Daos, leaves: Leaves) -> None:
        await daos.executions.create_workflow(large_workflow())
        await daos.executions.update_workflow(large_workflow(size=WORKFLOW_SOFT + 2))
        second = path_of(await daos.executions.get_workflow("w1"), "input")
        await leaves(second)
        update = large_workflow(size=WORKFLOW_SOFT + 3)
        await daos.executions.commit(Commit(workflow_id="w1", update_workflow=update))
        third = path_of(await daos.executions.get_workflow("w1"), "input")
        assert third != second
        await leaves(third)

    async def test_a_workflow_that_is_replaced_as_java_does(
        self, daos: Daos, leaves: Leaves
    ) -> None:
        await daos.executions.create_workflow(large_workflow())
        await daos.executions.create_workflow(make_workflow(), replace=True)
        await leaves()


class TestSharedPayload:
    """A task that is retried takes over the path of the first try's input, as Conductor does it."""

    @pytest.fixture
    async def retried(self, executions: ExecutionService, task: Task) -> Task:
        retried = replace(task, task_id="t2", retry_count=1)
        await executions.create_tasks([retried])
        return retried

    async def test_stays_while_one_of_both_refers_to_it(
        self, daos: Daos, task: Task, retried: Task, payload_keys: PayloadKeys, leaves: Leaves
    ) -> None:
        shared = path_of(task, "input")
        await daos.executions.update_task(replace(task, input_data=sized(TASK_SOFT + 5)))
        own = await path_after(daos.executions)
        await daos.executions.remove_task("t1")
        await leaves(shared)
        assert own not in payload_keys()
        found = await daos.executions.get_task("t2", include_payloads=True)
        assert found is not None
        assert data_of(found, "input") == raw_text(sized(TASK_SOFT + 1))

    async def test_of_a_workflow_and_a_task_stays_while_one_of_both_refers_to_it(
        self, executions: ExecutionService, payload_keys: PayloadKeys, leaves: Leaves
    ) -> None:
        await executions.create_workflow(large_workflow())
        shared = path_of(await executions.get_workflow("w1"), "input")
        await executions.create_tasks([make_task(external_input_payload_storage_path=shared)])
        await executions.update_workflow(large_workflow(size=WORKFLOW_SOFT + 2))
        own = path_of(await executions.get_workflow("w1"), "input")
        assert payload_keys() == {shared, own}
        await executions.remove_task("t1")
        await leaves(own)

    async def test_of_a_task_that_is_removed_stays_with_the_workflow_that_refers_to_it(
        self, executions: ExecutionService, leaves: Leaves
    ) -> None:
        await executions.create_workflow(large_workflow())
        shared = path_of(await executions.get_workflow("w1"), "input")
        await executions.create_tasks(
            [make_task(external_input_payload_storage_path=shared), large_task("t2")]
        )
        await executions.remove_task("t1")
        await executions.remove_task("t2")
        await leaves(shared)

    async def test_goes_with_the_last_one(
        self, daos: Daos, task: Task, retried: Task, leaves: Leaves
    ) -> None:
        await daos.executions.remove_task("t1")
        await leaves(path_of(task, "input"))
        await daos.executions.update_task(
            replace(retried, external_input_payload_storage_path=UNSET)
        )
        await leaves()

    async def test_goes_with_the_workflow(
        self, executions: ExecutionService, retried: Task, leaves: Leaves
    ) -> None:
        await executions.remove_workflow("w1")
        await leaves()


class TestRemoval:
    @pytest.fixture
    async def paths(self, executions: ExecutionService, payload_keys: PayloadKeys) -> set[str]:
        """Of a completed workflow and its task, inputs and outputs."""
        await executions.create_workflow(
            large_workflow(output=sized(WORKFLOW_SOFT + 2), status=WorkflowStatus.COMPLETED)
        )
        await executions.create_tasks([large_task(output_data=sized(TASK_SOFT + 2))])
        paths = payload_keys()
        assert len(paths) == 4
        return paths

    async def test_of_a_workflow_takes_its_payloads(
        self, executions: ExecutionService, paths: set[str], leaves: Leaves
    ) -> None:
        assert await executions.remove_workflow("w1")
        await leaves()

    async def test_when_its_time_is_over_takes_them_too(
        self,
        executions: ExecutionService,
        paths: set[str],
        payload_keys: PayloadKeys,
        leaves: Leaves,
    ) -> None:
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=1)
        assert payload_keys() == paths
        await leaves()

    async def test_when_its_time_is_over_takes_what_was_stored_since(
        self, executions: ExecutionService, paths: set[str], leaves: Leaves
    ) -> None:
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=60)
        ended = WorkflowStatus.COMPLETED
        await executions.update_workflow(large_workflow(size=WORKFLOW_SOFT + 3, status=ended))
        moved = path_of(await executions.get_workflow("w1"), "input")
        assert moved not in paths
        await leaves()

    async def test_of_a_task_takes_its_own(
        self, executions: ExecutionService, paths: set[str], leaves: Leaves
    ) -> None:
        await executions.remove_task("t1")
        await leaves(*(path for path in paths if path.startswith("workflow/")))

    async def test_with_archive_keeps_them(
        self, daos: Daos, paths: set[str], payload_keys: PayloadKeys
    ) -> None:
        await daos.executions.remove_workflow("w1", archive=True)
        assert payload_keys() == paths
        assert await next_payload_deletion(daos) is None

    async def test_a_workflow_that_is_reset_leaves_them_for_an_hour(
        self, daos: Daos, paths: set[str], payload_keys: PayloadKeys
    ) -> None:
        await daos.executions.reset_workflow("w1")
        assert payload_keys() == paths
        assert await payload_deletions(daos, paths) == paths
        due_in_ms = await next_payload_deletion(daos)
        assert due_in_ms is not None
        assert HOUR_MS // 2 < due_in_ms <= HOUR_MS

    async def test_what_a_restart_refers_to_stays_with_it(
        self, daos: Daos, paths: set[str], payload_keys: PayloadKeys
    ) -> None:
        """As Java's restart: read, reset, create again with the input and without the output."""
        before = await daos.executions.get_workflow("w1")
        assert before is not None
        path = path_of(before, "input")
        await daos.executions.reset_workflow("w1")
        await daos.executions.create_workflow(
            make_workflow(external_input_payload_storage_path=path)
        )
        assert await payload_deletions(daos, paths) == paths - {path}
        again = await daos.executions.get_workflow("w1", include_payloads=True)
        assert again is not None
        assert await daos.executions.remove_workflow("w1")
        await remain(payload_keys, *(paths - {path}))

    async def test_a_reset_workflows_payloads_go_by_themselves(
        self, daos: Daos, paths: set[str], leaves: Leaves
    ) -> None:
        await daos.executions.reset_workflow("w1")
        await leaves()

    async def test_leaves_what_podium_has_not_made_for_the_workflow(
        self, daos: Daos, payloads: ExternalPayloadStorage, payload_keys: PayloadKeys
    ) -> None:
        own, others = "workflow/input/own.json", new_key(PayloadType.TASK_INPUT, "w2")
        for path in (own, others):
            await stored(payloads, path, b"{}")
        await daos.executions.create_workflow(
            make_workflow(external_input_payload_storage_path=own)
        )
        await daos.executions.create_tasks([make_task(external_input_payload_storage_path=others)])
        await daos.executions.remove_workflow("w1")
        assert await next_payload_deletion(daos) is None
        assert payload_keys() == {own, others}


class TestUploadWithoutADocument:
    """Its payload deletion stands, and is carried out when it is due."""

    async def due_later(self, daos: Daos, key: str) -> None:
        assert await payload_deletions(daos, [key]) == {key}
        due_in_ms = await next_payload_deletion(daos)
        assert due_in_ms is not None
        assert HOUR_MS // 2 < due_in_ms <= HOUR_MS

    async def test_of_a_task_that_was_left_out(
        self, daos: Daos, task: Task, payload_keys: PayloadKeys
    ) -> None:
        outcome = await daos.executions.create_tasks(
            [large_task("t2", reference_task_name=task.reference_task_name)]
        )
        assert outcome.left_out_task_ids == ("t2",)
        (key,) = payload_keys() - {path_of(task, "input")}
        await self.due_later(daos, key)

    async def test_of_a_task_that_was_created_before(
        self, daos: Daos, task: Task, payload_keys: PayloadKeys
    ) -> None:
        assert (await daos.executions.create_tasks([large_task()])).created_task_ids == ("t1",)
        assert await path_after(daos.executions) == path_of(task, "input")
        (key,) = payload_keys() - {path_of(task, "input")}
        await self.due_later(daos, key)

    async def test_of_a_workflow_that_exists(self, daos: Daos, payload_keys: PayloadKeys) -> None:
        await daos.executions.create_workflow(make_workflow())
        assert not (await daos.executions.create_workflow(large_workflow())).created
        (key,) = payload_keys()
        await self.due_later(daos, key)

    async def test_of_a_stale_update(
        self, daos: Daos, task: Task, payload_keys: PayloadKeys
    ) -> None:
        with pytest.raises(ConflictError):
            await daos.executions.update_task(large_task(), expected_update_time=1)
        assert await path_after(daos.executions) == path_of(task, "input")
        (key,) = payload_keys() - {path_of(task, "input")}
        await self.due_later(daos, key)

    async def test_of_a_commit_that_is_repeated(
        self, daos: Daos, payload_keys: PayloadKeys
    ) -> None:
        commit = Commit(workflow_id="w1", request_id="r", create_workflow=large_workflow())
        await daos.executions.commit(commit)
        path = path_of(await daos.executions.get_workflow("w1"), "input")
        assert (await daos.executions.commit(commit)).replayed
        assert path_of(await daos.executions.get_workflow("w1"), "input") == path
        (key,) = payload_keys() - {path}
        await self.due_later(daos, key)
