"""A measured point against its bound."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One point.

    Attributes:
        detail: What else was seen, in a few words.
        at_least: The bound is the least that is wanted, not the most.
        quartiles: Of the rounds, where there were several.
        disturbed: Other processes took so much of the machine that a rate can't be trusted.
    """

    name: str
    value: float
    unit: str
    bound: float
    detail: str
    at_least: bool = False
    quartiles: tuple[float, float] | None = None
    disturbed: bool = False

    @property
    def verdict(self) -> str:
        """``yes``, ``no``, ``unclear`` where the bound lies within the middle half of the rounds, ``disturbed``."""
        if self.disturbed:
            return "disturbed"
        if self.quartiles is not None and self.quartiles[0] < self.bound < self.quartiles[1]:
            return "unclear"
        return "yes" if self.met else "no"

    @property
    def met(self) -> bool:
        """Whether the bound is kept."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    @property
    def short(self) -> str:
        """The value with its unit."""
        return f"{number(self.value)} {self.unit}"

    @property
    def measured(self) -> str:
        """The value with its unit, and the quartiles."""
        if self.quartiles is None:
            return self.short
        low, high = map(number, self.quartiles)
        return f"{number(self.value)} ({low} to {high}) {self.unit}"

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
