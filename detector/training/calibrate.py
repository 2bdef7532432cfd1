"""What may be promised of a calibration, and how it is written."""

from __future__ import annotations

import json
from dataclasses import dataclass

from scipy.special import betaincinv

from detector.calibration import Calibration, most_above


@dataclass(frozen=True, slots=True)
class Realised:
    """Between which rates (95 %) one calibration flags trusted texts; ``mean`` is over all calibrations of its size."""

    mean: float
    low: float
    high: float


def realised_rate(n: int, fpr: float) -> Realised:
    """Return what ``n`` trusted texts say of the rate at which their cut flags others like them.

    Without ties the rate of one calibration follows a Beta(k + 1, n - k) distribution, k being how many of its own
    texts are flagged (Clopper and Pearson 1934 have the same quantiles); ties can only lower it.
    """
    k = most_above(n, fpr)
    if k < 0:
        raise ValueError(f"{n} texts flag nothing at {fpr:g}; there is no rate to speak of")
    low, high = (float(betaincinv(k + 1, n - k, at)) for at in (0.025, 0.975))
    return Realised((k + 1) / (n + 1), low, high)


def lines_of(calibration: Calibration) -> list[str]:
    """Return the lines of a calibration file: JSON, the short facts first and one to a line."""
    return (
        json.dumps(calibration.to_dict(), indent=1)
        .replace(",\n  ", ", ")
        .replace("[\n  ", "[")
        .replace("\n ]", "]")
        .splitlines()
    )


def told(calibration: Calibration, default_cut: float, over_default: int) -> list[str]:
    """Return what the calibration means, in sentences. ``over_default`` of its texts reach the model's own cut."""
    n, on, fpr = calibration.n, calibration.on, calibration.fpr
    rate = realised_rate(n, fpr)
    lines = [
        f"cut: a text is flagged when its {on} is {calibration.cut:.4g} or more (p-value {fpr:g} or less). "
        f"The model's own cut is {default_cut:.4g}; it flags {over_default:,} of these {n:,} texts.",
        f"promise: of trusted texts drawn as these were, at most {_percent(fpr)} are flagged on average over such "
        f"draws of {n:,} texts ({_percent(rate.mean)} without ties).",
        f"this draw: its own rate lies, with 95 % confidence, between {_percent(rate.low)} and {_percent(rate.high)}; "
        "more texts narrow that.",
    ]
    if calibration.cut > 1:
        lines.append(
            f"note: {most_above(n, fpr) + 1:,} or more of these texts have the highest possible {on}, so nothing can "
            "be flagged; are they all texts that you trust?"
        )
    return lines


def _percent(rate: float) -> str:
    return f"{100 * rate:.3g} %"
