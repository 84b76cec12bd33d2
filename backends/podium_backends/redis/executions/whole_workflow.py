"""A workflow and all its tasks, as they are at one moment: in one trip where they are few and small."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from podium_backends.redis.connection import Link
from podium_backends.redis.keys import Keys
from podium_backends.redis.script_files import script
from podium_core.errors import BackendUnavailableError

BeginLong = Callable[[], Awaitable[None]]

_READ = script("executions/documents", "executions/read_workflow")

# What is read without asking for a long answer first.
SHORT_BYTES = 512 * 1024
# A script copies each document twice. SORT doesn't, but nothing bounds what it reads: the script says how much it would be.
FEW_TASKS = 200


class WholeWorkflow(NamedTuple):
    """What is stored of a workflow.

    Attributes:
        document: None: it isn't there.
        record: Its removal record.
        ids: Of its tasks.
        tasks: Their documents, None for one that isn't there; None for all where they are too many bytes.
    """

    document: bytes | None
    record: bytes | None
    ids: Sequence[str]
    tasks: Sequence[bytes | None] | None


async def read_whole_workflow(
    link: Link, keys: Keys, workflow_id: str, *, most_bytes: int, begin_long_answer: BeginLong
) -> WholeWorkflow:
    """Read a workflow and its tasks.

    Args:
        link: The connection for what reads much.
        keys: The key names.
        workflow_id: The workflow.
        most_bytes: Of all documents; above that no task is read.
        begin_long_answer: As ``StoreContext`` has it.
    """
    document, record, ids, tasks, size = await _read(
        link, keys, workflow_id, FEW_TASKS, SHORT_BYTES
    )
    if tasks is None and size <= most_bytes:
        await begin_long_answer()
        try:
            return await _read_sorted(link, keys, workflow_id)
        except BackendUnavailableError:
            # An ACL may forbid SORT's GET. Where Redis is away the next trip fails as well.
            document, record, ids, tasks, _ = await _read(
                link, keys, workflow_id, most_bytes, most_bytes
            )
    return WholeWorkflow(document, record, _texts(ids), tasks)


async def _read(link: Link, keys: Keys, workflow_id: str, tasks: int, size: int) -> Any:
    names = (
        keys.workflow(workflow_id),
        keys.removal(workflow_id),
        keys.tasks_of_workflow(workflow_id),
    )
    return await link.run_reading(_READ, names, (keys.task(""), tasks, size))


async def _read_sorted(link: Link, keys: Keys, workflow_id: str) -> WholeWorkflow:
    ids = keys.tasks_of_workflow(workflow_id)
    *_, found = await link.read_all(
        [
            ("MULTI",),
            ("MGET", keys.workflow(workflow_id), keys.removal(workflow_id)),
            ("SORT", ids, "BY", "nosort", "GET", "#", "GET", keys.task("*")),
            ("EXEC",),
        ]
    )
    (document, record), pairs = found
    return WholeWorkflow(document, record, _texts(pairs[::2]), pairs[1::2])


def _texts(ids: Sequence[bytes]) -> list[str]:
    return [id_.decode(errors="replace") for id_ in ids]
