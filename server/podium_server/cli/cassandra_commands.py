"""``podium cassandra``: what somebody else has to run where a server may not create tables."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from podium_server.cli.lines import print_line
from podium_server.cli.world import ConfigOption, world_of
from podium_server.config.load import load_config
from podium_server.startup_errors import StartupError

cassandra_commands = typer.Typer(
    help="A Cassandra's keyspace.", no_args_is_help=True, rich_markup_mode=None
)

StoreOption = Annotated[
    str | None, typer.Option("--store", metavar="NAME", help="Which of several stores.")
]


@cassandra_commands.command()
def schema(context: typer.Context, config: ConfigOption = None, store: StoreOption = None) -> None:
    """Print the CQL of the keyspace and its tables, for cqlsh; nothing is connected to."""
    stores = load_config(config, registry=world_of(context).registry).stores
    schemas = {
        name: partial(one.spec.schema, one.settings)
        for name, one in stores.items()
        if one.spec.schema is not None
    }
    names = list(schemas) if store is None else [store]
    if len(names) != 1 or names[0] not in schemas:
        there = ", ".join(schemas) or "none"
        raise StartupError(f"name one store of kind cassandra with --store; there are: {there}")
    for line in schemas[names[0]]().splitlines():
        print_line(line)
