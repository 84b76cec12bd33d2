"""What the demo checks at its end, from what Podium has stored and from what the workers noted down."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from examples.engine.journal import Entry
from podium_core.models import QueueDetail, Task, TaskStatus, Workflow, WorkflowStatus
from podium_core.models.json_text import from_raw

LIMITED_TASK_TYPE = "print_label"
CONCURRENCY_LIMIT = 3


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that is known after a run.

    Attributes:
        started: Ids of the workflows started.
        workflows: They and their sub-workflows, as stored, with their tasks.
        entries: The journals.
        killed: Who was killed, and when.
        queues: Every queue there is.
        pending: How many workflows and tasks are pending, by name.
    """

    started: Sequence[str]
    workflows: Sequence[Workflow]
    entries: Sequence[Entry]
    killed: Sequence[tuple[str, float]]
    queues: Sequence[QueueDetail]
    pending: Mapping[str, int]

    @property
    def tasks(self) -> list[Task]:
        """Every task."""
        return [task for workflow in self.workflows for task in workflow.tasks]

    def noted(self, what: str) -> list[Entry]:
        """The entries of one sort."""
        return [entry for entry in self.entries if entry.what == what]


@dataclass(frozen=True)
class Check:
    """One thing that was checked."""

    passed: bool
    finding: str


def check(evidence: Evidence) -> list[Check]:
    """Check everything."""
    return [one(evidence) for one in _CHECKS]


def workflows_completed(evidence: Evidence) -> Check:
    """As many completed as were started, each with the output that its input asks for."""
    completed = {w.workflow_id for w in evidence.workflows if w.status is WorkflowStatus.COMPLETED}
    done = len(completed.intersection(evidence.started))
    children = len(evidence.workflows) - len(evidence.started)
    wrong = [
        w
        for w in evidence.workflows
        if from_raw(w.output).get("order") != from_raw(w.input)["order"]
    ]
    return Check(
        done == len(evidence.started) and len(completed) == done + children and not wrong,
        f"{done} of {len(evidence.started)} workflows started are COMPLETED, and {children} sub-workflows; "
        f"{_none_or(len(wrong), 'a wrong output')}",
    )


def tasks_completed_once(evidence: Evidence) -> Check:
    """Every reference name has one COMPLETED task, and beside it only failures that were tried again."""
    by_name: dict[tuple[object, object], list[Task]] = defaultdict(list)
    for task in evidence.tasks:
        by_name[task.workflow_instance_id, task.reference_task_name].append(task)
    wrong = [name for name, attempts in by_name.items() if not _one_completed(attempts)]
    retried = len(evidence.tasks) - len(by_name)
    return Check(
        bool(by_name) and not wrong,
        f"{len(by_name)} tasks are COMPLETED once each, {retried} of them after a failure; "
        f"{_none_or(len(wrong), 'more or less than one')}",
    )


def reported_once(evidence: Evidence) -> Check:
    """No worker's report was accepted twice, and each one missing is explained by a kill."""
    reports = Counter(entry.subject for entry in evidence.noted("reported"))
    ended = {str(task.task_id) for task in evidence.tasks if task.worker_id}
    twice = [task_id for task_id, count in reports.items() if count > 1]
    unheard = ended - reports.keys()
    explained = _cut_off(evidence) | {entry.subject for entry in evidence.noted("abandoned")}
    unexplained = len(unheard - explained)
    return Check(
        not twice and not unexplained and reports.keys() <= ended,
        f"{len(reports)} reports of workers were accepted, {_none_or(len(twice), 'one', 'twice')}; "
        f"{len(unheard)} more were stored, but a kill cut off the answer",
    )


def cut_off_tasks_done(evidence: Evidence) -> Check:
    """Work of a killed process was delivered again, or had been stored already."""
    cut_off = _cut_off(evidence)
    done = {str(task.task_id) for task in evidence.tasks if task.status and task.status.is_terminal}
    again = [entry for entry in evidence.noted("started") if entry.delivery > 1]
    attempts = Counter(entry.subject for entry in evidence.noted("started"))
    repeated = sum(count - 1 for count in attempts.values())
    return Check(
        cut_off <= done,
        f"{len(evidence.killed)} kills cut off {len(cut_off)} tasks in the workers' hands, and all were done; "
        f"{len(again)} redeliveries, {repeated} attempts that didn't count",
    )


