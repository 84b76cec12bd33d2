"""The error of a text that isn't a query."""

from __future__ import annotations

import pytest

from podium_core.errors import InvalidArgumentError
from podium_core.query import WORKFLOW_FIELDS, QueryError, parse_query
from podium_core.query.errors import nearest, text_in_quotes
from podium_protocol.status import error_of, status_of


def test_it_crosses_the_wire_as_an_invalid_argument_that_says_where() -> None:
    with pytest.raises(QueryError) as caught:
        parse_query("staus = 'x'", WORKFLOW_FIELDS)
    status = status_of(caught.value)
    found = error_of(status.code, status.message, status.trailing_metadata())
    assert isinstance(found, InvalidArgumentError)
    assert found.field == "query"
    assert found.reason == "column 1: unknown field 'staus'; perhaps status is meant"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("café", "'café'"),
        ("two\nlines", "'two\\nlines'"),
        ("\ud800", "'\\ud800'"),
        ("x" * 41, f"'{'x' * 39}…'"),
    ],
)
def test_texts_are_shown_on_one_line(text: str, expected: str) -> None:
    assert text_in_quotes(text) == expected


def test_the_nearest_names_are_named_or_all() -> None:
    assert nearest("STARTTIME", ["startTime", "status"]) == "perhaps startTime is meant"
    assert nearest("qqq", ["startTime", "status"]) == "there are startTime, status"
