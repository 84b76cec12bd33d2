"""Write ``docs/capabilities.md`` from what the code declares, or check it.

Run ``python docs/generate.py`` with the project installed; ``--check`` writes nothing and exits 1 when the committed page
differs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from podium_backends.registry import REGISTRY
from podium_core.backend import BackendSpec, Capability, DataType
from podium_protocol.rpcs import SERVICES, Repeat, Rpc
from podium_server.config.config import Config
from podium_server.config.load import load_config
from podium_server.services import registration

PAGE = Path(__file__).resolve().parent / "capabilities.md"

# The data type that each service is the contract of; AdminService looks at all of them.
DATA_TYPES = {
    "ExecutionService": DataType.EXECUTIONS,
    "MetadataService": DataType.METADATA,
    "IndexService": DataType.INDEX,
    "QueueService": DataType.QUEUES,
    "EventHandlerService": DataType.EVENT_HANDLERS,
    "PollDataService": DataType.POLL_DATA,
    "ConcurrentExecutionLimitService": DataType.CONCURRENCY_LIMITS,
    "RateLimitingService": DataType.RATE_LIMITS,
    "ExternalPayloadService": DataType.PAYLOADS,
    "AdminService": None,
}

HEAD = """\
# What is served, by what

Made from the code by `make docs`; don't edit. A running server says the same of itself in `AdminService.GetServerInfo`."""

KINDS = """\
## Kinds of stores

The data types that a store of each kind can serve, and what "acknowledged" means there with its default settings."""

CAPABILITIES = """\
## Capabilities

Promises of stores of executions, queues and the index beyond the contract's common part. An operation that
needs a promise which its store lacks is UNIMPLEMENTED; all others are served, and only the promise is missing. Where
queue operations take no part in the step, they go through [the outbox](architecture.md#the-outbox). A kind has "no"
for promises of what it doesn't serve. The columns are of default settings: a Redis with `layout = "conductor"` has
neither `priority_order` nor `lease_counts`."""

_PROMISING = {DataType.EXECUTIONS, DataType.QUEUES, DataType.INDEX}

SERVED = """\
## Services

"Embedded default" is a server without any configuration: the kind of store that serves the service's data type, and
how many of the RPCs are served. The others answer UNIMPLEMENTED."""

REPEATS = """\
## Repeats

The effect of repeating a call whose outcome is unknown, as [options.proto](../protos/podium/v1/options.proto) explains it;
the client repeats by it."""


def page() -> str:
    """The whole page."""
    specs = [REGISTRY.spec(kind) for kind in REGISTRY.kinds]
    able = [spec for spec in specs if spec.serves & _PROMISING]
    # An empty file: a podium.toml that happens to lie here is not the default.
    config = load_config(Path(os.devnull), environment={})
    parts = [
        HEAD,
        KINDS,
        table(["data type", *_kinds(specs)], kind_rows(specs)),
        CAPABILITIES,
        table(["capability", *_kinds(able), "what it means"], capability_rows(able)),
        SERVED,
        table(["service", "data type", "RPCs", "embedded default"], service_rows(config)),
        REPEATS,
        table(["service", *(_word(repeat) for repeat in Repeat)], repeat_rows()),
    ]
    return "\n\n".join(parts) + "\n"


# Rows


def kind_rows(specs: Sequence[BackendSpec]) -> Iterator[list[str]]:
    """For each data type, which kinds serve it; then what they say of durability."""
    for data_type in DataType:
        yield [f"`{data_type}`", *(_mark(data_type in spec.serves) for spec in specs)]
    yield ["acknowledged means", *(spec.durability(_defaults(spec))[1] for spec in specs)]


def capability_rows(specs: Sequence[BackendSpec]) -> Iterator[list[str]]:
    """For each capability, which kinds have it, and what it means."""
    for capability in Capability:
        has = [capability in spec.capabilities(_defaults(spec)) for spec in specs]
        yield [f"`{capability}`", *map(_mark, has), capability.meaning]


def service_rows(config: Config) -> Iterator[list[str]]:
    """For each service, what the embedded default does."""
    for service, rpcs in _services():
        data_type = DATA_TYPES[service]
        yield [
            service,
            f"`{data_type}`" if data_type else "all",
            str(len(rpcs)),
            _served(service, rpcs, config),
        ]


def repeat_rows() -> Iterator[list[str]]:
    """For each service, how often each kind of repeat occurs, and the sums."""
    every: Counter[Repeat] = Counter()
    for service, rpcs in _services():
        counts = Counter(rpc.repeat for rpc in rpcs)
        every += counts
        yield [service, *(str(counts[repeat] or "") for repeat in Repeat)]
    yield ["all", *(str(every[repeat]) for repeat in Repeat)]


def _served(service: str, rpcs: Sequence[Rpc], config: Config) -> str:
    data_type = DATA_TYPES[service]
    store = config.store_of(data_type) if data_type else None
    if data_type and store is None:
        return "no store"
    servicer = getattr(registration, f"{service.removesuffix('Service')}Servicer", None)
    missing = [rpc.name for rpc in rpcs if not hasattr(servicer, rpc.name)]
    extent = f"all but {', '.join(missing)}" if missing else "every RPC"
    return f"`{store.kind}`: {extent}" if store else extent


def _services() -> Iterator[tuple[str, Sequence[Rpc]]]:
    return ((name.rpartition(".")[2], rpcs) for name, rpcs in SERVICES.items())


def _defaults(spec: BackendSpec) -> Any:
    # Not validated: a kind may have settings without a default, as an address, on which no capability hangs.
    return spec.settings_type.model_construct()


def _kinds(specs: Sequence[BackendSpec]) -> list[str]:
    return [f"`{spec.kind}`" for spec in specs]


def _mark(holds: bool) -> str:
    return "yes" if holds else "no"


def _word(repeat: Repeat) -> str:
    return repeat.name.lower().replace("_", " ")


def table(head: Sequence[str], rows: Iterator[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description="Write docs/capabilities.md from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it differs")
    arguments = parser.parse_args()
    fresh = page()
    if not arguments.check:
        PAGE.write_text(fresh, encoding="utf-8", newline="\n")
        return 0
    found = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if found != fresh:
        print("docs/capabilities.md differs from the code: run make docs", file=sys.stderr)
    return 0 if found == fresh else 1


if __name__ == "__main__":
    sys.exit(main())
