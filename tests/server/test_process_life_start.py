"""From the command to "listening": what is printed, how small it is, and what keeps it from starting."""

from __future__ import annotations

import json
import resource
import socket
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from podium_server.version import podium_version
from tests.server.fake_world import SERVICE
from tests.server.podium_process import REAL, podium_serves, run_podium, wait_until


def _resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


class TestStart:
    def test_says_what_lives_where_and_is_healthy_when_it_says_so(self, tmp_path: Path) -> None:
        with (
            podium_serves(tmp_path, "--listen", "unix:podium.sock") as podium,
            podium.channel() as channel,
        ):
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            indent = " " * len(f"podium {podium_version()}")
            assert podium.banner == (
                f"podium {podium_version()} · executions, metadata, index, queues, event_handlers, poll_data, "
                "concurrency_limits, rate_limits → sqlite podium-data/podium.db (not durable: the test says so)\n"
                f"{indent} · payloads → local_files podium-data/payloads (not durable: the test says so)\n"
                f"listening on {podium.address}, unix:podium.sock (plain text, loopback only) · reflection on · "
                "Ctrl-C stops after the calls in flight\n"
            )

    def test_is_small(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path) as podium:
            assert _resident_megabytes(podium.process.pid) < 100

    def test_writes_no_line_for_a_start_or_a_good_call(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path) as podium, podium.channel() as channel:
            assert podium.sleep(channel)(b"0") == b"done"
            assert podium.log == ""

    def test_names_a_variable_that_no_setting_reads(self, tmp_path: Path) -> None:
        environment = {"PODIUM_LISTEN": "127.0.0.1:1", "PODIUM_PORT": "tcp://10.0.0.1:50051"}
        with podium_serves(tmp_path, environment=environment) as podium:
            assert podium.stop() == 0
            line, *_ = [json.loads(line) for line in podium.log.splitlines()]
        assert (line["level"], line["event"]) == ("warning", "no setting reads this variable")
        assert line["variable"] == "PODIUM_LISTEN"
        assert line["did_you_mean"] == "PODIUM_SERVER__LISTEN"

    def test_answers_reflection(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path) as podium, podium.channel() as channel:
            stub = reflection_pb2_grpc.ServerReflectionStub(channel)
            question = reflection_pb2.ServerReflectionRequest(list_services="")
            answer = next(stub.ServerReflectionInfo(iter([question])))
            names = [service.name for service in answer.list_services_response.service]
            assert names == [
                "grpc.health.v1.Health",
                "grpc.reflection.v1alpha.ServerReflection",
                SERVICE,
            ]


class TestLimits:
    def test_a_message_above_the_limit_is_refused(self, tmp_path: Path) -> None:
        limit = {"PODIUM_SERVER__MAX_MESSAGE_BYTES": "65536"}
        with podium_serves(tmp_path, environment=limit) as podium, podium.channel() as channel:
            sleep = podium.sleep(channel)
            assert sleep(b"0".ljust(65_536)) == b"done"
            with pytest.raises(grpc.RpcError) as refused:
                sleep(b"0".ljust(65_537))
            assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED

    def test_metadata_above_the_limit_is_refused(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path) as podium, podium.channel() as channel:
            sleep = podium.sleep(channel)
            assert sleep(b"0", metadata=(("a", "x" * 15_000),)) == b"done"
            with pytest.raises(grpc.RpcError) as refused:
                sleep(b"0", metadata=(("a", "x" * 17_000),))
            assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


