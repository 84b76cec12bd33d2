"""Resume tokens: what a caller hands back may be anything."""

from __future__ import annotations

import base64

import pytest

from podium_core.errors import InvalidArgumentError
from podium_core.paging.resume_token import resume_key, resume_token


def test_a_token_gives_its_key_back() -> None:
    token = resume_token(7, "ünïcode/\x01")
    assert resume_key(token, tuple[int, str], (0, "")) == (7, "ünïcode/\x01")


def test_no_token_is_the_start() -> None:
    assert resume_key("", tuple[str], ("",)) == ("",)


@pytest.mark.parametrize(
    "token",
    [
        "%%%",
        "a",
        resume_token("text"),
        resume_token(1, 2),
        resume_token(2**63),
        resume_token(-(2**63) - 1),
        base64.urlsafe_b64encode(b"[" * 2_000).decode(),
        base64.urlsafe_b64encode(b"[9" + b"9" * 6_000 + b"]").decode(),
    ],
)
def test_anything_else_is_refused(token: str) -> None:
    with pytest.raises(InvalidArgumentError, match="resume_token"):
        resume_key(token, tuple[int], (0,))
