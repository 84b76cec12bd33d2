"""What is wrong with an Elasticsearch, or with our way to it; each finding says what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from elasticsearch import TransportError

from podium_backends.elasticsearch6 import dialect
from podium_backends.elasticsearch6.cluster import Cluster, described
from podium_backends.elasticsearch6.foreign_templates import template_fault
from podium_backends.elasticsearch6.mappings import missing_properties
from podium_backends.elasticsearch6.names import IndexNames
from podium_backends.elasticsearch6.settings import ElasticsearchSettings
from podium_backends.elasticsearch6.setup import only_type
from podium_backends.elasticsearch6.version import check_version
from podium_core.backend import Finding, Severity
from podium_core.clock import system_clock_ms
from podium_core.errors import BackendUnavailableError, IncompatibleStoreError
from podium_core.index import EntryKind

_FINE, _WARNING, _FAULT = Severity.OK, Severity.WARNING, Severity.FAULT
_DISK_BLOCK = "read_only_allow_delete"
_BLOCKS = (_DISK_BLOCK, "read_only", "write", "read", "metadata")
_SHOWN = 3


async def diagnose(store: str, settings: ElasticsearchSettings) -> AsyncIterator[Finding]:
    """Look at an Elasticsearch; nothing is written."""
    cluster = Cluster(settings, store)
    names = settings.names
    indices = names.all_indices
    try:
        yield Finding(_FINE, f"Elasticsearch {await check_version(cluster)}")
        health = await cluster.perform(dialect.cluster_health(f"{names.prefix}_*"))
        yield _colour(health, names)
        for finding in _cluster_blocks(await cluster.perform(dialect.CLUSTER_SETTINGS)):
            yield finding
        found = await cluster.perform(dialect.only_those_there(dialect.get_settings(indices)))
        for finding in _index_blocks(dialect.settings_by_index(found)):
            yield finding
        for finding in _closed(await cluster.perform(dialect.get_states(indices))):
            yield finding
        for finding in _templates(await cluster.perform(dialect.get_templates("*")), names):
            yield finding
        async for finding in _mappings(cluster, names):
            yield finding
    except IncompatibleStoreError as error:
        yield Finding(_FAULT, error.message)
    except BackendUnavailableError as error:
        yield Finding(_FAULT, f"{error.message}: check 'urls', the login, and that it runs")
    except TransportError as error:
        yield Finding(_FAULT, f"it refuses to be asked: {described(error)}; check the login")
    finally:
        await cluster.close()


def _colour(health: Mapping[str, Any], names: IndexNames) -> Finding:
    colours = {name: one["status"] for name, one in health["indices"].items() if names.has(name)}
    if red := [name for name, colour in colours.items() if colour == "red"]:
        what = "red: some of their entries can't be read or written; bring the nodes back that hold their shards"
        return Finding(_FAULT, f"{_listed(red)} {_are(red)} {what}")
    if yellow := [name for name, colour in colours.items() if colour == "yellow"]:
        what = "yellow: a replica is nowhere, and a node that dies takes entries along; add a node, or use fewer replicas"
        return Finding(_WARNING, f"{_listed(yellow)} {_are(yellow)} {what}")
    return Finding(_FINE, f"all shards are there, on {health['number_of_data_nodes']} nodes")


def _cluster_blocks(settings: Mapping[str, Any]) -> Iterator[Finding]:
    made = {**settings["persistent"], **settings["transient"]}
    for name in ("cluster.blocks.read_only", "cluster.blocks.read_only_allow_delete"):
        if made.get(name) == "true":
            yield Finding(
                _FAULT,
                f'the cluster takes no writes ({name}): PUT /_cluster/settings with "{name}": null',
            )


def _index_blocks(settings: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    for block in _BLOCKS:
        blocked = [
            index
            for index, found in settings.items()
            if found.get("blocks", {}).get(block) == "true"
        ]
        if not blocked:
            continue
        lift = f'PUT /{blocked[0]}/_settings with "index.blocks.{block}": null'
        if block == _DISK_BLOCK:
            why = "since a disk was full: free space on it, then"
        else:
            why = "or doesn't answer, because somebody has said so:"
        yield Finding(
            _FAULT, f"{_listed(blocked)} takes no writes (index.blocks.{block}) {why} {lift}"
        )


def _closed(states: Mapping[str, Any]) -> Iterator[Finding]:
    if closed := dialect.closed_indices(states):
        what = f"closed, and what they hold can't be found: POST /{closed[0]}/_open"
        yield Finding(_FAULT, f"{_listed(closed)} {_are(closed)} {what}")


def _templates(templates: Mapping[str, Any], names: IndexNames) -> Iterator[Finding]:
    now_ms = system_clock_ms()
    for name, template in templates.items():
        if name.startswith(names.template_prefix):
            continue
        for kind in EntryKind:
            if fault := template_fault(template, kind, names.index(kind, now_ms)):
                yield Finding(_FAULT, f"template {name} {fault}")
                break


async def _mappings(cluster: Cluster, names: IndexNames) -> AsyncIterator[Finding]:
    conflicts: dict[str, list[str]] = {}
    for kind in EntryKind:
        request = dialect.only_those_there(dialect.get_mappings(names.indices(kind)))
        answer = await cluster.perform(request)
        for index, types in dialect.mappings_by_type(answer).items():
            if found := missing_properties(kind, only_type(index, kind, types)).conflicts:
                conflicts[index] = found
    for index, fields in conflicts.items():
        what = "of a type that searches can't use: make this index again, with Podium's template, and index everything again"
        yield Finding(
            _WARNING, f"in {index}, {_listed(fields)} {_are(fields)} {what} (podium index rebuild)"
        )
    if not conflicts:
        yield Finding(_FINE, "every field that is there can be searched")


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
