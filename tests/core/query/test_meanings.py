"""What queries mean for each type of field, without a store: rule by rule, and any tree against the judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from podium_core.index import EntryKind
from podium_core.query import (
    TASK_FIELDS,
    WORKFLOW_FIELDS,
    Equals,
    Exists,
    Field,
    FieldType,
    Meaning,
    OneOf,
    Or,
    Phrase,
    Prefix,
    Query,
    Range,
    StartsWith,
    Stretch,
    Word,
)
from podium_core.query.whole_values import exact_values, values_anywhere, whole_bounds
from tests.core.query.evaluate import matches
from tests.core.query.generated import FIELDS, ID_FIELDS, documents, trees
from tests.core.query.plain_conditions import PlainConditions

VERSION = WORKFLOW_FIELDS["version"]
START = WORKFLOW_FIELDS["startTime"]
EVENT = WORKFLOW_FIELDS["event"]
INPUT = WORKFLOW_FIELDS["input"]
ARCHIVED = WORKFLOW_FIELDS["archived"]
LEAST, GREATEST = -(2**63), 2**63 - 1


def found(query: Query, *stored: dict[str, Any]) -> list[bool]:
    condition = Meaning(WORKFLOW_FIELDS, PlainConditions(WORKFLOW_FIELDS)).condition(query)
    return [condition(document) for document in stored]


@pytest.mark.parametrize("kind", [EntryKind.WORKFLOW, EntryKind.TASK])
class TestAgainstTheJudge:
    @settings(max_examples=500, deadline=None)
    @given(data=st.data())
    def test_a_tree_finds_what_it_means(self, kind: EntryKind, data: st.DataObject) -> None:
        stored, query = data.draw(documents(kind)), data.draw(trees(kind))
        condition = Meaning(FIELDS[kind], PlainConditions(FIELDS[kind])).condition(query)
        ids = [each[ID_FIELDS[kind]] for each in stored if condition(each)]
        assert ids == [each[ID_FIELDS[kind]] for each in stored if matches(query, each)]


class TestNumbers:
    @pytest.mark.parametrize(
        ("bounds", "whole"),
        [
            (Range(VERSION, above=1), (1, None)),
            (Range(VERSION, above=1, above_included=False), (2, None)),
            (Range(VERSION, above=1.5), (2, None)),
            (Range(VERSION, above=1.5, above_included=False), (2, None)),
            (Range(VERSION, below=1), (None, 1)),
            (Range(VERSION, below=1, below_included=False), (None, 0)),
            (Range(VERSION, below=-1.5), (None, -2)),
            (Range(VERSION, below=-1.5, below_included=False), (None, -2)),
            (Range(VERSION, above=1, below=1), (1, 1)),
            (Range(VERSION, above=1, below=1, below_included=False), None),
            (Range(VERSION, above=2, below=1), None),
            (Range(VERSION, above=1.1, below=1.9), None),
            (Range(VERSION, above=LEAST), (None, None)),
            (Range(VERSION, above=LEAST, above_included=False), (LEAST + 1, None)),
            (Range(VERSION, below=GREATEST), (None, None)),
            (Range(VERSION, above=GREATEST), (GREATEST, None)),
            (Range(VERSION, above=GREATEST, above_included=False), None),
            (Range(VERSION, above=float("inf")), None),
            (Range(VERSION, above=float("-inf")), (None, None)),
            (Range(VERSION, below=1e300), (None, None)),
            (Range(START, below=5, below_included=False), (None, 4)),
        ],
        ids=str,
    )
    def test_bounds_are_whole(
        self, bounds: Range, whole: tuple[int | None, int | None] | None
    ) -> None:
        assert whole_bounds(bounds) == whole

    def test_a_range_that_leaves_nothing_out_asks_for_a_value(self) -> None:
        for bounds in (Range(VERSION), Range(VERSION, above=LEAST, below=GREATEST), Range(EVENT)):
            assert found(bounds, {}, {"version": 1, "event": ""}) == [False, True]

    @pytest.mark.parametrize(
        ("type_", "values", "exact"),
        [
            (FieldType.NUMBER, (1, 2.0, 1.5, 1, 2**63, 1e300), [1, 2]),
            (FieldType.NUMBER, ("7", "7.0", "1.5", "x", "9" * 30), [7]),
            (FieldType.BOOLEAN, (True, "false", "x"), [True, False]),
            (FieldType.KEYWORD, ("a", "b", "a", ""), ["a", "b", ""]),
        ],
    )
    def test_values_that_a_field_cannot_have_are_left_out(
        self, type_: FieldType, values: Sequence[Any], exact: Sequence[Any]
    ) -> None:
        assert exact_values(type_, values) == exact

    def test_without_a_value_nothing_is_found(self) -> None:
        nothing = (Equals(VERSION, 1.5), OneOf(VERSION, (1.5, 2**63)), OneOf(EVENT, ()))
        for query in (*nothing, Word("x", VERSION), Word("x", ARCHIVED), Word("x", START)):
            assert found(query, {"version": 1, "event": "x", "archived": True}) == [False]


class TestFreeText:
    def test_words_are_values_of_each_type(self) -> None:
        assert values_anywhere(["7", "true", "2023-11-14", "2023-11", "2023", "x"]) == (
            ["7", "true", "2023-11-14", "2023-11", "2023", "x"],
            [7, 2023],
            [True],
            [Stretch(7, 7), Stretch(1_699_920_000_000, 1_700_006_399_999)],
        )

    @pytest.mark.parametrize("text", ["7.0", "7.00"])
    def test_a_whole_number_is_one_however_it_is_written(self, text: str) -> None:
        assert found(Word(text), {"version": 7}, {"version": 8}) == [True, False]

    def test_a_year_is_a_date_only_where_a_date_is_asked_for(self) -> None:
        document = {"startTime": "2023-11-14T22:13:20.123Z"}
        assert found(Word("2023", START), document) == [True]
        assert found(Word("2023"), document) == [False]
        assert found(Word("2023-11-14"), document) == [True]

    def test_a_word_is_one_of_a_text_and_the_whole_of_a_keyword(self) -> None:
        stored = ({"input": "it IS Big"}, {"event": "is"}, {"event": "it is"}, {"event": "IS"})
        assert found(Word("is"), *stored) == [True, True, False, False]
        assert found(Phrase("it is"), *stored) == [True, False, True, False]
        assert found(Word("is", INPUT), *stored) == [True, False, False, False]
        assert found(Word("is", EVENT), *stored) == [False, True, False, False]

    def test_a_prefix_is_of_a_word_in_any_case_and_of_a_keyword_as_it_is(self) -> None:
        stored = ({"input": "it IS Big"}, {"event": "Bigger"}, {"event": "bigger"})
        assert found(Prefix("Bi"), *stored) == [True, True, False]
        assert found(Prefix("Bi", INPUT), *stored) == [True, False, False]
        assert found(Prefix("Bi", EVENT), *stored) == [False, True, False]
        assert found(Prefix("1", VERSION), {"version": 1}) == [False]

    def test_an_empty_prefix_asks_for_a_word_or_a_keyword(self) -> None:
        stored: list[dict[str, Any]] = [{"input": "!"}, {"input": "a"}, {"event": ""}, {}]
        assert found(Prefix(""), *stored) == [False, True, True, False]
        assert found(StartsWith(INPUT, ""), *stored) == [False, True, False, False]
        assert found(StartsWith(EVENT, ""), *stored) == [False, False, True, False]

    def test_terms_of_one_field_are_asked_for_together(self) -> None:
        asked: list[tuple[Any, ...]] = []

        class Recorder(PlainConditions):
            def has_word(self, fields: Sequence[Field], texts: Sequence[str]) -> Any:
                asked.append((*(field.name for field in fields), *texts))
                return super().has_word(fields, texts)

            def has_word_prefix(self, fields: Sequence[Field], prefixes: Sequence[str]) -> Any:
                asked.append(tuple(prefixes))
                return super().has_word_prefix(fields, prefixes)

        terms = (Word("a", INPUT), Word("b", INPUT), Word("a", INPUT), Prefix("Ab", INPUT))
        query = Or((*terms, Prefix("A", INPUT), Prefix("abc", INPUT)))
        Meaning(WORKFLOW_FIELDS, Recorder(WORKFLOW_FIELDS)).condition(query)
        assert asked == [("input", "a", "b"), ("a",)]

    def test_no_word_starts_with_more_than_a_word_has(self) -> None:
        stored = {"input": "a" * 300}
        assert found(Prefix("a" * 255, INPUT), stored) == [True]

        class NoPrefixes(PlainConditions):
            def has_word_prefix(self, fields: Sequence[Field], prefixes: Sequence[str]) -> Any:
                raise AssertionError(prefixes)

        condition = Meaning(TASK_FIELDS, NoPrefixes(TASK_FIELDS)).condition(
            Prefix("a" * 256, INPUT)
        )
        assert not condition(stored)


class TestTexts:
    def test_a_value_is_a_phrase_and_a_list_holds_words(self) -> None:
        stored = ({"input": "Alice Smith"}, {"input": "smith alice"}, {"input": "bob"})
        assert found(Equals(INPUT, "alice smith"), *stored) == [True, False, False]
        assert found(OneOf(INPUT, ("alice smith",)), *stored) == [False, False, False]
        assert found(OneOf(INPUT, ("ALICE", "bob")), *stored) == [True, True, True]
        assert found(Equals(INPUT, "!"), {"input": "!"}) == [False]
        assert found(Exists(INPUT), {"input": "!"}, {"input": []}) == [True, False]
