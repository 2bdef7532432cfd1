"""A measured figure, and tables of them for people and for machines."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.training.metrics import Interval, bootstrap, wilson

NAN = float("nan")
SEED = 0
RESAMPLES = 200  # enough for two digits of an interval, few enough for a gate
Statistic = Callable[[NDArray[np.int64]], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with its 95 % interval; ``floor`` is the least (or, with ``at_most``, the most) it should be.

    ``n`` counts what it was measured on; NaN stands for "not measured" and for "no floor". ``beside`` holds the same
    figure for trivial baselines on the same texts, or published ones, by name.
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
    beside: tuple[tuple[str, float], ...] = ()

    @property
    def passes(self) -> bool | None:
        """Whether the target is met; None without a floor or a value."""
        if math.isnan(self.floor) or math.isnan(self.value):
            return None
        return abs(self.value) <= self.floor if self.at_most else self.value >= self.floor

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; NaN becomes None."""
        values = {key: None if isinstance(v, float) and math.isnan(v) else v for key, v in asdict(self).items()}
        return values | {"beside": dict(self.beside), "passes": self.passes}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Figure:
        """Return the figure that :meth:`to_dict` was called on."""
        known = {field.name: NAN if values[field.name] is None else values[field.name] for field in fields(cls)}
        return cls(**known | {"beside": tuple((name, float(value)) for name, value in values["beside"].items())})


def figure(
    group: str,
    name: str,
    interval: Interval,
    n: int,
    floor: float = NAN,
    *,
    at_most: bool = False,
    note: str = "",
    beside: Mapping[str, float] | None = None,
) -> Figure:
    """Return the figure of an interval."""
    others = tuple((beside or {}).items())
    return Figure(group, name, interval.value, interval.low, interval.high, n, floor, at_most, note, others)


def rate(
    group: str,
    name: str,
    hits: NDArray[np.bool_],
    floor: float = NAN,
    at_most: bool = False,
    note: str = "",
    beside: Mapping[str, float] | None = None,
) -> Figure:
    """Return the share of ``hits`` with its Wilson interval; undefined without any."""
    interval = wilson(int(hits.sum()), len(hits))
    return figure(group, name, interval, len(hits), floor, at_most=at_most, note=note, beside=beside)


def maker(group: str, n: int, clusters: Sequence[object] | NDArray[Any], note: str = "") -> Callable[..., Figure]:
    """Return a function that measures a statistic of row numbers, with a bootstrap over ``clusters``.

    It takes the name, the statistic and, if wanted, a floor, whether the floor is a most, and what stands beside.
    """

    def make(
        name: str,
        statistic: Statistic,
        floor: float = NAN,
        at_most: bool = False,
        beside: Mapping[str, float] | None = None,
    ) -> Figure:
        interval = bootstrap(statistic, clusters, seed=SEED, resamples=RESAMPLES)
        return figure(group, name, interval, n, floor, at_most=at_most, note=note, beside=beside)

    return make


def markdown(figures: Sequence[Figure]) -> str:
    """Return the figures as Markdown tables, one for each group."""
    lines: list[str] = []
    for group in dict.fromkeys(item.group for item in figures):
        own = [item for item in figures if item.group == group]
        wide = any(item.beside for item in own)
        lines += [
            "",
            f"### {group}",
            "",
            "| figure | value | 95 % interval | n | target | |" + " beside it, on the same texts |" * wide,
            "|---|---|---|---|---|---|" + "---|" * wide,
        ]
        lines += [_row(item, wide) for item in own]
    return "\n".join(lines[1:]) + "\n"


def _row(item: Figure, wide: bool) -> str:
    interval = "" if math.isnan(item.low) else f"{item.low:.3f} to {item.high:.3f}"
    floor = "" if math.isnan(item.floor) else f"{'≤' if item.at_most else '≥'} {item.floor:g}"
    verdict = {None: "", True: "met", False: "**missed**"}[item.passes]
    value = "–" if math.isnan(item.value) else f"{item.value:.3f}"
    name = f"{item.name} ({item.note})" if item.note else item.name
    row = f"| {name} | {value} | {interval} | {item.n or ''} | {floor} | {verdict} |"
    others = ", ".join(f"{other} {size:.2f}" for other, size in item.beside if not math.isnan(size))
    return row + f" {others} |" * wide
