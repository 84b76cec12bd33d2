"""Conductor's structured language, rule by rule."""

from __future__ import annotations

import contextlib
import time

import pytest

from podium_core.errors import InvalidArgumentError
from podium_core.query import (
    MAX_DEPTH,
    TASK_FIELDS,
    WORKFLOW_FIELDS,
    And,
    Equals,
    Exists,
    MatchAll,
    Not,
    OneOf,
    Or,
    Query,
    QueryError,
    Range,
    StartsWith,
    parse_query,
)

STATUS = WORKFLOW_FIELDS["status"]
VERSION = WORKFLOW_FIELDS["version"]
START = WORKFLOW_FIELDS["startTime"]
INPUT = WORKFLOW_FIELDS["input"]
ARCHIVED = WORKFLOW_FIELDS["archived"]

DAY_16 = 1_700_092_800_000  # 2023-11-16T00:00Z
DAY_MS = 86_400_000

A, B, C, D = (Equals(STATUS, letter) for letter in "abcd")
A_, B_, C_, D_ = (f"status = '{letter}'" for letter in "abcd")


def parse(text: str) -> Query:
    return parse_query(text, WORKFLOW_FIELDS)


def error(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.field == "query"
    assert caught.value.reason.startswith(f"column {caught.value.position + 1}: ")
    return caught.value


class TestEmpty:
    @pytest.mark.parametrize("text", ["", " ", "\t\r\n "])
    def test_is_everything(self, text: str) -> None:
        assert parse(text) == MatchAll()


class TestOperators:
    @pytest.mark.parametrize(
        ("text", "tree"),
        [
            ("version = 1", Equals(VERSION, 1)),
            ("version != 1", Not(Equals(VERSION, 1))),
            ("version < 1", Range(VERSION, below=1, below_included=False)),
            ("version <= 1", Range(VERSION, below=1)),
            ("version > 1.5", Range(VERSION, above=1.5, above_included=False)),
            ("version >= -1", Range(VERSION, above=-1)),
            ("version BETWEEN 1 AND 2", Range(VERSION, above=1, below=2)),
            ("version IN (1, 2.0, '3')", OneOf(VERSION, (1, 2, 3))),
            ("version IS NULL", Not(Exists(VERSION))),
            ("version IS NOT NULL", Exists(VERSION)),
            ("status > 'A'", Range(STATUS, above="A", above_included=False)),
            ("status BETWEEN A AND 'C D'", Range(STATUS, above="A", below="C D")),
            ("status STARTS_WITH 'COM'", StartsWith(STATUS, "COM")),
            ("status STARTS_WITH ''", StartsWith(STATUS, "")),
            ("input = 'Alice Smith'", Equals(INPUT, "Alice Smith")),
            ("input != Alice", Not(Equals(INPUT, "Alice"))),
            ("input IN (alice, 'bob')", OneOf(INPUT, ("alice", "bob"))),
            ("input STARTS_WITH al", StartsWith(INPUT, "al")),
            ("input IS NULL", Not(Exists(INPUT))),
            ("archived = true", Equals(ARCHIVED, True)),
            ("archived IN (true, 'false')", OneOf(ARCHIVED, (True, False))),
            ("archived IS NULL", Not(Exists(ARCHIVED))),
        ],
    )
    def test_become_nodes(self, text: str, tree: Query) -> None:
        assert parse(text) == tree

    @pytest.mark.parametrize(
        ("text", "position", "choices"),
        [
            ("input > a", 6, "it has =, !=, IN, STARTS_WITH, IS"),
            ("input BETWEEN a AND b", 6, "it has =, !=, IN, STARTS_WITH, IS"),
            ("archived < true", 9, "it has =, !=, IN, IS"),
            ("archived BETWEEN false AND true", 9, "it has =, !=, IN, IS"),
            ("version STARTS_WITH 1", 8, "it has =, !=, IN, <, <=, >, >=, BETWEEN, IS"),
            ("startTime STARTS_WITH 2", 10, "has no STARTS_WITH"),
            ("archived STARTS_WITH t", 9, "has no STARTS_WITH"),
        ],
    )
    def test_that_the_type_has_not(self, text: str, position: int, choices: str) -> None:
        assert error(text).position == position
        assert choices in error(text).reason

    @pytest.mark.parametrize(
        ("text", "position", "advice"),
        [
            ("status == a", 7, "say = instead"),
            ("status <> a", 7, "say != instead"),
            ("status =< a", 7, "there are =, !=, <, <=, >, >=, BETWEEN"),
            ("status ! a", 7, "there are ="),
            ("status LIKE a", 7, "'LIKE' is no operator"),
            ("status NOT IN (a)", 7, "NOT stands before the field"),
            ("status BETWEEN1 AND 2", 7, "'BETWEEN1' is no operator"),
            ("status", 6, "an operator is expected"),
            ("status 'a'", 7, "an operator is expected"),
            ("status \N{LATIN SMALL LETTER DOTLESS I}s null", 7, "is no operator"),
        ],
    )
    def test_that_there_are_not(self, text: str, position: int, advice: str) -> None:
        assert error(text).position == position
        assert advice in error(text).reason

    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("status =", 8),
            ("status = ", 9),
            ("status = )", 9),
            ("status = (a)", 9),
            ("status = = a", 9),
            ("status IS", 9),
            ("status IS a", 10),
            ("status IS 'NULL'", 10),
            ("status IS NOT", 13),
            ("status IS NOT a", 14),
            ("status IN", 9),
            ("status IN a", 10),
            ("status IN ()", 11),
            ("status IN (a", 12),
            ("status IN (a,", 13),
            ("status IN (a,)", 13),
            ("status IN (,a)", 11),
            ("status IN (a b)", 13),
            ("status IN (a, 'b' c)", 18),
            ("version BETWEEN 1", 17),
            ("version BETWEEN 1 AND", 21),
            ("version BETWEEN 1 OR 2", 18),
            ("version BETWEEN AND 2", 16),
            ("status STARTS_WITH", 18),
        ],
    )
    def test_that_lack_a_value(self, text: str, position: int) -> None:
        assert error(text).position == position


