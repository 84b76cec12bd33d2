"""The calls that are compared, as requests over gRPC and as calls of the DAO in process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from benchmarks import data
from benchmarks.jobs import Chain
from podium_core.backend import ExecutionAdapter
from podium_protocol import codec


class Call(NamedTuple):
    """One call, on tasks of one workflow.

    Attributes:
        rpc: Its name.
        workflow_id: The workflow.
        names: The reference names of the tasks.
    """

    rpc: str
    workflow_id: str
    names: tuple[str, ...] = ()

    def chain(self) -> Chain:
        """It, as the load generator sends it."""
        return ((data.path(self.rpc), self._request()),)

    def _request(self) -> bytes:
        match self.rpc:
            case "GetTask":
                return data.get_task(self.workflow_id, self.names[0])
            case "UpdateTask":
                return data.update_task(self.workflow_id, self.names[0])
            case "CreateTasks":
                return data.create_tasks(self.workflow_id, self.names)
            case _:
                return data.get_workflow(self.workflow_id)

    def on(self, dao: ExecutionAdapter) -> Callable[[], Awaitable[Any]]:
        """It, ready to be called."""
        match self.rpc:
            case "GetTask":
                task_id = f"{self.workflow_id}-{self.names[0]}"
                return lambda: dao.get_task(task_id)
            case "UpdateTask":
                (task,) = self._tasks()
                return lambda: dao.update_task(task)
            case "CreateTasks":
                tasks = self._tasks()
                return lambda: dao.create_tasks(tasks)
            case _:
                return lambda: dao.get_workflow(self.workflow_id, include_tasks=True)

    def _tasks(self) -> list[Any]:
        return [
            codec.task_from_proto(data.task(self.workflow_id, name), "task") for name in self.names
        ]
