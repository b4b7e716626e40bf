"""Lines in panels beside each other, as an SVG picture that needs no library."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from benchmarks.report import number

Line = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 300, 220
LEFT, TOP, BELOW, BETWEEN = 70, 70, 50, 100
STYLES = (
    'stroke="#1f5fa8"',
    'stroke="#c8501e" stroke-dasharray="6 3"',
    'stroke="#3f7f3f" stroke-dasharray="2 3"',
)


def chart(title: str, across: str, panels: Mapping[str, Mapping[str, Line]]) -> str:
    """Draw; both axes are logarithmic.

    :param title: what a reader hears who does not see it.
    :param across: what grows to the right.
    :param panels: by what grows upwards: the lines by their names, the same names in each, at most three.
    """
    whole = LEFT + len(panels) * (WIDTH + BETWEEN), TOP + HEIGHT + BELOW
    names = next(iter(panels.values()))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole[0]} {whole[1]}" role="img" '
        'font-family="sans-serif" font-size="12" fill="#222">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for place, (name, style) in enumerate(zip(names, STYLES, strict=False)):
        x = LEFT + 170 * place
        parts.append(f'<path d="M{x} 20h30" fill="none" stroke-width="2" {style}/>')
        parts.append(_text(x + 36, 24, name, "start"))
    for place, (upwards, lines) in enumerate(panels.items()):
        left = LEFT + place * (WIDTH + BETWEEN)
        parts += [_text(left, TOP - 14, upwards, "start"), *_panel(left, lines)]
        parts.append(_text(left + WIDTH / 2, TOP + HEIGHT + 38, across, "middle"))
    return "\n".join([*parts, "</svg>", ""])


def _panel(left: float, lines: Mapping[str, Line]) -> list[str]:
    xs = sorted({x for line in lines.values() for x, _ in line})
    ys = [y for line in lines.values() for _, y in line]
    ticks = _ticks(min(ys), max(ys))

    def right(x: float) -> float:
        return left + WIDTH * _share(x, xs[0], xs[-1])

    def down(y: float) -> float:
        return TOP + HEIGHT * (1 - _share(y, ticks[0], ticks[-1]))

    parts = []
    for y in ticks:
        parts.append(f'<path d="M{left} {down(y):.1f}h{WIDTH}" stroke="#ddd"/>')
        parts.append(_text(left - 8, down(y) + 4, number(y), "end"))
    parts += [_text(right(x), TOP + HEIGHT + 18, number(x), "middle") for x in xs]
    for line, style in zip(lines.values(), STYLES, strict=False):
        points = " ".join(f"{right(x):.1f},{down(y):.1f}" for x, y in line)
        parts.append(f'<polyline points="{points}" fill="none" stroke-width="2" {style}/>')
    return parts


def _ticks(least: float, most: float) -> list[float]:
    """1, 2, 5, 10 ... around all values."""
    first, last = math.floor(math.log10(least)), math.ceil(math.log10(most))
    steps = [step * 10.0**power for power in range(first, last + 1) for step in (1, 2, 5)]
    low = max(step for step in steps if step <= least)
    high = min(step for step in [*steps, 10.0 ** (last + 1)] if step > most)
    return [step for step in steps if low <= step <= high]


def _share(value: float, least: float, most: float) -> float:
    """How far a value is from the least to the most."""
    return math.log(value / least) / math.log(most / least) if most > least else 0.5


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