class TestWords:
    @pytest.mark.parametrize(
        "text",
        [
            "status is null and version between 1 and 2 or not version in (3)",
            "status IS NULL AND version BETWEEN 1 AND 2 OR NOT version IN (3)",
            "status Is Null And version Between 1 aNd 2 oR nOt version iN (3)",
        ],
    )
    def test_count_in_any_case(self, text: str) -> None:
        first = And((Not(Exists(STATUS)), Range(VERSION, above=1, below=2)))
        assert parse(text) == Or((first, Not(OneOf(VERSION, (3,)))))

    @pytest.mark.parametrize(
        "value",
        ["android", "ORACLE", "NOTHING", "INDIA", "NULLABLE", "IN", "IS", "BETWEEN", "ANDé"],
    )
    def test_are_not_seen_in_values(self, value: str) -> None:
        assert parse(f"status = {value}") == Equals(STATUS, value)
        assert parse(f"status IN ({value})") == OneOf(STATUS, (value,))

    @pytest.mark.parametrize("value", ["AND", "or", "NOT"])
    def test_are_values_in_a_list(self, value: str) -> None:
        assert parse(f"status IN ({value}, b)") == OneOf(STATUS, (value, "b"))

    @pytest.mark.parametrize("value", ["AND", "OR", "NOT", "NULL", "and", "null"])
    def test_are_values_between_quotes(self, value: str) -> None:
        assert parse(f"status = '{value}'") == Equals(STATUS, value)

    @pytest.mark.parametrize(
        "text", ["status = null", "status != NULL", "status > Null", "status = not"]
    )
    def test_null_is_not_a_value(self, text: str) -> None:
        assert error(text).position == text.rindex(" ") + 1
        assert "use IS NULL" in error(text).reason

    def test_null_is_not_a_value_of_a_list(self) -> None:
        assert error("status IN (a, null)").position == 14

    @pytest.mark.parametrize("text", ["status = AND version = 1", "status = or"])
    def test_that_follow_a_value_are_none(self, text: str) -> None:
        assert error(text).position == 9
        assert "quote it" in error(text).reason


