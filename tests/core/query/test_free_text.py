"""Free text, rule by rule."""

from __future__ import annotations

import contextlib

import pytest

from podium_core.query import (
    MAX_DEPTH,
    TASK_FIELDS,
    WORKFLOW_FIELDS,
    And,
    Exists,
    MatchAll,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    QueryError,
    Word,
    parse_free_text,
)

DOMAIN = TASK_FIELDS["domain"]
FIELDS = {**WORKFLOW_FIELDS, "domain": DOMAIN}
VERSION = WORKFLOW_FIELDS["version"]
START = WORKFLOW_FIELDS["startTime"]
ARCHIVED = WORKFLOW_FIELDS["archived"]

A, B, C, D = (Word(letter) for letter in "abcd")
A_B = Word("a b")


def parse(text: str) -> Query:
    return parse_free_text(text, FIELDS)


def error(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.field == "free_text"
    assert caught.value.reason.startswith(f"column {caught.value.position + 1}: ")
    return caught.value


class TestTerms:
    @pytest.mark.parametrize("text", ["", "*", " ", " * ", "\n"])
    def test_nothing_and_a_star_are_everything(self, text: str) -> None:
        assert parse(text) == MatchAll()

    @pytest.mark.parametrize(
        "text",
        [
            "alice",
            "customer=Alice",
            "corr-A",
            "big=9007199254740993",
            "a/b",
            "a.b",
            "x@y",
            "#1",
            "a+b",
            "$x",
            "café",
            "東京",
            "😀",
            "it's",
            "'",
            "a&b",
            "a|b",
            "&",
            "|",
            "a,b;c",
            "%",
            "a<b",
            "and",
            "Not",
            "ANDROID",
            "ORDER",
            "NOTE",
            "=",
            "...",
            "_exists_",
        ],
    )
    def test_a_word_is_taken_as_it_stands(self, text: str) -> None:
        assert parse(text) == Word(text)

    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("\\*", "*"),
            ("a\\ b", "a b"),
            ("\\-a", "-a"),
            ("\\AND", "AND"),
            ("A\\ND", "AND"),
            ("foo\\:bar", "foo:bar"),
            ("\\(a\\)", "(a)"),
            ('\\"a', '"a'),
            ("a\\\\b", "a\\b"),
            ("\\[1 TO\\]", None),
            ("\\/x\\/", "/x/"),
            ("a\\&&b", "a&&b"),
            ("what\\?", "what?"),
            ("a\\*", "a*"),
        ],
    )
    def test_a_backslash_makes_anything_a_letter(self, text: str, word: str | None) -> None:
        expected = Or((Word("[1"), Word("TO]"), Word("[1 TO]"))) if word is None else Word(word)
        assert parse(text) == expected

    @pytest.mark.parametrize(
        ("text", "phrase"),
        [
            ('"Alice Smith"', "Alice Smith"),
            ('"a \\"b\\" \\\\ c"', 'a "b" \\ c'),
            ('"a:b (c) AND d* [1]~"', "a:b (c) AND d* [1]~"),
            ('""', ""),
            ('"*"', "*"),
        ],
    )
    def test_a_phrase_is_quoted(self, text: str, phrase: str) -> None:
        assert parse(text) == Phrase(phrase)

    @pytest.mark.parametrize(
        ("text", "prefix"), [("ord*", "ord"), ("a-b*", "a-b"), ("a\\**", "a*")]
    )
    def test_a_star_behind_a_word_is_a_prefix(self, text: str, prefix: str) -> None:
        assert parse(text) == Prefix(prefix)
        assert parse(f"({text})") == Prefix(prefix)


