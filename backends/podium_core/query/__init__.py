"""Queries: Conductor's structured language, free text and sort orders, parsed into one syntax tree for every store."""

from podium_core.query.errors import QueryError
from podium_core.query.fields import TASK_FIELDS, UNSEARCHABLE, WORKFLOW_FIELDS, Field, FieldType
from podium_core.query.free_text import parse_free_text
from podium_core.query.meanings import Conditions, Meaning
from podium_core.query.sort import SortKey, parse_sort
from podium_core.query.structured import parse_query
from podium_core.query.text_fields import read_text, text_pieces, text_words
from podium_core.query.tree import (
    MAX_DEPTH,
    And,
    Equals,
    Exists,
    MatchAll,
    Not,
    OneOf,
    Or,
    Phrase,
    Prefix,
    Query,
    Range,
    StartsWith,
    Word,
)
from podium_core.query.values import Stretch, typed_value, value_anywhere
from podium_core.query.whole_values import ExactValue, ValuesAnywhere
from podium_core.query.words import lower_case, words

__all__ = [
    "MAX_DEPTH",
    "TASK_FIELDS",
    "UNSEARCHABLE",
    "WORKFLOW_FIELDS",
    "And",
    "Conditions",
    "Equals",
    "ExactValue",
    "Exists",
    "Field",
    "FieldType",
    "MatchAll",
    "Meaning",
    "Not",
    "OneOf",
    "Or",
    "Phrase",
    "Prefix",
    "Query",
    "QueryError",
    "Range",
    "SortKey",
    "StartsWith",
    "Stretch",
    "ValuesAnywhere",
    "Word",
    "lower_case",
    "parse_free_text",
    "parse_query",
    "parse_sort",
    "read_text",
    "text_pieces",
    "text_words",
    "typed_value",
    "value_anywhere",
    "words",
]
