"""What the text of a value means."""

from __future__ import annotations

from datetime import datetime

import pytest

from podium_core.query import FieldType, Stretch, typed_value
from podium_core.query.values import number, stretch


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


class TestNumber:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("1", 1),
            ("-1", -1),
            ("007", 7),
            ("1.0", 1),
            ("1.", 1),
            ("1e0", 1),
            ("1E+3", 1000),
            ("-0.0", 0),
            (".5", 0.5),
            ("1.5", 1.5),
            ("25e-1", 2.5),
            ("9007199254740993.0", 9007199254740993),
            ("9223372036854775807", 2**63 - 1),
            ("-9223372036854775808", -(2**63)),
            ("1e-400", 0),
        ],
    )
    def test_is_read(self, text: str, expected: float) -> None:
        value = number(text)
        assert value == expected
        assert type(value) is type(expected)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "-",
            ".",
            "e1",
            "1e",
            "+1",
            "1_000",
            "0x1",
            "NaN",
            "inf",
            "-inf",
            " 1",
            "1 ",
            "१",
            "9223372036854775808",
            "-9223372036854775809",
            "1e30",
            "1e400",
            "1e999999999",
            "1" * 65,
            "9" * 5000,
            "9223372036854775807.9",
        ],
    )
    def test_is_refused(self, text: str) -> None:
        assert number(text) is None


class TestStretch:
    @pytest.mark.parametrize(
        ("text", "first", "behind"),
        [
            ("2023", "2023-01-01T00:00Z", "2024-01-01T00:00Z"),
            ("2023-11", "2023-11-01T00:00Z", "2023-12-01T00:00Z"),
            ("2023-12", "2023-12-01T00:00Z", "2024-01-01T00:00Z"),
            ("2024-02", "2024-02-01T00:00Z", "2024-03-01T00:00Z"),
            ("2023-11-16", "2023-11-16T00:00Z", "2023-11-17T00:00Z"),
            ("2023-11-16T09", "2023-11-16T09:00Z", "2023-11-16T10:00Z"),
            ("2023-11-16T09Z", "2023-11-16T09:00Z", "2023-11-16T10:00Z"),
            ("2023-11-16T09:30", "2023-11-16T09:30Z", "2023-11-16T09:31Z"),
            ("2023-11-16T09:30:15", "2023-11-16T09:30:15Z", "2023-11-16T09:30:16Z"),
            ("2023-11-16T09:30:15.123", "2023-11-16T09:30:15.123Z", "2023-11-16T09:30:15.124Z"),
            (
                "2023-11-16T09:30:15.123456789Z",
                "2023-11-16T09:30:15.123Z",
                "2023-11-16T09:30:15.124Z",
            ),
            ("2023-11-16T09:30+01:30", "2023-11-16T08:00Z", "2023-11-16T08:01Z"),
            ("2023-11-16T09:30-01:30", "2023-11-16T11:00Z", "2023-11-16T11:01Z"),
            ("1969-12-31", "1969-12-31T00:00Z", "1970-01-01T00:00Z"),
        ],
    )
    def test_is_what_the_date_names(self, text: str, first: str, behind: str) -> None:
        assert stretch(text) == Stretch(_ms(first), _ms(behind) - 1)

    def test_the_last_year(self) -> None:
        last_day = _ms("9999-12-31T00:00Z")
        assert stretch("9999-12-31") == Stretch(last_day, last_day + 86_400_000 - 1)
        found = stretch("9999")
        assert found is not None
        assert found.last == last_day + 86_400_000 - 1

    @pytest.mark.parametrize(
        "ms", [0, 7, 999, 10_000, 1700000000123, -1, -2023, -(2**63), 2**63 - 1]
    )
    def test_other_integers_are_milliseconds(self, ms: int) -> None:
        assert stretch(str(ms)) == Stretch(ms, ms)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "now",
            "0000",
            "2023-13",
            "2023-00",
            "2023-02-29",
            "2023-1-1",
            "2023-11-16 09:30",
            "2023Z",
            "2023-11-16T",
            "2023-11-16T24",
            "2023-11-16T09:60",
            "2023-11-16T09:30:60",
            "2023-11-16Z",
            "2023-11-16T09:30:15.1",
            "2023-11-16T09:30+1",
            "2023-11-16T09:30+24:00",
            "+2023",
            "1.5",
            str(2**63),
            str(-(2**63) - 1),
            "1" * 100,
        ],
    )
    def test_is_refused(self, text: str) -> None:
        assert stretch(text) is None


class TestTypedValue:
    @pytest.mark.parametrize("type_", [FieldType.KEYWORD, FieldType.TEXT])
    @pytest.mark.parametrize("text", ["", "1", "true", "2023"])
    def test_any_text_is_a_text(self, type_: FieldType, text: str) -> None:
        assert typed_value(type_, text) == text

    @pytest.mark.parametrize(
        ("text", "expected"), [("true", True), ("false", False), ("True", None), ("1", None)]
    )
    def test_truth_is_written_out(self, text: str, expected: bool | None) -> None:
        assert typed_value(FieldType.BOOLEAN, text) is expected
