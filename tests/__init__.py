"""Tests of every part, against real stores."""
