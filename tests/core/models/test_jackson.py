"""What Jackson accepts for a number, a boolean and a text."""

from __future__ import annotations

import pytest
from msgspec import Raw

from podium_core.models.jackson import LONG, read_boolean, read_number, read_text


def raw(text: str) -> Raw:
    return Raw(text.encode())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("-7", -7),
        ("3.0", 3),
        ("3.7", 3),
        ("-3.7", -3),
        ("1e2", 100),
        ('"7"', 7),
        ('" 7\\n"', 7),
        ('"+7"', 7),
        ('""', None),
        ('"  "', None),
        ('"null"', None),
        ("null", None),
        ("2147483647", 2147483647),
        ('"-2147483648"', -2147483648),
    ],
)
def test_a_number(text: str, number: int | None) -> None:
    assert read_number(raw(text)) == number


@pytest.mark.parametrize(
    "text",
    [
        *('"3.0"', '"1e2"', '"x"', '"1_0"', '"\u0661"', "true", "[]", "[7]", "{}", '"\\ud83d"'),
        *("2147483648", '"2147483648"', "1e400", "9" * 5000, f'"{"9" * 5000}"'),
    ],
)
def test_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        read_number(raw(text))


def test_a_long_holds_more() -> None:
    assert read_number(raw('"1700000000000"'), LONG) == 1700000000000
    assert read_number(raw("1.7e12"), LONG) == 1700000000000


@pytest.mark.parametrize("text", ["true", '"true"', '"True"', '"TRUE"', '" true "', "1", "-1", "2"])
def test_true(text: str) -> None:
    assert read_boolean(raw(text)) is True


@pytest.mark.parametrize("text", ["false", '"false"', '"False"', '"FALSE"', "0", "-0"])
def test_false(text: str) -> None:
    assert read_boolean(raw(text)) is False


@pytest.mark.parametrize("text", ["null", '""', '" "', '"null"'])
def test_a_boolean_that_is_none(text: str) -> None:
    assert read_boolean(raw(text)) is None


@pytest.mark.parametrize("text", ['"yes"', '"1"', '"tRUE"', "1.0", "[]", "[true]", "{}"])
def test_no_boolean(text: str) -> None:
    with pytest.raises(ValueError, match="true or false"):
        read_boolean(raw(text))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('"a\\u0062"', "ab"),
        ('""', ""),
        ("7", "7"),
        ("7.50", "7.50"),
        ("true", "true"),
        ("null", None),
    ],
)
def test_text(text: str, read: str | None) -> None:
    assert read_text(raw(text)) == read


@pytest.mark.parametrize("text", ["[]", "{}", '"\\ud83d"'])
def test_no_text(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        read_text(raw(text))
