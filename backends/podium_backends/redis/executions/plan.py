"""What one script is to check and to do, in the words of Redis: keys, commands, changes of the outbox, queue operations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from podium_backends.redis.connection.pipe import Argument
from podium_backends.redis.executions.key_list import KeyList
from podium_backends.redis.keys import Keys
from podium_backends.redis.outbox.members import bucket_of_owner, member_of
from podium_core.outbox import EntryPut

# Arguments of one command within a script: Lua's stack takes no more than about 8,000.
MOST_ARGUMENTS = 4_000


class Plan:
    """The commands of one write. Those of one name and key are one command."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self._commands: dict[tuple[str, str], list[Argument]] = {}
        self._slots: list[tuple[str, str, str]] = []
        self._places: list[tuple[str, str, str]] = []
        self._changes: list[tuple[str, str, str, tuple[Argument, ...]]] = []
        self._marks: dict[tuple[str, str], list[Argument]] = {}
        self._records: list[tuple[str, str, str, int, bytes]] = []

    # documents and sets

    def add(self, name: str, key: str, *arguments: Argument) -> None:
        """A command, or more arguments of one that is there."""
        self._commands.setdefault((name, key), []).extend(arguments)

    def set_document(self, key: str, document: bytes, *, replaces: bool) -> None:
        """SET; one that replaces another keeps its time to live."""
        self._commands["SET", key] = [document, "KEEPTTL"] if replaces else [document]

    def expire(self, key: str, seconds: int) -> None:
        """EXPIRE."""
        self._commands["EXPIRE", key] = [seconds]

    def free_slot(self, key: str, field: str, task_id: str) -> None:
        """Free a slot, if the task holds it."""
        self._slots.append((key, field, task_id))

    def use_place(self, definition_name: str, task_id: str) -> None:
        """Let a place that a task holds lapse no more."""
        keys = self.keys
        self._places.append(
            (keys.limit_places(definition_name), keys.in_progress(definition_name), task_id)
        )

    # the outbox

    def mark(self, kind: str, id_: str, owner: str) -> None:
        """A mark without a body."""
        self._marks.setdefault((kind, owner), []).append(member_of(id_, owner))

    def put_entry(self, kind: str, id_: str, owner: str, due_ms: int, body: bytes) -> None:
        """An entry, in place of one that is there."""
        self._changes.append(("put", kind, owner, (member_of(id_, owner), due_ms, body)))

    def put_intent(self, put: EntryPut) -> None:
        """The same, with an answer: whether it was written."""
        arguments = (member_of(put.id, put.owner), put.due_ms, put.body, int(put.if_absent))
        self._changes.append(("intent", put.kind, put.owner, arguments))

    def drop_entry(self, kind: str, id_: str, owner: str) -> None:
        """An entry goes."""
        self._changes.append(("drop", kind, owner, (member_of(id_, owner),)))

    def drop_unclaimed(self, kind: str, id_: str, owner: str) -> None:
        """An entry goes, unless it is claimed."""
        self._changes.append(("keep", kind, owner, (member_of(id_, owner),)))

    def set_removal(self, kind: str, workflow_id: str, due_ms: int, record: bytes) -> None:
        """A removal record, under the token of its entry in the outbox."""
        self._records.append((kind, workflow_id, self.keys.removal(workflow_id), due_ms, record))

    # as arguments of the script

    def arguments(self, keys: KeyList) -> list[Argument]:
        """What ``carry_out.lua`` and ``effects.lua`` read, in their order."""
        found: list[Argument] = [
            keys.number(self.keys.token),
            keys.number(self.keys.outbox_failures),
        ]
        self._add_commands(found, keys)
        found.append(len(self._slots))
        for key, field, task_id in self._slots:
            found += (keys.number(key), field, task_id)
        found.append(len(self._places))
        for bucket, in_progress, task_id in self._places:
            found += (keys.number(bucket), keys.number(in_progress), task_id)
        self._add_outbox(found, keys)
        return found

    def _add_commands(self, found: list[Argument], keys: KeyList) -> None:
        at = len(found)
        found.append(0)
        count = 0
        for (name, key), arguments in self._commands.items():
            number = keys.number(key)
            for part in _parts(arguments):
                found += (name, number, len(part), *part)
                count += 1
        found[at] = count

    def _add_outbox(self, found: list[Argument], keys: KeyList) -> None:
        rows: dict[tuple[str, int], int] = {}
        changes: list[Argument] = []
        count = 0
        for (kind, owner), members in self._marks.items():
            row = _row(rows, kind, owner)
            for part in _parts(members, MOST_ARGUMENTS // 2):
                changes += ("mark", row, len(part), *part)
                count += 1
        for name, kind, owner, arguments in self._changes:
            changes += (name, _row(rows, kind, owner), *arguments)
            count += 1
        for kind, workflow_id, key, due_ms, record in self._records:
            row = _row(rows, kind, workflow_id)
            changes += ("record", row, keys.number(key), workflow_id, due_ms, record)
            count += 1
        found.append(len(rows))
        for kind, bucket in rows:
            found += map(keys.number, self.keys.outbox(kind, bucket))
        found.append(count)
        found += changes


def _row(rows: dict[tuple[str, int], int], kind: str, owner: str) -> int:
    return rows.setdefault((kind, bucket_of_owner(owner)), len(rows) + 1)


def _parts(
    arguments: Sequence[Argument], most: int = MOST_ARGUMENTS
) -> Iterable[Sequence[Argument]]:
    if len(arguments) <= most:
        return (arguments,)
    return (arguments[at : at + most] for at in range(0, len(arguments), most))
