"""A server whose index is on Elasticsearch: writes that wait until they are found, and searches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from statistics import median, quantiles
from typing import Any

import grpc
import msgspec

from benchmarks.bench import IN_FLIGHT, Bench
from benchmarks.jobs import Chain
from benchmarks.points.elasticsearch.world import ElasticsearchWorld, Index, on_elasticsearch
from benchmarks.points.index_search import Documents
from benchmarks.processes import Server
from benchmarks.result import Result
from podium.v1 import index_messages_pb2, search_pb2
from podium_backends.elasticsearch6.compile import compile_query, compile_sort
from podium_core.index import EntryKind
from podium_core.index.entries import IndexWrite
from podium_core.index.kinds import SEARCHED
from podium_core.query import MatchAll, parse_query, parse_sort
from podium_protocol.rpcs import rpc

MOST_WAITING_MS = 60.0
MOST_IDS_MS, MOST_SUMMARIES_MS = 1.5, 2.5
_PREFIX = "served"
_KIND = EntryKind.WORKFLOW
_INDEX_TASK = rpc("IndexService", "IndexTask").path
_SORT = ["startTime:DESC"]
_QUERIES = (
    "status = 'RUNNING'",
    "workflowType = 'flow_7' AND status = 'COMPLETED'",
    "workflowType IN ('flow_1', 'flow_2') AND startTime > 1700001000000",
    "correlationId = 'order-77'",
)


def measure(bench: Bench, world: ElasticsearchWorld) -> Iterator[Result]:
    """Writes that wait for the index from 32 callers; searches over 10,000 documents, over gRPC and straight."""
    with bench.server(settings=on_elasticsearch(world.url, _PREFIX)) as server:
        yield _waiting(bench, server)
        yield from _searches(bench, server, world)


# writes


def _index_task(number: int) -> bytes:
    summary = search_pb2.TaskSummary(
        task_id=f"t{number}", workflow_id="w", task_def_name="reserve", output="{}"
    )
    return index_messages_pb2.IndexTaskRequest(
        task=summary, wait=index_messages_pb2.WAIT_INDEXED
    ).SerializeToString()


def _waiting(bench: Bench, server: Server) -> Result:
    calls = bench.scaled(640, 160)
    bench.say(f"{calls} writes that wait until searches find them, {IN_FLIGHT} at a time")
    rounds: list[float] = []
    slowest = 0.0
    for number in range(bench.rounds + 1):
        start = number * calls
        chains: list[Chain] = [((_INDEX_TASK, _index_task(start + at)),) for at in range(calls)]
        driven = bench.drive(server, chains).driven
        if number:
            rounds.append(driven.p50_ms)
            slowest = max(slowest, driven.p99_ms)
    low, _, high = quantiles(rounds, n=4, method="inclusive")
    return Result(
        name=f"IndexTask that waits for searches, {IN_FLIGHT} callers, p50",
        value=median(rounds),
        unit="ms",
        bound=MOST_WAITING_MS,
        quartiles=(low, high),
        detail=f"p99 {slowest:.0f} ms in the slowest round",
    )


# searches


def _searches(bench: Bench, server: Server, world: ElasticsearchWorld) -> Iterator[Result]:
    documents = Documents()
    _fill(world, [documents.workflow(number) for number in range(10_000)])
    straight = HTTPConnection("127.0.0.1", world.port)
    with grpc.insecure_channel(server.address) as channel:
        for name, count, most, summaries in (
            ("20 hits", 20, MOST_IDS_MS, False),
            ("100 summaries", 100, MOST_SUMMARIES_MS, True),
        ):
            bench.say(f"searches over 10,000 documents: {name}")
            ours = _served(channel, count, summaries=summaries)
            raw = _straight(straight, count, summaries=summaries)
            yield _compared(bench, f"Search over 10,000 documents, {name}", most, ours, raw)
    straight.close()


def _fill(world: ElasticsearchWorld, writes: list[IndexWrite]) -> None:
    async def fill() -> None:
        index = Index(world.url, _PREFIX)
        for start in range(0, len(writes), 1_000):
            await index.table.send(writes[start : start + 1_000])
        await index.table.refresh()
        await index.cluster.close()

    asyncio.run(fill())


def _served(channel: grpc.Channel, count: int, *, summaries: bool) -> Callable[[str], object]:
    name = "SearchWorkflowSummary" if summaries else "SearchWorkflows"
    request_type = getattr(index_messages_pb2, f"{name}Request")
    answer_type = getattr(index_messages_pb2, f"{name}Response")
    call = channel.unary_unary(
        rpc("IndexService", name).path,
        request_serializer=request_type.SerializeToString,
        response_deserializer=answer_type.FromString,
    )
    return lambda query: call(request_type(query=query, count=count, sort=_SORT))


def _straight(
    connection: HTTPConnection, count: int, *, summaries: bool
) -> Callable[[str], object]:
    def search(query: str) -> object:
        body = msgspec.json.encode(_body(query, count, summaries=summaries))
        path = f"/{_PREFIX}_workflow/workflow/_search"
        connection.request("POST", path, body, {"content-type": "application/json"})
        return connection.getresponse().read()

    return search


def _body(query: str, count: int, *, summaries: bool) -> dict[str, Any]:
    kind = SEARCHED[_KIND]
    return {
        "query": compile_query(parse_query(query, kind.fields), MatchAll(), kind.fields),
        "sort": compile_sort(
            parse_sort(_SORT, kind.fields),
            scored=False,
            newest=kind.fields[kind.newest],
            id_field=kind.fields[kind.id_field],
        ),
        "size": count,
        "_source": summaries,
    }


def _compared(
    bench: Bench,
    name: str,
    most_ms: float,
    ours: Callable[[str], object],
    raw: Callable[[str], object],
) -> Result:
    times: dict[Callable[[str], object], list[float]] = {ours: [], raw: []}
    for number in range(bench.scaled(400, 100)):
        for query in _QUERIES:
            for search in (ours, raw) if number % 2 else (raw, ours):
                began = time.perf_counter()
                search(query)
                times[search].append((time.perf_counter() - began) * 1_000)
    warm = len(_QUERIES) * 20
    above = [one - other for one, other in zip(times[ours][warm:], times[raw][warm:], strict=True)]
    low, _, high = quantiles(above, n=4, method="inclusive")
    return Result(
        name=name,
        value=median(above),
        unit="ms more than straight, p50",
        bound=most_ms,
        quartiles=(low, high),
        detail=f"p50 {median(times[ours][warm:]):.2f} ms over gRPC, {median(times[raw][warm:]):.2f} ms straight",
    )
