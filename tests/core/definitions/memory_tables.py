"""Tables of definitions and of handlers in memory: what they were asked for, and only the store's own part."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from podium_core.definitions import VERSION_BYTES
from podium_core.models import EventHandler, Page, TaskDef, WorkflowDef
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports import EventHandlerTable, MetadataTable


@dataclass
class MemoryMetadata:
    """Definitions in no order.

    Attributes:
        called: What was asked for, so that a test sees that a refused argument asks for nothing.
    """

    tasks: dict[str, TaskDef] = field(default_factory=dict)
    workflows: dict[tuple[str, int], WorkflowDef] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)

    async def put_task_def(self, task_def: TaskDef) -> None:
        self.called.append("put_task_def")
        self.tasks[task_def.name] = task_def

    async def replace_task_def(self, task_def: TaskDef) -> bool:
        self.called.append("replace_task_def")
        found = task_def.name in self.tasks
        if found:
            self.tasks[task_def.name] = task_def
        return found

    async def remove_task_def(self, name: str) -> bool:
        self.called.append("remove_task_def")
        return self.tasks.pop(name, None) is not None

    async def task_def(self, name: str) -> TaskDef | None:
        self.called.append("task_def")
        return self.tasks.get(name)

    async def task_defs(self, after: str) -> AsyncIterator[Page[TaskDef]]:
        self.called.append(f"task_defs after {after!r}")
        yield Page(items=tuple(self.tasks.values()))

    async def add_workflow_def(self, workflow_def: WorkflowDef) -> bool:
        self.called.append("add_workflow_def")
        key = (workflow_def.name, workflow_def.version)
        return self.workflows.setdefault(key, workflow_def) is workflow_def

    async def replace_workflow_def(self, workflow_def: WorkflowDef) -> bool:
        self.called.append("replace_workflow_def")
        key = (workflow_def.name, workflow_def.version)
        found = key in self.workflows
        if found:
            self.workflows[key] = workflow_def
        return found

    async def remove_workflow_def(self, name: str, version: int) -> bool:
        self.called.append("remove_workflow_def")
        return self.workflows.pop((name, version), None) is not None

    async def workflow_def(self, name: str, version: int) -> WorkflowDef | None:
        self.called.append("workflow_def")
        return self.workflows.get((name, version))

    async def latest_workflow_def(self, name: str) -> WorkflowDef | None:
        self.called.append("latest_workflow_def")
        versions = [version for other, version in self.workflows if other == name]
        return self.workflows[name, max(versions)] if versions else None

    async def workflow_defs(
        self, after: tuple[str, int], *, latest_only: bool
    ) -> AsyncIterator[Page[WorkflowDef]]:
        self.called.append(f"workflow_defs after {after}, latest_only={latest_only}")
        yield Page(items=tuple(self.workflows.values()))

    async def workflow_names(self, budget: ReadBudget) -> list[str]:
        names = list(dict.fromkeys(name for name, _ in self.workflows))
        budget.take(sum(map(len, names)))
        return names

    async def workflow_versions(self, name: str, budget: ReadBudget) -> list[int]:
        self.called.append("workflow_versions")
        versions = [version for other, version in self.workflows if other == name]
        budget.take(VERSION_BYTES * len(versions))
        return versions


@dataclass
class MemoryHandlers:
    """Handlers in no order; ``called`` as of ``MemoryMetadata``."""

    stored: dict[str, EventHandler] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)

    async def add_handler(self, handler: EventHandler, event: str) -> bool:
        self.called.append(f"add_handler of {event}")
        return self.stored.setdefault(handler.name, handler) is handler

    async def replace_handler(self, handler: EventHandler, event: str) -> bool:
        self.called.append(f"replace_handler of {event}")
        found = handler.name in self.stored
        if found:
            self.stored[handler.name] = handler
        return found

    async def remove_handler(self, name: str) -> bool:
        self.called.append("remove_handler")
        return self.stored.pop(name, None) is not None

    async def handlers(self, after: str) -> AsyncIterator[Page[EventHandler]]:
        self.called.append(f"handlers after {after!r}")
        yield Page(items=tuple(self.stored.values()))

    async def handlers_of_event(
        self, event: str, budget: ReadBudget, *, active_only: bool
    ) -> list[EventHandler]:
        self.called.append(f"handlers_of_event {event}, active_only={active_only}")
        budget.take(sum(len(handler.document) for handler in self.stored.values()))
        return list(self.stored.values())


_metadata: type[MetadataTable] = MemoryMetadata
_handlers: type[EventHandlerTable] = MemoryHandlers
