"""What the commands work on, and the option that all of them have. What serves is imported only by those who serve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from podium_backends.registry import REGISTRY, Registry
from podium_server.app_shape import App


def _podium_app() -> App[Any]:
    from podium_server import app

    return app


@dataclass(frozen=True)
class World:
    """What the commands work on.

    Attributes:
        registry: The kinds of stores.
        load_app: Imports what ``serve`` serves.
    """

    registry: Registry = REGISTRY
    load_app: Callable[[], App[Any]] = _podium_app


ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The configuration; default: podium.toml."),
]


def world_of(context: typer.Context) -> World:
    """The world that ``run`` was given."""
    world = context.obj
    return world if isinstance(world, World) else World()
