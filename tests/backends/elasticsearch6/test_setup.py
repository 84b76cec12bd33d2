"""Templates, indices and mappings: made once, completed where Java made them, nobody else's touched."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from podium_backends.elasticsearch6 import dialect
from podium_backends.elasticsearch6.mappings import MAX_KEYWORD, mapping, missing_properties
from podium_backends.elasticsearch6.setup import MappingConflict, Shards
from podium_core.errors import IncompatibleStoreError
from podium_core.index import EntryKind
from podium_core.query import TASK_FIELDS, WORKFLOW_FIELDS
from tests.backends.elasticsearch6.clusters import Cluster
from tests.backends.elasticsearch6.java_indices import java_setup

NOW_MS = 1_795_475_108_000
SLICE = "20261104"


async def properties(cluster: Cluster, index: str) -> dict[str, Any]:
    answer = await cluster.ask("GET", f"/{index}/_mapping")
    [types] = dialect.mappings_by_type(answer).values()
    [found] = types.values()
    members: dict[str, Any] = found["properties"]
    return members


async def settings(cluster: Cluster, index: str) -> dict[str, Any]:
    [found] = (await cluster.ask("GET", f"/{index}/_settings")).values()
    members: dict[str, Any] = found["settings"]["index"]
    return members


async def put(
    cluster: Cluster, kind: EntryKind, documents: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Put documents, which are their own ids, and give what became of each."""
    lines: list[bytes] = []
    for number, document in enumerate(documents):
        index = cluster.names.index(kind, NOW_MS)
        lines.append(dialect.put_line(index, kind, f"id-{number}", version=1))
        lines.append(msgspec.json.encode(document) + b"\n")
    return await cluster.bulk(lines)


class TestSetup:
    async def test_four_servers_at_once_and_again(self, cluster: Cluster) -> None:
        assert await asyncio.gather(*(cluster.set_up() for _ in range(4))) == [[]] * 4
        before = await cluster.ask("GET", f"/{cluster.names.prefix}_*")
        templates = await cluster.ask("GET", f"/_template/{cluster.names.template_prefix}*")
        assert await cluster.set_up() == []
        assert await cluster.ask("GET", f"/{cluster.names.prefix}_*") == before
        assert len(templates) == len(EntryKind)

    async def test_a_second_run_changes_nothing(self, cluster: Cluster) -> None:
        await cluster.set_up()
        state = await cluster.ask("GET", "/_cluster/state/version")
        await cluster.set_up()
        assert (await cluster.ask("GET", "/_cluster/state/version"))["version"] == state["version"]

    async def test_a_replica_that_nobody_can_hold_is_no_obstacle(self, cluster: Cluster) -> None:
        await cluster.set_up(Shards(3, 1))
        found = await settings(cluster, cluster.names.index(EntryKind.WORKFLOW, NOW_MS))
        assert (found["number_of_shards"], found["number_of_replicas"]) == ("3", "1")
        health = await cluster.ask("GET", f"/_cluster/health/{cluster.names.prefix}_*")
        assert health["status"] == "yellow"
        await cluster.set_up(Shards(3, 1))

    @pytest.mark.parametrize(
        ("kind", "fields"),
        [(EntryKind.WORKFLOW, WORKFLOW_FIELDS), (EntryKind.TASK, TASK_FIELDS)],
    )
    async def test_every_searched_field_is_mapped(
        self, cluster: Cluster, kind: EntryKind, fields: dict[str, Any]
    ) -> None:
        await cluster.set_up()
        found = await properties(cluster, cluster.names.index(kind, NOW_MS))
        for field in fields.values():
            there = found[field.key]
            if field.name != field.key:
                there = there["fields"]["keyword"]
            wanted = {"number": "long"}.get(field.type, field.type.value)
            assert there["type"] == wanted
            assert there.get("ignore_above") == (MAX_KEYWORD if wanted == "keyword" else None)


