"""The results as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.result import Result


def markdown(results: Sequence[Result], machine: str, others: float) -> str:
    """The table, with what falls short named below it.

    Args:
        results: What was measured.
        machine: What it was measured on.
        others: The share of the machine that other processes took meanwhile.
    """
    lines = [
        f"Measured on {machine}. Server and load generator share the cores; "
        f"other processes took {others:.0%} of the machine meanwhile.",
        "",
        "| point | measured | wanted | kept | more |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {r.name} | **{r.measured}** | {r.wanted} | {_shown(r.verdict)} | {r.detail} |"
            for r in results
        ),
        "",
        *_short(results),
    ]
    return "\n".join(lines) + "\n"


def _shown(verdict: str) -> str:
    return verdict if verdict == "yes" else f"**{verdict}**"


def _short(results: Sequence[Result]) -> Iterator[str]:
    for verdict, text in (("no", "fall short"), ("unclear", "are unclear")):
        names = [result.name for result in results if result.verdict == verdict]
        if names:
            yield f"{len(names)} of {len(results)} {text}: {'; '.join(names)}."
    if all(result.verdict == "yes" for result in results):
        yield f"All {len(results)} bounds are kept."
