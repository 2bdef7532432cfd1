"""Trivial ways to score a text, for comparison on the same texts: what a detector has to beat to be worth anything.

The lists of clichés are the package's own, chosen on the labelled articles, so that this baseline is flattered.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import numpy as np

from detector.lexicon import entries
from detector.training.metrics import Floats, Ints

CLICHES = ("generic_phrases", "platitudes", "significance", "empty_attribution", "forecast", "announcing")
SLOP_GUARD = "slop-guard"
NO_SLOP_GUARD = "slop-guard is not installed and is left out of the comparison; to have it: pip install slop-guard"
LEGEND = (
    "Beside the figures: what the number of words, listed clichés per 100 words, the compression ratio and, if it is "
    "installed, slop-guard reach on the same texts, each in the direction that serves it better. The lists of clichés "
    "were chosen on these labels, which flatters them."
)
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_LONGEST = 6  # words of a cliché

Baselines = Mapping[str, Floats]


def length(text: str) -> float:
    """Return the number of white-space tokens."""
    return float(len(text.split()))


def cliches(text: str) -> float:
    """Return how many listed clichés begin for every 100 words; 0 without words."""
    words = tuple(_WORD.findall(text.lower().replace("’", "'")))
    known = _cliches()
    found = sum(words[i : i + n] in known for n in range(1, _LONGEST + 1) for i in range(len(words) - n + 1))
    return 100.0 * found / len(words) if words else 0.0


@cache
def _cliches() -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(_WORD.findall(entry)) for name in CLICHES for entry in entries(name))


def compression(text: str) -> float:
    """Return the size of the text in UTF-8 compressed by zlib over its size, about .3 to .6; 1 for an empty text."""
    data = text.encode("utf-8", "surrogatepass")
    return len(zlib.compress(data, 6)) / len(data) if data else 1.0


def slop_guard(text: str) -> float:
    """Return the score of slop-guard, 0 (slop) to 100 (clean)."""
    return float(import_module("slop_guard").analyze_text(text)["score"])


def available() -> dict[str, Callable[[str], float]]:
    """Return the baselines that are installed, by name."""
    found: dict[str, Callable[[str], float]] = {"length": length, "clichés": cliches, "compression": compression}
    if find_spec("slop_guard") is not None:
        found[SLOP_GUARD] = slop_guard
    return found


def measure_baselines(texts: Sequence[str], jobs: int = 1) -> dict[str, Floats]:
    """Return for each baseline its value for each text (N,)."""
    from joblib import Parallel, delayed

    chunks = Parallel(n_jobs=jobs)(delayed(_measure)(texts[i::16]) for i in range(16))
    out = {}
    for name in available():
        values = np.empty(len(texts))
        for i, chunk in enumerate(chunks):
            values[i::16] = chunk[name]
        out[name] = values
    return out


def _measure(texts: Iterable[str]) -> dict[str, list[float]]:
    held = list(texts)
    return {name: [score(text) for text in held] for name, score in available().items()}


def beside(baselines: Baselines, statistic: Callable[[Floats], float], rows: Ints | None = None) -> dict[str, float]:
    """Return a statistic of each baseline's values at ``rows``, each in the direction that serves it better."""
    out = {}
    for name, values in baselines.items():
        own = values if rows is None else values[rows]
        both = [value for value in (statistic(own), statistic(-own)) if not np.isnan(value)]
        out[name] = max(both, default=float("nan"))
    return out
