"""What holds: defaults, file, environment and options, stores and routing."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium_core.backend import DataType
from podium_server.config.addresses import TcpAddress, UnixAddress, parse_address
from podium_server.config.config import Config
from podium_server.config.layers import option_layer
from podium_server.config.load import load_config
from podium_server.config.show import shown_lines, warning_lines
from podium_server.config.toml_lines import key_lines
from tests.server.fake_world import REGISTRY, EmbeddedSettings, FolderSettings, NetworkSettings


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _load(text: str = "", environment: dict[str, str] | None = None, **arguments: object) -> Config:
    if text:
        Path("podium.toml").write_text(text)
    return load_config(environment=environment or {}, registry=REGISTRY, **arguments)  # type: ignore[arg-type]


def _path_of(config: Config, store: str = "main") -> Path:
    settings = config.stores[store].settings
    assert isinstance(settings, EmbeddedSettings)
    return settings.path


class TestDefaults:
    def test_without_a_file_there_are_the_embedded_stores_for_everything(self) -> None:
        config = _load()
        stores = [(store.name, store.kind) for store in config.stores_in_use]
        assert stores == [("main", "sqlite"), ("payloads", "local_files")]
        assert _path_of(config) == Path("podium-data/podium.db")
        folder = config.stores["payloads"].settings
        assert isinstance(folder, FolderSettings)
        assert folder.path == Path("podium-data/payloads")
        assert set(config.routing) == set(DataType)

    def test_index_and_payloads_go_nowhere_where_the_default_store_lacks_them(self) -> None:
        config = _load('[stores.main]\nkind = "redis"\nurl = "redis://x"\n')
        assert config.store_of(DataType.INDEX) is None
        assert config.store_of(DataType.PAYLOADS) is None
        assert set(config.routing) == set(DataType) - {DataType.INDEX, DataType.PAYLOADS}

    def test_the_one_other_store_that_can_serves_what_the_default_store_lacks(self) -> None:
        text = (
            '[stores.main]\nkind = "redis"\nurl = "redis://x"\n'
            '[stores.search]\nkind = "elasticsearch6"\nurl = "http://x"\n'
            '[stores.files]\nkind = "local_files"\n'
            '[stores.more_files]\nkind = "local_files"\n'
        )
        config = _load(text)
        index = config.store_of(DataType.INDEX)
        assert index is not None
        assert index.name == "search"
        assert config.store_of(DataType.PAYLOADS) is None  # of two, nobody said which

    def test_listens_on_loopback(self) -> None:
        assert _load().server.addresses == (TcpAddress("127.0.0.1", 50051),)

    def test_the_data_folder_can_be_named(self) -> None:
        assert _path_of(_load(environment={"PODIUM_DATA_DIR": "elsewhere"})) == Path(
            "elsewhere/podium.db"
        )


class TestLayers:
    def test_options_beat_the_environment_which_beats_the_file(self) -> None:
        text = 'data_dir = "file"\n[server]\nlisten = ["127.0.0.1:1"]\ndrain_seconds = 1\nmax_calls_in_flight = 7\n'
        environment = {
            "PODIUM_SERVER__LISTEN": "127.0.0.1:2,unix:x",
            "PODIUM_SERVER__DRAIN_SECONDS": "2",
        }
        config = _load(
            text, environment, options=option_layer(listen=["127.0.0.1:3"], data_dir=Path("option"))
        )
        assert config.data_dir == Path("option")
        assert config.server.listen == ("127.0.0.1:3",)
        assert config.server.drain_seconds == 2
        assert config.server.max_calls_in_flight == 7

    def test_a_list_in_a_variable_has_commas(self) -> None:
        assert _load(
            environment={"PODIUM_SERVER__LISTEN": "127.0.0.1:2, unix:x"}
        ).server.listen == (
            "127.0.0.1:2",
            "unix:x",
        )

    @pytest.mark.parametrize("service", ["PODIUM", "PODIUM_SERVER", "PODIUM_2"])
    def test_what_kubernetes_sets_for_a_service_of_that_name_is_left_alone(
        self, service: str
    ) -> None:
        environment = {
            "SERVICE_HOST": "10.0.0.1",
            "SERVICE_PORT": "50051",
            "SERVICE_PORT_GRPC": "50051",
            "PORT": "tcp://10.0.0.1:50051",
            "PORT_50051_TCP": "tcp://10.0.0.1:50051",
            "PORT_50051_TCP_PROTO": "tcp",
            "PORT_50051_TCP_PORT": "50051",
            "PORT_50051_TCP_ADDR": "10.0.0.1",
        }
        config = _load(
            environment={f"{service}_{name}": value for name, value in environment.items()}
        )
        assert config.unread_variables == {}
        assert config.server == _load().server

    def test_what_is_read_is_no_stranger(self) -> None:
        Path("other.toml").touch()
        environment = {
            "PODIUM_CONFIG": "other.toml",
            "PODIUM_DATA_DIR": "x",
            "PODIUM_SERVER__INSECURE": "true",
            **{f"PODIUM_{name}": "x" for name in ("ADDRESS", "CONNECTIONS", "TLS_CERTIFICATE")},
        }
        assert _load(environment=environment).unread_variables == {}

    @pytest.mark.parametrize(
        ("name", "nearest"),
        [
            ("PODIUM_LISTEN", "PODIUM_SERVER__LISTEN"),
            ("PODIUM_SERVER_LISTEN", "PODIUM_SERVER__LISTEN"),
            ("PODIUM_SERVER_LISTENS", "PODIUM_SERVER__LISTEN"),
            ("PODIUM_PORT", "PODIUM_SERVER__LISTEN"),
            ("PODIUM_LOG_LEVEL", "PODIUM_LOGGING__LEVEL"),
            ("PODIUM_DATADIR", "PODIUM_DATA_DIR"),
            ("PODIUM_CONFIG_FILE", "PODIUM_CONFIG"),
            ("PODIUM_STORES_MAIN_PATH", "PODIUM_STORES__MAIN__PATH"),
            ("PODIUM_VERSION", None),
        ],
    )
    def test_what_no_setting_reads_is_told_with_the_nearest(
        self, name: str, nearest: str | None
    ) -> None:
        config = _load(environment={name: "4711"})
        assert config.unread_variables == {name: nearest}
        (line,) = warning_lines(config)
        assert line == f"podium: no setting reads {name}" + (
            f"; did you mean {nearest}?" if nearest else ""
        )

    def test_the_file_can_be_named_by_a_variable(self) -> None:
        Path("other.toml").write_text("[server]\ndrain_seconds = 3\n")
        assert _load(environment={"PODIUM_CONFIG": "other.toml"}).server.drain_seconds == 3

    def test_an_open_door_can_be_had(self) -> None:
        options = option_layer(listen=["0.0.0.0:1"], insecure=True)
        assert _load(options=options).server.addresses == (TcpAddress("0.0.0.0", 1),)  # noqa: S104


class TestStores:
    def test_a_variable_reaches_into_a_table_of_the_file(self) -> None:
        text = '[stores.main]\nkind = "redis"\nurl = "redis://file"\n'
        settings = _load(
            text, {"PODIUM_STORES__MAIN__PASSWORD": "123", "PODIUM_STORES__MAIN__POOL_SIZE": "5"}
        )
        main = settings.stores["main"].settings
        assert isinstance(main, NetworkSettings)
        assert main.password is not None
        assert (main.url, main.password.get_secret_value(), main.pool_size) == (
            "redis://file",
            "123",
            5,
        )

    def test_a_secret_can_be_in_a_file_of_its_own(self) -> None:
        Path("secret").write_text(" s3cret \n")
        environment = {
            "PODIUM_STORES__MAIN__KIND": "redis",
            "PODIUM_STORES__MAIN__URL": "redis://x",
            "PODIUM_STORES__MAIN__PASSWORD_FILE": "secret",
        }
        main = _load(environment=environment).stores["main"].settings
        assert isinstance(main, NetworkSettings)
        assert main.password is not None
        assert main.password.get_secret_value() == " s3cret "

    def test_each_embedded_store_has_a_file_of_its_own(self) -> None:
        kind = 'kind = "sqlite"\n'
        text = f'[stores.main]\n{kind}[stores.other]\n{kind}[stores.third]\n{kind}path = "x"\n'
        config = _load(text)
        paths = [_path_of(config, store) for store in ("main", "other", "third")]
        assert paths == [Path("podium-data/podium.db"), Path("podium-data/other.db"), Path("x")]


class TestQueues:
    def test_a_queue_has_a_lease_of_its_own_or_that_of_all(self) -> None:
        config = _load(
            "[queues]\nunack_timeout_ms = 5\n[queues.per_queue._deciderQueue]\nunack_timeout_ms = 6\n"
        )
        assert config.queues.unack_timeout_ms_of("_deciderQueue") == 6
        assert config.queues.unack_timeout_ms_of("other") == 5


class TestRouting:
    MIXED = (
        '[stores.main]\nkind = "sqlite"\n'
        '[stores.r]\nkind = "redis"\nurl = "redis://x"\n'
        '[stores.spare]\nkind = "sqlite"\n'
    )

    def test_exceptions_leave_the_rest_with_the_default(self) -> None:
        config = _load(f'{self.MIXED}[routing]\nqueues = "r"\n')
        assert config.data_types_of("r") == (DataType.QUEUES,)
        assert config.routing[DataType.EXECUTIONS] == "main"

    def test_a_store_without_a_data_type_isnt_in_use(self) -> None:
        config = _load(f'{self.MIXED}[routing]\nqueues = "r"\n')
        assert [store.name for store in config.stores_in_use] == ["main", "r"]

    def test_the_only_store_is_the_default_whatever_its_name(self) -> None:
        assert set(_load('[stores.x]\nkind = "sqlite"\n').routing.values()) == {"x"}

    def test_none_is_fine_for_index_and_payloads(self) -> None:
        config = _load('[routing]\nindex = "none"\npayloads = "none"\n')
        assert DataType.INDEX not in config.routing


class TestShow:
    def test_says_what_holds_and_where_from(self) -> None:
        text = '[server]\ndrain_seconds = 3\n[stores.main]\nkind = "redis"\nurl = "redis://me:pw@host/0"\n'
        environment = {"PODIUM_STORES__MAIN__PASSWORD": "pw", "PODIUM_LOGGING__LEVEL": "debug"}
        config = _load(text, environment, options=option_layer(listen=["unix:x"]))
        rows = [tuple(part.strip() for part in line.split("  # ")) for line in shown_lines(config)]
        assert set(rows) >= {
            ('data_dir = "podium-data"', "default"),
            ('server.listen = ["unix:x"]', "--listen"),
            ("server.insecure = false", "default"),
            ("server.drain_seconds = 3.0", "podium.toml:2"),
            ('logging.level = "debug"', "PODIUM_LOGGING__LEVEL"),
            ('stores.main.kind = "redis"', "podium.toml:4"),
            ('stores.main.url = "redis://me:********@host/0"', "podium.toml:5"),
            ('stores.main.password = "********"', "PODIUM_STORES__MAIN__PASSWORD"),
            ("stores.main.pool_size = 16", "default"),
            ('routing.queues = "main"', "default"),
            ('routing.index = "none"', "default"),
        }

    def test_a_file_in_the_data_folder_is_where_that_comes_from(self) -> None:
        config = _load(environment={"PODIUM_DATA_DIR": "x"})
        rows = [tuple(part.strip() for part in line.split("  # ")) for line in shown_lines(config)]
        assert ('stores.main.path = "x/podium.db"', "PODIUM_DATA_DIR") in rows

    def test_what_it_prints_is_a_configuration(self) -> None:
        shown = "\n".join(shown_lines(_load('[queues.per_queue."a.b"]\nunack_timeout_ms = 5\n')))
        again = _load(shown)
        assert again.queues.unack_timeout_ms_of("a.b") == 5
        assert again.routing == _load().routing


class TestAddresses:
    @pytest.mark.parametrize(
        ("text", "address", "loopback"),
        [
            ("127.0.0.1:1", TcpAddress("127.0.0.1", 1), True),
            ("127.8.8.8:1", TcpAddress("127.8.8.8", 1), True),
            ("localhost:0", TcpAddress("localhost", 0), True),
            ("[::1]:1", TcpAddress("::1", 1), True),
            ("[::]:1", TcpAddress("::", 1), False),
            ("0.0.0.0:1", TcpAddress("0.0.0.0", 1), False),  # noqa: S104
            ("example.org:1", TcpAddress("example.org", 1), False),
            ("unix:run/podium.sock", UnixAddress("run/podium.sock"), True),
            ("unix:///run/podium.sock", UnixAddress("/run/podium.sock"), True),
            ("unix-abstract:podium", UnixAddress("podium", abstract=True), True),
        ],
    )
    def test_reads_each_form(
        self, text: str, address: TcpAddress | UnixAddress, *, loopback: bool
    ) -> None:
        assert parse_address(text) == address
        assert address.loopback is loopback

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ":1",
            "x",
            "x:",
            "::1:50051",
            "x:-1",
            "x:y",
            "[::g]:1",
            "dns:///x:1",
            "unix:",
            "x:65536",
            "x:²",
            "a b:1",
        ],
    )
    def test_refuses_anything_else(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"isn't an address|has no port"):
            parse_address(text)


class TestKeyLines:
    def test_finds_what_the_parser_finds(self) -> None:
        text = (
            'a.b = 1\r\n\r\n["c.d"] # x\r\ne = """\r\nnot = 1\r\n[not]\r\n"""\r\n'
            "f = { g = 1 }\r\n[[h]]\r\ni = [\r\n 1,\r\n]\r\n"
        )
        assert key_lines(text) == {
            ("a",): 1,
            ("a", "b"): 1,
            ("c.d",): 3,
            ("c.d", "e"): 4,
            ("c.d", "f"): 8,
            ("c.d", "f", "g"): 8,
            ("h",): 9,
            ("h", "i"): 10,
        }