class TestValues:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("'a b'", "a b"),
            ('"a b"', "a b"),
            ("'it\\'s'", "it's"),
            ('"it\'s"', "it's"),
            ("'say \"x\"'", 'say "x"'),
            ("'a\\\\b'", "a\\b"),
            ("'a\\b'", "ab"),
            ("''", ""),
            ("'('", "("),
            ("' a '", " a "),
            ("'line\nbreak\\\n'", "line\nbreak\n"),
            ("'café 東京 😀'", "café 東京 😀"),
            ("café", "café"),
            ("order-1_a.b:c/d@e#f", "order-1_a.b:c/d@e#f"),
            ("a=b", "a=b"),
            ("a\\b", "a\\b"),
            ("a,b", "a,b"),
            ("00000001-1111-4111-8111-111111111111", "00000001-1111-4111-8111-111111111111"),
            ("*", "*"),
        ],
    )
    def test_are_taken_as_they_stand(self, text: str, value: str) -> None:
        assert parse(f"status = {text}") == Equals(STATUS, value)
        assert parse(f"status = {text} ") == Equals(STATUS, value)
        assert parse(f"(status={text})") == Equals(STATUS, value)

    def test_of_a_list_end_at_commas(self) -> None:
        assert parse("status IN(a,b , 'c,d')") == OneOf(STATUS, ("a", "b", "c,d"))

    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("status = 'a", 9),
            ('status = "a', 9),
            ("status = 'a\\'", 9),
            ("status = '", 9),
            ("status IN ('a, b)", 11),
            ("status = a'b'", 10),
            ("status = 'a''b'", 12),
            ("status = a(b)", 10),
        ],
    )
    def test_with_stray_quotes(self, text: str, position: int) -> None:
        assert error(text).position == position

    @pytest.mark.parametrize(
        ("text", "position", "expected"),
        [
            ("version = 'abc'", 10, "a number of at most 64 bits"),
            ("version IN (1, x)", 15, "a number of at most 64 bits"),
            ("version BETWEEN 1 AND x", 22, "a number of at most 64 bits"),
            ("version = 9223372036854775808", 10, "a number of at most 64 bits"),
            ("version = NaN", 10, "a number of at most 64 bits"),
            ("version = ''", 10, "a number of at most 64 bits"),
            ("archived = 1", 11, "true or false"),
            ("startTime > 'not a date'", 12, "2023-11-16"),
            ("startTime > 2023-02-30", 12, "milliseconds since the epoch"),
        ],
    )
    def test_of_the_wrong_type(self, text: str, position: int, expected: str) -> None:
        assert error(text).position == position
        assert expected in error(text).reason


class TestDates:
    @pytest.mark.parametrize("day", ["2023-11-16", "'2023-11-16'"])
    @pytest.mark.parametrize(
        ("operator", "range_"),
        [
            ("=", Range(START, above=DAY_16, below=DAY_16 + DAY_MS - 1)),
            (">", Range(START, above=DAY_16 + DAY_MS - 1, above_included=False)),
            (">=", Range(START, above=DAY_16)),
            ("<", Range(START, below=DAY_16, below_included=False)),
            ("<=", Range(START, below=DAY_16 + DAY_MS - 1)),
        ],
    )
    def test_stand_for_all_the_time_they_name(self, operator: str, range_: Range, day: str) -> None:
        assert parse(f"startTime {operator} {day}") == range_
        assert parse(f"startTime != {day}") == Not(parse(f"startTime = {day}"))

    def test_between_is_from_the_start_to_the_end(self) -> None:
        expected = Range(START, above=DAY_16, below=DAY_16 + 2 * DAY_MS - 1)
        assert parse("startTime BETWEEN 2023-11-16 AND 2023-11-17") == expected

    def test_a_list_is_an_or(self) -> None:
        assert parse("startTime IN (5, 2023-11-16)") == Or(
            (Range(START, above=5, below=5), Range(START, above=DAY_16, below=DAY_16 + DAY_MS - 1))
        )
        assert parse("startTime IN (5)") == Range(START, above=5, below=5)

    @pytest.mark.parametrize(
        "text", ["2023-11-16T00:00:00.000Z", "1700092800000", "2023-11-16T01:00:00.000+01:00"]
    )
    def test_may_be_exact(self, text: str) -> None:
        assert parse(f"startTime = {text}") == Range(START, above=DAY_16, below=DAY_16)


