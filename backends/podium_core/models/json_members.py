"""JSON text taken apart into the texts that it is made of, and put together again.

msgspec refuses escaped surrogates without their other half, which are legal JSON text. Where it does, they are hidden
from it, at the speed of ``bytes.replace``, and put back into what it gives.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

Members = dict[str, Raw]

_decode_members = msgspec.json.Decoder(Members).decode
_decode_elements = msgspec.json.Decoder(list[Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_skim = msgspec.json.Decoder(Raw).decode
_encode = msgspec.json.Encoder().encode

# Nobody can guess it, so no document holds it. It begins with an escape, since `\\ud…` is a backslash and a text.
_TOKEN = secrets.token_hex(12).encode()
_HIDDEN = {
    rb"\ud": (rb"\u0041l" + _TOKEN, b"Al" + _TOKEN),
    rb"\uD": (rb"\u0041u" + _TOKEN, b"Au" + _TOKEN),
}


def members_of_object(text: bytes | str | Raw) -> Members:
    """The members of a JSON object, each value as the text that it is.

    Raises:
        msgspec.ValidationError: It isn't an object.
        msgspec.DecodeError: It isn't valid JSON.
        RecursionError: It is nested deeper than the interpreter allows.
    """
    try:
        return _decode_members(text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        members = _decode_members(hide_surrogates(text, error))
    return {_restore_key(key): _restore(raw) for key, raw in members.items()}


def elements_of_array(text: bytes | str | Raw) -> list[Raw]:
    """The elements of a JSON array, each as the text that it is. Raises as ``members_of_object``."""
    try:
        return _decode_elements(text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        return [_restore(raw) for raw in _decode_elements(hide_surrogates(text, error))]


def text_of_member(text: bytes | str | Raw, key: str) -> str | None:
    """The text that a member of a JSON object is; None where there is none. Raises as ``members_of_object``."""
    raw = members_of_object(text).get(key)
    try:
        return None if raw is None else _decode_text(raw)
    except msgspec.DecodeError:
        return None


def object_of_members(members: Mapping[str, Any]) -> bytes:
    """The JSON object of these members."""
    try:
        return _encode(members)
    except UnicodeEncodeError:
        pairs = (json.dumps(key).encode() + b":" + _encode(raw) for key, raw in members.items())
        return b"{" + b",".join(pairs) + b"}"


def require_valid(text: bytes) -> None:
    """Raise msgspec.DecodeError or RecursionError for what isn't one JSON value; surrogates may be alone."""
    try:
        _skim(text)
    except msgspec.DecodeError:
        if b"\\u" not in text:
            raise
        # Any other four digits do for the check, and all errors stay where they were.
        _skim(text.replace(rb"\ud", rb"\uc").replace(rb"\uD", rb"\uc"))


def hide_surrogates(text: bytes | str | Raw, error: msgspec.DecodeError) -> bytes:
    """JSON text that msgspec refused with this error, its escaped surrogates hidden from it.

    Raises:
        msgspec.DecodeError: It was something else that it refused.
    """
    data = text.encode() if isinstance(text, str) else bytes(text)
    require_valid(data)
    hidden = data
    for escape, (within, _) in _HIDDEN.items():
        hidden = hidden.replace(escape, within)
    if hidden is data:
        raise error
    return hidden


def restore_surrogates(text: bytes) -> bytes:
    """A piece of such a text as it was."""
    if _TOKEN in text:
        for escape, (within, _) in _HIDDEN.items():
            text = text.replace(within, escape)
    return text


def _restore(raw: Raw) -> Raw:
    return Raw(restore_surrogates(bytes(raw)))


def _restore_key(key: str) -> str:
    text = _encode(key)
    if _TOKEN not in text:
        return key
    for escape, forms in _HIDDEN.items():
        for form in forms:
            text = text.replace(form, escape)
    shown: str = json.loads(text)
    return shown
