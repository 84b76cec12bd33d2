"""How requests to Elasticsearch 6.8 are written and its answers read: all that another version would say otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote
from zlib import crc32

import msgspec

from podium_core.index import EntryKind

Json = dict[str, Any]

_encode = msgspec.json.Encoder().encode

# Version 6 still takes types, and warns where this isn't said.
_WITH_TYPES = MappingProxyType({"include_type_name": "true"})
_NO_PARAMS: Mapping[str, str] = MappingProxyType({})


class Request(NamedTuple):
    """A request to the server.

    Attributes:
        method: HTTP's.
        path: Below the server's address.
        params: Those of the query string.
        body: A JSON value, or lines of such as they are; None: none.
        absent: Status 404 is an answer too.
    """

    method: str
    path: str
    params: Mapping[str, str] = _NO_PARAMS
    body: Any = None
    absent: bool = False


def document_type(kind: EntryKind) -> str:
    """The mapping type of a kind, as Conductor names it."""
    return kind.value


ABOUT = Request("GET", "/")
"""The cluster's version, and more."""

_LENIENT = MappingProxyType({"ignore_unavailable": "true", "allow_no_indices": "true"})
# A shard that fails makes an answer incomplete, and nobody would know.
_WHOLE = MappingProxyType({**_LENIENT, "allow_partial_search_results": "false"})


# indices


def index_exists(index: str) -> Request:
    """Answers a boolean."""
    return Request("HEAD", f"/{index}")


def create_index(index: str, kind: EntryKind, *, settings: Json, mapping: Json) -> Request:
    """Make an index; ``already_exists`` tells of an error whether it was there."""
    body = {"settings": settings, "mappings": {document_type(kind): mapping}}
    return Request("PUT", f"/{index}", params=_WITH_TYPES, body=body)


def already_exists(error_type: str) -> bool:
    """Whether this type of an error says that the index is there."""
    return error_type == "resource_already_exists_exception"


def get_mappings(indices: str) -> Request:
    """Indices by name or pattern: a pattern without any gives none, a name that isn't there is an error."""
    return Request("GET", f"/{indices}/_mapping", params=_WITH_TYPES)


def mappings_by_type(answer: Mapping[str, Any]) -> dict[str, dict[str, Json]]:
    """For each index the mappings of its types, of the answer to ``get_mappings``."""
    return {index: dict(found["mappings"]) for index, found in answer.items()}


def put_mapping(indices: Iterable[str], kind: EntryKind, mapping: Json) -> Request:
    """Add to a mapping; what it doesn't name stays."""
    path = f"/{','.join(indices)}/_mapping/{document_type(kind)}"
    return Request("PUT", path, params=_WITH_TYPES, body=mapping)


def get_settings(indices: str) -> Request:
    """Indices by name or pattern, as ``get_mappings``."""
    return Request("GET", f"/{indices}/_settings")


def settings_by_index(answer: Mapping[str, Any]) -> dict[str, Json]:
    """For each index its settings, of the answer to ``get_settings``."""
    return {index: found["settings"]["index"] for index, found in answer.items()}


def put_settings(indices: Iterable[str], settings: Json) -> Request:
    """Change settings of indices that are there."""
    return Request("PUT", f"/{','.join(indices)}/_settings", body={"index": settings})


def only_those_there(request: Request) -> Request:
    """The same of those of its indices that are there."""
    return request._replace(params={**request.params, **_LENIENT})


def get_states(indices: str) -> Request:
    """Whether indices are open, by name or pattern; those that aren't there are left out."""
    params = {
        **_LENIENT,
        "expand_wildcards": "open,closed",
        "filter_path": "metadata.indices.*.state",
    }
    return Request("GET", f"/_cluster/state/metadata/{indices}", params=params)


def closed_indices(answer: Mapping[str, Any]) -> list[str]:
    """The names of those that are closed, of the answer to ``get_states``."""
    found = answer.get("metadata", {}).get("indices", {})
    return sorted(index for index, state in found.items() if state["state"] == "close")


