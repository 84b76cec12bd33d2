"""The indices and templates that a Java Conductor made in the golden run, under another prefix."""

from __future__ import annotations

import json
from collections.abc import Iterator

from podium_backends.elasticsearch6.dialect import Request
from tests.core.query.golden import golden


def java_setup(prefix: str) -> Iterator[Request]:
    """What Java's first start sends to make them."""
    for sent in golden()["setup"]["http_requests"]:
        if sent["method"] == "PUT":
            path = sent["uri"].replace("/conductor_", f"/{prefix}_")
            # Its templates have no prefix; as others are started for tests, these have.
            path = path.replace("/template_", f"/{prefix}_template_")
            yield Request("PUT", path, body=json.loads(sent["body"]))
