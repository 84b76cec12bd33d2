"""Keys of payloads: Conductor's prefixes, a UUID that says without any state whether Podium made it, and for whom."""

from __future__ import annotations

import re
import secrets
from hashlib import blake2b
from uuid import UUID, uuid4

from podium_core.errors import InvalidArgumentError
from podium_core.models.payload import PayloadType

PREFIXES = tuple(f"{payload_type}/" for payload_type in PayloadType)
MAX_PATH_BYTES = 512
MAX_SEGMENT_BYTES = 255

_RANDOM_BITS = 60
_DIGEST_BITS = 62
_SUFFIX = ".json"
_KEY = re.compile(
    rf"(?:{'|'.join(PREFIXES)})"
    r"([0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\.json"
)
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_PLACES = f"a path is a key under {', '.join(PREFIXES[:-1])} or {PREFIXES[-1]}"


def new_key(payload_type: PayloadType, owner: str = "") -> str:
    """A key that nobody has had: prefix, UUID, ``.json``. The UUID is of version 8, or without an owner of 4, as Java's.

    Args:
        payload_type: What the payload is; it gives the prefix.
        owner: Id of the workflow that the payload goes with; empty: none.
    Source: ``S3PayloadStorage.getObjectKey``.
    """
    made = _uuid(secrets.randbits(_RANDOM_BITS), owner) if owner else uuid4()
    return f"{payload_type}/{made}{_SUFFIX}"


def is_owned(key: str, owner: str) -> bool:
    """Whether Podium made this key for this workflow: only such a payload is deleted together with it."""
    found = _KEY.fullmatch(key)
    if found is None:
        return False
    # Version 8 leaves free: 48 bits, 12 bits, and 62 bits. The version (4 bits) comes
    # before the second part, the variant (2 bits) before the third.
    number = UUID(found[1]).int
    random = number >> 80 << 12 | number >> 64 & 0xFFF
    return number == _uuid(random, owner).int


def _uuid(random: int, owner: str) -> UUID:
    number = random >> 12 << 80 | 8 << 76 | (random & 0xFFF) << 64 | 2 << 62
    return UUID(int=number | _digest(random, owner))


def _digest(random: int, owner: str) -> int:
    # The random part has a fixed length, so no two pairs are the same bytes.
    text = random.to_bytes(8, "big") + owner.encode("utf-8", "surrogatepass")
    digest = blake2b(text, digest_size=8, person=b"podium payload").digest()
    return int.from_bytes(digest, "big") >> (64 - _DIGEST_BITS)


def require_path(path: str, field: str = "path") -> str:
    """The path, once it is known to name a payload and nothing else, in any store.

    Raises:
        InvalidArgumentError: It isn't under one of the prefixes, has a segment that is empty, ``.``, ``..`` or above 255
            bytes, a control character or a backslash, is above 512 bytes, or isn't valid Unicode.
    """
    fault = _fault(path)
    if fault:
        raise InvalidArgumentError(field, f"{fault}; {_PLACES}")
    return path


def _fault(path: str) -> str:
    if not path.startswith(PREFIXES):
        return "must begin with one of the prefixes" if path else "is required"
    try:
        segments = path.encode().split(b"/")
    except UnicodeEncodeError:
        return "has a lone surrogate"
    if _FORBIDDEN.search(path):
        return "has a control character or a backslash"
    if any(segment in (b"", b".", b"..") for segment in segments):
        return "has a segment that is empty, '.' or '..'"
    if len(path.encode()) > MAX_PATH_BYTES:
        return f"is longer than {MAX_PATH_BYTES} bytes"
    if any(len(segment) > MAX_SEGMENT_BYTES for segment in segments):
        return f"has a segment of more than {MAX_SEGMENT_BYTES} bytes"
    return ""
