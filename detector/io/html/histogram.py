"""A histogram as inline SVG: numbers are attributes, so that no inline style is needed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 520, 206
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 8, 52, 26

_TICKS = ((0.0, "start"), (0.25, "middle"), (0.5, "middle"), (0.75, "middle"), (1.0, "end"))


def histogram(bins: Sequence[int], cuts: Sequence[tuple[float, str]], name: str) -> str:
    """Return bars for equal parts of 0 to 1, with each cut as a dashed line and its words above it."""
    count = sum(bins)
    wide, high = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    floor = HEIGHT - _BOTTOM
    step = wide / len(bins)
    tallest = max(bins, default=0) or 1
    said = escape(_said(bins, cuts, name))
    parts = [f'<svg class="histogram" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">']
    for place, number in enumerate(bins):
        if not number:
            continue
        tall = max(high * number / tallest, 1.5)
        x = _LEFT + place * step
        y = floor - tall
        low, top = place / len(bins), (place + 1) / len(bins)
        parts.append(
            f'<rect class="bin" x="{x + 1:.1f}" y="{y:.1f}" width="{step - 2:.1f}" height="{tall:.1f}" rx="1.5">'
            f"<title>{low:.2f} to {top:.2f}: {number:,} of {count:,}</title></rect>"
            f'<text class="count" x="{x + step / 2:.1f}" y="{y - 4:.1f}" text-anchor="middle">{_brief(number)}</text>'
        )
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{floor}" y2="{floor}"/>')
    for value, anchor in _TICKS:
        x = _LEFT + value * wide
        parts.append(f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{value:g}</text>')
    for place, (value, words) in enumerate(cuts):
        x = _LEFT + value * wide
        anchor, shift = ("end", -4) if value > 0.7 else ("start", 4)
        parts.append(f'<line class="cut" x1="{x:.1f}" x2="{x:.1f}" y1="{2 + 22 * (place % 2)}" y2="{floor}"/>')
        parts.append(
            f'<text class="cut-words" x="{x + shift:.1f}" y="{16 + 21 * (place % 2)}" text-anchor="{anchor}">'
            f"{escape(words)}</text>"
        )
    return "".join((*parts, "</svg>"))


def _said(bins: Sequence[int], cuts: Sequence[tuple[float, str]], name: str) -> str:
    """Return the histogram in words, in tenths of the range."""
    count = sum(bins)
    if not count:
        return f"{name}: no article has one."
    tenth = len(bins) // 10
    tens = [sum(bins[start : start + tenth]) for start in range(0, len(bins), tenth)]
    shares = [f"{place / 10:.1f} to {(place + 1) / 10:.1f}: {number}" for place, number in enumerate(tens) if number]
    borders = "".join(f" {words}." for _, words in cuts)
    return f"{name} of {count} articles. {', '.join(shares)}.{borders}"


def _brief(number: int) -> str:
    return str(number) if number < 10_000 else f"{number / 1000:.0f}k"
