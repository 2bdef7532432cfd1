"""A measured figure, and tables of them for people and for machines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from detector.training.metrics import Interval

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with its 95 % interval; ``floor`` is the least (or, with ``at_most``, the most) it should be.

    ``n`` counts what it was measured on; NaN stands for "not measured" and for "no floor".
    """

    group: str
    name: str
    value: float
    low: float = NAN
    high: float = NAN
    n: int = 0
    floor: float = NAN
    at_most: bool = False
    note: str = ""

    @property
    def passes(self) -> bool | None:
        """Whether the target is met; None without a floor or a value."""
        if math.isnan(self.floor) or math.isnan(self.value):
            return None
        return abs(self.value) <= self.floor if self.at_most else self.value >= self.floor

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; NaN becomes None."""
        values = {key: None if isinstance(v, float) and math.isnan(v) else v for key, v in asdict(self).items()}
        return values | {"passes": self.passes}


def figure(
    group: str,
    name: str,
    interval: Interval,
    n: int,
    floor: float = NAN,
    *,
    at_most: bool = False,
    note: str = "",
) -> Figure:
    """Return the figure of an interval."""
    return Figure(group, name, interval.value, interval.low, interval.high, n, floor, at_most, note)


def markdown(figures: Sequence[Figure]) -> str:
    """Return the figures as Markdown tables, one for each group."""
    lines: list[str] = []
    for group in dict.fromkeys(item.group for item in figures):
        lines += [
            "",
            f"### {group}",
            "",
            "| figure | value | 95 % interval | n | target | |",
            "|---|---|---|---|---|---|",
        ]
        lines += [_row(item) for item in figures if item.group == group]
    return "\n".join(lines[1:]) + "\n"


def _row(item: Figure) -> str:
    interval = "" if math.isnan(item.low) else f"{item.low:.3f} to {item.high:.3f}"
    floor = "" if math.isnan(item.floor) else f"{'≤' if item.at_most else '≥'} {item.floor:g}"
    verdict = {None: "", True: "met", False: "**missed**"}[item.passes]
    value = "–" if math.isnan(item.value) else f"{item.value:.3f}"
    name = f"{item.name} ({item.note})" if item.note else item.name
    return f"| {name} | {value} | {interval} | {item.n or ''} | {floor} | {verdict} |"
