"""Error replies of Redis as StorageErrors: what they mean for the call that got them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import hiredis

from podium_backends.redis.connection.pipe import Argument, Command
from podium_core.errors import BackendUnavailableError, CorruptRecordError

# Redis refuses all of these before it writes anything, within a script too: it checks at a script's first write. Only an ACL
# is asked for each command: a user who may run some commands of a script, and not all, may leave half of it done.
_REFUSED = {
    "LOADING": "Redis is loading its data",
    "BUSY": "a script has kept Redis busy for too long",
    "MASTERDOWN": "this Redis is a replica that has lost its primary",
    "READONLY": "this Redis is a replica: point the store at its primary",
    "OOM": "Redis has reached its maxmemory: give it more, or remove data",
    "MISCONF": "Redis can't save its data to disk and takes no writes: see its log",
    "NOREPLICAS": "Redis has too few replicas to take writes (min-replicas-to-write)",
    "NOAUTH": "Redis asks for a password: set 'password', or 'username' and 'password'",
    "WRONGPASS": "Redis refuses the user name or the password",
    "NOPERM": "the ACL of this Redis user lacks a permission",
    "CLUSTERDOWN": "the Redis cluster is down",
    "TRYAGAIN": "Redis asks to try again",
    # It refused the last command of a transaction; one that was refused before has said why.
    "EXECABORT": "Redis has discarded a transaction",
}
# After these another server may be the primary: the next call connects afresh.
_MOVED_AWAY = frozenset({"READONLY", "MASTERDOWN", "NOAUTH"})
# "ERR Error running script (call to f_…): @user_script:3: @user_script: 3: -OOM command not allowed …" (Redis 6.2)
_WITHIN_SCRIPT = re.compile(r"@user_script: ?\d+: -?([A-Z]+)\b")
# "WRONGTYPE key:test.TASK.t1", to which Redis 7 may add where the script is.
_NAMED_KEY = re.compile(
    r"WRONGTYPE key:(.*?)(?: script: [0-9a-f]{40}, on @user_script:\d+\.)?$", re.DOTALL
)
# NOPERM within a script, as Redis 6.2 puts it.
_NO_PERMISSION = "The user executing the script can't"


class RedisReplyError(Exception):
    """An error that no command of ours should bring: a defect, here or in Redis."""


def code_of(error: hiredis.ReplyError) -> str:
    """The word that says what is wrong, of an error within a script too."""
    text = str(error)
    word = text.partition(" ")[0]
    if word == "ERR" and (found := _WITHIN_SCRIPT.search(text)):
        return found[1]
    if word == "ERR" and _NO_PERMISSION in text:
        return "NOPERM"
    return word.removeprefix("-")


def raise_error(store: str, error: hiredis.ReplyError, commands: Sequence[Command]) -> None:
    """Raise what an error reply means.

    Args:
        store: The configured name of the store.
        error: The reply.
        commands: What was asked: one of them got the error.
    Raises:
        BackendUnavailableError: Redis refused the command; nothing was written.
        CorruptRecordError: A key holds another type than Conductor's.
        RedisReplyError: Anything else.
    """
    code = code_of(error)
    if code in _REFUSED:
        raise BackendUnavailableError(store, f"{_REFUSED[code]} ({error})")
    if code == "WRONGTYPE":
        raise CorruptRecordError(
            "key",
            _key_of(error) or " or ".join(_keys_of(commands)) or store,
            "it has another type than Conductor's keys of that name",
        )
    raise RedisReplyError(str(error))


def _key_of(error: hiredis.ReplyError) -> str:
    """The key that a script of ours has named; Redis names none."""
    found = _NAMED_KEY.search(str(error))
    return found[1] if found else ""


def _keys_of(commands: Sequence[Command]) -> Iterable[str]:
    return dict.fromkeys(_text(key) for command in commands for key in _keys(command))


def _keys(command: Command) -> Iterable[Argument]:
    """The keys that a command names. One whose script takes its keys from its arguments names none."""
    match command[0]:
        case "EVAL" | "EVALSHA":
            return command[3 : 3 + int(command[2])]
        case "SINTER":
            return command[1:]
        case _:
            return command[1:2]


def _text(key: Argument) -> str:
    return key.decode(errors="replace") if isinstance(key, bytes) else str(key)


def is_moved_away(reply: Any) -> bool:
    """Whether a reply says that another server has to be asked from now on."""
    return isinstance(reply, hiredis.ReplyError) and code_of(reply) in _MOVED_AWAY
