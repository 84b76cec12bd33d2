"""Takes: the room of each, and what the script answers as messages."""

from __future__ import annotations

import itertools
import logging
import secrets
from collections.abc import Sequence
from itertools import repeat
from typing import Any

from msgspec import UNSET

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection.pipe import Argument
from podium_backends.redis.queue_keys import QueueKeys
from podium_backends.redis.queues.scripts import QueueScripts
from podium_core.models import Message
from podium_core.ports.queue_table import Ask, Take, TakeRoom

_log = logging.getLogger(__name__)

# A message that can't be read is leased for so long: until somebody pushes or removes it.
FOR_EVER_MS = 10**14
# Due as late as no other message: offsets and leases are at most a hundred years.
SET_ASIDE_MS = FOR_EVER_MS // 2


class QueueTakes:
    """The takes of one store in this process."""

    def __init__(self, run_scripts: ClockedScripts, keys: QueueKeys, scripts: QueueScripts) -> None:
        self._run_scripts = run_scripts
        self._keys = keys
        self._scripts = scripts
        # Receipts are no secrets, they must only never come twice.
        self._process = secrets.token_hex(6)
        self._numbers = itertools.count()
        self._under_way = 0

    async def take(self, queue_name: str, asks: Sequence[Ask], room: TakeRoom) -> Take:
        """As ``QueueTable.take``."""
        no_room = bool(asks) and not room.has_left()
        asked: Sequence[Ask] = () if no_room else asks
        # Each of the others may bring as much meanwhile. Alone, a take gets at least one message, however large.
        share = room.left_bytes() // (self._under_way + 1)
        receipts = f"{self._process}{next(self._numbers):x}-"
        arguments: list[Argument] = [receipts, room.max_bytes, share, int(not self._under_way)]
        for ask in asked:
            arguments += ask
        self._under_way += 1
        try:
            reply = await self._run_scripts.run(
                self._scripts.take, self._keys.queue(queue_name), arguments
            )
        finally:
            self._under_way -= 1
        now_ms, next_due_ms, ran_out, answers = reply
        messages, size, unreadable = _messages_of(answers, receipts)
        room.hold(size)
        if unreadable:
            await self._set_aside(queue_name, unreadable)
            next_due_ms = now_ms  # there may be more: look again
        messages += [[] for _ in range(len(asks) - len(messages))]
        due_ms = None if next_due_ms < 0 else next_due_ms
        return Take(messages, due_ms, now_ms, no_room or bool(ran_out))

    async def _set_aside(self, queue_name: str, ids: Sequence[bytes]) -> None:
        for id_ in ids:
            arguments = (id_, "", FOR_EVER_MS, 0)
            await self._run_scripts.run(
                self._scripts.set_unack_timeout, self._keys.queue(queue_name), arguments
            )
            _log.error(
                "queue '%s': message '%s' isn't UTF-8; it was set aside: push it again, or remove it",
                queue_name,
                id_.decode(errors="backslashreplace"),
            )


def _messages_of(
    answers: Sequence[Sequence[Any]], receipts: str
) -> tuple[list[list[Message]], int, list[bytes]]:
    """For each ask its messages; the bytes of all payloads; the ids of those that can't be read."""
    number = 0
    size = 0
    unreadable: list[bytes] = []
    polls: list[list[Message]] = []
    for answer in answers:
        messages: list[Message] = []
        for level, ids, deliveries, payloads in answer:
            priority = int(level)
            for id_, count, payload in zip(ids, deliveries, payloads or repeat(None), strict=False):
                number += 1
                try:
                    message = Message(
                        id=id_.decode(),
                        payload=UNSET if payload is None else payload.decode(),
                        priority=priority,
                        receipt=f"{receipts}{number}",
                        delivery_count=count,
                    )
                except UnicodeDecodeError:
                    unreadable.append(id_)
                    continue
                messages.append(message)
                size += 0 if payload is None else len(payload)
        polls.append(messages)
    return polls, size, unreadable