def get_templates(names: str) -> Request:
    """Templates by a pattern of their names; none is no error."""
    return Request("GET", f"/_template/{names}", params=_WITH_TYPES, absent=True)


def template(
    kind: EntryKind, *, patterns: list[str], order: int, settings: Json, mapping: Json
) -> Json:
    """A template, whose version is made from its content."""
    body: Json = {
        "index_patterns": patterns,
        "order": order,
        "settings": settings,
        "mappings": {document_type(kind): mapping},
    }
    return {**body, "version": crc32(_encode(body)) >> 1}


def put_template(name: str, body: Json) -> Request:
    """Store a template, in place of one of this name."""
    return Request("PUT", f"/_template/{name}", params=_WITH_TYPES, body=body)


# the cluster


def cluster_health(indices: str) -> Request:
    """The colours of indices by pattern; a name that isn't there it would wait for."""
    return Request("GET", f"/_cluster/health/{indices}", params={"level": "indices"})


CLUSTER_SETTINGS = Request("GET", "/_cluster/settings", params={"flat_settings": "true"})
"""The settings that were made while the cluster ran: ``persistent`` and ``transient``."""


# searches


def search(indices: str, kind: EntryKind, body: Json) -> Request:
    """Search documents of a kind."""
    path = f"/{indices}/{document_type(kind)}/_search"
    return Request("POST", path, params=_WHOLE, body=body)


def multi_search(lines: bytes) -> Request:
    """Several searches: for each a line with the ``index``, and one with the body."""
    return Request("POST", "/_msearch", body=lines)


def total_hits(answer: Mapping[str, Any]) -> int:
    """How many documents a search found in all."""
    return int(answer["hits"]["total"])


def count(indices: str, kind: EntryKind, query: Json) -> Request:
    """Count documents of a kind."""
    return Request("POST", f"/{indices}/{document_type(kind)}/_count", body={"query": query})


def get(index: str, kind: EntryKind, id_: str) -> Request:
    """Get a document by its id."""
    return Request("GET", f"/{index}/{document_type(kind)}/{quote(id_, safe='')}")


def wanted(
    index: str,
    kind: EntryKind,
    id_: str,
    *,
    routing: str = "",
    members: Sequence[str] | None = None,
) -> Json:
    """A document that ``multi_get`` gets: whole, or some of its members."""
    found: Json = {"_index": index, "_type": document_type(kind), "_id": id_}
    if routing:
        found["routing"] = routing
    if members is not None:
        found["_source"] = list(members)
    return found


def multi_get(documents: Sequence[Mapping[str, Any]]) -> Request:
    """Get documents by their ids, in their newest state; those that aren't there say ``found: false``."""
    return Request("POST", "/_mget", body={"docs": documents})


def refresh(indices: str) -> Request:
    """Make searches find what was written; patterns may match nothing."""
    return Request("POST", f"/{indices}/_refresh", params=_LENIENT)


# bulks


def bulk(lines: bytes) -> Request:
    """Carry out lines, each with its document as it is in the line after it."""
    return Request("POST", "/_bulk", body=lines)


def put_line(index: str, kind: EntryKind, id_: str, *, version: int, routing: str = "") -> bytes:
    """Put the document of the next line, where no newer version is there."""
    return _line(b"index", index, kind, id_, version, routing)


def delete_line(index: str, kind: EntryKind, id_: str, *, version: int, routing: str = "") -> bytes:
    """Delete a document, where no newer version is there. No line follows."""
    return _line(b"delete", index, kind, id_, version, routing)


def _line(
    action: bytes, index: str, kind: EntryKind, id_: str, version: int, routing: str
) -> bytes:
    # As text: a dictionary for each of thousands costs more than all else that is done with them.
    routed = b',"routing":%b' % _encode(routing) if routing else b""
    return (
        b'{"%b":{"_index":"%b","_type":"%b","_id":%b,"version":%d,"version_type":"external_gte"%b}}\n'
        % (
            action,
            index.encode(),
            document_type(kind).encode(),
            _encode(id_),
            version,
            routed,
        )
    )
