"""Requests of the dialect through the client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any

from elasticsearch import AIOHttpConnection, AsyncElasticsearch

from podium_backends.elasticsearch6.dialect import Request

Perform = Callable[[Request], Awaitable[Any]]
"""Sends a request and gives the answer, decoded."""

_JSON, _LINES = "application/json", "application/x-ndjson"


class QuietConnection(AIOHttpConnection):
    """A connection that keeps to itself what 6.8 says of requests that version 7 will refuse: they are meant for 6.8."""

    def _raise_warnings(self, warning_headers: Collection[str]) -> None:
        pass


def performer(client: AsyncElasticsearch) -> Perform:
    """What sends requests through a client; it raises the client's errors."""
    transport = client.transport

    async def perform(request: Request) -> Any:
        body = request.body
        # The client writes into both, and doesn't say by itself what a body is.
        headers = {"content-type": _LINES if isinstance(body, bytes) else _JSON}
        params: dict[str, Any] = dict(request.params)
        if request.absent:
            params["ignore"] = 404
        return await transport.perform_request(request.method, request.path, headers, params, body)

    return perform
