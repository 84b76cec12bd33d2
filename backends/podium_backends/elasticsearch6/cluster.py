"""An Elasticsearch: requests of the dialect through the client, answers decoded, its errors as ours."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Collection
from io import BytesIO
from typing import Any, TypeVar

import msgspec
from elasticsearch import (
    AIOHttpConnection,
    AsyncElasticsearch,
    ConnectionError as UnreachableError,
    ConnectionTimeout,
    JSONSerializer,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch.serializer import Deserializer

from podium_backends.elasticsearch6.dialect import Request
from podium_backends.elasticsearch6.settings import ElasticsearchSettings
from podium_core.errors import BackendUnavailableError, IncompatibleStoreError
from podium_core.models.json_members import hide_surrogates

T = TypeVar("T")

_LARGE_BODY = 256 * 1024
_MAYBE_TOO_LARGE = 16 * 1024 * 1024
_JSON, _LINES = "application/json", "application/x-ndjson"
# Every failure reaches our own caller, who says what it means; the client's line would hold the request besides.
logging.getLogger("elasticsearch").setLevel(logging.CRITICAL)
_encode = msgspec.json.Encoder().encode

ANY: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
"""Decodes whatever comes."""


class NoAnswerError(BackendUnavailableError):
    """No answer came in time: nobody knows what was done."""


class Connection(AIOHttpConnection):
    """A connection for the bodies of bulks, without logs, and without warnings about what version 7 refuses."""

    async def perform_request(  # type: ignore[override]  # its own bases disagree
        self, method: str, url: str, params: Any = None, body: Any = None, **options: Any
    ) -> Any:
        """As of the base class."""
        if isinstance(body, bytes) and len(body) > _LARGE_BODY:
            if len(body) > _MAYBE_TOO_LARGE:
                # Without the question a body above http.max_content_length ends in a broken connection, not in 413.
                options["headers"] = {**options.get("headers", {}), "expect": "100-continue"}
            # Sent in pieces: megabytes in one go keep other calls waiting.
            body = BytesIO(body)
        return await super().perform_request(method, url, params, body, **options)

    def _raise_warnings(self, warning_headers: Collection[str]) -> None:
        pass

    def log_request_success(self, *_: Any, **named: Any) -> None:
        """Of each request the client makes a line, and decodes its body for that."""

    def log_request_fail(self, *_: Any, **named: Any) -> None:
        """Who asked reports what failed."""


class _Requests(JSONSerializer):
    """Makes the bodies of requests."""

    def dumps(self, data: Any) -> Any:
        return data if isinstance(data, str | bytes) else _encode(data)


class _Texts(Deserializer):
    """Hands answers on as they came: who asks knows their types."""

    def __init__(self) -> None:
        super().__init__({_JSON: JSONSerializer()})

    def loads(self, s: Any, mimetype: str | None = None) -> Any:
        del mimetype
        return s


class Cluster:
    """The nodes of one store.

    Attributes:
        name: The store's, for messages.
    """

    def __init__(self, settings: ElasticsearchSettings, name: str) -> None:
        self.name = name
        self._timeout = settings.request_timeout_ms / 1000
        self._client = AsyncElasticsearch(
            settings.urls,
            connection_class=Connection,
            serializer=_Requests(),
            http_auth=_login(settings),
            ssl_context=_ssl_context(settings),
            maxsize=settings.connections,
            http_compress=False,
            # Another node is asked at once; a node alone is asked again when its caller tries again.
            max_retries=min(len(settings.urls) - 1, 3),
            retry_on_status=(),
        )

    async def perform(self, request: Request) -> Any:
        """Send a request and give the answer, decoded; raises as ``answer``."""
        return await self.answer(request, ANY)

    async def answer(
        self,
        request: Request,
        decoder: msgspec.json.Decoder[T],
        *,
        timeout_seconds: float | None = None,
    ) -> T:
        """Send a request and give the answer.

        Raises:
            BackendUnavailableError: It was not reached, or can't answer now.
            IncompatibleStoreError: It is another product.
            NoAnswerError: No answer came in time.
            TransportError: It refuses the request.
        """
        body = request.body
        headers = {"content-type": _LINES if isinstance(body, bytes) else _JSON}
        params: dict[str, Any] = {"request_timeout": timeout_seconds or self._timeout}
        params |= request.params
        if request.absent:
            params["ignore"] = 404
        transport = self._client.transport
        try:
            if not isinstance(transport.deserializer, _Texts):
                # The client looks at the server's answer before the first request, and reads that itself.
                await self._client.info()
                transport.deserializer = _Texts()
            text = await transport.perform_request(
                request.method, request.path, headers, params, body
            )
        except ConnectionTimeout as error:
            raise NoAnswerError(self.name, "no answer in time") from error
        except UnsupportedProductError as error:
            raise IncompatibleStoreError("this is no Elasticsearch 6.8: check 'urls'") from error
        except UnreachableError as error:
            raise BackendUnavailableError(self.name, f"not reached: {error.error}") from error
        except TransportError as error:
            if error.status_code in _AWAY:
                raise BackendUnavailableError(self.name, described(error)) from error
            raise
        if isinstance(text, bool):
            return text  # type: ignore[return-value]  # of HEAD
        try:
            return decoder.decode(text)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError as error:
            # Documents may have surrogates without their other half.
            return decoder.decode(hide_surrogates(text, error))

    async def read(self, request: Request, decoder: msgspec.json.Decoder[T]) -> T:
        """The answer to a request that is never wrong: where it is refused, something is wrong with the cluster.

        Raises:
            BackendUnavailableError: There was no answer.
        """
        try:
            return await self.answer(request, decoder)
        except TransportError as error:
            raise BackendUnavailableError(self.name, described(error)) from error

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()


# What passes: too many requests, no master, a node that stops; and what a login, or a block, makes of every request.
_NOT_YET = 503
_AWAY = frozenset({401, 403, 429, 502, 503, 504})


def is_starting(error: BackendUnavailableError) -> bool:
    """Whether a shard that was asked doesn't answer yet."""
    cause = error.__cause__
    return isinstance(cause, TransportError) and cause.status_code == _NOT_YET


def described(error: TransportError) -> str:
    """What a refusal says, in a line."""
    info = error.info if isinstance(error.info, dict) else {}
    found = info.get("error", {})
    causes = found.get("root_cause") if isinstance(found, dict) else None
    cause = causes[0] if causes else found
    reason = cause.get("reason") if isinstance(cause, dict) else cause
    return f"HTTP {error.status_code}, {error.error}: {reason}"


def _login(settings: ElasticsearchSettings) -> tuple[str, str] | None:
    if not settings.username:
        return None
    password = settings.password
    return settings.username, password.get_secret_value() if password else ""


def _ssl_context(settings: ElasticsearchSettings) -> ssl.SSLContext | None:
    if not any(url.startswith("https://") for url in settings.urls):
        return None
    context = ssl.create_default_context(cafile=settings.tls_ca_file)
    if settings.tls_cert_file is not None:
        context.load_cert_chain(settings.tls_cert_file, settings.tls_key_file)
    return context
