"""The scripts, as files beside this module."""

from __future__ import annotations

from importlib import resources

from podium_backends.redis.connection import Script


def script(name: str) -> Script:
    """The script of ``scripts/<name>.lua``."""
    return Script(_text(name))


def clocked_script(name: str) -> Script:
    """One that goes by Redis's clock: ``clock.lua`` stands before it."""
    return Script(_text("clock") + _text(name))


def _text(name: str) -> str:
    return resources.files(__package__).joinpath("scripts", f"{name}.lua").read_text("utf-8")
