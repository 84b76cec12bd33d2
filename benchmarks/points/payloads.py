"""A payload of 50 MB through the server, against a plain copy through an empty stream; and what the server holds."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import transfers
from benchmarks.bench import Bench, Load, Measured, Pairs
from benchmarks.copy_server import CHUNK_BYTES, SERVICE
from benchmarks.generator import Job
from benchmarks.jobs import Driven
from benchmarks.memory import peak
from benchmarks.processes import Server, copy_server
from benchmarks.result import Result
from podium.v1 import external_payload_service_pb2 as pb
from podium_protocol.rpcs import rpc

LEAST_SHARE = 50.0
MOST_GROWTH_MB = 32
_CHUNKS = 200
_MEGABYTES = _CHUNKS * CHUNK_BYTES / 1e6
_PATH = "task/output/large.json"
_UPLOAD = rpc("ExternalPayloadService", "Upload").path
_DOWNLOAD = rpc("ExternalPayloadService", "Download").path


def measure(bench: Bench) -> Iterator[Result]:
    """Upload, Download, and memory over both."""
    bench.say(f"payloads of {_MEGABYTES:.0f} MB")
    with bench.server() as server, copy_server(bench.new_folder() / "copy") as copy:
        # What any call and any stream needs once isn't what a large payload needs.
        bench.generator.run(transfers.upload, server.address, _UPLOAD, _header(), _chunk(), 4)
        bench.generator.run(transfers.download, server.address, _DOWNLOAD, _request())
        before = server.resident_bytes()
        with peak(server) as highest:
            pairs = bench.alternate(
                _load(bench, server, transfers.upload, _UPLOAD, _header(), _chunk(), _CHUNKS),
                _load(bench, copy, transfers.upload, f"/{SERVICE}/Upload", b"", _chunk(), _CHUNKS),
            )
            yield _result("Upload", pairs, "fsynced, the copy not")
            pairs = bench.alternate(
                _load(bench, server, transfers.download, _DOWNLOAD, _request()),
                _load(bench, copy, transfers.download, f"/{SERVICE}/Download", b""),
            )
            yield _result("Download", pairs, "from the page cache, both")
    yield Result(
        name=f"Uploads and Downloads of {_MEGABYTES:.0f} MB",
        value=(highest[0] - before) / 1e6,
        unit="MB more resident",
        bound=MOST_GROWTH_MB,
        detail=f"at most {highest[0] / 1e6:.0f} MB resident, over all rounds, one at a time",
    )


def _load(
    bench: Bench, server: Server, job: Job[..., Driven], path: str, *arguments: object
) -> Load:
    return lambda number: _check(bench.load(server, job, path, *arguments))


def _check(measured: Measured) -> Measured:
    if measured.driven.answer_bytes < _CHUNKS * CHUNK_BYTES:
        raise RuntimeError(f"only {measured.driven.answer_bytes:,.0f} bytes went through")
    return measured


def _header() -> bytes:
    return pb.UploadRequest(header={"path": _PATH}).SerializeToString()


def _chunk() -> bytes:
    return pb.UploadRequest(chunk=b"x" * CHUNK_BYTES).SerializeToString()


def _request() -> bytes:
    return pb.DownloadRequest(path=_PATH).SerializeToString()


def _result(name: str, pairs: Pairs, how: str) -> Result:
    rate = pairs.middle(lambda pair: pair.subject.driven.rate) * _MEGABYTES
    other = pairs.middle(lambda pair: pair.other.driven.rate) * _MEGABYTES
    own = pairs.middle(lambda pair: pair.subject.processor_us) / 1000
    base = pairs.middle(lambda pair: pair.other.processor_us) / 1000
    return Result(
        name=f"{name} of {_MEGABYTES:.0f} MB",
        value=pairs.middle(lambda pair: pair.ratio) * 100,
        unit="% of a plain copy through a stream",
        bound=LEAST_SHARE,
        at_least=True,
        quartiles=pairs.quartiles(lambda pair: pair.ratio * 100),
        disturbed=pairs.disturbed,
        detail=f"{rate:,.0f} MB/s against {other:,.0f} MB/s ({how}); server CPU {own:.0f} ms against {base:.0f} ms",
    )
