"""Adapting a trained additive logistic model to few labels: every weight stays near what much more data taught it.

The inputs are the parts of the base logit, (N, K), so a multiplier of 1 is the base model. With few labels one slope
and the intercept are fitted (Platt scaling, the slope drawn to 1). With more each part has a multiplier of its own,
drawn to that slope: a Gaussian prior of width ``tau``, which cross-validation chooses; 0 keeps to the slope alone.
No multiplier is ever negative: a habit that spoke for machines cannot come to speak for people by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from detector.training.document import log_loss

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

LEAST = 20  # texts of each class for a slope and an intercept
LEAST_REFIT = 100  # of each class for a multiplier a part
TAUS = (0.0, 0.1, 0.3, 1.0)
FOLDS = 5
_SLOPE_WIDTH = 0.5
_INTERCEPT_WIDTH = 5.0
_LOWEST = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """``multipliers`` (K,) of the parts, the ``intercept``, and the prior width ``tau`` they were fitted with."""

    multipliers: Floats
    intercept: float
    tau: float

    def logit(self, parts: Floats) -> Floats:
        """Return the logit of each row of ``parts``."""
        out: Floats = parts @ self.multipliers + self.intercept
        return out


def fit(parts: Floats, truth: Flags, intercept: float, tau: float) -> Fit:
    """Fit to ``parts`` (N, K) and ``truth`` (N,); ``intercept`` is the base model's at the rate of ``truth``."""
    slope, moved = _penalised(parts.sum(axis=1, keepdims=True), truth, np.ones(1), _SLOPE_WIDTH, intercept)
    centre = np.full(parts.shape[1], slope[0])
    if tau == 0.0:
        return Fit(centre, moved, tau)
    return Fit(*_penalised(parts, truth, centre, tau, moved), tau)


def _penalised(parts: Floats, truth: Flags, centre: Floats, width: float, intercept: float) -> tuple[Floats, float]:
    """Return the multipliers and intercept of the highest posterior density."""
    start = np.append(centre, intercept)
    widths = np.append(np.full(len(centre), width), _INTERCEPT_WIDTH)
    design = np.column_stack((parts, np.ones(len(parts))))

    def loss(weights: Floats) -> tuple[float, Floats]:
        logit = design @ weights
        off = (weights - start) / widths
        value = np.logaddexp(0.0, np.where(truth, -logit, logit)).sum() + 0.5 * (off @ off)
        slope = design.T @ (0.5 * (1.0 + np.tanh(0.5 * logit)) - truth) + off / widths
        return float(value), slope

    bounds = [(_LOWEST, None)] * len(centre) + [(None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found[:-1], float(found[-1])


def folds_of(truth: Flags, groups: Sequence[str], seed: int) -> Ints:
    """Return a fold from 0 to 4 for each text: groups whole, classes spread evenly."""
    first: dict[str, int] = {}
    for i in np.random.default_rng(seed).permutation(len(truth)).tolist():
        first.setdefault(groups[i], i)  # a group counts by one of its texts, drawn by chance
    ranked = sorted(first, key=lambda name: bool(truth[first[name]]))  # within a class the order stays drawn
    number = {name: place % FOLDS for place, name in enumerate(ranked)}
    return np.array([number[name] for name in groups], np.int64)


def learn(parts: Floats, truth: Flags, groups: Sequence[str], intercept: float, seed: int) -> Fit:
    """Fit with the width of least cross-validated log loss; with few texts of a class the slope alone."""
    if min(truth.sum(), (~truth).sum()) < LEAST_REFIT:
        return fit(parts, truth, intercept, 0.0)
    fold = folds_of(truth, groups, seed)
    losses = {tau: log_loss(truth, _held_out(parts, truth, fold, intercept, tau)) for tau in TAUS}
    return fit(parts, truth, intercept, min(losses, key=lambda tau: losses[tau]))


def _held_out(parts: Floats, truth: Flags, fold: Ints, intercept: float, tau: float) -> Floats:
    out = np.empty(len(truth))
    for k in range(FOLDS):
        rows = fold == k
        out[rows] = fit(parts[~rows], truth[~rows], intercept, tau).logit(parts[rows])
    return out


def cross_validated(parts: Floats, truth: Flags, groups: Sequence[str], intercept: float, seed: int) -> Floats:
    """Return the logit of each text by a model that :func:`learn` made, choice of width included, without its fold."""
    fold = folds_of(truth, groups, seed + 1)
    out = np.empty(len(truth))
    for k in range(FOLDS):
        rows = fold == k
        kept = [groups[i] for i in np.flatnonzero(~rows).tolist()]
        out[rows] = learn(parts[~rows], truth[~rows], kept, intercept, seed).logit(parts[rows])
    return out
