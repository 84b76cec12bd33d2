"""A poll that waits, and what becomes of its messages when its caller is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from podium_core.models import Message
from podium_core.ports.queue_table import Ask

GiveBack = Callable[[str, list[Message]], None]


class Poll:
    """What a caller asks for, and the answer it waits for: messages, or None.

    None says: there may be messages, but they may be large; take them yourself, in turn with others.

    Attributes:
        ask: What it asks for.
        expired: Its time is over: it takes what the take under way gives it, and waits no more.
        has_turn: It was answered None, and its queue waits until it has taken its messages.
    """

    __slots__ = ("_answer", "ask", "expired", "has_turn")

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.expired = False
        self.has_turn = False
        self._answer: asyncio.Future[list[Message] | None] = (
            asyncio.get_running_loop().create_future()
        )

    @property
    def done(self) -> bool:
        """It is answered, or its caller is gone."""
        return self._answer.done()

    def finish(self, messages: list[Message] | None) -> bool:
        """Answer the caller; false if it is gone."""
        if self._answer.done():
            return False
        self._answer.set_result(messages)
        return True

    def fail(self, error: Exception) -> None:
        """Raise this for the caller, if it is still there."""
        if not self._answer.done():
            self._answer.set_exception(error)

    async def answer(self, queue_name: str, give_back: GiveBack) -> list[Message] | None:
        """The answer. Messages that came when the caller was already cancelled are given back."""
        answer = self._answer
        try:
            return await answer
        except asyncio.CancelledError:
            if answer.done() and not answer.cancelled() and answer.exception() is None:
                messages = answer.result()
                if messages:
                    give_back(queue_name, messages)
            raise
