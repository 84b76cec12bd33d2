"""JSON text taken apart and put together, with halves of surrogate pairs in it."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec import Raw

from podium_core.errors import InvalidArgumentError
from podium_core.models.json_members import (
    elements_of_array,
    members_of_object,
    object_of_members,
    text_of_member,
)
from podium_core.models.json_text import from_raw, json_object, json_value, raw_bytes, to_raw

# Pieces that run into each other: halves, pairs, escaped backslashes, and what only looks like an escape.
_pieces = st.sampled_from(
    [
        r"\ud83d",
        r"\uDE00",
        r"\uD83D\ude00",
        r"\\",
        r"\\ud83d",
        "ud83d",
        r"\n",
        r"\u0041",
        "l",
        "é",
        r"\"",
    ]
)
_strings = st.lists(_pieces, max_size=8).map(lambda pieces: f'"{"".join(pieces)}"')


@given(st.dictionaries(_strings, _strings, max_size=5))
def test_members_are_the_texts_that_they_are(pairs: dict[str, str]) -> None:
    text = "{" + ",".join(f"{key} : {value}" for key, value in pairs.items()) + "}"
    members = members_of_object(text)
    assert {key: raw_bytes(raw).decode() for key, raw in members.items()} == {
        json.loads(key): value for key, value in pairs.items()
    }
    assert members_of_object(object_of_members(members)) == members


@given(st.lists(_strings, max_size=5))
def test_so_are_elements(texts: list[str]) -> None:
    elements = elements_of_array("[" + ",".join(texts) + "]")
    assert [raw_bytes(raw).decode() for raw in elements] == texts


@given(_strings)
def test_text_is_checked_and_stays(text: str) -> None:
    assert raw_bytes(json_value(text, "f")).decode() == text
    assert raw_bytes(json_object(f' {{"a":{text}}} ', "f")).decode() == f' {{"a":{text}}} '


@pytest.mark.parametrize(
    "text",
    [
        rb'{"a":"\ud83',
        rb'{"a":"\ud83d',
        rb'{"a":"\ud83d"',
        rb'{"a":"\ud8zz"}',
        rb'{"a":"\uD83d\uzzzz"}',
        rb'{"a":"\ud83d"} x',
        rb'{"a":"\ud83d\x"}',
        rb'{"a":\ud83d}',
        b'{"a":"\\ud83d\n"}',
    ],
)
def test_what_is_wrong_otherwise_stays_wrong(text: bytes) -> None:
    with pytest.raises(InvalidArgumentError, match="not valid JSON"):
        json_object(text, "f")
    with pytest.raises(msgspec.DecodeError):
        members_of_object(text)


def test_values_in_python_come_and_go() -> None:
    value = {"a": "\ud83d", "\ude00": [12345678901234567890]}
    assert from_raw(to_raw(value)) == value


def test_the_text_of_a_member() -> None:
    raw = Raw(rb'{"a":"\ud83d","b":"x","c":1}')
    assert [text_of_member(raw, key) for key in "abcd"] == [None, "x", None, None]
