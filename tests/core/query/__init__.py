"""Tests of the query languages, and a plain evaluation of what they mean."""
