"""What the doctor says of an Elasticsearch that is set up in some wrong way, and that it says nothing of the others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from podium_backends.elasticsearch6.foreign_templates import template_fault
from podium_backends.elasticsearch6.settings import ElasticsearchSettings
from podium_backends.elasticsearch6.spec import SPEC
from podium_core.backend import Severity
from podium_core.clock import system_clock_ms
from podium_core.index import EntryKind
from podium_server.cli.run import run
from tests.backends.elasticsearch6.clusters import Cluster
from tests.backends.elasticsearch6.java_indices import java_setup
from tests.services.ports import LOOPBACK, free_ports

OK, WARNING, FAULT = Severity.OK, Severity.WARNING, Severity.FAULT
ELASTICSEARCH_7 = (
    b'{"version":{"number":"7.10.2","build_flavor":"default"},"tagline":"You Know, for Search"}'
)
Findings = list[tuple[Severity, str]]


async def found(url: str, cluster: Cluster | None = None) -> Findings:
    prefix = cluster.names.prefix if cluster else "none"
    settings = ElasticsearchSettings(urls=[url], index_prefix=prefix)
    assert SPEC.diagnose is not None
    return [(one.severity, one.text) async for one in SPEC.diagnose("search", settings)]


def says(findings: Findings, severity: Severity, *parts: str) -> bool:
    return any(severity is one and all(map(text.count, parts)) for one, text in findings)


def bad(findings: Findings) -> Findings:
    return [finding for finding in findings if finding[0] is not OK]


@pytest.fixture
async def ready(cluster: Cluster) -> Cluster:
    """With our indices."""
    await cluster.set_up()
    return cluster


async def put_template(cluster: Cluster, name: str, pattern: str, **body: Any) -> None:
    """One of someone else's, below our prefix so that no other test meets it."""
    path = f"/_template/{cluster.names.prefix}_template_{name}"
    await cluster.ask("PUT", path, {"index_patterns": [pattern], **body})


async def test_nothing_there_yet(elasticsearch_url: str) -> None:
    findings = await found(elasticsearch_url)
    assert not bad(findings)
    assert says(findings, OK, "Elasticsearch 6.8.")


async def test_one_that_is_well(elasticsearch_url: str, ready: Cluster) -> None:
    assert not bad(await found(elasticsearch_url, ready))


async def test_one_that_java_has_set_up(elasticsearch_url: str, cluster: Cluster) -> None:
    for request in java_setup(cluster.names.prefix):
        await cluster.perform(request)
    findings = await found(elasticsearch_url, cluster)
    # Its indices have a replica each, which one node can't hold.
    assert {severity for severity, _ in bad(findings)} <= {WARNING}
    assert not says(findings, FAULT, "")
    assert says(findings, OK, "every field that is there can be searched")


async def test_it_is_not_there() -> None:
    (port,) = free_ports(1)
    findings = await found(f"http://{LOOPBACK}:{port}")
    assert says(findings, FAULT, "not reached", "check 'urls'")


async def test_it_is_something_else() -> None:
    """A server that answers, and a version that isn't served."""
    for answer, part in ((b"{}", "no Elasticsearch"), (ELASTICSEARCH_7, "needs 6.8")):

        async def serve(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes = answer
        ) -> None:
            await reader.readuntil(b"\r\n\r\n")
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
            writer.write(b"%bcontent-length: %d\r\n\r\n%b" % (head, len(answer), answer))
            writer.close()

        async with await asyncio.start_server(serve, LOOPBACK, 0) as server:
            port = server.sockets[0].getsockname()[1]
            findings = await found(f"http://{LOOPBACK}:{port}")
        assert [severity for severity, _ in findings] == [FAULT]
        assert says(findings, FAULT, part)


async def test_the_block_of_a_full_disk(elasticsearch_url: str, ready: Cluster) -> None:
    index = ready.names.index(EntryKind.TASK, 0)
    block = "index.blocks.read_only_allow_delete"
    await ready.ask("PUT", f"/{index}/_settings", {block: True})
    findings = await found(elasticsearch_url, ready)
    assert says(findings, FAULT, f"{index} takes no writes", "disk was full", f'"{block}": null')


async def test_an_index_that_somebody_has_made_read_only(
    elasticsearch_url: str, ready: Cluster
) -> None:
    index = ready.names.index(EntryKind.TASK, 0)
    await ready.ask("PUT", f"/{index}/_settings", {"index.blocks.write": True})
    findings = await found(elasticsearch_url, ready)
    assert says(findings, FAULT, f"{index} takes no writes", "index.blocks.write")


