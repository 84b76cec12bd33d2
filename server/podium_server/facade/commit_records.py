"""The documents of a Commit, whichever of its fields they are in; and its answer."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from podium_core.models import Commit, CommitResult, Guarantee, Task, Workflow
from podium_core.write_set import WriteOutcome

Records = dict[str, Task | Workflow]


def records_of(commit: Commit) -> Records:
    """Its documents, by their path in the request."""
    records: Records = {}
    if commit.create_workflow is not None:
        records["create_workflow"] = commit.create_workflow
    if commit.update_workflow is not None:
        records["update_workflow"] = commit.update_workflow
    records |= {f"create_tasks[{at}]": task for at, task in enumerate(commit.create_tasks)}
    return records | {
        f"update_tasks[{at}].task": update.task for at, update in enumerate(commit.update_tasks)
    }


def with_records(commit: Commit, changed: Mapping[str, Task | Workflow]) -> Commit:
    """The Commit with other documents in their places."""
    created = [changed[f"create_tasks[{at}]"] for at in range(len(commit.create_tasks))]
    updated = [
        msgspec.structs.replace(update, task=changed[f"update_tasks[{at}].task"])
        for at, update in enumerate(commit.update_tasks)
    ]
    return msgspec.structs.replace(
        commit,
        create_workflow=changed.get("create_workflow"),
        update_workflow=changed.get("update_workflow"),
        create_tasks=created,
        update_tasks=updated,
    )


def commit_result(commit: Commit, outcome: WriteOutcome, guarantee: Guarantee) -> CommitResult:
    """The answer of a Commit."""
    created = frozenset(outcome.created_task_ids)
    created_times = [time for id_, time in outcome.task_times.items() if id_ in created]
    return CommitResult(
        workflow_created=outcome.workflow_created if commit.create_workflow is not None else None,
        updated_time=outcome.workflow_times.get(commit.workflow_id, 0),
        created_task_ids=outcome.created_task_ids,
        left_out_task_ids=outcome.left_out_task_ids,
        created_update_time=max(created_times, default=0),
        task_update_times=tuple(
            outcome.task_times.get(str(u.task.task_id), 0) for u in commit.update_tasks
        ),
        acked=outcome.acked,
        removed=outcome.removed,
        guarantee=guarantee,
        replayed=outcome.replayed,
    )
