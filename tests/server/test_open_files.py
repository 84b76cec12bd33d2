"""At the limit of open files silent connections shut nobody out."""

from __future__ import annotations

import queue
import resource
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest

from podium.v1 import consume_pb2
from podium_protocol.rpcs import rpc
from podium_server.client_sockets import address_of, client_sockets, shut_down, shut_down_peer
from tests.patience import PATIENCE_SECONDS
from tests.server.podium_process import REAL, PodiumProcess, podium_serves, wait_until

HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
PING = bytes((0, 0, 8, 6, 0, 0, 0, 0, 0)) + b"are here"
PONG = bytes((0, 0, 8, 6, 1, 0, 0, 0, 0)) + b"are here"
# Above what the server has open for itself.
ROOM = 40
PUSH = rpc("QueueService", "Push")
CONSUME = rpc("QueueService", "Consume")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limit of another process")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PodiumProcess]:
    with podium_serves(tmp_path, module=REAL) as serving:
        limit = open_files(serving) + ROOM
        resource.prlimit(serving.process.pid, resource.RLIMIT_NOFILE, (limit, limit))
        yield serving


def open_files(server: PodiumProcess) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def push(channel: grpc.Channel, message_id: str) -> None:
    request = PUSH.request(queue_name="q", message_id=message_id)
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(PUSH.path)
    call(request.SerializeToString(), timeout=PATIENCE_SECONDS, wait_for_ready=True)


def silent_connections(server: PodiumProcess, count: int, stack: ExitStack) -> list[socket.socket]:
    """Connections that say hello and nothing else, as many as can be had."""
    host, port = server.address.split(":")
    opened = []
    for _ in range(count):
        connection = stack.enter_context(socket.create_connection((host, int(port))))
        connection.sendall(HELLO)
        opened.append(connection)
    return opened


def test_silent_connections_give_way_to_new_ones(server: PodiumProcess) -> None:
    with ExitStack() as stack:
        consumer = stack.enter_context(server.channel())
        stream: grpc.StreamStreamMultiCallable[bytes, bytes] = consumer.stream_stream(CONSUME.path)
        first = consume_pb2.ConsumeRequest(open={"queue_name": "q", "credit": 9})
        requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        requests.put(first.SerializeToString())
        messages = stream(iter(requests.get, b""))
        stack.callback(requests.put, b"")
        stack.callback(messages.cancel)
        busy = stack.enter_context(server.channel())
        push(busy, "m1")
        assert b"m1" in next(messages)
        silent_connections(server, 2 * ROOM, stack)
        for number in range(5):
            with server.channel() as newcomer:
                push(newcomer, f"m{number + 2}")
        # One that has a call stays, however quiet; one that was cut off comes back.
        push(busy, "m9")
        taken = b""
        while b"m9" not in taken:
            taken += next(messages)
    wait_until(lambda: "idle connections were cut off" in server.log)
    assert "Traceback" not in server.log


def test_below_it_they_stay(tmp_path: Path) -> None:
    with podium_serves(tmp_path, module=REAL) as server, ExitStack() as stack:
        opened = silent_connections(server, ROOM, stack)
        with server.channel() as channel:
            push(channel, "m1")
        for connection in opened:
            connection.settimeout(PATIENCE_SECONDS)
            connection.sendall(PING)
            received = b""
            while PONG not in received:
                part = connection.recv(1_000)
                assert part, "it was cut off"
                received += part


class TestClientSockets:
    @pytest.fixture(params=["127.0.0.1", "::1"])
    def pair(self, request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
        """A connection's two ends: the client's, the server's."""
        family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
        with (
            socket.create_server((request.param, 0), family=family) as listener,
            socket.create_connection(listener.getsockname()[:2]) as client,
            listener.accept()[0] as accepted,
        ):
            yield client, accepted

    def test_those_of_a_port(self, pair: tuple[socket.socket, socket.socket]) -> None:
        client, accepted = pair
        (found,) = client_sockets([accepted.getsockname()[1]])
        host, port = client.getsockname()[:2]
        assert found.descriptor == accepted.fileno()
        assert found.peer == address_of(
            f"ipv6:%5B{host}%5D:{port}" if ":" in host else f"ipv4:{host}:{port}"
        )
        assert client_sockets([]) == []

    def test_only_the_one_that_is_meant_is_ended(
        self, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        client, accepted = pair
        (found,) = client_sockets([accepted.getsockname()[1]])
        assert not shut_down(found.descriptor, "127.0.0.1:1")
        assert not shut_down_peer("127.0.0.1:1")
        client.sendall(b"x")
        assert accepted.recv(1) == b"x"
        assert shut_down_peer(found.peer)
        assert client.recv(1) == b""
