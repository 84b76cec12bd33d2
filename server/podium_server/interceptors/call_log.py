"""The line that a good call gets where the configuration asks for it. Failed ones have theirs in any case."""

from __future__ import annotations

import time
from typing import Any

import structlog

from podium_server.interceptors.call import Body, Call, Context

_log = structlog.get_logger("podium.calls")


def with_log(body: Body) -> Body:
    """The body of a handler, with a line for each call that it carries out well."""

    async def with_line(data: Any, call: Call, context: Context) -> Any:
        begun = time.perf_counter()
        answer = await body(data, call, context)
        _log.info(
            "call",
            rpc=call.rpc.label,
            request_id=call.request_id,
            code="OK",
            milliseconds=round((time.perf_counter() - begun) * 1000, 3),
        )
        return answer

    return with_line
