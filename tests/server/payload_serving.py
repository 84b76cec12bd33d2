"""ExternalPayloadService alone, over gRPC, on a folder or on whatever storage a test makes up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from podium_backends.local_files.settings import LocalFilesSettings
from podium_backends.local_files.spec import SPEC
from podium_core.backend import StoreContext
from podium_core.models import Guarantee
from podium_core.ports import ExternalPayloadStorage
from podium_protocol.rpcs import SERVICES
from podium_server.interceptors import CallLimits, InFlight, Pipeline
from podium_server.services.external_payload import ExternalPayloadServicer

SERVICE = "podium.v1.ExternalPayloadService"
UNLIMITED = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.use_local_subchannel_pool", 1),
)


@asynccontextmanager
async def local_payloads(
    folder: Path, *, max_payload_bytes: int = 1 << 30
) -> AsyncIterator[ExternalPayloadStorage]:
    """A folder's adapter."""
    settings = LocalFilesSettings(path=folder, max_payload_bytes=max_payload_bytes)
    context = StoreContext(name="blobs", serves=SPEC.serves, commit_guarantee=Guarantee.ORDERED)
    store = await SPEC.connect(context, settings)
    try:
        assert store.payloads is not None
        yield store.payloads
    finally:
        await store.close()


@asynccontextmanager
async def serving(
    payloads: ExternalPayloadStorage | None,
    limits: CallLimits | None = None,
    *,
    log_calls: bool = False,
) -> AsyncIterator[str]:
    """The service on a free port; its address."""
    pipeline = Pipeline(limits or CallLimits(), InFlight(), log_calls=log_calls)
    servicer = ExternalPayloadServicer(payloads)
    handlers = {
        entry.name: pipeline.handler(entry, getattr(servicer, entry.name))
        for entry in SERVICES[SERVICE]
    }
    server = grpc.aio.server(options=UNLIMITED)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)