def queues_empty(evidence: Evidence) -> Check:
    """No message is left anywhere."""
    left = [queue for queue in evidence.queues if queue.size or queue.unacked]
    names = ", ".join(queue.name for queue in left)
    return Check(not left, f"queues with messages left: {names or 'none'}")


def nothing_pending(evidence: Evidence) -> Check:
    """No workflow and no task is in a list of pending ones."""
    left = {name: count for name, count in evidence.pending.items() if count}
    return Check(not left, f"pending workflows and tasks: {left or 'none'}")


def limit_kept(evidence: Evidence) -> Check:
    """Never more tasks of the limited type at work than its definition allows."""
    most = _most_at_a_time(_intervals(evidence, LIMITED_TASK_TYPE))
    asked_in_vain = len(
        [e for e in evidence.noted("postponed") if e.task_type == LIMITED_TASK_TYPE]
    )
    return Check(
        most <= CONCURRENCY_LIMIT,
        f"at most {most} {LIMITED_TASK_TYPE} tasks ran at a time (limit {CONCURRENCY_LIMIT}); "
        f"{asked_in_vain} times one had to wait for a place",
    )


_CHECKS: tuple[Callable[[Evidence], Check], ...] = (
    workflows_completed,
    tasks_completed_once,
    reported_once,
    cut_off_tasks_done,
    queues_empty,
    nothing_pending,
    limit_kept,
)


def _one_completed(attempts: Sequence[Task]) -> bool:
    completed = [task for task in attempts if task.status is TaskStatus.COMPLETED]
    failed = [task for task in attempts if task.status is TaskStatus.FAILED and task.retried]
    return len(completed) == 1 and len(failed) == len(attempts) - 1


def _none_or(count: int, what: str, none: str = "") -> str:
    return f"none {none or f'with {what}'}" if not count else f"{count} {none or f'with {what}'}"


def _cut_off(evidence: Evidence) -> set[str]:
    """Ids of the tasks that were in the hands of a worker when it was killed."""
    return {
        task_id
        for who, killed_at in evidence.killed
        for task_id, last in _last_entries(evidence.entries, who, killed_at).items()
        if last.what in ("started", "worked")
    }


def _last_entries(entries: Sequence[Entry], who: str, until: float) -> dict[str, Entry]:
    return {entry.subject: entry for entry in entries if entry.who == who and entry.at <= until}


def _intervals(evidence: Evidence, task_type: str) -> Iterator[tuple[str, float, float]]:
    """Task id, begin and end of each attempt; a kill ends those of its worker."""
    moments = [
        (e.at, e.who, e.what, e.subject) for e in evidence.entries if e.task_type == task_type
    ]
    moments += [(at, who, "killed", "") for who, at in evidence.killed]
    began: dict[tuple[str, str], float] = {}
    for at, who, what, task_id in sorted(moments):
        if what == "started":
            began[who, task_id] = at
        elif what == "worked":
            yield task_id, began.pop((who, task_id)), at
        elif what == "killed":
            for key in [key for key in began if key[0] == who]:
                yield key[1], began.pop(key), at
    for (_, task_id), begin in began.items():
        yield task_id, begin, math.inf


def _most_at_a_time(intervals: Iterator[tuple[str, float, float]]) -> int:
    """The largest number of different tasks at work at any moment; ends before begins of the same moment."""
    moments = [
        moment for id_, begin, end in intervals for moment in ((end, -1, id_), (begin, 1, id_))
    ]
    at_work: Counter[str] = Counter()
    most = 0
    for _, change, task_id in sorted(moments):
        at_work[task_id] += change
        most = max(most, sum(count > 0 for count in at_work.values()))
    return most
