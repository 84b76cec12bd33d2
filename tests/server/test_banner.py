"""Where a store is, as the first lines of the server say it."""

from __future__ import annotations

import pytest

from podium_server.cli.banner import store_lines
from podium_server.config.load import load_config


@pytest.mark.parametrize(
    ("variable", "place", "shown"),
    [
        (
            "REDIS__URL",
            "redis://user:secret@host:6379/1",
            "redis redis://user:********@host:6379/1",
        ),
        (
            "SEARCH__URLS",
            "http://a:9200,http://u:p@b",
            "elasticsearch6 http://a:9200 http://u:********@b",
        ),
    ],
)
def test_addresses_are_shown_without_their_passwords(variable: str, place: str, shown: str) -> None:
    environment = {
        "PODIUM_STORES__MAIN__KIND": "sqlite",
        "PODIUM_STORES__REDIS__KIND": "redis",
        "PODIUM_STORES__SEARCH__KIND": "elasticsearch6",
        "PODIUM_ROUTING__DEFAULT": "main",
        "PODIUM_ROUTING__PAYLOADS": "none",
        "PODIUM_ROUTING__QUEUES": "redis",
        "PODIUM_ROUTING__INDEX": "search",
        f"PODIUM_STORES__{variable}": place,
    }
    lines = list(store_lines(load_config(environment=environment)))
    assert any(f"→ {shown} (" in line for line in lines), lines
