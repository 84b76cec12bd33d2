"""The results as a picture: how much of each bound is reached, or used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from benchmarks.result import Result

_WIDTH = 1080
_ROW = 26
_TOP = 34
_LABEL = 400
_UNIT = 300  # so many pixels are the bound
_MOST = 1.2  # a bar is cut above that
_COLOURS = {"yes": "#2f7d5b", "no": "#c0492f", "unclear": "#9a7b1f", "disturbed": "#8a9199"}
_INK, _FAINT = "#1f2328", "#8a9199"


def svg(results: Sequence[Result]) -> str:
    """Two panels: of what should be large, the share of the bound reached; of what should be small, the share used."""
    panels = (
        ("reached of what is wanted at least", [r for r in results if r.at_least]),
        ("used of what is allowed at most", [r for r in results if not r.at_least]),
    )
    parts: list[str] = []
    top = 0
    for title, shown in panels:
        parts += _panel(title, shown, top)
        top += _TOP + _ROW * len(shown) + 20
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="13">\n<title>Podium against its bounds</title>\n'
        f'<rect width="{_WIDTH}" height="{top}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _panel(title: str, results: Sequence[Result], top: int) -> Iterator[str]:
    bottom = top + _TOP + _ROW * len(results)
    bound_x = _LABEL + _UNIT
    yield _text(_LABEL, top + 22, title, weight="600")
    yield (
        f'<line x1="{bound_x}" y1="{top + _TOP - 4}" x2="{bound_x}" y2="{bottom}" '
        f'stroke="{_FAINT}" stroke-dasharray="4 3"/>'
    )
    for at, result in enumerate(results):
        y = top + _TOP + at * _ROW
        share = min(result.value / result.bound, _MOST)
        length = max(round(share * _UNIT), 2)
        colour = _COLOURS[result.verdict]
        yield _text(_LABEL - 10, y + 16, result.name, anchor="end")
        yield f'<rect x="{_LABEL}" y="{y + 4}" width="{length}" height="{_ROW - 10}" rx="2" fill="{colour}"/>'
        cut = "→ " if result.value / result.bound > _MOST else ""
        yield _text(max(_LABEL + length, bound_x) + 8, y + 16, cut + result.short, fill=colour)


def _text(
    x: int, y: int, text: str, *, anchor: str = "start", weight: str = "400", fill: str = _INK
) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}" fill="{fill}">{escape(text)}</text>'
