"""Which queues are tasks' queues: those that a stored task waits in, and those of registered task definitions."""

from __future__ import annotations

from collections.abc import Sequence

from podium_core.index.stored_document import StoredDocument
from podium_core.models import Task
from podium_core.models.queue_name import DECIDER_QUEUE, task_queue_name
from podium_core.ports import MetadataDAO


class TaskQueues:
    """Names are gathered while tasks are walked over; only then is what it says whole.

    Queues may carry what isn't a task of ours (events, another engine's work): of those nothing is said.
    """

    def __init__(self, metadata: MetadataDAO) -> None:
        self._metadata = metadata
        self._names: set[str] = set()
        self._definitions: frozenset[str] | None = None

    def met(self, documents: Sequence[StoredDocument]) -> None:
        """Tasks were walked over."""
        self._names.update(
            task_queue_name(document.record)
            for document in documents
            if isinstance(document.record, Task)
        )

    async def known(self, queue_names: set[str]) -> set[str]:
        """Those that are the decider queue or a task's."""
        if self._definitions is None:
            pages = self._metadata.get_all_task_defs()
            self._definitions = frozenset([one.name async for page in pages for one in page.items])
        return {name for name in queue_names if self._is_known(name, self._definitions)}

    def _is_known(self, name: str, definitions: frozenset[str]) -> bool:
        if name == DECIDER_QUEUE or name in self._names:
            return True
        return any(task_type in definitions for task_type in _task_types(name))


def _task_types(queue_name: str) -> list[str]:
    """The task types whose queue this may be: ``[domain:]taskType[@executionNameSpace][-isolationGroupId]``."""
    base = queue_name.partition("@")[0]
    bases = [base, base.partition(":")[2]]
    parts = [(one, at) for one in bases for at, sign in enumerate(one) if sign == "-"]
    return [*bases, *(one[:at] for one, at in parts)]