class TestSlices:
    async def test_a_slice_is_made_by_its_first_document(self, cluster: Cluster) -> None:
        await cluster.set_up()
        for kind in (EntryKind.TASK_LOG, EntryKind.EVENT, EntryKind.MESSAGE):
            [result] = await put(cluster, kind, [{"podium": {"token": 1}}])
            assert result["status"] == 201
            index = f"{cluster.names.prefix}_{kind}_{SLICE}"
            assert await properties(cluster, index) == mapping(kind)["properties"]
            assert (await settings(cluster, index))["number_of_shards"] == "1"

    async def test_outputs_of_events_do_not_conflict(self, cluster: Cluster) -> None:
        await cluster.set_up()
        outputs = [{"a": 1}, {"a": {"b": 1}}, {"a": "x"}, {"a": 10**30}, [1], "x", None]
        results = await put(cluster, EntryKind.EVENT, [{"output": each} for each in outputs])
        assert {result["status"] for result in results} == {201}

    async def test_an_index_that_was_deleted_comes_back_as_it_was(self, cluster: Cluster) -> None:
        await cluster.set_up(Shards(3, 0))
        index = cluster.names.index(EntryKind.WORKFLOW, NOW_MS)
        before = await properties(cluster, index)
        await cluster.ask("DELETE", f"/{index}")
        await put(cluster, EntryKind.WORKFLOW, [{"workflowId": "w", "unknown": 1}])
        assert await properties(cluster, index) == before
        assert (await settings(cluster, index))["number_of_shards"] == "3"


class TestValues:
    @pytest.mark.parametrize("by_java", [False, True], ids=["ours", "java"])
    async def test_a_value_that_a_field_cannot_hold_refuses_no_document(
        self, cluster: Cluster, by_java: bool
    ) -> None:
        for request in java_setup(cluster.names.prefix) if by_java else ():
            await cluster.perform(request)
        try:
            await cluster.set_up()
            documents: list[dict[str, Any]] = [
                {"correlationId": "x" * 33_000},
                {"correlationId": "\U0001f600" * MAX_KEYWORD},
                {"startTime": "no date", "endTime": 2**70, "updateTime": 1e300},
                {"version": "x", "priority": 1.5, "executionTime": str(2**70)},
                {"podium": {"token": 1, "digest": "x"}},
                {"podium": {"token": {"x": 1}}},
                {"failedTaskNames": ["a", "b"], "rawJSON": "x" * 40_000},
            ]
            results = await put(cluster, EntryKind.WORKFLOW, documents)
            assert [result["status"] for result in results] == [201] * len(documents), results
        finally:
            await cluster.ask(
                "DELETE", f"/_template/{cluster.names.prefix}_template_*", absent=True
            )

    @pytest.mark.parametrize(
        "document",
        [{"version": 2**63}, {"version": {}}, {"startTime": {}}, {"archived": "x"}, {"input": {}}],
        ids=str,
    )
    async def test_one_of_another_type_refuses_its_own_document(
        self, cluster: Cluster, document: dict[str, Any]
    ) -> None:
        await cluster.set_up()
        refused, taken = await put(cluster, EntryKind.WORKFLOW, [document, {}])
        assert (refused["status"], taken["status"]) == (400, 201)
        assert refused["error"]["type"] == "mapper_parsing_exception"

    async def test_members_of_any_type_that_no_search_knows(self, cluster: Cluster) -> None:
        await cluster.set_up()
        documents: list[dict[str, Any]] = [{"unknown": 1}, {"unknown": {"a": 1}}, {"unknown": "x"}]
        results = await put(cluster, EntryKind.TASK, documents)
        assert [result["status"] for result in results] == [201, 201, 201]
        assert "unknown" not in await properties(
            cluster, cluster.names.index(EntryKind.TASK, NOW_MS)
        )


