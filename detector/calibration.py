"""A cut from a user's own texts, and the p-value it gives every new one: split-conformal, for one side.

Let n trusted texts have been scored. The p-value of a new text with score s is

    p(s) = (1 + number of trusted texts with a score of s or more) / (n + 1)

and the text is flagged when p(s) <= fpr. If the new text is as trustworthy as the others and exchangeable with them,
its rank among the n + 1 is uniform, so it is flagged with a probability of at most fpr, whatever the model is worth.
Ties count against the new text, which keeps the bound. p-values do not depend on a prior, which moves all logits alike.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from detector._version import __version__
from detector.report import NAN

On = Literal["score", "machine_score"]
FORMAT = 1
KIND = "detector calibration"
_EXACT = 1000  # of the highest scores are kept one by one
_MOST = 2**53  # trusted texts of a sound file: up to here a float tells every number from the next
_BLOCKS = 2000  # that the rest is kept in; a block stands at its highest score, so a p-value can only rise


class CalibrationError(ValueError):
    """A calibration cannot be made or used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a calibration file holds.

    ``scores`` (K,), rising and distinct, and ``at_least`` (K,), how many of the ``n`` trusted texts score that much or
    more; both are tuples, so that a scorer can be sent to workers and told from another. ``model`` and ``digest`` name
    the model that scored them, ``detector`` the version of the package, ``date`` the day (ISO 8601).
    """

    on: On
    fpr: float
    n: int
    scores: tuple[float, ...]
    at_least: tuple[int, ...]
    model: str
    digest: str
    detector: str = __version__
    date: str = ""

    def p_value(self, score: float) -> float:
        """Return p(score), from 1 / (n + 1) to 1; NaN for an undefined score."""
        if math.isnan(score):
            return NAN
        at = bisect_left(self.scores, score)
        return (1 + (self.at_least[at] if at < len(self.scores) else 0)) / (self.n + 1)

    def flags(self, p: float) -> bool:
        """Return whether a p-value is small enough to flag the text; never for NaN."""
        return p <= self.fpr

    @property
    def cut(self) -> float:
        """The least score that is flagged. It lies above 1, out of reach, if too many trusted texts score 1."""
        allowed = most_above(self.n, self.fpr)
        # at_least falls as scores rise: the first score that few enough reach follows the highest that too many do
        at = bisect_right([-count for count in self.at_least], -(allowed + 1))
        return float(np.nextafter(self.scores[at - 1], np.inf))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-ready content of a calibration file."""
        return {
            "kind": KIND,
            "format": FORMAT,
            "on": self.on,
            "fpr": self.fpr,
            "n": self.n,
            "cut": self.cut,
            "model": self.model,
            "digest": self.digest,
            "detector": self.detector,
            "date": self.date,
            "scores": list(self.scores),
            "at_least": list(self.at_least),
        }


Given = str | Path | Calibration


def texts_needed(fpr: float) -> int:
    """Return the least number of trusted texts with which anything can be flagged at ``fpr``."""
    n = max(math.ceil(1 / fpr) - 2, 0)
    while 1 / (n + 1) > fpr:  # the very comparison that flags, so that rounding cannot part the two
        n += 1
    return n


def most_above(n: int, fpr: float) -> int:
    """Return how many of ``n`` trusted texts may score as much as a text that is flagged; -1: nothing is flagged."""
    count = int(fpr * (n + 1)) + 1
    while count >= 0 and (1 + count) / (n + 1) > fpr:
        count -= 1
    return count


def calibrate(
    scores: Iterable[float], *, on: On, fpr: float, model: str = "", digest: str = "", date: str = ""
) -> Calibration:
    """Return the calibration of trusted texts with these ``scores``; NaN, an abstention, is left out.

    Raises CalibrationError if they are too few for ``fpr``, naming how many are missing and what is possible.
    """
    if on not in get_args(On):
        raise CalibrationError(f'a calibration is on "score" or "machine_score", not {on!r}')
    if not 0.0 < fpr < 1.0:
        raise CalibrationError(f"the false positive rate is a number between 0 and 1, such as 0.01, not {fpr}")
    ranked = np.sort(np.array([score for score in scores if not math.isnan(score)], np.float64))[::-1]
    n, needed = len(ranked), texts_needed(fpr)
    if n < needed:
        least = math.ceil(1e4 / (n + 1)) / 1e4
        instead = f", or --fpr {least:g}, the least that {n} allow" if n else ""
        raise CalibrationError(
            f"a false positive rate of {fpr:g} needs {needed:,} trusted texts that can be scored; there are {n:,}, "
            f"so give {needed - n:,} more{instead}"
        )
    levels, counts = _thinned(ranked, most_above(n, fpr))
    return Calibration(on, fpr, n, levels, counts, model, digest, date=date)


