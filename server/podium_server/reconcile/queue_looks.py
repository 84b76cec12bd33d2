"""The two looks of a check of queues: what seems wrong at first, and what still is after a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence

from podium_core.clock import Clock
from podium_core.index.changes import EntryKind
from podium_core.index.stored_document import OwnedId, StoredDocument
from podium_core.models import Workflow
from podium_core.models.queue_name import DECIDER_QUEUE
from podium_core.outbox import KIND_ACK, KIND_PUSH, KIND_REMOVE, KIND_UNQUEUE, message_key
from podium_core.ports import Outbox, QueueStore, StoredDocuments
from podium_server.reconcile.pace import MAX_PAGE, PAGE_SIZE
from podium_server.reconcile.queue_rules import Expected, QueueRules

Key = tuple[str, str]

# Asked of a queue store at once.
_TURN = 50
_TAKEN_OUT = (KIND_PUSH, KIND_ACK, KIND_REMOVE, KIND_UNQUEUE)


class QueueLooks:
    """Compares documents with queues, and with the intents between the two."""

    def __init__(
        self,
        source: StoredDocuments,
        queues: QueueStore,
        outbox: Outbox | None,
        rules: QueueRules,
        clock: Clock,
    ) -> None:
        self._source = source
        self._queues = queues
        self._outbox = outbox
        self._rules = rules
        self._clock = clock

    # what isn't queued

    async def not_queued(self, documents: Iterable[StoredDocument]) -> list[Expected]:
        """The messages that there ought to be for these documents, and aren't."""
        now_ms = self._clock()
        found = (self._rules.expected(document, now_ms) for document in documents)
        missing = await self._missing([expected for expected in found if expected is not None])
        return await self._of_living_workflows(missing)

    async def still_not_queued(
        self, kind: EntryKind, suspects: Sequence[Expected]
    ) -> list[Expected]:
        """Those of the first look that are still so."""
        # The document was read before: then the intent, then the queue, then the document again. Queue before intent would
        # miss a message that was delivered between the two.
        missing = await self._missing(suspects)
        ids = [(expected.message.id, expected.workflow_id) for expected in missing]
        now_ms = self._clock()
        again = {
            document.id: self._rules.expected(document, now_ms)
            async for document in self._documents(kind, ids)
        }
        same = [expected for expected in missing if again.get(expected.message.id) == expected]
        return await self._of_living_workflows(same)

    async def _missing(self, wanted: Sequence[Expected]) -> list[Expected]:
        owners = {expected.key: expected.workflow_id for expected in wanted}
        waiting = await self._on_their_way(owners, [KIND_PUSH])
        asked = [expected for expected in wanted if expected.key not in waiting]
        there = await self._queued_keys([expected.key for expected in asked])
        return [expected for expected in asked if expected.key not in there]

    async def _of_living_workflows(self, wanted: Sequence[Expected]) -> list[Expected]:
        """Nobody waits for a task whose workflow has ended, or isn't there."""
        owners = (expected.workflow_id for expected in wanted if expected.task_id)
        ids = [(owner, owner) for owner in dict.fromkeys(owners) if owner]
        living = {
            document.id
            async for document in self._documents(EntryKind.WORKFLOW, ids)
            if not document.leaving and _lives(document)
        }
        return [
            expected
            for expected in wanted
            if not expected.task_id or expected.workflow_id in living
        ]

    # what is queued without a document

    async def without_document(self, messages: Sequence[Key]) -> list[Key]:
        """Those of the messages whose workflow or task isn't stored."""
        gone: set[Key] = set()
        for kind in (EntryKind.WORKFLOW, EntryKind.TASK):
            keys = [key for key in messages if _kind_of(key[0]) is kind]
            ids = list(dict.fromkeys((key[1], _owner_of(key)) for key in keys))
            stored = await self._source.stored_ids(kind, ids) if ids else ()
            gone |= {key for key in keys if key[1] not in stored}
        return [key for key in messages if key in gone]

    async def still_without_document(self, suspects: Sequence[Key]) -> list[Key]:
        """Those of the first look that are still so."""
        # An operation that removes the message stays in the outbox until it is done.
        owners = {key: _owner_of(key) for key in suspects}
        waiting = await self._on_their_way(owners, _TAKEN_OUT)
        left = [key for key in suspects if key not in waiting]
        there = await self._queued_keys(left)
        return await self.without_document([key for key in left if key in there])

    # asking the stores

    async def _documents(
        self, kind: EntryKind, ids: Sequence[OwnedId]
    ) -> AsyncIterator[StoredDocument]:
        rest = list(ids)
        while rest:
            found = await self._source.documents(kind, rest[:MAX_PAGE], max_size=PAGE_SIZE)
            for document in found:
                yield document
            del rest[: len(found)]
            await asyncio.sleep(0)

    async def _queued_keys(self, keys: Sequence[Key]) -> set[Key]:
        there: set[Key] = set()
        for at in range(0, len(keys), _TURN):
            part = keys[at : at + _TURN]
            answers = await asyncio.gather(
                *(self._queues.contains_message(name, id_) for name, id_ in part)
            )
            there |= {key for key, answer in zip(part, answers, strict=True) if answer}
        return there

    async def _on_their_way(self, owners: Mapping[Key, str], kinds: Collection[str]) -> set[Key]:
        """Of these messages, each with the workflow that it is of, those that an entry of the outbox is about."""
        if self._outbox is None or not owners:
            return set()
        by_id = {message_key(*key): key for key in owners}
        ids = [(id_, owners[key]) for id_, key in by_id.items()]
        waiting: set[str] = set()
        for kind in kinds:
            waiting |= await self._outbox.waiting_ids(kind, ids)
        return {by_id[id_] for id_ in waiting}


def _kind_of(queue_name: str) -> EntryKind:
    """Whether the messages of a queue are of workflows or tasks."""
    return EntryKind.WORKFLOW if queue_name == DECIDER_QUEUE else EntryKind.TASK


def _owner_of(key: Key) -> str:
    """The workflow that a message is of; empty where its queue doesn't say."""
    return key[1] if key[0] == DECIDER_QUEUE else ""


def _lives(document: StoredDocument) -> bool:
    record = document.record
    return isinstance(record, Workflow) and not (record.status and record.status.is_terminal)
