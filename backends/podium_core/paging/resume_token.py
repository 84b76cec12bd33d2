"""The opaque text that says where a stream goes on: the key after which the next page begins."""

from __future__ import annotations

import base64
import binascii
from typing import Any, TypeVar

import msgspec

from podium_core.errors import InvalidArgumentError

Key = TypeVar("Key")


def resume_token(*key: str | int | float | bool | None) -> str:
    """The token of a key."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def resume_key(token: str, key_type: type[Key], start: Key, *, field: str = "resume_token") -> Key:
    """The key of a token; ``start`` for the empty one.

    Args:
        token: What the caller handed back.
        key_type: The tuple type that the token must hold, as ``tuple[str, int]``.
        start: The key before all others.
        field: Where the caller gave the token, for the error.
    Raises:
        InvalidArgumentError: Not a token of this stream.
    """
    if not token:
        return start
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        key: Any = msgspec.json.decode(text, type=key_type)
        _require_int64(key)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise InvalidArgumentError(field, "is not a token of this stream") from error
    return key  # type: ignore[no-any-return]


def _require_int64(key: tuple[Any, ...]) -> None:
    for part in key:
        if isinstance(part, int) and not -(2**63) <= part < 2**63:
            raise ValueError(part)