class TestSpace:
    @pytest.mark.parametrize(
        "text",
        [
            "status='a'AND version=1",
            "status='a' AND version=1",
            "\n status\t=\r\n'a'\u00a0AND\u3000version  =  1 ",
            "(status=a)AND(version=1)",
            'status="a"AND(version=1)',
        ],
    )
    def test_may_be_anywhere_or_not(self, text: str) -> None:
        assert parse(text) == And((Equals(STATUS, "a"), Equals(VERSION, 1)))

    def test_ends_what_is_not_quoted(self) -> None:
        assert error("status = a b").position == 11
        assert error("version=1AND status=a").position == 8


class TestGrouping:
    @pytest.mark.parametrize(
        ("text", "tree"),
        [
            (f"{A_} AND {B_} AND {C_}", And((A, B, C))),
            (f"{A_} OR {B_} OR {C_}", Or((A, B, C))),
            (f"{A_} AND {B_} OR {C_}", Or((And((A, B)), C))),
            (f"{A_} OR {B_} AND {C_}", Or((A, And((B, C))))),
            (f"{A_} OR {B_} AND {C_} OR {D_}", Or((A, And((B, C)), D))),
            (f"{A_} AND ({B_} OR {C_})", And((A, Or((B, C))))),
            (f"({A_} AND {B_}) AND ({C_} AND {D_})", And((A, B, C, D))),
            (f"({A_} OR {B_}) OR {C_}", Or((A, B, C))),
            (f"(({A_}))", A),
            (f"NOT {A_} AND {B_}", And((Not(A), B))),
            (f"NOT ({A_} AND {B_})", Not(And((A, B)))),
            (f"NOT NOT {A_}", Not(Not(A))),
            (f"NOT(NOT({A_}))", Not(Not(A))),
            (f"{A_} AND NOT {B_} OR NOT {C_}", Or((And((A, Not(B))), Not(C)))),
        ],
    )
    def test_and_binds_closer(self, text: str, tree: Query) -> None:
        assert parse(text) == tree

    @pytest.mark.parametrize(
        ("text", "tree"),
        [
            (f"{A_}", A),
            (f"{A_} AND {B_} AND {C_}", And((A, B, C))),
            (f"{A_} AND {B_} OR {C_}", And((A, Or((B, C))))),
            (f"{A_} OR {B_} AND {C_}", Or((A, And((B, C))))),
            (f"{A_} AND {B_} OR {C_} AND {D_}", And((A, Or((B, And((C, D))))))),
            (f"{A_} AND {B_} OR {C_} OR {D_}", And((A, Or((B, C, D))))),
            (f"({A_} AND {B_}) OR {C_}", Or((And((A, B)), C))),
            (f"NOT {A_} AND {B_} OR {C_}", And((Not(A), Or((B, C))))),
        ],
    )
    def test_or_takes_all_to_the_right_as_in_conductor(self, text: str, tree: Query) -> None:
        assert parse_query(text, WORKFLOW_FIELDS, right_grouping=True) == tree

    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("()", 1),
            ("(", 1),
            (")", 0),
            (f"({A_}", 0),
            (f"{A_})", 12),
            (f"({A_} AND ({B_})", 0),
            (f"{A_} AND", 16),
            (f"AND {A_}", 0),
            (f"{A_} AND AND {B_}", 17),
            (f"{A_} OR OR {B_}", 16),
            (f"{A_} {B_}", 13),
            (f"{A_} garbage", 13),
            (f"{A_} ORversion = 1", 13),
            (f"{A_} ANDversion = 1", 13),
            ("NOT", 3),
            (f"{A_} NOT {B_}", 13),
            (f"{A_};", 12),
        ],
    )
    def test_nothing_is_ignored(self, text: str, position: int) -> None:
        assert error(text).position == position


