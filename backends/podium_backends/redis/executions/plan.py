"""What one script writes, in the words of Redis: commands, changes of the outbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from podium_backends.redis.keys import Keys
from podium_backends.redis.outbox.members import bucket_of_owner, member_of
from podium_core.outbox import EntryPut

# Texts go as texts: what Redis reads of MessagePack knows no bytes.
Argument = str | int

# Arguments of one command within a script: Lua's stack takes no more than about 8,000.
MOST_ARGUMENTS = 4_000


class Writes(msgspec.Struct, kw_only=True, array_like=True):
    """What ``effects.lua`` carries out: a list, since names would take Redis longer to read.

    Attributes:
        token: The key of the last token of the outbox.
        failures: The key of the entries that were set aside.
        commands: Each with its key and arguments.
        slots: Hash, field and task: freed if the task holds it.
        places: Bucket, set and task: a place that is held lapses no more.
        changes: Of the outbox, as ``outbox_parts.lua`` reads them.
        queues: Operations on queues, as ``with_queues.lua`` reads them.
        push_token: Of the messages that are pushed.
        request: What is remembered: the key, when it ends, the text, for how many ms; empty: nothing.
    """

    token: str
    failures: str
    commands: Sequence[Sequence[Argument]]
    slots: Sequence[tuple[str, str, str]]
    places: Sequence[tuple[str, str, str]]
    changes: Sequence[Sequence[Argument | bool]]
    queues: Sequence[Sequence[Argument | bool | None]] | None = None
    push_token: str = ""
    request: Sequence[Argument] | None = None


class Plan:
    """The commands of one write. Those of one name and key are one command."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self._commands: dict[tuple[str, str], list[Argument]] = {}
        self._slots: list[tuple[str, str, str]] = []
        self._places: list[tuple[str, str, str]] = []
        self._changes: list[Sequence[Argument | bool]] = []
        self._marks: dict[tuple[str, str], list[Argument]] = {}

    # documents and sets

    def add(self, name: str, key: str, *arguments: Argument) -> None:
        """A command, or more arguments of one that is there."""
        self._commands.setdefault((name, key), []).extend(arguments)

    def set_document(self, key: str, document: str, *, replaces: bool) -> None:
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

    def put_entry(self, put: EntryPut) -> None:
        """An entry, in place of one that is there."""
        self._put("put", put)

    def put_intent(self, put: EntryPut) -> None:
        """The same, with an answer: whether it was written."""
        self._put("intent", put, put.if_absent)

    def _put(self, name: str, put: EntryPut, *more: bool) -> None:
        entry = (member_of(put.id, put.owner), str(put.due_ms), put.body.decode())
        self._change(name, put.kind, put.owner, *entry, *more)

    def drop_entry(self, kind: str, id_: str, owner: str) -> None:
        """An entry goes."""
        self._change("drop", kind, owner, member_of(id_, owner))

    def drop_unclaimed(self, kind: str, id_: str, owner: str) -> None:
        """An entry goes, unless it is claimed."""
        self._change("keep", kind, owner, member_of(id_, owner))

    def set_removal(self, kind: str, workflow_id: str, due_ms: int, record: str) -> None:
        """A removal record, under the token of its entry in the outbox."""
        key = self.keys.removal(workflow_id)
        self._change("record", kind, workflow_id, workflow_id, str(due_ms), key, record)

    def _change(self, name: str, kind: str, owner: str, *arguments: Argument | bool) -> None:
        self._changes.append((name, *self.keys.outbox(kind, bucket_of_owner(owner)), *arguments))

    # as the script reads it

    def writes(self) -> Writes:
        """All of it."""
        return Writes(
            token=self.keys.token,
            failures=self.keys.outbox_failures,
            commands=self._commands_in_parts(),
            slots=self._slots,
            places=self._places,
            changes=[*self._mark_changes(), *self._changes],
        )

    def _commands_in_parts(self) -> Sequence[Sequence[Argument]]:
        found: list[Sequence[Argument]] = []
        for name_and_key, arguments in self._commands.items():
            if len(arguments) <= MOST_ARGUMENTS:
                found.append((*name_and_key, *arguments))
            else:
                found += [(*name_and_key, *part) for part in _parts(arguments, MOST_ARGUMENTS)]
        return found

    def _mark_changes(self) -> Iterator[Sequence[Argument]]:
        for (kind, owner), members in self._marks.items():
            keys = self.keys.outbox(kind, bucket_of_owner(owner))
            for part in _parts(members, MOST_ARGUMENTS // 2):
                yield ("mark", *keys, *part)


def _parts(arguments: Sequence[Argument], most: int) -> Sequence[Sequence[Argument]]:
    return [arguments[at : at + most] for at in range(0, len(arguments), most)]
