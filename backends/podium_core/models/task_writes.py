"""What is written to executions together, and what became of it."""

from __future__ import annotations

import msgspec

from podium_core.models.task import Task


class TaskUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A task to update; with ``expected_update_time`` only if its stored stamp is that one (0: absent or 0)."""

    task: Task
    expected_update_time: int | None = None


class CreatedTasks(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a CreateTasks.

    Attributes:
        created_task_ids: Stored, or stored before under the same id, in the order given.
        left_out_task_ids: Not written: their slot is another task's.
        update_time: The stamp of the tasks written.
    """

    created_task_ids: tuple[str, ...]
    left_out_task_ids: tuple[str, ...] = ()
    update_time: int = 0


class CreatedWorkflow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a CreateWorkflow: ``created`` is false where the id existed and nothing was written."""

    created: bool
    updated_time: int
