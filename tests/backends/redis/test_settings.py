"""The settings of a store of kind redis."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from podium_backends.redis.keys import Keys, require_key_part
from podium_backends.redis.settings import RedisSettings
from podium_core.errors import InvalidArgumentError


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"topology": "cluster"}, "a Redis cluster isn't served yet"),
        ({"topology": "sentinel"}, "needs 'sentinels' and 'sentinel_service'"),
        ({"sentinels": ["a:1"]}, "only it takes them"),
        ({"topology": "sentinel", "sentinels": ["a:1"]}, "needs 'sentinels'"),
        ({"url": "http://127.0.0.1:6379"}, "must begin with redis://"),
        ({"stak": "x"}, "Extra inputs"),
    ],
)
def test_mistakes_are_named(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        RedisSettings.model_validate(settings)


def test_passwords_are_not_shown() -> None:
    settings = RedisSettings.model_validate({"username": "u", "password": "hidden"})
    assert "hidden" not in repr(settings)
    assert settings.target("main").options == {"username": "u", "password": "hidden"}


def test_files_of_tls_are_used_with_rediss_only() -> None:
    files = {"tls_ca_file": "/ca.pem", "tls_cert_file": "/cert.pem"}
    plain = RedisSettings.model_validate(files)
    assert plain.target("main").options == {}
    secure = RedisSettings.model_validate({"url": "rediss://r:6379/0", **files})
    assert secure.target("main").options == {"ssl_ca_certs": "/ca.pem", "ssl_certfile": "/cert.pem"}


def test_sentinels_may_come_as_one_text() -> None:
    settings = RedisSettings.model_validate(
        {"topology": "sentinel", "sentinels": "one:1, two:2", "sentinel_service": "primary"}
    )
    assert list(settings.target("main").sentinels) == [("one", 1), ("two", 2)]


def test_sentinels_may_leave_their_port_out() -> None:
    settings = RedisSettings(
        topology="sentinel", sentinels=["one", "two:26380"], sentinel_service="primary"
    )
    assert list(settings.target("main").sentinels) == [("one", 26379), ("two", 26380)]


@pytest.mark.parametrize(
    ("prefix", "stack", "domain", "key"),
    [
        ("", "test", "", "test.WORKFLOW_DEF.w"),
        ("conductor", "test", "", "conductor.test.WORKFLOW_DEF.w"),
        ("conductor", "prod", "us", "conductor.prod.us.WORKFLOW_DEF.w"),
        ("", "", "", "WORKFLOW_DEF.w"),
    ],
)
def test_keys_begin_as_conductors(prefix: str, stack: str, domain: str, key: str) -> None:
    assert Keys(workflow_prefix=prefix, stack=stack, domain=domain).workflow_def("w") == key


@pytest.mark.parametrize("name", ["", " ", "w."])
def test_names_that_would_share_a_key_are_refused(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="dot"):
        require_key_part(name, "name")
