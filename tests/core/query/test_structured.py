"""Conductor's structured language, rule by rule."""

from __future__ import annotations

import contextlib

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

DOMAIN = TASK_FIELDS["domain"]
FIELDS = {**WORKFLOW_FIELDS, "domain": DOMAIN}
VERSION = WORKFLOW_FIELDS["version"]
START = WORKFLOW_FIELDS["startTime"]
INPUT = WORKFLOW_FIELDS["input"]
ARCHIVED = WORKFLOW_FIELDS["archived"]

DAY_16 = 1_700_092_800_000  # 2023-11-16T00:00Z
DAY_MS = 86_400_000

A, B, C, D = (Equals(DOMAIN, letter) for letter in "abcd")
A_, B_, C_, D_ = (f"domain = '{letter}'" for letter in "abcd")


def parse(text: str) -> Query:
    return parse_query(text, FIELDS)


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
            ("domain > 'A'", Range(DOMAIN, above="A", above_included=False)),
            ("domain BETWEEN A AND 'C D'", Range(DOMAIN, above="A", below="C D")),
            ("domain STARTS_WITH 'COM'", StartsWith(DOMAIN, "COM")),
            ("domain STARTS_WITH ''", StartsWith(DOMAIN, "")),
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
            ("domain == a", 7, "say = instead"),
            ("domain <> a", 7, "say != instead"),
            ("domain =< a", 7, "there are =, !=, <, <=, >, >=, BETWEEN"),
            ("domain ! a", 7, "there are ="),
            ("domain LIKE a", 7, "'LIKE' is no operator"),
            ("domain NOT = a", 11, "IN, BETWEEN or STARTS_WITH"),
            ("domain BETWEEN1 AND 2", 7, "'BETWEEN1' is no operator"),
            ("domain", 6, "an operator is expected"),
            ("domain 'a'", 7, "an operator is expected"),
            ("domain \N{LATIN SMALL LETTER DOTLESS I}s null", 7, "is no operator"),
        ],
    )
    def test_that_there_are_not(self, text: str, position: int, advice: str) -> None:
        assert error(text).position == position
        assert advice in error(text).reason

    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("domain =", 8),
            ("domain = ", 9),
            ("domain = )", 9),
            ("domain = (a)", 9),
            ("domain = = a", 9),
            ("domain IS", 9),
            ("domain IS a", 10),
            ("domain IS 'NULL'", 10),
            ("domain IS NOT", 13),
            ("domain IS NOT a", 14),
            ("domain IN", 9),
            ("domain IN a", 10),
            ("domain IN ()", 11),
            ("domain IN (a", 12),
            ("domain IN (a,", 13),
            ("domain IN (a,)", 13),
            ("domain IN (,a)", 11),
            ("domain IN (a, 'b' c)", 14),
            ("version BETWEEN 1", 17),
            ("version BETWEEN 1 AND", 21),
            ("version BETWEEN 1 OR 2", 18),
            ("version BETWEEN AND 2", 16),
            ("domain STARTS_WITH", 18),
        ],
    )
    def test_that_lack_a_value(self, text: str, position: int) -> None:
        assert error(text).position == position


