"""The hard limits of payloads, checked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podium_core.errors import PayloadTooLargeError
from podium_core.models import Task, Workflow


class PayloadLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How large an input or output may be, in UTF-8 bytes of its JSON text."""

    workflow_bytes: int = 10_240 * 1024
    task_bytes: int = 10_240 * 1024

    def require_tasks(self, tasks: Sequence[Task], path: str) -> None:
        """Refuse a task whose input or output is above the limit; ``path`` names the list."""
        for at, task in enumerate(tasks):
            self.require_task(task, f"{path}[{at}]")

    def require_task(self, task: Task, path: str) -> None:
        """Refuse a task whose input or output is above the limit."""
        _require(task.input_data, self.task_bytes, f"{path}.input_data_json")
        _require(task.output_data, self.task_bytes, f"{path}.output_data_json")

    def require_workflow(self, workflow: Workflow, path: str) -> None:
        """Refuse a workflow whose input or output is above the limit."""
        _require(workflow.input, self.workflow_bytes, f"{path}.input_json")
        _require(workflow.output, self.workflow_bytes, f"{path}.output_json")


def _require(payload: msgspec.Raw, limit: int, field: str) -> None:
    size = len(memoryview(payload))
    if size > limit:
        raise PayloadTooLargeError(field, limit_bytes=limit, size_bytes=size)