class TestFields:
    @pytest.mark.parametrize(
        ("text", "tree"),
        [
            ("domain:RUNNING", Word("RUNNING", DOMAIN)),
            ("domain: RUNNING", Word("RUNNING", DOMAIN)),
            ("domain:RUN*", Prefix("RUN", DOMAIN)),
            ('domain:"RUNNING"', Phrase("RUNNING", DOMAIN)),
            ("domain:*", Exists(DOMAIN)),
            ("archived:*", Exists(ARCHIVED)),
            ("domain:(a b)", Or((Word("a", DOMAIN), Word("b", DOMAIN), Word("a b", DOMAIN)))),
            ("domain:((a) AND b*)", And((Word("a", DOMAIN), Prefix("b", DOMAIN)))),
            ("domain:(a OR version:1) 2", Or((Word("a", DOMAIN), Word("1", VERSION), Word("2")))),
            ("domain:(*)", Exists(DOMAIN)),
            ("NOT domain:a", Not(Word("a", DOMAIN))),
            ("domain:a:b::c", Word("a:b::c", DOMAIN)),
            ("domain:AND1", Word("AND1", DOMAIN)),
            ("domain:\\AND", Word("AND", DOMAIN)),
            ("version:1.5", Word("1.5", VERSION)),
            ("startTime:2023-11-16T09:30:00.000Z", Word("2023-11-16T09:30:00.000Z", START)),
            ("archived:true", Word("true", ARCHIVED)),
            ('archived:"true"', Phrase("true", ARCHIVED)),
        ],
    )
    def test_stand_before_their_value(self, text: str, tree: Query) -> None:
        assert parse(text) == tree

    @pytest.mark.parametrize(
        ("text", "position", "advice"),
        [
            (
                "foo:bar",
                0,
                "unknown field 'foo'; put a \\ before the colon if no field is meant; there are archived",
            ),
            ("a domai:b", 2, "if no field is meant; perhaps domain is meant"),
            ("http://x", 0, "put a \\ before the colon"),
            (":x", 0, "a field name is expected"),
            ("domain:", 7, "a value after domain: is expected, found the end"),
            ("domain: ", 8, "a value after domain:"),
            ("(domain:)", 8, "a value after domain:"),
            ("domain:AND", 7, "a value after domain:"),
            ("rawJSON:x", 0, "can't be searched"),
            ("_exists_:domain", 0, "say field:*"),
            ("version:abc", 8, "a number of at most 64 bits"),
            ('version:"abc"', 8, "a number of at most 64 bits"),
            ("version:(1 abc)", 11, "a number of at most 64 bits"),
            ("archived:yes", 9, "true or false"),
            ("startTime:yesterday", 10, "a date"),
            ("version:1*", 8, "has no prefixes"),
            ("startTime:2023*", 10, "has no prefixes"),
            ("archived:t*", 9, "has no prefixes"),
        ],
    )
    def test_that_are_wrong(self, text: str, position: int, advice: str) -> None:
        assert error(text).position == position
        assert advice in error(text).reason


class TestGrouping:
    @pytest.mark.parametrize(
        ("text", "tree"),
        [
            ("a b", Or((A, B, A_B))),
            ("a OR b", Or((A, B))),
            ("a AND b", And((A, B))),
            ("a b AND c", Or((A, And((Or((B, A_B)), C))))),
            ("a AND b OR c AND d", Or((And((A, B)), And((C, D))))),
            ("a AND b c d", Or((And((A, B)), C, D, Word("c d")))),
            ("NOT a", Not(A)),
            ("NOT a AND b", And((Not(A), B))),
            ("a AND NOT b", And((A, Not(B)))),
            ("NOT NOT a", Not(Not(A))),
            ("NOT (a b)", Not(Or((A, B, A_B)))),
            ("NOT(a)", Not(A)),
            ("(a b) AND (c OR d)", And((Or((A, B, A_B)), Or((C, D))))),
            ("(a)(b)", Or((A, B))),
            ('a"b"c', Or((A, Phrase("b"), C))),
            ("a AND(b)", And((A, B))),
            ("* AND NOT a", And((MatchAll(), Not(A)))),
            ("((a))", A),
        ],
    )
    def test_not_binds_closest_then_and_then_or(self, text: str, tree: Query) -> None:
        assert parse(text) == tree

    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("AND", 0),
            ("OR", 0),
            ("NOT", 3),
            ("a AND", 5),
            ("AND a", 0),
            ("a AND AND b", 6),
            ("a OR OR b", 5),
            ("a NOT b", 2),
            ("()", 1),
            ("(", 1),
            (")", 0),
            ("(unbalanced", 0),
            ("a)", 1),
            ("(a))", 3),
            ('"a', 0),
            ('a "b\\"', 2),
            ("a\\", 1),
        ],
    )
    def test_nothing_is_ignored(self, text: str, position: int) -> None:
        assert error(text).position == position


class TestBeyondTheSubset:
    @pytest.mark.parametrize(
        ("text", "position", "advice"),
        [
            ("+a", 0, "say AND"),
            ("b -a", 2, "say NOT"),
            ("domain:-a", 7, "say NOT"),
            ("!a", 0, "say NOT"),
            ("hello!", 5, "say NOT"),
            ("a && b", 2, "say AND"),
            ("a&&b", 1, "say AND"),
            ("a || b", 2, "say OR"),
            ("*lice", 0, "at the end of a word"),
            ("al?ce", 2, "at the end of a word"),
            ("a*b", 1, "at the end of a word"),
            ("a**", 1, "at the end of a word"),
            ("*:*", 0, "at the end of a word"),
            ("alcie~", 5, "fuzzy"),
            ('"a b"~2', 5, "fuzzy"),
            ("a^2", 1, "boost"),
            ('"a"^2', 3, "boost"),
            ("version:[2 TO 3]", 8, "BETWEEN"),
            ("version:{2 TO 3}", 8, "BETWEEN"),
            ("a]", 1, "BETWEEN"),
            ("version:>2", 8, "BETWEEN"),
            ("version:<=2", 8, "BETWEEN"),
            ("/a.*/", 0, "regular"),
            ("domain:/a/", 7, "regular"),
        ],
    )
    def test_the_error_says_what_to_do(self, text: str, position: int, advice: str) -> None:
        assert error(text).position == position
        assert advice in error(text).reason


