"""What Elasticsearch holds of a document comes back as it was given, whoever has written the entry since."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec import Raw

from podium_backends.elasticsearch6.nesting import MAX_DEPTH, is_deeper
from podium_backends.elasticsearch6.stored_form import (
    believed,
    given_form,
    names_own_members,
    stored_form,
)
from podium_core.index import EntryKind
from podium_core.index.entries import digest_of

WORKFLOW = EntryKind.WORKFLOW
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
TEXTS = st.sampled_from(
    ['{"a":"déjà"}', '{"a":"d\\u00e9j\\u00e0"}', "[1,2]", "plain", "", '{"a":"\\ud83d"}', "a\\nb"]
)
DOCUMENTS = st.dictionaries(st.text(max_size=6), JSON, max_size=4) | st.fixed_dictionaries(
    {},
    optional={
        "input": TEXTS,
        "output": TEXTS,
        "executionTime": st.integers() | st.just(2**70),
        "endTime": st.just("2023-11-14T22:13:20.000Z") | st.integers(),
    },
)
LAYOUTS = st.sampled_from([None, 1]), st.booleans()


def stored(document: bytes, *, token: int = 7, external: bool = False) -> bytes:
    return stored_form(document, WORKFLOW, token=token, external=external)


def marker_of(source: bytes) -> Raw:
    return Raw(msgspec.json.decode(source, type=dict[str, Raw])["podium"])


@given(document=DOCUMENTS, indent=LAYOUTS[0], ascii_only=LAYOUTS[1])
def test_comes_back_as_it_was_given(
    document: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    given_text = text.encode("utf-8", "surrogatepass")
    if names_own_members(given_text):
        return
    source = stored(given_text)
    json.loads(source)
    back = given_form(source)
    large = any(isinstance(v, int) and abs(v) >= 2**63 for v in document.values())
    assert json.loads(back) == document
    if not large:
        assert back == given_text.strip()


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b'{"input":"{\\"a\\":\\"b c\\"}"}', None),
        (b'{"input":"{\\"a\\":[1,2]}"}', {"input": '{"a": [1, 2]}'}),
        (b'{"output":"{\\"a\\":\\"d\\\\u00e9j\\\\u00e0\\"}"}', {"output": '{"a": "déjà"}'}),
        (b'{"input":"C:\\\\new","output":7}', None),
    ],
)
def test_words_stand_apart_where_the_text_hides_them(
    document: bytes, words: dict[str, str] | None
) -> None:
    members = json.loads(stored(document))
    found = members.get("podiumWords")
    assert (found and {name: " ".join(text.split()) for name, text in found.items()}) == words
    assert given_form(stored(document)) == document


@pytest.mark.parametrize("number", [b"1e400", b"-9223372036854775809", b"9" * 5_000, b"1.5e300"])
def test_a_number_beyond_64_bits_is_held_as_a_text(number: bytes) -> None:
    document = b'{"executionTime":%b,"x":%b}' % (number, number)
    members = msgspec.json.decode(stored(document), type=dict[str, Raw])
    assert bytes(members["executionTime"]) == b'"=%b"' % number
    assert bytes(members["x"]) == number
    assert given_form(stored(document)) == document


@pytest.mark.parametrize(
    "number", [b"9223372036854775807", b"-9223372036854775808", b"1e3", b"1.5"]
)
def test_others_stay_numbers(number: bytes) -> None:
    document = b'{"executionTime":%b}' % number
    assert stored(document).startswith(document[:-1])


class TestMarker:
    def test_says_what_was_written(self) -> None:
        document = b'{"workflowId":"w"}'
        found = believed(marker_of(stored(document, token=9, external=True)), 9)
        assert found is not None
        assert (found.digest, found.external) == (digest_of(document).hex(), True)

    def test_is_not_believed_once_the_version_is_another(self) -> None:
        assert believed(marker_of(stored(b"{}", token=9)), 10) is None
        assert believed(Raw(b""), 0) is None
        assert believed(Raw(b'{"token":"9"}'), 9) is None

    def test_goes_where_another_program_has_written_the_entry_again(self) -> None:
        source = stored(b'{"executionTime":1e400,"input":"[1,2]"}')
        again = json.dumps({"status": "X", **json.loads(source), "after": 1}).encode()
        members = msgspec.json.decode(given_form(again), type=dict[str, Raw])
        assert {name: bytes(raw) for name, raw in members.items()} == {
            "status": b'"X"',
            "executionTime": b"1e400",
            "input": b'"[1,2]"',
            "after": b"1",
        }

    @pytest.mark.parametrize("source", [b"{}", b'{"a":"\\"podium\\":{"}', b'{"podium":7}'])
    def test_an_entry_without_one_is_taken_as_it_stands(self, source: bytes) -> None:
        assert given_form(source) in {source, b"{}"}

    @pytest.mark.parametrize("name", ["podium", "podiumWords"])
    def test_its_name_is_nobody_elses(self, name: str) -> None:
        assert names_own_members(json.dumps({name: {}}).encode())
        assert not names_own_members(json.dumps({"a": {name: 1}, "b": f'"{name}":'}).encode())


class TestNesting:
    def test_counts_levels_and_not_brackets_in_texts(self) -> None:
        at_the_limit = b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH
        assert not is_deeper(at_the_limit)
        assert is_deeper(b"[" + at_the_limit + b"]")
        assert not is_deeper(b'{"a":"%b"}' % (b'[{\\"' * 2_000))
        assert not is_deeper(b"[%b1]" % (b"[]," * 5_000))

    @given(document=JSON)
    def test_agrees_with_a_walk(self, document: Any) -> None:
        def depth(value: Any) -> int:
            if isinstance(value, dict):
                return 1 + max(map(depth, value.values()), default=0)
            if isinstance(value, list):
                return 1 + max(map(depth, value), default=0)
            return 0

        text = json.dumps(document).encode()
        for levels in range(4):
            assert is_deeper(text, levels) == (depth(document) > levels)
