"""What templates of others do to indices of ours: whatever matches a new index takes part in making it."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from podium_backends.elasticsearch6 import dialect
from podium_backends.elasticsearch6.setup import TEMPLATE_ORDER
from podium_core.index import EntryKind

_DEFAULT_TYPE = "_default_"


def template_fault(template: Mapping[str, Any], kind: EntryKind, index: str) -> str:
    """What is wrong with a template of someone else's, and what to do; empty: it doesn't matter to this index.

    Args:
        template: As Elasticsearch answers it.
        kind: Of the entries that the index is for.
        index: The name of one that may be made.
    """
    # A star is the only pattern; other characters are their own.
    patterns = [pattern.replace("[", "[[]") for pattern in template["index_patterns"]]
    if not any(fnmatchcase(index, pattern) for pattern in patterns):
        return ""
    wanted = dialect.document_type(kind)
    if others := sorted(set(template["mappings"]) - {wanted, _DEFAULT_TYPE}):
        return (
            f"gives {index} documents of type {', '.join(others)}, and then it takes none of {wanted}:"
            " give it patterns that leave this name out"
        )
    order = template.get("order", 0)
    if order >= TEMPLATE_ORDER:
        return (
            f"matches {index} with order {order}, and overrules Podium's, which has {TEMPLATE_ORDER}:"
            f" give it an order below {TEMPLATE_ORDER}, or patterns that leave this name out"
        )
    return ""
