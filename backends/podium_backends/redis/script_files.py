"""The scripts, as files beside this module."""

from __future__ import annotations

from importlib import resources

from podium_backends.redis.connection import Script


def script(*names: str) -> Script:
    """The script of ``scripts/<name>.lua``; of several files, one after the other."""
    return Script("".join(_text(name) for name in names))


def clocked_script(*names: str) -> Script:
    """One that goes by Redis's clock: ``clock.lua`` stands before it; of several files, one after the other."""
    return script("clock", *names)


def queue_script(layout: str, *names: str) -> Script:
    """One of ``scripts/queues`` that changes no queue: the functions that read queues of a layout stand before it."""
    return clocked_script(f"queues/{layout}/queue", *(f"queues/{name}" for name in names))


def queue_change_script(layout: str, name: str) -> Script:
    """One of ``scripts/queues``: the functions that read and those that change queues of a layout stand before it."""
    return clocked_script(*queue_functions(layout), f"queues/{name}")


def queue_functions(layout: str) -> tuple[str, ...]:
    """The files of functions that a script has before it, after ``clock.lua``, to change queues of a layout."""
    own = f"queues/{layout}"
    return f"{own}/queue", "queues/push_tokens", f"{own}/queue_changes", "queues/operations"


def _text(name: str) -> str:
    return resources.files(__package__).joinpath("scripts", f"{name}.lua").read_text("utf-8")
