"""Tests of podium_core alone."""
