"""The clock of tests, where the tests of this folder look for it."""

from tests.clock import FakeClock

__all__ = ["FakeClock"]
