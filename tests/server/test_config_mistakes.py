"""Every mistake in the configuration is one line: where, what, and the valid choices."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium_server.config.layers import option_layer
from podium_server.config.load import load_config
from podium_server.startup_errors import StartupError
from tests.server.fake_world import REGISTRY

STORES = """\
[stores.main]
kind = "sqlite"
[stores.wide]
kind = "cassandra"
url = "cassandra://localhost"
[stores.search]
kind = "elasticsearch6"
url = "http://localhost:9200"
"""

FILES = {
    "unknown kind": (
        '[server]\nlisten = "127.0.0.1:1"\n\n[stores.main]\nurl = "redis://x"\n\nkind = "redsi"\n',
        "podium.toml:7: stores.main.kind: 'redsi' is unknown; did you mean 'redis'? "
        "(sqlite, local_files, redis, cassandra, elasticsearch6)",
    ),
    "kind missing": (
        '[stores.main]\nurl = "redis://x"\n',
        "podium.toml:1: stores.main.kind: is required (sqlite, local_files, redis, cassandra, elasticsearch6)",
    ),
    "kind like nothing": (
        '[stores.main]\nkind = "foo"\n',
        "podium.toml:2: stores.main.kind: 'foo' is unknown (sqlite, local_files, redis, cassandra, elasticsearch6)",
    ),
    "unknown section": (
        "[sever]\n",
        "podium.toml:1: 'sever' is unknown; did you mean 'server'? "
        "(data_dir, server, stores, routing, queues, facade, payloads, repair, logging)",
    ),
    "unknown key": (
        "[server]\n# a comment\nmax_message_byte = 5\n",
        "podium.toml:3: server: 'max_message_byte' is unknown; did you mean 'max_message_bytes'? "
        "(listen, insecure, transport, max_message_bytes, max_calls_in_flight, max_bytes_in_flight, "
        "connection_share, max_streams_per_connection, client_timeout_seconds, max_metadata_bytes, "
        "default_deadline_seconds, drain_seconds)",
    ),
    "unknown key of a store, before the one it was meant to be": (
        '[stores.main]\nkind = "redis"\nurll = "redis://x"\n',
        "podium.toml:3: stores.main: 'urll' is unknown; did you mean 'url'? (url, password, pool_size) (and 1 more)",
    ),
    "missing key of a store": (
        '[stores.main]\nkind = "redis"\n',
        "podium.toml:1: stores.main.url: is required",
    ),
    "number out of range": (
        '[stores.main]\nkind = "redis"\nurl = "redis://x"\npool_size = 0\n',
        "podium.toml:4: stores.main.pool_size: 0 is below the least, 1",
    ),
    "no number": (
        '[server]\nmax_message_bytes = "many"\n',
        "podium.toml:2: server.max_message_bytes: 'many' isn't a whole number",
    ),
    "no table": ("server = 5\n", "podium.toml:1: server: 5 isn't a table"),
    "no truth": (
        '[server]\ninsecure = "perhaps"\n',
        "podium.toml:2: server.insecure: 'perhaps' is neither true nor false",
    ),
    "unknown word": (
        '[logging]\nformat = "jsn"\n',
        "podium.toml:2: logging.format: 'jsn' is unknown; did you mean 'json'? (auto, json, console)",
    ),
    "queue without meaning": (
        "[queues.per_queue._deciderQueue]\nunack_timeout = 5\n",
        "podium.toml:2: queues.per_queue._deciderQueue: 'unack_timeout' is unknown; did you mean 'unack_timeout_ms'? "
        "(unack_timeout_ms) (and 1 more)",
    ),
    "not an address": (
        '[server]\nlisten = ["127.0.0.1:1", "50051"]\n',
        "podium.toml:2: server.listen[1]: '50051' isn't an address: host:port, [ipv6]:port or unix:path",
    ),
    "no address": ("[server]\nlisten = []\n", "podium.toml:2: server.listen: is empty"),
    "open door": (
        '[server]\nlisten = "0.0.0.0:50051"\n',
        "podium.toml:2: 0.0.0.0:50051 can be reached by others, in plain text: listen on 127.0.0.1, or say --insecure",
    ),
    "name of a store": (
        '[stores.Main]\nkind = "sqlite"\n',
        "podium.toml:1: stores: 'Main' can't be the name of a store: lower case letters, digits and single underscores",
    ),
    "store called none": (
        '[stores.none]\nkind = "sqlite"\n',
        "podium.toml:1: stores: 'none' can't be the name of a store: lower case letters, digits and single underscores",
    ),
    "wrong mix": (
        f'{STORES}[routing]\nqueues = "wide"\n',
        'podium.toml:10: routing.queues = "wide": cassandra does not serve queues; stores that do: sqlite, redis',
    ),
    "wrong mix by default": (
        f'{STORES}[routing]\ndefault = "search"\n',
        'podium.toml:10: routing.executions = "search": elasticsearch6 does not serve executions; '
        "stores that do: sqlite, redis, cassandra",
    ),
    "wrong mix of what could be left out": (
        f'{STORES}[routing]\nindex = "wide"\n',
        'podium.toml:10: routing.index = "wide": cassandra does not serve index; '
        "stores that do: sqlite, elasticsearch6, none",
    ),
    "wrong mix of payloads": (
        f'{STORES}[routing]\npayloads = "main"\n',
        'podium.toml:10: routing.payloads = "main": sqlite does not serve payloads; '
        "stores that do: local_files, none",
    ),
    "unknown store": (
        f'{STORES}[routing]\nqueues = "mian"\n',
        "podium.toml:10: routing.queues: 'mian' isn't a store; did you mean 'main'? (main, wide, search)",
    ),
    "queues can't be left out": (
        f'{STORES}[routing]\nqueues = "none"\n',
        "podium.toml:10: routing.queues: 'none' isn't a store (main, wide, search)",
    ),
    "limits apart from executions": (
        f'{STORES}[routing]\nconcurrency_limits = "wide"\n',
        'podium.toml:10: routing.concurrency_limits = "wide": concurrency limits must be where executions are, for now: '
        "use 'main'",
    ),
    "no default among several": (
        '[stores.a]\nkind = "sqlite"\n[stores.b]\nkind = "sqlite"\n',
        "routing.default: is required with several stores (a, b)",
    ),
    "syntax": (
        '[server]\nlisten "x"\n',
        "podium.toml:2: not valid TOML: expected '=' after a key in a key/value pair",
    ),
    "twice": (
        "[server]\n[server]\n",
        "podium.toml:2: not valid TOML: cannot declare ('server',) twice",
    ),
}


def _refusal(**arguments: object) -> str:
    with pytest.raises(StartupError) as refused:
        load_config(registry=REGISTRY, **arguments)  # type: ignore[arg-type]
    return str(refused.value)


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class TestFile:
    @pytest.mark.parametrize(("text", "line"), FILES.values(), ids=FILES.keys())
    def test_says_where_and_what(self, text: str, line: str) -> None:
        Path("podium.toml").write_text(text)
        assert _refusal(environment={}) == line

    def test_a_named_file_must_be_there(self) -> None:
        assert _refusal(path=Path("other.toml"), environment={}) == (
            "other.toml: no such file; without --config the settings are the defaults"
        )

    def test_the_file_of_the_variable_must_be_there(self) -> None:
        assert _refusal(environment={"PODIUM_CONFIG": "x.toml"}).startswith("x.toml: no such file")

    def test_a_folder_is_no_file(self) -> None:
        Path("podium.toml").mkdir()
        assert _refusal(environment={}) == "podium.toml: a folder is there, and a file is expected"

    def test_text_must_be_utf8(self) -> None:
        Path("podium.toml").write_bytes(b'data_dir = "\xff"')
        assert _refusal(environment={}) == "podium.toml: isn't UTF-8 text"

    def test_depth_is_refused(self) -> None:
        Path("podium.toml").write_text(f"a = {'[' * 5_000}")
        assert "\n" not in _refusal(environment={})

    def test_an_unknown_key_in_a_long_file_has_its_own_line(self) -> None:
        text = '[logging]\nlevel = """info"""\n\n[server]\nlisten = [\n  "127.0.0.1:1",\n  # = [x]\n]\n"wrong = key" = 1\n'
        Path("podium.toml").write_text(text)
        assert _refusal(environment={}).startswith(
            "podium.toml:9: server: 'wrong = key' is unknown ("
        )


class TestEnvironment:
    @pytest.mark.parametrize(
        ("variables", "line"),
        [
            (
                {"PODIUM_SERVRE__LISTEN": "x"},
                "PODIUM_SERVRE__LISTEN: 'servre' is unknown; did you mean 'server'? "
                "(server, stores, routing, queues, facade, payloads, repair, logging)",
            ),
            (
                {"PODIUM_LOGGING__LEVL": "info"},
                "PODIUM_LOGGING__LEVL: logging: 'levl' is unknown; did you mean 'level'? (format, level, log_calls)",
            ),
            (
                {"PODIUM_SERVER__MAX_CALLS_IN_FLIGHT": "lots"},
                "PODIUM_SERVER__MAX_CALLS_IN_FLIGHT: server.max_calls_in_flight: 'lots' isn't a whole number",
            ),
            (
                {"PODIUM_SERVER__": "x"},
                "PODIUM_SERVER__: a name is missing between the underscores",
            ),
            (
                {"PODIUM_QUEUES__PER_QUEUE__X__UNACK_TIMEOUT_MS": "5"},
                "PODIUM_QUEUES__PER_QUEUE__X__UNACK_TIMEOUT_MS: queue names know upper and lower case, "
                "which variables don't: use podium.toml",
            ),
            (
                {"PODIUM_STORES__MAIN__PASSWORD_FILE": "gone"},
                "PODIUM_STORES__MAIN__PASSWORD_FILE: gone: can't be read: No such file or directory",
            ),
            (
                {"PODIUM_STORES__MAIN": "x", "PODIUM_STORES__MAIN__KIND": "redis"},
                "PODIUM_STORES__MAIN__KIND: 'main' is set as a whole elsewhere, so nothing can be set in it",
            ),
        ],
    )
    def test_says_which_variable(self, variables: dict[str, str], line: str) -> None:
        assert _refusal(environment=variables) == line

    def test_a_secret_is_given_once(self) -> None:
        Path("secret").write_text("x")
        variables = {
            "PODIUM_STORES__MAIN__PASSWORD": "x",
            "PODIUM_STORES__MAIN__PASSWORD_FILE": "secret",
        }
        assert _refusal(environment=variables) == (
            "PODIUM_STORES__MAIN__PASSWORD and PODIUM_STORES__MAIN__PASSWORD_FILE are both set: keep one"
        )


class TestSecrets:
    def test_a_wrong_secret_isnt_repeated(self) -> None:
        Path("podium.toml").write_text(
            '[stores.main]\nkind = "redis"\nurl = "redis://x"\npassword = 4711\n'
        )
        assert (
            _refusal(environment={}) == "podium.toml:4: stores.main.password: the value isn't text"
        )

    def test_a_password_in_a_url_isnt_repeated(self) -> None:
        Path("podium.toml").write_text(
            '[stores.main]\nkind = "redis"\nurl = "x"\npool_size = "redis://me:pw@host/0"\n'
        )
        assert _refusal(environment={}) == (
            "podium.toml:4: stores.main.pool_size: 'redis://me:********@host/0' isn't a whole number"
        )


class TestOptions:
    def test_an_open_door_is_refused_with_the_option(self) -> None:
        assert _refusal(options=option_layer(listen=["127.0.0.1:1", "[::]:2"]), environment={}) == (
            "--listen: [::]:2 can be reached by others, in plain text: listen on 127.0.0.1, or say --insecure"
        )

    def test_an_address_is_checked(self) -> None:
        assert _refusal(options=option_layer(listen=["127.0.0.1:70000"]), environment={}) == (
            "--listen: server.listen[0]: '127.0.0.1:70000' has no port of 0-65535"
        )