class TestFields:
    def test_of_an_index_are_its_own(self) -> None:
        assert parse_query("taskType = 'HTTP'", TASK_FIELDS) == Equals(
            TASK_FIELDS["taskType"], "HTTP"
        )
        assert error("taskType = 'HTTP'").position == 0

    def test_a_dotted_name_is_one(self) -> None:
        name = "externalInputPayloadStoragePath.keyword"
        assert parse(f"{name}='x'") == Equals(WORKFLOW_FIELDS[name], "x")

    @pytest.mark.parametrize(
        ("text", "advice"),
        [
            ("workflowtype = 'x'", "perhaps workflowType"),
            ("stat = 'x'", "perhaps status"),
            ("qqq = 'x'", "there are archived, correlationId, endTime"),
            ("stätus = 'x'", "perhaps status"),
            (f"{'x' * 60_000} = 1", "there are archived"),
        ],
    )
    def test_an_unknown_one_is_answered_by_what_there_is(self, text: str, advice: str) -> None:
        assert error(text).position == 0
        assert advice in error(text).reason
        assert len(error(text).message) < 1000

    @pytest.mark.parametrize("name", ["rawJSON", "failedReferenceTaskNames"])
    def test_what_is_only_stored(self, name: str) -> None:
        assert f"{name} can't be searched" in error(f"version = 1 AND {name} IS NULL").reason
        assert error(f"version = 1 AND {name} IS NULL").position == 16


class TestLimits:
    @pytest.mark.parametrize(
        ("opening", "closing", "most"),
        [("(", ")", MAX_DEPTH), ("NOT ", "", MAX_DEPTH - 1), ("NOT(", ")", MAX_DEPTH // 2)],
    )
    def test_a_hundred_levels(self, opening: str, closing: str, most: int) -> None:
        parse(opening * most + A_ + closing * most)
        assert "100 levels" in error(opening * (most + 1) + A_ + closing * (most + 1)).reason
        assert "100 levels" in error(opening * 16_000).reason

    def test_levels_that_no_parenthesis_shows(self) -> None:
        text = A_
        for _ in range(99):
            text = f"({text}) AND {B_} OR {C_}"
        assert "100 levels" in error(text).reason
        alternating = " OR ".join([f"{A_} AND {B_}"] * 60)
        parse(alternating)
        with pytest.raises(QueryError, match="100 levels"):
            parse_query(alternating, WORKFLOW_FIELDS, right_grouping=True)

    def test_a_thousand_conditions(self) -> None:
        parse(" OR ".join([A_] * 1000))
        assert "more than 1000 conditions" in error(" OR ".join([A_] * 1001)).reason

    def test_1024_values(self) -> None:
        parse(f"status IN ({','.join(['a'] * 1024)})")
        assert "more than 1024 values" in error(f"status IN ({','.join(['a'] * 1025)})").reason

    def test_64_kib(self) -> None:
        parse(A_ + " " * (64 * 1024 - len(A_)))
        assert error(A_ + " " * (64 * 1024)).position == 0
        assert "65536 bytes" in error(f"status = '{'é' * 33_000}'").reason

    @pytest.mark.parametrize("character", ["\0", "\ud800"])
    def test_what_no_store_takes(self, character: str) -> None:
        assert error(f"status = 'a{character}'").position == 11

    @pytest.mark.parametrize(
        "text",
        [
            "(" * 65000,
            "'" * 65000,
            "status='" + "\\'" * 32000,
            "status = " + "a" * 65000,
            "=" * 65000,
            "a " * 32000,
            "status IN (" + "a," * 32000,
            " " * 65000 + "x",
        ],
    )
    def test_time_is_linear_in_the_text(self, text: str) -> None:
        start = time.monotonic()
        with contextlib.suppress(QueryError):
            parse(text)
        assert time.monotonic() - start < 2


def test_the_error_is_one_of_the_argument() -> None:
    found = error("status = 'x")
    assert isinstance(found, InvalidArgumentError)
    assert found.message == "query: column 10: this ' is never closed"
