"""What queues offer to executions that live in another store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from podium_core.write_set import PushOp


class QueueTarget(Protocol):
    """What a queue store offers for executions that live elsewhere. A message keeps the token of its push."""

    async def deliver(self, push: PushOp, token: int) -> None:
        """Push, unless the message there came with a higher token; with ``if_absent`` unless one is there at all."""
        ...

    async def tokens_of(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        """For each (queue name, message id) the token of the message that is there; 0 without one."""
        ...

    async def remove_seen(self, messages: Sequence[tuple[str, str, int]]) -> list[bool]:
        """Remove each (queue name, message id, token) that still has this token, in one step."""
        ...

    async def remove_older(self, queue_name: str, message_id: str, token: int) -> bool:
        """Remove the message unless it was pushed under a higher token: after the record it belonged to had gone."""
        ...
