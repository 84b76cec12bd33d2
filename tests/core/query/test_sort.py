"""Sort orders."""

from __future__ import annotations

import pytest

from podium_core.errors import InvalidArgumentError
from podium_core.query import WORKFLOW_FIELDS, QueryError, SortKey, parse_sort

START = WORKFLOW_FIELDS["startTime"]


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ("startTime", SortKey(START)),
        ("startTime:ASC", SortKey(START)),
        ("startTime:asc", SortKey(START)),
        ("startTime:DESC", SortKey(START, descending=True)),
        ("startTime:desc", SortKey(START, descending=True)),
        ("_score", SortKey(None)),
        ("_score:DESC", SortKey(None, descending=True)),
    ],
)
def test_an_entry_is_a_field_and_a_direction(entry: str, key: SortKey) -> None:
    assert parse_sort([entry], WORKFLOW_FIELDS) == (key,)


def test_keys_keep_their_order() -> None:
    keys = parse_sort(["workflowType:ASC", "version:DESC"], WORKFLOW_FIELDS)
    assert [key.field.name for key in keys if key.field] == ["workflowType", "version"]
    assert parse_sort([], WORKFLOW_FIELDS) == ()


@pytest.mark.parametrize(
    ("entry", "position", "words"),
    [
        ("", 0, "startTime"),
        (":DESC", 0, "startTime"),
        ("startime", 0, "perhaps startTime"),
        ("STARTTIME", 0, "perhaps startTime"),
        ("input:ASC", 0, "input is a text and can't be sorted by; there are _score, archived"),
        ("rawJSON", 0, "can't be sorted by"),
        ("startTime:", 10, "ASC and DESC"),
        ("startTime:Desc", 10, "ASC and DESC"),
        ("startTime:DESC:x", 10, "ASC and DESC"),
    ],
)
def test_an_error_names_the_entry_the_place_and_the_choices(
    entry: str, position: int, words: str
) -> None:
    with pytest.raises(QueryError) as caught:
        parse_sort(["version", entry], WORKFLOW_FIELDS)
    assert caught.value.field == "sort[1]"
    assert caught.value.position == position
    assert caught.value.reason.startswith(f"column {position + 1}: ")
    assert words in caught.value.reason


def test_there_are_at_most_32() -> None:
    assert len(parse_sort(["version"] * 32, WORKFLOW_FIELDS)) == 32
    with pytest.raises(InvalidArgumentError, match="33 keys are more than 32"):
        parse_sort(["version"] * 33, WORKFLOW_FIELDS)