class TestMistakes:
    def _line(
        self, folder: Path, *arguments: str, environment: dict[str, str] | None = None
    ) -> str:
        done = run_podium(folder, "serve", *arguments, environment=environment)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1
        return done.stderr

    def test_a_port_in_use(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path) as podium:
            assert self._line(tmp_path, "--listen", podium.address) == (
                f"podium: {podium.address} is in use by another process: stop it, "
                "or choose another address with --listen\n"
            )

    def test_a_port_in_use_for_all_addresses(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            line = self._line(tmp_path, "--listen", f"0.0.0.0:{port}", "--insecure")
            assert line.startswith(f"podium: 0.0.0.0:{port} is in use by another process")

    def test_a_socket_in_use(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path, "--listen", "unix:podium.sock") as podium, podium.channel():
            line = self._line(tmp_path, "--listen", "unix:podium.sock")
            assert line.startswith("podium: unix:podium.sock is in use by another process")
            assert (tmp_path / "podium.sock").is_socket()

    def test_a_socket_left_behind_is_no_obstacle(self, tmp_path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(tmp_path / "podium.sock"))
        with podium_serves(tmp_path, "--listen", "unix:podium.sock") as podium:
            assert podium.stop() == 0

    def test_a_file_where_the_socket_shall_be(self, tmp_path: Path) -> None:
        (tmp_path / "podium.sock").write_text("mine")
        assert self._line(tmp_path, "--listen", "unix:podium.sock") == (
            "podium: unix:podium.sock: a file that isn't a socket is there: choose another path\n"
        )

    def test_a_folder_that_isnt_there(self, tmp_path: Path) -> None:
        assert self._line(tmp_path, "--listen", "unix:gone/podium.sock") == (
            "podium: unix:gone/podium.sock: the folder gone isn't there, or can't be written\n"
        )

    def test_an_address_of_another_machine(self, tmp_path: Path) -> None:
        assert self._line(tmp_path, "--listen", "192.0.2.1:1", "--insecure") == (
            "podium: 192.0.2.1:1 can't be bound: Cannot assign requested address\n"
        )

    def test_a_store_that_cant_be_opened(self, tmp_path: Path) -> None:
        assert self._line(
            tmp_path, "--listen", "127.0.0.1:0", environment={"FAKE_OPEN_FAILS": ""}
        ) == ("podium: store 'main' (redis at 127.0.0.1:1) refused the connection\n")

    def test_a_defect_of_ours(self, tmp_path: Path) -> None:
        line = self._line(tmp_path, "--listen", "127.0.0.1:0", environment={"FAKE_OPEN_BREAKS": ""})
        assert line == (
            "podium: internal error, please report it: RuntimeError: what nobody thought of "
            "(PODIUM_LOGGING__LEVEL=debug podium serve shows where)\n"
        )


def test_a_store_that_doesnt_answer_is_waited_for(tmp_path: Path) -> None:
    down = tmp_path / "down"
    down.touch()
    environment = {"FAKE_STORE_DOWN": str(down)}
    with podium_serves(tmp_path, environment=environment) as podium, podium.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)

        def serving(entry: str) -> bool:
            answer = stub.Check(health_pb2.HealthCheckRequest(service=entry))
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

        assert (serving(""), serving("store/main")) == (True, False)
        log = (tmp_path / "stderr").read_text()
        assert "store failed" in log
        assert "refused the connection" in log
        down.unlink()
        wait_until(lambda: serving("store/main"))
        assert podium.stop() == 0


class TestTheRealOne:
    def test_serves_and_stops(self, tmp_path: Path) -> None:
        with podium_serves(tmp_path, module=REAL) as podium, podium.channel() as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            for entry in ("", "store/main", "podium.v1.ExecutionService", "podium.v1.AdminService"):
                answer = stub.Check(health_pb2.HealthCheckRequest(service=entry))
                assert answer.status == health_pb2.HealthCheckResponse.SERVING
            wait_until(lambda: (tmp_path / "podium-data" / "podium.db").exists())
            assert _resident_megabytes(podium.process.pid) < 100
            assert podium.stop() == 0


def test_the_limit_of_open_files_is_raised(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
    try:
        with podium_serves(tmp_path) as podium:
            found = resource.prlimit(podium.process.pid, resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found[0] == min(hard, 65_536)
