"""Tests of the records, and of JSON text."""
