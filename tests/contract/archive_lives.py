"""What has to be true of a workflow id: it is there, it is on its way out, it is archived; and of its tasks."""

from __future__ import annotations

from dataclasses import dataclass, field

from podium_core.models import Workflow, WorkflowStatus


@dataclass
class Execution:
    """A workflow and its tasks by id; a note says which write each of them had last."""

    note: str
    status: WorkflowStatus
    tasks: dict[str, str] = field(default_factory=dict)

    def is_in(self, workflow: Workflow) -> bool:
        """Whether this is what was read."""
        tasks = {str(task.task_id): task.worker_id for task in workflow.tasks}
        return (workflow.owner_app, workflow.status) == (self.note, self.status) and (
            tasks == self.tasks
        )


@dataclass
class Life:
    """One id.

    Attributes:
        live: Written to.
        due_ms: When it goes.
        archives: It is archived until then, and when it goes.
        ending: Being removed with archive: not written to any more.
        for_good: That can't be taken back.
        overdue: Its time is over, and perhaps no drainer has come yet: absent, but a removal may say that it was there.
        archived: Gone, and in the index.
        archived_tasks: Entries of tasks that are all that is left of them, of this run or of one before.
    """

    live: Execution | None = None
    due_ms: int | None = None
    archives: bool = False
    ending: Execution | None = None
    for_good: bool = False
    overdue: bool = False
    archived: Execution | None = None
    archived_tasks: dict[str, str] = field(default_factory=dict)

    def created(self, execution: Execution) -> None:
        """A first or a further run."""
        self.finish()
        self.live, self.archived = execution, None
        self.due_ms, self.archives, self.overdue = None, False, False

    def expires(self, due_ms: int, *, archives: bool) -> None:
        """It goes at that time."""
        self.due_ms, self.archives = due_ms, archives

    def time_is(self, now_ms: int) -> None:
        """What is due is no longer written to."""
        if self.live is not None and self.due_ms is not None and self.due_ms <= now_ms:
            if self.archives:
                self.ends(for_good=True)
            else:
                self.gone()
                self.overdue = True

    def ends(self, *, for_good: bool = False) -> None:
        """Its removal with archive has begun."""
        self.live, self.ending, self.for_good = None, self.live, for_good

    def taken_back(self) -> None:
        """Its removal with archive has not taken place: it goes when it was to go before."""
        assert not self.for_good
        assert self.ending is not None
        self.live, self.ending = self.ending, None

    def finish(self) -> None:
        """Its removal with archive is over, if there was one."""
        if self.ending is not None:
            self.archived, self.ending = self.ending, None
            self.archived_tasks |= self.archived.tasks

    def gone(self) -> None:
        """Removed without archive."""
        self.live = self.archived = None

    def task_written(self, task_id: str, note: str) -> None:
        """The document is there: whatever was archived under its id gives way."""
        assert self.live is not None
        self.live.tasks[task_id] = note
        self.archived_tasks.pop(task_id, None)
