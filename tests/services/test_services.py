"""The servers behind the fixtures are real and new enough."""

import json
from typing import Any
from urllib.request import Request, urlopen

import acsylla
from elasticsearch import AsyncElasticsearch
from redis.asyncio import Redis

from tests.services.cassandra_server import ContactPoint
from tests.services.elasticsearch_server import ElasticsearchServer, elasticsearch_folder
from tests.services.redis_server import OLDEST_VERSION


class TestRedis:
    async def test_answers_ping(self, redis_url: str) -> None:
        async with Redis.from_url(redis_url) as redis:
            assert await redis.ping()

    async def test_is_new_enough(self, redis_url: str) -> None:
        async with Redis.from_url(redis_url) as redis:
            said = await redis.info("server")
        major, minor, *_ = said["redis_version"].split(".")
        assert (int(major), int(minor)) >= OLDEST_VERSION


class TestCassandra:
    async def test_answers_a_query(self, cassandra_contact_point: ContactPoint) -> None:
        host, port = cassandra_contact_point
        cluster = acsylla.create_cluster([host], port=port, log_level="disabled")
        session = await cluster.create_session()
        try:
            result = await session.execute(
                acsylla.create_statement("SELECT release_version FROM system.local")
            )
            assert str(result.first().release_version).startswith("5.0")
        finally:
            await session.close()


class TestElasticsearch:
    async def test_is_the_version_that_conductor_speaks_to(self, elasticsearch_url: str) -> None:
        async with AsyncElasticsearch([elasticsearch_url]) as client:
            said = await client.info()
        assert said["version"]["number"].startswith("6.8.")


def test_an_elasticsearch_of_our_own_keeps_its_address_and_data() -> None:
    with elasticsearch_folder() as folder:
        server = ElasticsearchServer(folder, settings={"cluster.name": "ours"})
        server.start()
        try:
            assert told(server, "PUT", "/kept/thing/1", b"{}")["result"] == "created"
            server.kill()
            server.start()
            assert told(server, "GET", "/kept/thing/1")["found"]
            assert told(server, "GET", "/")["cluster_name"] == "ours"
            server.stop()
            assert not server.answers()
        finally:
            server.kill()


def told(server: ElasticsearchServer, method: str, path: str, body: bytes | None = None) -> Any:
    headers = {"Content-Type": "application/json"}
    request = Request(server.url + path, body, headers, method=method)  # noqa: S310 - of our own server
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)
