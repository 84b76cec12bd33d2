"""How deep a document is: Elasticsearch parses by recursion, and a document of a few thousand levels kills the node."""

from __future__ import annotations

import re

MAX_DEPTH = 512

# Texts, whose brackets open nothing, and brackets.
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)


def is_deeper(document: bytes, levels: int = MAX_DEPTH) -> bool:
    """Whether a JSON document has more levels of objects and arrays."""
    if document.count(b"{") + document.count(b"[") <= levels:
        return False
    depth = 0
    for token in _TOKENS.finditer(document):
        first = token[0][:1]
        if first in b"[{":
            depth += 1
            if depth > levels:
                return True
        elif first in b"]}":
            depth -= 1
    return False
