"""The commands and their options. Each command imports its modules when it runs, so that ``--help`` is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from podium_server.cli.cassandra_commands import cassandra_commands
from podium_server.cli.index_commands import index_commands
from podium_server.cli.lines import note_line, print_line
from podium_server.cli.queue_commands import queue_commands
from podium_server.cli.world import ConfigOption, World, world_of
from podium_server.config.config import Config
from podium_server.config.layers import option_layer
from podium_server.config.load import load_config
from podium_server.version import podium_version

ListenOption = Annotated[
    list[str] | None,
    typer.Option("--listen", metavar="ADDRESS", help="host:port or unix:path; can be repeated."),
]
InsecureOption = Annotated[
    bool,
    typer.Option(
        "--insecure", help="Allow an address that other machines can reach, in plain text."
    ),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="FOLDER", help="Where embedded stores keep their files."),
]

podium = typer.Typer(
    name="podium",
    help="Podium, the persistence and indexing layer of workflow engines.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
config_commands = typer.Typer(
    help="The configuration.", no_args_is_help=True, rich_markup_mode=None
)
podium.add_typer(config_commands, name="config")
podium.add_typer(index_commands, name="index")
podium.add_typer(queue_commands, name="queues")
podium.add_typer(cassandra_commands, name="cassandra")


@podium.command()
def serve(
    context: typer.Context,
    config: ConfigOption = None,
    listen: ListenOption = None,
    insecure: InsecureOption = False,
    data_dir: DataDirOption = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM, then finish the calls in flight; a second Ctrl-C ends at once."""
    from podium_server.cli.serve import run_server

    world = world_of(context)
    run_server(_load(world, config, listen, insecure=insecure, data_dir=data_dir), world.load_app)


@podium.command()
def version() -> None:
    """Print the version."""
    print_line(f"podium {podium_version()}")


@podium.command()
def doctor(
    context: typer.Context, config: ConfigOption = None, data_dir: DataDirOption = None
) -> None:
    """Look at each configured store, and say what to do about what is wrong; exit code 1 for a fault."""
    from podium_server.cli.doctor import run_doctor

    found = _load(world_of(context), config, None, insecure=False, data_dir=data_dir)
    if not run_doctor(found):
        raise typer.Exit(1)


@config_commands.command("show")
def config_show(
    context: typer.Context,
    config: ConfigOption = None,
    listen: ListenOption = None,
    insecure: InsecureOption = False,
    data_dir: DataDirOption = None,
) -> None:
    """Print what holds, and where each value comes from; secrets are hidden."""
    from podium_server.config.show import shown_lines, warning_lines

    found = _load(world_of(context), config, listen, insecure=insecure, data_dir=data_dir)
    for line in shown_lines(found):
        print_line(line)
    for line in warning_lines(found):
        note_line(line)


def _load(
    world: World,
    path: Path | None,
    listen: list[str] | None,
    *,
    insecure: bool,
    data_dir: Path | None,
) -> Config:
    options = option_layer(listen=listen, insecure=insecure, data_dir=data_dir)
    return load_config(path, options=options, registry=world.registry)
