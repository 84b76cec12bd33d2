"""A measured point against its bound."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One point.

    Attributes:
        at_least: The bound is the least that is wanted, not the most.
        detail: What else was seen, in a few words.
    """

    name: str
    value: float
    unit: str
    bound: float
    detail: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the bound is kept."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    @property
    def measured(self) -> str:
        """The value with its unit."""
        return f"{number(self.value)} {self.unit}"

    @property
    def wanted(self) -> str:
        """The bound with its unit."""
        return f"{'≥' if self.at_least else '≤'} {number(self.bound)} {self.unit}"


def number(value: float) -> str:
    """A number to about three figures, as people write it."""
    if value >= 100:
        return f"{value:,.0f}"
    text = f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return text.rstrip("0").rstrip(".")
