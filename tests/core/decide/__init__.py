"""Decisions about WriteSets, without a store."""
