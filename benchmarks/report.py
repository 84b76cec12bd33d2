"""The results as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.result import Result

_SORTS = (
    ("no", "fall short"),
    ("unclear", "are unclear (the bound lies within the middle half of the rounds)"),
    ("disturbed", "were disturbed by other processes: trust the CPU times, not the rates"),
)


def markdown(results: Sequence[Result], machine: str) -> str:
    """The table, with what falls short named below it.

    Args:
        results: What was measured.
        machine: What it was measured on.
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
    ]
    return "\n".join(lines) + "\n"


def _shown(verdict: str) -> str:
    return verdict if verdict == "yes" else f"**{verdict}**"


def _short(results: Sequence[Result]) -> Iterator[str]:
    for verdict, text in _SORTS:
        names = [result.name for result in results if result.verdict == verdict]
        if names:
            yield f"{len(names)} of {len(results)} {text}: {'; '.join(names)}."
    if all(result.verdict == "yes" for result in results):
        yield f"All {len(results)} bounds are kept."