async def test_a_closed_index(elasticsearch_url: str, ready: Cluster) -> None:
    index = ready.names.index(EntryKind.WORKFLOW, 0)
    await ready.ask("POST", f"/{index}/_close")
    assert says(await found(elasticsearch_url, ready), FAULT, index, f"POST /{index}/_open")


async def test_yellow(elasticsearch_url: str, ready: Cluster) -> None:
    index = ready.names.index(EntryKind.TASK, 0)
    await ready.ask("PUT", f"/{index}/_settings", {"index.number_of_replicas": 1})
    assert says(await found(elasticsearch_url, ready), WARNING, f"{index} is yellow", "add a node")


async def test_red(elasticsearch_url: str, ready: Cluster) -> None:
    index = f"{ready.names.prefix}_message_20990101"
    nowhere = {"index.routing.allocation.require._name": "nobody"}
    path = f"/{index}?wait_for_active_shards=0"
    await ready.ask("PUT", path, {"settings": {"index.number_of_replicas": 0, **nowhere}})
    assert says(await found(elasticsearch_url, ready), FAULT, f"{index} is red")


async def test_a_mapping_by_which_nobody_can_search(
    elasticsearch_url: str, cluster: Cluster
) -> None:
    index = cluster.names.index(EntryKind.WORKFLOW, 0)
    mappings = {"workflow": {"properties": {"status": {"type": "long"}}}}
    await cluster.ask(
        "PUT", f"/{index}", {"mappings": mappings}, params={"include_type_name": "true"}
    )
    findings = await found(elasticsearch_url, cluster)
    assert says(findings, WARNING, f"in {index}, status is of a type", "rebuild")


async def test_documents_of_another_type(elasticsearch_url: str, cluster: Cluster) -> None:
    index = cluster.names.index(EntryKind.WORKFLOW, 0)
    await cluster.ask("PUT", f"/{index}/other/1", {"a": 1})
    assert says(await found(elasticsearch_url, cluster), FAULT, index, "type other, not workflow")


class TestForeignTemplates:
    async def test_one_that_overrules_ours(self, elasticsearch_url: str, ready: Cluster) -> None:
        await put_template(ready, "mine", f"{ready.names.prefix}_ev*", order=10)
        findings = await found(elasticsearch_url, ready)
        assert says(findings, FAULT, "_mine matches", "_event_2", "order 10", "order below 10")

    async def test_one_with_another_type(self, elasticsearch_url: str, ready: Cluster) -> None:
        mappings = {"doc": {"properties": {"a": {"type": "keyword"}}}}
        await put_template(ready, "mine", f"{ready.names.prefix}*", mappings=mappings)
        assert says(await found(elasticsearch_url, ready), FAULT, "type doc", "none of workflow")

    async def test_those_that_do_not_matter(self, elasticsearch_url: str, ready: Cluster) -> None:
        await put_template(ready, "below", f"{ready.names.prefix}*", order=9)
        await put_template(ready, "beside", f"x{ready.names.prefix}*", order=100)
        assert not bad(await found(elasticsearch_url, ready))

    def test_only_a_star_is_a_pattern(self) -> None:
        template = {"index_patterns": ["a_[e]vent"], "mappings": {}, "order": 20}
        assert template_fault(template, EntryKind.EVENT, "a_[e]vent")
        assert not template_fault(template, EntryKind.EVENT, "a_event")


async def test_as_a_command(
    elasticsearch_url: str,
    ready: Cluster,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The exit code, and no text of the driver."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "podium.toml").write_text(
        f'[stores.search]\nkind = "elasticsearch6"\nurls = ["{elasticsearch_url}"]\n'
        f'index_prefix = "{ready.names.prefix}"\n[stores.main]\nkind = "sqlite"\n'
        '[routing]\ndefault = "main"\nindex = "search"\npayloads = "none"\n'
    )
    assert await asyncio.to_thread(run, ["doctor"]) == 0
    assert "search · elasticsearch6 " in capsys.readouterr().out
    index = ready.names.index(EntryKind.WORKFLOW, system_clock_ms())
    await ready.ask("POST", f"/{index}/_close")
    assert await asyncio.to_thread(run, ["doctor"]) == 1
    assert f"fault    {index}" in capsys.readouterr().out
