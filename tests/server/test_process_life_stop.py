"""Signals: the first lets the calls in flight end, the second doesn't wait; and health while stores come and go."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.patience import PATIENCE_SECONDS
from tests.server.fake_world import SERVICE
from tests.server.podium_process import (
    PodiumProcess,
    podium_serves,
    start_podium,
    wait_until,
)

# A drain that outlasts any test: a server that stops did so for another reason than that its time was up.
PATIENT = {"PODIUM_SERVER__DRAIN_SECONDS": "3000"}
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def _status(channel: grpc.Channel, entry: str) -> int:
    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=entry))
    return int(answer.status)


def _ask_to_stop(podium: PodiumProcess) -> None:
    podium.process.send_signal(signal.SIGTERM)
    podium.wait_for_event("drained")


class TestDrain:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_call_in_flight_gets_its_answer(self, tmp_path: Path, number: signal.Signals) -> None:
        with podium_serves(tmp_path) as podium, podium.channel() as channel:
            call = podium.sleep(channel).future(b"0.5")
            podium.wait_for_event("called")
            assert podium.stop(number) == 0
            assert call.result() == b"done"
            assert podium.events == ["called", "drained", "closed"]

    def test_no_new_call_is_taken(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path) as podium, podium.channel() as channel:
            call = podium.sleep(channel).future(b"1")
            podium.wait_for_event("called")
            _ask_to_stop(podium)
            with podium.channel() as other, pytest.raises(grpc.RpcError) as refused:
                podium.sleep(other)(b"0", timeout=PATIENCE_SECONDS)
            assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
            assert call.result() == b"done"

    def test_a_call_that_outlives_the_drain_is_cut_off(self, tmp_path: Path) -> None:
        limit = {"PODIUM_SERVER__DRAIN_SECONDS": "0.3"}
        with podium_serves(tmp_path, environment=limit) as podium, podium.channel() as channel:
            call = podium.sleep(channel).future(b"3600")
            podium.wait_for_event("called")
            started = time.monotonic()
            assert podium.stop() == 0
            assert time.monotonic() - started >= 0.3
            assert call.exception() is not None
            assert podium.events == ["called", "drained", "closed"]
            assert "calls in flight were cut off" in podium.log

    def test_watchers_and_idle_streams_dont_hold_it_up(self, tmp_path: Path) -> None:
        stopped = threading.Event()

        def one_question_and_silence() -> Iterator[object]:
            yield reflection_pb2.ServerReflectionRequest(list_services="")
            stopped.wait()

        with (
            podium_serves(tmp_path, environment=PATIENT) as podium,
            podium.channel() as channel,
        ):
            watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            assert next(watch).status == SERVING
            stub = reflection_pb2_grpc.ServerReflectionStub(channel)
            next(stub.ServerReflectionInfo(one_question_and_silence()))
            try:
                assert podium.stop() == 0
            finally:
                stopped.set()
            assert [answer.status for answer in watch] == [NOT_SERVING]

    def test_a_silent_connection_doesnt_hold_it_up(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path, environment=PATIENT) as podium:
            host, _, port = podium.address.partition(":")
            with socket.create_connection((host, int(port))) as silent:
                silent.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5))
                assert silent.recv(9)
                assert podium.stop() == 0
            assert "cut off" not in podium.log

    def test_watchers_are_bounded(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path) as podium, podium.channel() as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            watches = [stub.Watch(health_pb2.HealthCheckRequest()) for _ in range(128)]
            assert all(next(watch).status == SERVING for watch in watches)
            with pytest.raises(grpc.RpcError) as refused:
                next(stub.Watch(health_pb2.HealthCheckRequest()))
            assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            with podium.channel() as other:
                assert _status(other, "") == SERVING

    def test_the_second_signal_ends_it_at_once(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path, environment=PATIENT) as podium, podium.channel() as channel:
            call = podium.sleep(channel).future(b"3600")
            podium.wait_for_event("called")
            _ask_to_stop(podium)
            assert podium.stop(signal.SIGINT) == 128 + signal.SIGINT
            assert podium.events == ["called", "drained"]
            assert call.exception() is not None

    def test_a_signal_while_a_store_opens_stops_it(self, tmp_path: Path) -> None:
        environment = {"FAKE_OPEN_HANGS": ""}
        events = tmp_path / "events"
        process = start_podium(tmp_path, environment=environment)
        try:
            wait_until(events.exists)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()
            process.communicate()

    @pytest.mark.nightly
    def test_a_store_that_hangs_doesnt_keep_it(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path, environment={"FAKE_CLOSE_HANGS": ""}) as podium:
            assert podium.stop() == 1
            assert "stores did not close" in podium.log

    def test_its_log_is_json_where_nobody_watches(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path) as podium:
            assert podium.stop() == 0
            lines = [json.loads(line) for line in podium.log.splitlines()]
        assert [line["event"] for line in lines] == ["stopping", "stopped"]
        assert lines[0]["signal"] == "SIGTERM"
        assert {"timestamp", "level", "logger"} <= lines[0].keys()

    def test_its_log_is_for_people_where_they_want_it(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path, environment={"PODIUM_LOGGING__FORMAT": "console"}) as podium:
            assert podium.stop() == 0
            assert "[info" in podium.log
            assert "stopping" in podium.log


class TestHealth:
    def test_a_store_that_fails_takes_its_services_with_it_and_comes_back(
        self, tmp_path: Path
    ) -> None:
        down = tmp_path / "down"
        with (
            podium_serves(tmp_path, environment={"FAKE_STORE_DOWN": str(down)}) as podium,
            podium.channel() as channel,
        ):
            watch = health_pb2_grpc.HealthStub(channel).Watch(
                health_pb2.HealthCheckRequest(service="store/main")
            )
            assert next(watch).status == SERVING
            down.touch()
            wait_until(lambda: _status(channel, "store/main") == NOT_SERVING)
            assert _status(channel, SERVICE) == NOT_SERVING
            assert _status(channel, "") == SERVING
            assert next(watch).status == NOT_SERVING
            down.unlink()
            wait_until(lambda: _status(channel, "store/main") == SERVING)
            assert _status(channel, SERVICE) == SERVING
            assert next(watch).status == SERVING
            wait_until(lambda: podium.log.count("\n") == 2)
            events = [json.loads(line)["event"] for line in podium.log.splitlines()]
            assert events == ["store failed", "store is back"]

    def test_an_entry_that_doesnt_exist(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path) as podium, podium.channel() as channel:
            with pytest.raises(grpc.RpcError) as refused:
                _status(channel, "podium.v1.Nothing")
            assert refused.value.code() == grpc.StatusCode.NOT_FOUND
            stub = health_pb2_grpc.HealthStub(channel)
            watch = stub.Watch(health_pb2.HealthCheckRequest(service="podium.v1.Nothing"))
            assert next(watch).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