def _thinned(ranked: Any, allowed: int) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Return the distinct levels of falling scores, thinned without lowering a p-value or moving the cut."""
    starts = set(range(min(_EXACT, len(ranked)))) | {allowed}  # a block begins at the score that sets the cut
    starts |= set(np.linspace(0, len(ranked) - 1, min(_BLOCKS, len(ranked))).astype(int).tolist())
    first = np.array(sorted(starts))
    counts = np.diff(np.append(first, len(ranked)))
    levels, member = np.unique(ranked[first], return_inverse=True)
    each = np.bincount(member, counts, len(levels)).astype(int)
    at_least = np.cumsum(each[::-1])[::-1]
    return tuple(levels.tolist()), tuple(at_least.tolist())


def load(file: str | Path) -> Calibration:
    """Read a calibration file. Raises CalibrationError with one sentence if it cannot be used."""
    name = str(file) or "''"
    try:
        with open(file, encoding="utf-8") as stream:  # a Path of the empty name would be the folder we are in
            content = json.load(stream)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise CalibrationError(
            f"the calibration {name} cannot be read: {why}; detector calibrate writes one"
        ) from error
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, or nested without end
        raise CalibrationError(f"{name} is not JSON; give a file written by detector calibrate") from error
    return from_dict(content, name)


def from_dict(content: Any, name: str) -> Calibration:
    """Return the calibration that gave this ``Calibration.to_dict()``; errors call it ``name``.

    Raises CalibrationError with one sentence if it cannot be used.
    """
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise CalibrationError(f"{name} is not a calibration; give a file written by detector calibrate")
    if content.get("format") != FORMAT:
        raise CalibrationError(
            f"{name} is a calibration of format {content.get('format')!r}, this version reads {FORMAT}; calibrate again"
        )
    try:
        found = Calibration(
            on=content["on"],
            fpr=float(content["fpr"]),
            n=int(content["n"]),
            scores=tuple(map(float, content["scores"])),
            at_least=tuple(map(int, content["at_least"])),
            model=str(content["model"]),
            digest=str(content["digest"]),
            detector=str(content["detector"]),
            date=str(content["date"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CalibrationError(f"the calibration {name} is damaged ({error}); calibrate again") from error
    if not _is_sound(found):
        raise CalibrationError(
            f"the calibration {name} is damaged (its numbers contradict each other); calibrate again"
        )
    return found


def _is_sound(found: Calibration) -> bool:
    scores, counts = np.array(found.scores), np.array(found.at_least)
    return (
        found.on in get_args(On)
        and 1 / _MOST < found.fpr < 1.0
        and texts_needed(found.fpr) <= found.n <= _MOST
        and len(scores) == len(counts) > 0
        and bool(np.isfinite(scores).all() and (np.diff(scores) > 0).all())
        and bool((np.diff(counts) < 0).all() and counts[-1] > 0)
        and int(counts[0]) == found.n
    )


def load_for(given: Given | Iterable[Given] | None, folder: Path) -> dict[On, Calibration]:
    """Return calibrations by what they are on, each checked to be of the model in ``folder``.

    ``given``: a file or a Calibration, several of them (one for each score), or None. Raises CalibrationError.
    """
    if given is None:
        return {}
    several = [given] if isinstance(given, (str, Path, Calibration)) else list(given)
    digest = model_digest(folder) if several else ""
    found: dict[On, Calibration] = {}
    for one in several:
        calibration = one if isinstance(one, Calibration) else load(one)
        name = "the calibration" if isinstance(one, Calibration) else f"the calibration {one}"
        if calibration.digest != digest:
            raise CalibrationError(
                f"{name} was made with another model ({calibration.model}, digest {calibration.digest[:12]}; this one "
                f"has {digest[:12]}), whose scores mean something else; calibrate again with this model"
            )
        if calibration.on in found:
            raise CalibrationError(f"two calibrations are on {calibration.on}; give one")
        found[calibration.on] = calibration
    return found


def model_digest(folder: Path) -> str:
    """Return the SHA-256 of all that scores depend on in a model folder: ``model.json`` and the arrays."""
    import hashlib  # not needed by most scores, and slow to load

    digest = hashlib.sha256()
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name == "model.json" or file.name.endswith(".npz"):
            data = file.read_bytes()
            digest.update(f"{file.name}\0{len(data)}\0".encode())
            digest.update(data)
    return digest.hexdigest()


def p_values(calibrations: Mapping[On, Calibration], **scores: float) -> dict[str, float]:
    """Return the p-value of each calibrated score, by its name."""
    return {on: calibration.p_value(scores[on]) for on, calibration in calibrations.items()}
