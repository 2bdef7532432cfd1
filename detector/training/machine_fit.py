"""The model behind the machine head: linear in hashed n-grams, piecewise linear in habits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.linear_model import SGDClassifier

from detector.heads.machine_style import Floats
from detector.text.document import Ints
from detector.training.machine_data import Names, Seen, Store

_KNOTS = (0.02, 0.25, 0.5, 0.75, 0.98)
_STYLE_SCALE = 0.35  # of a habit's inputs beside n-grams: the penalty on habits against that on words
_ALPHA = 3e-6
_EPOCHS = 5
_MOST = 1500  # pieces of one class of one data set that a fit draws
_BOTH_CLASSES = 2.0  # a family that has both classes shows what differs with all else equal


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A fitted model: ``grams`` (2 ** GRAM_BITS,), ``knots`` and ``curves`` (F, K), ``middle`` (F,)."""

    grams: Floats
    knots: Floats
    curves: Floats
    middle: Floats
    intercept: float

    def __call__(self, seen: Seen) -> Floats:
        """Return the uncalibrated logit of each piece."""
        curves = hats(seen.style, self.knots, self.middle) @ self.curves.ravel()
        out: Floats = seen.grams @ self.grams + curves + self.intercept
        return out


def hats(style: Floats, knots: Floats, middle: Floats) -> sparse.csr_matrix:
    """Write each habit as its shares of the two knots around it, (N, F K); undefined ones as ``middle``."""
    n, width = style.shape
    size = knots.shape[1]
    x = np.clip(np.where(np.isnan(style), middle, style), knots[:, 0], knots[:, -1])
    at = (x[:, :, None] >= knots[None, :, 1:-1]).sum(axis=2)
    row = np.arange(width)
    low, high = knots[row, at], knots[row, at + 1]
    share = np.divide(x - low, high - low, out=np.zeros_like(x), where=high > low)
    column = row * size + at
    columns = np.stack((column, column + 1), axis=2).reshape(n, -1)
    values = np.stack((1 - share, share), axis=2).reshape(n, -1)
    starts = np.arange(n + 1) * 2 * width
    return sparse.csr_matrix((values.ravel(), columns.ravel(), starts), shape=(n, width * size))


def weigh(store: Store, text: Ints) -> Floats:
    """Return a weight for each piece: large sources count less per text, families with both classes more.

    The weights of each class add up to half the number of pieces.
    """
    machine = store.machine[text]
    _, member, counts = np.unique(_source(store, text), return_inverse=True, return_counts=True)
    weight: Floats = np.asarray(counts[member], np.float64) ** -0.5
    family = store.family[text]
    both = np.intersect1d(family[machine], family[~machine])
    weight *= np.where(np.isin(family, both), _BOTH_CLASSES, 1.0)
    for side in (machine, ~machine):
        weight[side] *= len(text) / 2 / weight[side].sum()
    return weight


def _source(store: Store, text: Ints) -> Names:
    return np.char.add(store.dataset[text], np.where(store.machine[text], "+", "-"))


def draw(store: Store, seen: Seen, kept: Ints, seed: int) -> Ints:
    """Return at most _MOST of the pieces ``kept`` for each class of each data set, in order.

    The draw from one source does not depend on which others there are.
    """
    source = _source(store, seen.text[kept])
    chosen = [
        np.random.default_rng(seed).permutation(np.flatnonzero(source == name))[:_MOST] for name in np.unique(source)
    ]
    drawn: Ints = kept[np.sort(np.concatenate(chosen))]
    return drawn


def fit(store: Store, seen: Seen, kept: Ints, seed: int) -> Linear:
    """Fit the model to the pieces ``kept``, or to a draw of them where a source has very many."""
    kept = draw(store, seen, kept, seed)
    text, habits = seen.text[kept], seen.style[kept]
    knots = np.nanquantile(habits, _KNOTS, axis=0).T
    middle = np.nanmedian(habits[~store.machine[text]], axis=0)
    inputs = sparse.hstack(
        (seen.grams[kept], hats(habits, knots, middle) * _STYLE_SCALE), format="csr", dtype=np.float32
    )
    model = SGDClassifier(loss="log_loss", alpha=_ALPHA, max_iter=_EPOCHS, tol=None, average=True, random_state=seed)
    model.fit(inputs, store.machine[text], sample_weight=weigh(store, text))
    weights = model.coef_[0].astype(np.float64)
    split = seen.grams.shape[1]
    curves = weights[split:].reshape(knots.shape) * _STYLE_SCALE
    return Linear(weights[:split], knots, curves, middle, float(model.intercept_[0]))
