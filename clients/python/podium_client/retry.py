"""When a failed call is repeated, and how long after."""

from __future__ import annotations

import random

import msgspec

from podium_client.errors import (
    AccessDeniedError,
    ClientClosedError,
    MessageTooLargeError,
    OutcomeUnknownError,
    OverloadedError,
    StorageError,
    TransportError,
    UnavailableError,
)
from podium_protocol.rpcs import Repeat

FREELY = frozenset({Repeat.READ, Repeat.SAME_END_STATE, Repeat.KEYED})
_LASTING = (AccessDeniedError, MessageTooLargeError, ClientClosedError)


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How a client repeats calls by itself. The call's deadline bounds it in any case.

    Attributes:
        max_attempts: How often a call is tried, the first time included; 1: never repeat. A call that a full server refused
            is tried until its deadline.
        initial_backoff_seconds: Before the second attempt; doubles from one to the next.
        max_backoff_seconds: The longest pause, unless the server asks for a longer one.
        connect_seconds: How long a call that isn't repeated freely waits for a connection before it is sent, so that a
            server that restarts doesn't leave its outcome unknown.
    """

    max_attempts: int = 8
    initial_backoff_seconds: float = 0.1
    max_backoff_seconds: float = 2.0
    connect_seconds: float = 5.0

    def backoff_seconds(self, failures: int) -> float:
        """The pause after so many failures in a row; half of it is chance, so that clients don't march in step."""
        longest = self.initial_backoff_seconds * 2.0 ** min(failures - 1, 30)
        return min(longest, self.max_backoff_seconds) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret

    def most_attempts(self, error: StorageError, *, deadline: bool) -> float:
        """How often a call may be tried that failed in this way; ``deadline``: it has one."""
        full = isinstance(error, OverloadedError) and deadline and self.max_attempts > 1
        return float("inf") if full else self.max_attempts

    def pause_seconds(self, error: StorageError, failures: int) -> float:
        """The pause before a repeat: the back-off, or what the server asked for if that is longer."""
        wanted = (
            error.retry_after_ms / 1000
            if isinstance(error, (UnavailableError, OverloadedError))
            else 0.0
        )
        return max(wanted, self.backoff_seconds(failures))


def nothing_done(error: StorageError) -> bool:
    """Whether the server itself said that nothing was written, and to come back."""
    return isinstance(error, (UnavailableError, OverloadedError))


def transient(error: StorageError) -> bool:
    """Whether a repeat may succeed."""
    if nothing_done(error) or isinstance(error, OutcomeUnknownError):
        return True
    return isinstance(error, TransportError) and not isinstance(error, _LASTING)


def may_repeat(error: StorageError, repeat: Repeat) -> bool:
    """Whether a call of this kind is to be repeated after this error.

    Args:
        error: How the last attempt failed.
        repeat: What a repeat does; ``KEYED`` only where the request carries a key.
    """
    return transient(error) if repeat in FREELY else nothing_done(error)
