"""Removals, without a store."""
