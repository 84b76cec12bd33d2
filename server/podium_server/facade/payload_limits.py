"""The soft and hard limits of inputs and outputs."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from podium_core.errors import PayloadTooLargeError
from podium_core.models import Task, Workflow


class PayloadLimits(msgspec.Struct, frozen=True, kw_only=True):
    """In UTF-8 bytes of an input's or output's JSON text; the defaults are Conductor's.

    Attributes:
        workflow_soft_bytes: A larger payload is moved to the payload store; 0: none is.
        workflow_hard_bytes: A larger payload is refused.
        task_soft_bytes: As ``workflow_soft_bytes``, of a task.
        task_hard_bytes: As ``workflow_hard_bytes``, of a task.
    """

    workflow_soft_bytes: int = 5_120 * 1024
    workflow_hard_bytes: int = 10_240 * 1024
    task_soft_bytes: int = 3_072 * 1024
    task_hard_bytes: int = 10_240 * 1024

    def require(self, record: Task | Workflow, path: str) -> None:
        """Refuse a record whose input or output is above the hard limit; ``path`` names it in the request."""
        if isinstance(record, Task):
            _require(record.input_data, self.task_hard_bytes, f"{path}.input_data_json")
            _require(record.output_data, self.task_hard_bytes, f"{path}.output_data_json")
        else:
            _require(record.input, self.workflow_hard_bytes, f"{path}.input_json")
            _require(record.output, self.workflow_hard_bytes, f"{path}.output_json")

    def is_large(self, record: Task | Workflow, data: Raw) -> bool:
        """Whether an input or output of this record is above the soft limit."""
        soft = self.task_soft_bytes if isinstance(record, Task) else self.workflow_soft_bytes
        return 0 < soft < len(memoryview(data))


def _require(payload: Raw, limit: int, field: str) -> None:
    size = len(memoryview(payload))
    if size > limit:
        raise PayloadTooLargeError(field, limit_bytes=limit, size_bytes=size)
