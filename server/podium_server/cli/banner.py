"""The lines of ``podium serve`` at its start: the store of each data type, its durability, the addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from podium_core.backend import DataType
from podium_server.config.addresses import ListenAddress
from podium_server.config.config import Config, StoreConfig
from podium_server.config.secrets import without_credentials
from podium_server.version import podium_version


def store_lines(config: Config) -> Iterator[str]:
    """``podium 0.1.0 · executions, … → sqlite podium-data/podium.db (durable: …)``, a line for each store."""
    lead = f"podium {podium_version()}"
    for store in config.stores_in_use:
        _, durability = store.spec.durability(store.settings)
        served = ", ".join(config.data_types_of(store.name))
        yield f"{lead} · {served} → {store_place(store)} ({durability})"
        lead = " " * len(lead)
    missing = [data_type for data_type in DataType if data_type not in config.routing]
    if missing:
        yield f"{lead} · {', '.join(missing)} → none"


def listening_line(addresses: Sequence[ListenAddress]) -> str:
    """``listening on 127.0.0.1:50051 (plain text, loopback only) · …``."""
    reach = (
        "loopback only" if all(address.loopback for address in addresses) else "reachable by others"
    )
    names = ", ".join(str(address) for address in addresses)
    return f"listening on {names} (plain text, {reach}) · reflection on · Ctrl-C stops after the calls in flight"


def store_place(store: StoreConfig) -> str:
    """Its kind, and where it is; without a password."""
    found = (
        getattr(store.settings, name, None) for name in ("path", "url", "urls", "contact_points")
    )
    place = next(filter(None, found), ())
    places = place if isinstance(place, list | tuple) else [str(place)]
    return " ".join([store.kind, *map(without_credentials, places)])
