"""The servers behind the fixtures are real and new enough."""

import acsylla
from redis.asyncio import Redis

from tests.services.cassandra_server import ContactPoint
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
