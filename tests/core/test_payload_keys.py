"""Keys of payloads: nobody's twice, known as Podium's without any state; and what a path may be."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings, strategies as st

from podium_core.errors import InvalidArgumentError
from podium_core.models import PayloadType
from podium_core.payload_keys import PREFIXES, is_owned, new_key, require_path

OWNERS = st.text(min_size=1, max_size=40)
TYPES = st.sampled_from(PayloadType)


def uuid_of(key: str) -> UUID:
    return UUID(key.rpartition("/")[2].removesuffix(".json"))


class TestNewKey:
    @pytest.mark.parametrize("payload_type", PayloadType)
    def test_begins_as_conductors_do(self, payload_type: PayloadType) -> None:
        key = new_key(payload_type)
        assert key.startswith(f"{payload_type.value}/")
        assert key.endswith(".json")

    @given(TYPES, OWNERS)
    def test_is_a_uuid_of_version_8(self, payload_type: PayloadType, owner: str) -> None:
        made = uuid_of(new_key(payload_type, owner))
        assert (made.version, made.variant) == (8, "specified in RFC 4122")

    @pytest.mark.parametrize("payload_type", PayloadType)
    def test_without_an_owner_it_is_one_of_javas(self, payload_type: PayloadType) -> None:
        key = new_key(payload_type)
        assert uuid_of(key).version == 4
        assert not is_owned(key, "")

    @given(TYPES, OWNERS)
    def test_is_a_path(self, payload_type: PayloadType, owner: str) -> None:
        key = new_key(payload_type, owner)
        assert require_path(key) == key

    def test_is_never_the_same(self) -> None:
        keys = {new_key(PayloadType.TASK_INPUT, "w") for _ in range(10_000)}
        assert len(keys) == 10_000

    def test_uses_all_of_its_bits(self) -> None:
        numbers = [uuid_of(new_key(PayloadType.TASK_INPUT, "w")).int for _ in range(200)]
        always_set, ever_set = numbers[0], 0
        for number in numbers:
            always_set &= number
            ever_set |= number
        assert bin(always_set).count("1") == 2  # version 8, variant 2
        assert bin(ever_set).count("1") == 124  # but for the other bits of these


class TestIsOwned:
    @given(TYPES, OWNERS)
    def test_knows_its_own(self, payload_type: PayloadType, owner: str) -> None:
        assert is_owned(new_key(payload_type, owner), owner)

    @given(TYPES, OWNERS, OWNERS)
    def test_of_another_workflow_it_is_not(
        self, payload_type: PayloadType, owner: str, other: str
    ) -> None:
        assert is_owned(new_key(payload_type, owner), other) == (owner == other)

    @given(TYPES, OWNERS)
    def test_what_java_made_is_not(self, payload_type: PayloadType, owner: str) -> None:
        assert not is_owned(f"{payload_type.value}/{uuid4()}.json", owner)

    @given(st.integers(0, 127))
    def test_with_any_bit_changed_it_is_not(self, bit: int) -> None:
        key = new_key(PayloadType.TASK_OUTPUT, "w")
        changed = str(UUID(int=uuid_of(key).int ^ 1 << bit))
        assert not is_owned(f"task/output/{changed}.json", "w")

    @pytest.mark.parametrize(
        "change",
        [
            str.upper,
            lambda key: key + "\n",
            lambda key: key + "x",
            lambda key: key.removesuffix(".json"),
            lambda key: "x" + key,
            lambda key: key.replace("task/input", "task/other"),
            lambda key: key.replace("task/input/", "task/input/a/"),
            lambda key: key.replace("-", ""),
        ],
    )
    def test_written_in_another_way_it_is_not(self, change: object) -> None:
        assert callable(change)
        key = new_key(PayloadType.TASK_INPUT, "w")
        assert not is_owned(change(key), "w")

    @given(st.text(), OWNERS)
    def test_says_so_of_any_text(self, text: str, owner: str) -> None:
        assert not is_owned(text, owner)

    def test_a_lone_surrogate_is_an_owner_like_others(self) -> None:
        assert is_owned(new_key(PayloadType.TASK_INPUT, "\ud800"), "\ud800")


GOOD = [
    "task/input/a",
    "workflow/output/8f1e.json",
    "task/output/a/b/c.json",
    "task/input/...",
    "task/input/.hidden",
    "task/input/é ü 名.json",
    "task/input/" + "a" * 255,
    "task/input/" + "/".join(["a" * 250] * 2),
    "task/input/%2e%2e",
    "task/input/~",
]
BAD = [
    "",
    "/",
    "task/input",
    "task/input/",
    "task/inputs/a",
    "/task/input/a",
    "./task/input/a",
    "Task/input/a",
    "a",
    "../task/input/a",
    "task/input/..",
    "task/input/../input/a",
    "task/input/a/..",
    "task/input/./a",
    "task/input//a",
    "task/input/a/",
    "task/input/a\0b",
    "task/input/a\nb",
    "task/input/a\x7fb",
    "task/input/a\x85b",
    "task/input/a\\b",
    "task/input/..\\..\\a",
    "task/input/\ud800",
    "\ud800",
    "task/input/" + "a" * 256,
    "task/input/" + "é" * 128,
    "task/input/" + "/".join(["a" * 100] * 5),
    ".uploading/a",
]


class TestRequirePath:
    @pytest.mark.parametrize("path", GOOD)
    def test_takes_a_key(self, path: str) -> None:
        assert require_path(path) == path

    @pytest.mark.parametrize("path", BAD)
    def test_refuses_what_is_none_and_says_where_payloads_lie(self, path: str) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            require_path(path, "header.path")
        assert caught.value.field == "header.path"
        assert all(prefix in caught.value.message for prefix in PREFIXES)
        caught.value.message.encode()

    @settings(max_examples=500)
    @given(st.lists(st.sampled_from(["task", "input", "..", ".", "", "a", "\0", "\\"]), max_size=8))
    def test_what_it_takes_stays_below_its_prefix(self, segments: list[str]) -> None:
        path = "/".join(segments)
        try:
            require_path(path)
        except InvalidArgumentError:
            return
        assert segments[:2] == ["task", "input"]
        assert len(segments) > 2
        assert set(segments) <= {"task", "input", "a"}

    @given(st.text(alphabet=st.characters(), max_size=300))
    def test_what_it_takes_any_store_can_hold(self, name: str) -> None:
        path = f"task/input/{name}"
        try:
            require_path(path)
        except InvalidArgumentError:
            return
        assert len(path.encode()) <= 512
        assert "\0" not in path
