"""Tests of the rules of definitions and event handlers, without a store."""