class TestBesideOthers:
    async def test_indices_of_java_are_completed(self, cluster: Cluster) -> None:
        prefix = cluster.names.prefix
        try:
            for request in java_setup(prefix):
                await cluster.perform(request)
            indices = [f"{prefix}_workflow", f"{prefix}_task", f"{prefix}_event_{SLICE}"]
            before = [await properties(cluster, index) for index in indices]
            assert await cluster.set_up() == []
            for index, old in zip(indices, before, strict=True):
                new = await properties(cluster, index)
                assert {name: new[name]["type"] for name in old if "type" in old[name]} == {
                    name: found["type"] for name, found in old.items() if "type" in found
                }
                assert new["podium"] == {"type": "object", "enabled": False}
            assert (await properties(cluster, indices[0]))["archived"] == {"type": "boolean"}
            state = await cluster.ask("GET", "/_cluster/state/version")
            assert await cluster.set_up() == []
            again = await cluster.ask("GET", "/_cluster/state/version")
            assert again["version"] == state["version"]
            # What Java makes next week is ours too, although its own templates match.
            lines = [
                dialect.put_line(f"{prefix}_event_20261105", EntryKind.EVENT, "e", version=1),
                b'{"output":{"a":1}}\n',
            ]
            [result] = await cluster.bulk(lines)
            assert result["status"] == 201
            next_week = await properties(cluster, f"{prefix}_event_20261105")
            assert next_week["output"]["enabled"] is False
        finally:
            await cluster.ask("DELETE", f"/_template/{prefix}_template_*", absent=True)

    async def test_indices_of_others_stay_as_they_are(self, cluster: Cluster) -> None:
        prefix = cluster.names.prefix
        names = [f"my{prefix}_event", f"{prefix}_events", f"{prefix}_event_log", f"{prefix}_tasks"]
        try:
            await cluster.ask("PUT", f"/{names[0]}/thing/1", {"output": {"a": 1}})
            before = await cluster.ask("GET", f"/{names[0]}")
            await cluster.set_up()
            assert await cluster.ask("GET", f"/{names[0]}") == before
            for name in names[1:]:
                await cluster.ask("PUT", f"/{name}/thing/1", {"output": {"a": 1}})
                assert set(await properties(cluster, name)) == {"output"}
            await cluster.set_up()
            for name in names[1:]:
                assert set(await properties(cluster, name)) == {"output"}
        finally:
            await cluster.ask("DELETE", f"/{names[0]}")

    async def test_an_alias_is_completed_where_it_leads(self, cluster: Cluster) -> None:
        prefix = cluster.names.prefix
        body: dict[str, Any] = {"aliases": {f"{prefix}_workflow": {}}}
        await cluster.ask("PUT", f"/{prefix}_workflow-2", body)
        assert await cluster.set_up() == []
        assert "workflowId" in await properties(cluster, f"{prefix}_workflow-2")

    async def test_a_field_of_another_type_is_named_and_the_others_are_completed(
        self, cluster: Cluster
    ) -> None:
        index = f"{cluster.names.prefix}_workflow"
        body = {"mappings": {"workflow": {"properties": {"priority": {"type": "keyword"}}}}}
        await cluster.ask("PUT", f"/{index}", body)
        assert await cluster.set_up() == [MappingConflict(index, "priority")]
        assert (await properties(cluster, index))["version"]["type"] == "long"

    async def test_an_index_of_another_type_is_refused(self, cluster: Cluster) -> None:
        index = f"{cluster.names.prefix}_workflow"
        await cluster.ask("PUT", f"/{index}", {"mappings": {"_doc": {}}})
        with pytest.raises(IncompatibleStoreError, match=f"{index} holds documents of type _doc"):
            await cluster.set_up()


class TestWhatIsMissing:
    def test_of_our_own_mapping_nothing(self) -> None:
        for kind in EntryKind:
            assert missing_properties(kind, mapping(kind)) == ({}, [])

    def test_of_an_empty_one_everything(self) -> None:
        for kind in EntryKind:
            assert missing_properties(kind, {}) == (mapping(kind)["properties"], [])

    def test_parameters_of_others_stay(self) -> None:
        found = mapping(EntryKind.TASK)["properties"]
        path = "externalInputPayloadStoragePath"
        there = found | {
            "domain": {"type": "keyword", "boost": 2, "ignore_above": 10},
            "input": {"type": "text", "analyzer": "english"},
            path: {"type": "text", "fields": {"raw": {"type": "keyword"}}},
            "theirs": {"type": "long"},
        }
        keyword = {"type": "keyword", "ignore_above": MAX_KEYWORD}
        assert missing_properties(EntryKind.TASK, {"properties": there}).properties == {
            "domain": {"type": "keyword", "boost": 2, "ignore_above": MAX_KEYWORD},
            path: {"type": "text", "fields": {"raw": {"type": "keyword"}, "keyword": keyword}},
        }
