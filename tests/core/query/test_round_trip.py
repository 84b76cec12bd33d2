"""Every tree is what its text is parsed to."""

from __future__ import annotations

from hypothesis import given, settings

from podium_core.query import WORKFLOW_FIELDS, Query, parse_free_text, parse_query
from tests.core.query import printer
from tests.core.query.trees import COMPARISONS, TERMS, trees


@settings(max_examples=300, deadline=None)
@given(trees(COMPARISONS))
def test_a_structured_query_gives_its_tree_back(tree: Query) -> None:
    assert parse_query(printer.structured(tree), WORKFLOW_FIELDS) == tree


@settings(max_examples=300, deadline=None)
@given(trees(TERMS))
def test_a_free_text_gives_its_tree_back(tree: Query) -> None:
    assert parse_free_text(printer.free_text(tree), WORKFLOW_FIELDS) == tree
