"""The results as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.result import Result

_SORTS = (
    ("no", "fall short"),
    ("unclear", "are unclear (the bound lies within the middle half of the rounds)"),
    ("disturbed", "were disturbed by other processes: trust the CPU times, not the rates"),
)


def line(result: Result) -> str:
    """A result in one line, to be shown as it comes."""
    return f"  {result.name}: {result.measured} (wanted {result.wanted}): {result.verdict}"


def markdown(
    results: Sequence[Result], machine: str, failures: Mapping[str, str] | None = None
) -> str:
    """The table, with what falls short named below it.

    Args:
        results: What was measured.
        machine: What it was measured on.
        failures: Points that were not measured to their end, and why.
    """
    lines = [
        f"Measured on {machine}. Server and load generator share the cores.",
        "",
        "| point | measured | wanted | kept | more |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {r.name} | **{r.measured}** | {r.wanted} | {_shown(r.verdict)} | {r.detail} |"
            for r in results
        ),
        "",
        *_short(results),
        *(f"{point} failed: {why}" for point, why in (failures or {}).items()),
    ]
    return "\n".join(lines) + "\n"


def _shown(verdict: str) -> str:
    return verdict if verdict == "yes" else f"**{verdict}**"


def _short(results: Sequence[Result]) -> Iterator[str]:
    for verdict, text in _SORTS:
        names = [result.name for result in results if result.verdict == verdict]
        if names:
            yield f"{len(names)} of {len(results)} {text}: {'; '.join(names)}."
    if results and all(result.verdict == "yes" for result in results):
        yield f"All {len(results)} bounds are kept."
