"""A connection that is made when it is needed, and made again when it was lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import hiredis

from podium_backends.redis.connection.connect import Target, connect
from podium_backends.redis.connection.pipe import (
    Argument,
    Command,
    NoReplyError,
    NotSentError,
    Pipe,
)
from podium_backends.redis.connection.replies import code_of, is_moved_away, raise_error
from podium_backends.redis.connection.script import Script
from podium_core.errors import BackendUnavailableError, OutcomeUnknownError
from podium_core.shared_attempt import AttemptEndedError, SharedAttempt

T = TypeVar("T")


class Link:
    """Commands to one Redis, over one connection.

    A read that got no reply is repeated once, on a new connection. A write that got none is ``OutcomeUnknownError``; what
    never left is ``BackendUnavailableError``. Error replies are raised as ``replies.raise_error`` says.
    """

    def __init__(
        self, target: Target, *, admission: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Connects at the first command.

        Args:
            target: The Redis.
            admission: Awaited before the first connection: raises as long as this Redis must not be used.
        """
        self._target = target
        self._admission = admission
        self._pipe: Pipe | None = None
        self._connecting = SharedAttempt(self._connect)
        self._closed = False

    # one command

    async def read(self, *command: Argument) -> Any:
        """The reply of a command that changes nothing."""
        return await self._read(self._reply, command)

    async def write(self, *command: Argument) -> Any:
        """The reply of a command that may change something."""
        return await self._write(self._reply, command)

    # several that leave together

    async def read_all(self, commands: Sequence[Command]) -> list[Any]:
        """The replies of commands that change nothing, in one trip; not one step, unless they say MULTI and EXEC."""
        replies: list[Any] = await self._read(self._replies, commands)
        return replies

    async def write_all(self, commands: Sequence[Command]) -> list[Any]:
        """The replies of commands that may change something, in one trip.

        Where they have to be one step they begin with MULTI and end with EXEC. Otherwise an error of one says nothing about
        the others. Scripts among them are sent by their text: nobody could send a part again.
        """
        replies: list[Any] = await self._write(self._replies, commands)
        return replies

    # scripts

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """What a script that may change something returns."""
        return await _run(self.write, script, keys, arguments)

    async def run_reading(
        self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]
    ) -> Any:
        """What a script that changes nothing returns."""
        return await _run(self.read, script, keys, arguments)

    # the connection

    async def _read(self, ask: Callable[[T], Awaitable[Any]], asked: T) -> Any:
        try:
            return await ask(asked)
        except (NoReplyError, NotSentError):
            pass
        try:
            return await ask(asked)
        except (NoReplyError, NotSentError) as error:
            raise BackendUnavailableError(self._target.store, str(error)) from error

    async def _write(self, ask: Callable[[T], Awaitable[Any]], asked: T) -> Any:
        try:
            return await ask(asked)
        except NotSentError as error:
            raise BackendUnavailableError(self._target.store, str(error)) from error
        except NoReplyError as error:
            raise OutcomeUnknownError(self._target.store, str(error)) from error

    async def _reply(self, command: Command) -> Any:
        pipe = self._pipe
        if pipe is None or not pipe.usable:
            pipe = await self._wait_for_pipe()
        reply = await pipe.send(command)
        if isinstance(reply, hiredis.ReplyError):
            self._fail(pipe, reply, (command,))
        return reply

    async def _replies(self, commands: Sequence[Command]) -> list[Any]:
        pipe = self._pipe
        if pipe is None or not pipe.usable:
            pipe = await self._wait_for_pipe()
        replies = await pipe.send_all(commands)
        for command, reply in zip(commands, replies, strict=True):
            if isinstance(reply, hiredis.ReplyError):
                self._fail(pipe, reply, (command,))
            # One that fails within a transaction says so here.
            for part in reply if command[0] == "EXEC" else ():
                if isinstance(part, hiredis.ReplyError):
                    self._fail(pipe, part, commands)
        return replies

    def _fail(self, pipe: Pipe, error: hiredis.ReplyError, commands: Sequence[Command]) -> None:
        """Raise what an error means that one of the commands got."""
        if is_moved_away(error):
            pipe.give_up(NoReplyError("another Redis is the primary now"))
        if code_of(error) == "NOSCRIPT":
            raise _UnknownScriptError
        raise_error(self._target.store, error, commands)

    async def _wait_for_pipe(self) -> Pipe:
        if not self._closed:
            with suppress(AttemptEndedError):
                return await self._connecting.result()
        raise BackendUnavailableError(self._target.store, "the store is closed")

    async def _connect(self) -> Pipe:
        if self._admission is not None:
            await self._admission()
            self._admission = None
        self._pipe = await connect(self._target)
        return self._pipe

    async def close(self) -> None:
        """Cut the connection; whoever waits gets an error."""
        self._closed = True
        await self._connecting.cancel()
        if self._pipe is not None:
            await self._pipe.close()


class _UnknownScriptError(Exception):
    """Redis doesn't know the digest: it was restarted, or its scripts were flushed. Nothing ran."""


async def _run(
    send: Callable[..., Awaitable[Any]],
    script: Script,
    keys: Sequence[str],
    arguments: Sequence[Argument],
) -> Any:
    try:
        return await send("EVALSHA", script.digest, len(keys), *keys, *arguments)
    except _UnknownScriptError:
        return await send("EVAL", script.text, len(keys), *keys, *arguments)
