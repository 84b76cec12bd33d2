"""The codec alone: a task of 1 kB from bytes to record and back."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Iterator

from benchmarks import data
from benchmarks.bench import Bench
from benchmarks.result import Result
from podium.v1 import task_pb2
from podium_core.models.documents import TASK
from podium_protocol.codec import task_from_proto, task_to_proto

MOST_MICROSECONDS = 10.0
_CALLS = 5_000


def measure(bench: Bench) -> Iterator[Result]:
    """Both directions, protobuf's own parsing and serializing included."""
    bench.say("codec")
    request = data.task("w", "t1").SerializeToString()
    record = task_from_proto(task_pb2.Task.FromString(request), "task")
    message = task_to_proto(record)
    document = TASK.encode(record)
    parse = _microseconds(lambda: task_pb2.Task.FromString(request))
    serialize = _microseconds(message.SerializeToString)
    into = _microseconds(lambda: task_from_proto(task_pb2.Task.FromString(request), "task"))
    out = _microseconds(lambda: task_to_proto(record).SerializeToString())
    decode = _microseconds(lambda: TASK.decode(document, ""))
    encode = _microseconds(lambda: TASK.encode(record))
    yield Result(
        name="Codec, bytes to Task",
        value=into,
        unit="µs",
        bound=MOST_MICROSECONDS,
        detail=f"{parse:.1f} of it protobuf's parsing; Task to the stored JSON {encode:.1f}",
    )
    yield Result(
        name="Codec, Task to bytes",
        value=out,
        unit="µs",
        bound=MOST_MICROSECONDS,
        detail=f"{serialize:.1f} of it protobuf's serializing; stored JSON to Task {decode:.1f}",
    )


def _microseconds(call: Callable[[], object]) -> float:
    # The best of several: what else the machine does can only add.
    return min(timeit.repeat(call, number=_CALLS, repeat=5)) / _CALLS * 1e6