class TestWords:
    @pytest.mark.parametrize(
        "text",
        [
            "domain is null and version between 1 and 2 or not version in (3)",
            "domain IS NULL AND version BETWEEN 1 AND 2 OR NOT version IN (3)",
            "domain Is Null And version Between 1 aNd 2 oR nOt version iN (3)",
        ],
    )
    def test_count_in_any_case(self, text: str) -> None:
        first = And((Not(Exists(DOMAIN)), Range(VERSION, above=1, below=2)))
        assert parse(text) == Or((first, Not(OneOf(VERSION, (3,)))))

    @pytest.mark.parametrize(
        "value",
        ["android", "ORACLE", "NOTHING", "INDIA", "NULLABLE", "IN", "IS", "BETWEEN", "ANDé"],
    )
    def test_are_not_seen_in_values(self, value: str) -> None:
        assert parse(f"domain = {value}") == Equals(DOMAIN, value)
        assert parse(f"domain IN ({value})") == OneOf(DOMAIN, (value,))

    @pytest.mark.parametrize("value", ["AND", "or", "NOT"])
    def test_are_values_in_a_list(self, value: str) -> None:
        assert parse(f"domain IN ({value}, b)") == OneOf(DOMAIN, (value, "b"))

    @pytest.mark.parametrize("value", ["AND", "OR", "NOT", "NULL", "and", "null"])
    def test_are_values_between_quotes(self, value: str) -> None:
        assert parse(f"domain = '{value}'") == Equals(DOMAIN, value)

    @pytest.mark.parametrize(
        "text", ["domain = null", "domain != NULL", "domain > Null", "domain = not"]
    )
    def test_null_is_not_a_value(self, text: str) -> None:
        assert error(text).position == text.rindex(" ") + 1
        assert "use IS NULL" in error(text).reason

    def test_null_is_not_a_value_of_a_list(self) -> None:
        assert error("domain IN (a, null)").position == 14

    @pytest.mark.parametrize("text", ["domain = AND version = 1", "domain = or"])
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
        assert parse(f"domain = {text}") == Equals(DOMAIN, value)
        assert parse(f"domain = {text} ") == Equals(DOMAIN, value)
        assert parse(f"(domain={text})") == Equals(DOMAIN, value)

    def test_of_a_list_end_at_commas(self) -> None:
        assert parse("domain IN(a,b , 'c,d')") == OneOf(DOMAIN, ("a", "b", "c,d"))

    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("domain = 'a", 9),
            ('domain = "a', 9),
            ("domain = 'a\\'", 9),
            ("domain = '", 9),
            ("domain IN ('a, b)", 11),
            ("domain = a'b'", 10),
            ("domain = 'a''", 9),
            ("domain IN ('tis, b)", 11),
            ("domain IN ('a'b, c)", 11),
            ("domain = a(b)", 10),
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
            "domain='a'AND version=1",
            "domain='a' AND version=1",
            "\n domain\t=\r\n'a'\u00a0AND\u3000version  =  1 ",
            "(domain=a)AND(version=1)",
            'domain="a"AND(version=1)',
        ],
    )
    def test_may_be_anywhere_or_not(self, text: str) -> None:
        assert parse(text) == And((Equals(DOMAIN, "a"), Equals(VERSION, 1)))

    def test_ends_what_is_not_quoted(self) -> None:
        assert error("domain = a b").position == 11
        assert error("version=1AND domain=a").position == 8


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
        assert parse_query(text, FIELDS, right_grouping=True) == tree

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
            ("qqq = 'x'", "there are archived, correlationId, domain, endTime"),
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


class TestLists:
    """As Conductor's UI sends them: names joined with commas, no quotes."""

    @pytest.mark.parametrize(
        ("written", "values"),
        [
            ("Loop Task,O'Brien x", ("Loop Task", "O'Brien x")),
            (" Loop  Task , b\t", ("Loop  Task", "b")),
            ('5" disk, a"b"', ('5" disk', 'a"b"')),
            ("a\\b,c = d,e\nf", ("a\\b", "c = d", "e\nf")),
            ("NOT this, AND", ("NOT this", "AND")),
            ("'a, b', \"c)\" , d e", ("a, b", "c)", "d e")),
            ('\'it\'\'s\', "say ""x"""', ("it's", 'say "x"')),
        ],
    )
    def test_are_cut_at_commas_and_trimmed(self, written: str, values: tuple[str, ...]) -> None:
        assert parse(f"workflowType IN ({written})") == OneOf(
            WORKFLOW_FIELDS["workflowType"], values
        )

    def test_may_be_negated(self) -> None:
        assert parse("domain NOT IN (a, b)") == Not(OneOf(DOMAIN, ("a", "b")))
        assert parse("NOT domain not in (a)") == Not(Not(OneOf(DOMAIN, ("a",))))
        assert parse("domain NOT STARTS_WITH a") == Not(StartsWith(DOMAIN, "a"))
        negated = parse("version NOT BETWEEN 1 AND 2 AND domain = a")
        assert negated == And((Not(Range(VERSION, above=1, below=2)), A))


class TestDoubledQuotes:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("domain = 'it''s'", "it's"),
            ("domain = '" + "'" * 3, "'"),
            ("domain = ''", ""),
            ('domain = "a""b"', 'a"b'),
            ("domain = 'a\\'''b'", "a''b"),
            ("domain = 'a\"\"b'", 'a""b'),
        ],
    )
    def test_are_one(self, text: str, value: str) -> None:
        assert parse(text) == Equals(DOMAIN, value)


