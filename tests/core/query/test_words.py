"""Words as Lucene's standard analyzer finds them."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import given, strategies as st

from podium_core.query import lower_case, words
from podium_core.query.words import MAX_WORD_LENGTH, PIECE_LENGTH, pieces
from tests.core.query.golden import documents

# The package's own ``words`` is the function.
words_module = importlib.import_module("podium_core.query.words")

GOLDEN = {
    "{order=1, customer=Alice Smith, big=9007199254740993, f=1.0, nul=null}": (
        "order 1 customer alice smith big 9007199254740993 f 1.0 nul null"
    ),
    "{result=done-2}": "result done 2",
    "{o=9007199254740993, n=null, f=1.0}": "o 9007199254740993 n null f 1.0",
    "workflow/input/x.json": "workflow input x.json",
    "{emoji=😀, dec=1.12345678901234567890}": "emoji 😀 dec 1.12345678901234567890",
    "{}": "",
}


@pytest.mark.parametrize(("text", "expected"), GOLDEN.items())
def test_the_golden_texts(text: str, expected: str) -> None:
    assert words(text) == expected.split()


def test_the_golden_documents_have_words() -> None:
    inputs = {each["input"] for each in documents("workflow")} - {"{}"}
    assert all("alice" in words(text) and "smith" in words(text) for text in inputs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("… ✓ = --", []),
        ("b_task _x_ a1b2", ["b_task", "_x_", "a1b2"]),
        ("It's Bob's 'quoted'", ["it's", "bob's", "quoted"]),
        ("don\u2019t", ["don\u2019t"]),
        ("a.b c. .d e..f", ["a.b", "c", "d", "e", "f"]),
        ("sqs:q1 sqs:7 k: v", ["sqs:q1", "sqs", "7", "k", "v"]),
        ("3.14 1,000 1;2 3. v1.2 1.x", ["3.14", "1,000", "1;2", "3", "v1.2", "1", "x"]),
        ("a_.b", ["a_", "b"]),
        ("a,b a;b", ["a", "b", "a", "b"]),
        ("Café ÉCOLE", ["café", "école"]),
        ("cafe\u0301", ["cafe\u0301"]),
        ("soft\u00adhyphen", ["soft\u00adhyphen"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("東京 2020年", ["東", "京", "2020", "年"]),
        ("ひらカタカナ", ["ひ", "ら", "カタカナ"]),
        ("한국어 русский", ["한국어", "русский"]),
        ("ab東cd", ["ab", "東", "cd"]),
        ("😀smile😀", ["😀", "smile", "😀"]),
        ("👍🏽 ❤\ufe0f 👩\u200d🚀x 👍👍", ["👍🏽", "❤\ufe0f", "👩\u200d🚀", "x", "👍", "👍"]),
        ("🇩🇪🇫🇷🇩", ["🇩🇪", "🇫🇷"]),
        ("x² ① ½ 1①2", ["x", "1", "2"]),
        ("_ __ a _ _b", ["a", "_b"]),
        ("é _ x² _é", ["é", "x", "_é"]),
    ],
)
def test_other_texts(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_case_goes_letter_by_letter() -> None:
    assert lower_case("ΟΔΟΣ") == "οδο\u03c3"
    assert words("İstanbul") == ["istanbul"]


@pytest.mark.parametrize("letter", ["a", "é"])
def test_a_long_word_is_cut(letter: str) -> None:
    long = letter * (2 * MAX_WORD_LENGTH + 1)
    assert [len(each) for each in words(long)] == [MAX_WORD_LENGTH, MAX_WORD_LENGTH, 1]


@pytest.mark.parametrize("piece", ["a", "a'", "é'", "1.", "a\u0301", "東", ".", "a "])
def test_time_is_linear_in_the_text(piece: str) -> None:
    # 100 ms would be enough many times over; a quadratic one would take minutes.
    words(piece * 100_000)


@given(st.text(st.characters(codec="ascii"), max_size=40) | st.text(st.sampled_from("a1_.',;: A")))
def test_a_foreign_letter_changes_no_other_word(text: str) -> None:
    assert words(f"{text} é") == [*words(text), "é"]


_MIXED = st.text(
    st.sampled_from([*list("aA1é東ひカ한_.,':;·² \n\"{}-👍🏽🇩🇪️٣Σİ"), "\u200d", "́", "\U000e0067"])
)


@given(_MIXED | st.text())
def test_pieces_have_the_words_of_the_text(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        whole = words(text)
        patch.setattr(words_module, "PIECE_LENGTH", 3)
        found = list(pieces(text))
        assert "".join(found) == text
        assert [word for piece in found for word in words(piece)] == whole


@pytest.mark.parametrize(
    "text",
    [
        *["東京", "a b ", '{"a":"b"}', "👍", "....", "\n", "ab, "],
        *[
            "x",
            "é",
            "ก",
            "_a",
            "a.b",
            "a,",
            "A+b/",
            "1",
            "a\u0301",
            "\u0301",
            "👩\u200d",
            "🇩",
            "カ",
        ],
    ],
)
def test_a_large_text_is_cut_so_that_others_run_meanwhile(text: str) -> None:
    lengths = [len(piece) for piece in pieces(text * 100_000)]
    assert sum(lengths) == len(text) * 100_000
    assert max(lengths) < 2 * PIECE_LENGTH


@given(st.text())
def test_words_are_their_own_words(text: str) -> None:
    assert all(words(word) == [word] for word in words(text))


def test_a_long_text_has_the_words_of_its_stretches() -> None:
    for part in ("it's a.b 3.14 ", "été x·y 漢字 "):
        assert words(part * 20_000) == words(part) * 20_000
    assert words("a" * 255 + " b" + "c" * 200_000)[:1] == ["a" * 255]


def test_a_word_longer_than_a_piece_is_cut_as_any_long_one() -> None:
    assert [len(word) for word in words("a b" + "c" * 100_000)][:-1] == [1, *[255] * 392]
    assert words("x " + "a.b" * 50_000)[0] == "x"
