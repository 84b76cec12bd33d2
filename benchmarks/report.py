"""The results as a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.result import Result


def markdown(results: Sequence[Result], machine: str) -> str:
    """The table, with what falls short named below it."""
    lines = [
        f"Measured on {machine}. Server and load generator share the cores.",
        "",
        "| point | measured | wanted | | more |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {r.name} | **{r.measured}** | {r.wanted} | {'yes' if r.met else '**no**'} | {r.detail} |"
            for r in results
        ),
        "",
        _short(results),
    ]
    return "\n".join(lines) + "\n"


def _short(results: Sequence[Result]) -> str:
    missed = [result.name for result in results if not result.met]
    if not missed:
        return f"All {len(results)} bounds are kept."
    return f"{len(missed)} of {len(results)} fall short: {'; '.join(missed)}."