class TestValuesThatAFieldNeverHas:
    @pytest.mark.parametrize(
        ("text", "position", "advice"),
        [
            ("status = 'RUNING'", 9, "'RUNING' is no status; perhaps RUNNING is meant"),
            ("status != running", 10, "perhaps RUNNING is meant"),
            ("status IN (COMPLETED, FAILD)", 22, "perhaps FAILED"),
            ("status NOT IN (FAILD)", 15, "perhaps FAILED"),
            (
                "status = 'x'",
                9,
                "there are COMPLETED, FAILED, PAUSED, RUNNING, TERMINATED, TIMED_OUT",
            ),
            ("archived = yes", 11, "true or false"),
            ("archived IN (true, 1)", 19, "true or false"),
        ],
    )
    def test_are_refused_with_the_nearest(self, text: str, position: int, advice: str) -> None:
        assert error(text).position == position
        assert advice in error(text).reason

    def test_differ_between_workflows_and_tasks(self) -> None:
        assert parse_query("status = SKIPPED", TASK_FIELDS) == Equals(
            TASK_FIELDS["status"], "SKIPPED"
        )
        assert "'SKIPPED' is no status" in error("status = SKIPPED").reason

    def test_may_be_bounds_and_beginnings(self) -> None:
        status = WORKFLOW_FIELDS["status"]
        assert parse("status BETWEEN A AND D") == Range(status, above="A", below="D")
        assert parse("status < X") == Range(status, below="X", below_included=False)
        assert parse("status STARTS_WITH REVIEW") == StartsWith(status, "REVIEW")


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
            parse_query(alternating, FIELDS, right_grouping=True)

    def test_a_thousand_conditions(self) -> None:
        parse(" OR ".join([A_] * 1000))
        assert "more than 1000 conditions" in error(" OR ".join([A_] * 1001)).reason

    def test_a_thousand_words_of_texts(self) -> None:
        parse(f"input = '{'a ' * 500}' AND output = '{'b ' * 500}'")
        assert "1000 words" in error(f"input = '{'a ' * 500}' AND output = '{'b ' * 501}'").reason
        assert "1000 words" in error(f"input IN ({','.join(map(str, range(1001)))})").reason
        parse(f"domain = '{'a ' * 2000}' AND input IN ({','.join(['a'] * 1001)})")

    def test_32_prefixes_of_words(self) -> None:
        parse(" OR ".join(["input STARTS_WITH a"] * 32))
        too_many = " OR ".join(["NOT input STARTS_WITH a", *["output NOT STARTS_WITH a"] * 32])
        assert "more than 32 prefixes" in error(too_many).reason
        parse(" OR ".join(["domain STARTS_WITH a"] * 100))

    def test_1024_values(self) -> None:
        parse(f"domain IN ({','.join(['a'] * 1024)})")
        assert "more than 1024 values" in error(f"domain IN ({','.join(['a'] * 1025)})").reason

    @pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "STARTS_WITH", "NOT STARTS_WITH"])
    def test_1000_bytes_of_a_bound_or_prefix(self, operator: str) -> None:
        parse(f"domain {operator} {'é' * 500}")
        found = error(f"{A_} AND domain {operator} '{'é' * 500}x'")
        assert found.position == len(f"{A_} AND domain {operator} ")
        assert "longer than 1000 bytes" in found.reason

    def test_1000_bytes_of_each_bound_of_between(self) -> None:
        parse(f"domain BETWEEN {'a' * 1000} AND {'b' * 1000}")
        assert error(f"domain BETWEEN a AND {'b' * 1001}").position == len("domain BETWEEN a AND ")
        parse(f"domain = {'a' * 1001} OR domain IN ({'a' * 1001}) OR input = {'a' * 1001}")

    def test_64_kib(self) -> None:
        parse(A_ + " " * (64 * 1024 - len(A_)))
        assert error(A_ + " " * (64 * 1024)).position == 0
        assert "65536 bytes" in error(f"domain = '{'é' * 33_000}'").reason

    @pytest.mark.parametrize("character", ["\0", "\ud800"])
    def test_what_no_store_takes(self, character: str) -> None:
        assert error(f"domain = 'a{character}'").position == 11

    @pytest.mark.parametrize(
        "text",
        [
            "(" * 65000,
            "'" * 65000,
            "domain='" + "\\'" * 32000,
            "domain = " + "a" * 65000,
            "=" * 65000,
            "a " * 32000,
            "domain IN (" + "a," * 32000,
            " " * 65000 + "x",
        ],
    )
    def test_time_is_linear_in_the_text(self, text: str) -> None:
        with contextlib.suppress(QueryError):
            parse(text)


def test_the_error_is_one_of_the_argument() -> None:
    found = error("domain = 'x")
    assert isinstance(found, InvalidArgumentError)
    assert found.message == "query: column 10: this ' is never closed"