class TestWordsSideBySide:
    """One text for keywords, as in Lucene."""

    @pytest.mark.parametrize(
        ("text", "run"),
        [
            ("Connection\t refused", "Connection refused"),
            ("(Connection refused)", "Connection refused"),
            ("version:1 Connection refused", "Connection refused"),
            ("x OR Connection refused", "Connection refused"),
            ("Connection refused version:1", "Connection refused"),
            ('Connection refused "x y"', "Connection refused"),
            ("Connection refused x*", "Connection refused"),
            ("Connection refused (x)", "Connection refused"),
            ("Connection refused OR x", "Connection refused"),
            ("\\(a b\\:c", "(a b:c"),
        ],
    )
    def test_are_one_more_alternative(self, text: str, run: str) -> None:
        tree = parse(text)
        assert isinstance(tree, Or)
        assert tree.parts.count(Word(run)) == 1

    @pytest.mark.parametrize(
        "text", ["a OR b", "a AND b", "NOT a b", "a AND b c", "a* b", "domain:a b"]
    )
    def test_are_none_across_operators_and_fields(self, text: str) -> None:
        assert "Word(text='a b'" not in repr(parse(text))
        assert "Word(text='b c'" not in repr(parse(text))

    def test_are_one_text_of_their_field(self) -> None:
        reason = WORKFLOW_FIELDS["reasonForIncompletion"]
        assert Word("a b", reason) in getattr(parse("reasonForIncompletion:(a b)"), "parts", ())
        assert parse("input:(a b)") == Or(
            (Word("a", WORKFLOW_FIELDS["input"]), Word("b", WORKFLOW_FIELDS["input"]))
        )
        assert parse("version:(1 2)") == Or((Word("1", VERSION), Word("2", VERSION)))


class TestValuesThatAFieldNeverHas:
    @pytest.mark.parametrize(
        ("text", "position"),
        [("status:RUNING", 7), ('status:"RUNING"', 7), ("status:(FAILED RUNING)", 15)],
    )
    def test_are_refused_with_the_nearest(self, text: str, position: int) -> None:
        assert error(text).position == position
        assert "'RUNING' is no status; perhaps RUNNING is meant" in error(text).reason

    def test_are_words_where_no_field_is_named(self) -> None:
        assert parse("RUNING") == Word("RUNING")
        assert parse("status:REVIEW*") == Prefix("REVIEW", WORKFLOW_FIELDS["status"])


class TestLimits:
    @pytest.mark.parametrize("opening", ["(", "NOT ", "domain:("])
    def test_a_hundred_levels(self, opening: str) -> None:
        closing = ")" if "(" in opening else ""
        parse(opening * (MAX_DEPTH - 1) + "a" + closing * (MAX_DEPTH - 1))
        assert "100 levels" in error(opening * 101 + "a" + closing * 101).reason

    def test_a_thousand_words(self) -> None:
        parse("a " * 1000)
        assert error("a " * 1001).position == 2000

    def test_a_thousand_words_in_all(self) -> None:
        parse("a " * 999 + '"b"')
        assert "1000 words" in error(f'"{"a b " * 501}"').reason
        assert "1000 words" in error(" ".join(f"a{n}/b{n}" for n in range(501))).reason
        parse("a/b " * 1000)

    def test_32_prefixes(self) -> None:
        parse("a* " * 32)
        assert "more than 32 prefixes" in error("a* " * 33).reason
        parse("domain:a* " * 100)

    @pytest.mark.parametrize("field", ["", "domain:", "input:"])
    def test_1000_bytes_of_a_prefix(self, field: str) -> None:
        parse(f"{field}{'é' * 500}*")
        parse(f"{field}{'é' * 501}")
        found = error(f"a {field}{'é' * 500}\\a*")
        assert found.position == len(f"a {field}")
        assert "longer than 1000 bytes" in found.reason

    def test_64_kib_without_what_no_store_takes(self) -> None:
        parse("a" * 64 * 1024)
        assert "65536 bytes" in error("a" * 64 * 1024 + "a").reason
        assert error("a\0").position == 1
        assert error("a\udfff").position == 1

    @pytest.mark.parametrize("piece", ["(", '"', "a:", "domain:", "\\", "\\a", "a", "&", ":", "a*"])
    def test_time_is_linear_in_the_text(self, piece: str) -> None:
        text = (piece * 65_000)[:65_000]
        with contextlib.suppress(QueryError):
            parse(text)
