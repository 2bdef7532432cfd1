"""What a batch of texts looked like, in a file to hold later batches against: ``reference.json``.

The distribution of every measure (scores, length, features) at up to 51 of its quantiles, and how often each label
was given; for all texts and for groups of them.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector._version import __version__
from detector.calibration import model_digest
from detector.model import cause
from detector.report import Report

KIND, FORMAT, FILE, ALL = "detector reference", 1, "reference.json", "all"
SCORES = ("score", "machine_score", "filler_share")
MACHINE = "flag machine"
LEAST_TEXTS = 20  # of a batch or a reference: with fewer, hardly anything could be told from chance
_MOST_TEXTS = 1 << 40  # more is damage, and beyond what Fisher's test can count
_POINTS = 51
_DIGITS = 6  # of a stored quantile (significant) and of the share at or below it
_LEAST_GROUP = 100  # texts of a group that is kept for itself


class DriftError(ValueError):
    """A reference cannot be read or compared with; the message says what to do."""


@dataclass
class Sample:
    """What a comparison needs of some reports: ``values`` by measure, undefined ones left out, and label counts."""

    n: int = 0
    values: dict[str, list[float]] = field(default_factory=dict)
    labels: Counter[str] = field(default_factory=Counter)

    def add(self, report: Report) -> None:
        """Count one report; abstentions count among the labels and give no measures."""
        self.n += 1
        self.labels.update([report.label, *[MACHINE] * ("machine" in report.flags)])
        if math.isnan(report.score):
            return
        named = {name: float(getattr(report, name)) for name in SCORES} | {"words": float(report.words)}
        for name, value in (named | dict(report.features)).items():
            if not math.isnan(value):
                self.values.setdefault(name, []).append(value)


@dataclass(frozen=True, slots=True)
class Measure:
    """The distribution of one measure over ``n`` texts: ``below`` (K,) is the share of them at ``points`` or less."""

    n: int
    mean: float
    sd: float
    median: float
    points: tuple[float, ...]
    below: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Some texts of a reference: how many, how they were labelled, how each measure was spread."""

    n: int
    labels: Mapping[str, int]
    measures: Mapping[str, Measure]


@dataclass(frozen=True, slots=True)
class Reference:
    """The content of a reference file: groups of texts by name, ``all`` among them, and the model that scored them."""

    model: str
    digest: str
    date: str
    groups: Mapping[str, Group]
    detector: str = __version__


def check_size(n: int) -> None:
    """Raise DriftError for fewer texts than a batch or a reference needs."""
    if n < LEAST_TEXTS:
        raise DriftError(
            f"{n} texts are too few to tell a change from chance; give at least {LEAST_TEXTS} different ones"
        )


def reference_of(
    reports: Iterable[Report], model: str, digest: str, groups: Iterable[Sequence[str]] | None = None
) -> Reference:
    """Return the reference of some reports. ``groups`` names, for each of them, the groups it belongs to.

    A group of fewer than 100 texts is left out; ``all`` always stands. Reports that failed are not counted.
    """
    samples = {ALL: Sample()}
    for report, names in zip(reports, groups, strict=True) if groups is not None else ((r, ()) for r in reports):
        if report.error is None:
            for name in (ALL, *names):
                samples.setdefault(name, Sample()).add(report)
    kept = {name: group_of(sample) for name, sample in samples.items() if name == ALL or sample.n >= _LEAST_GROUP}
    return Reference(model, digest, datetime.now(UTC).date().isoformat(), kept)


def group_of(sample: Sample) -> Group:
    """Return a sample in the compact form of a reference."""
    return Group(
        sample.n,
        dict(sorted(sample.labels.items())),
        {name: _measure(np.array(values, np.float64)) for name, values in sample.values.items()},
    )


def _measure(values: NDArray[np.float64]) -> Measure:
    quantiles = np.quantile(values, np.linspace(0, 1, _POINTS), method="inverted_cdf")
    points = np.unique([float(f"{value:.{_DIGITS}g}") for value in quantiles.tolist()])
    return Measure(
        n=len(values),
        mean=float(values.mean()),
        sd=float(values.std()),
        median=float(np.median(values)),
        points=tuple(points.tolist()),
        below=tuple(np.round(share_below(values, points), _DIGITS).tolist()),
    )


def share_below(values: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return which share of ``values`` is at each point or less, (K,)."""
    return np.searchsorted(np.sort(values), points, side="right") / len(values)


def write_reference(folder: Path, reports: Iterable[Report], groups: Iterable[Sequence[str]] | None = None) -> Path:
    """Write ``reference.json`` into a model folder, from reports by that model; return its path.

    Best are texts that the heads did not learn from, since a model is surer of those it did.
    """
    settings = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    file = folder / FILE
    lines = lines_of(reference_of(reports, settings["name"], model_digest(folder), groups))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def lines_of(reference: Reference) -> list[str]:
    """Return the lines of a reference file: JSON, one measure of one group to a line."""
    content: dict[str, Any] = {"kind": KIND, "format": FORMAT} | asdict(reference)
    groups = content.pop("groups")
    head = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in content.items()]
    blocks = []
    for name, group in groups.items():
        measures = [f"   {json.dumps(key)}: {json.dumps(one)}" for key, one in group.pop("measures").items()]
        facts = [f"   {json.dumps(key)}: {json.dumps(value)}" for key, value in group.items()]
        inner = ",\n".join([*facts, '   "measures": {\n' + ",\n".join(measures) + "\n   }"])
        blocks.append(f"  {json.dumps(name)}: {{\n{inner}\n  }}")
    return "\n".join(["{", *head, ' "groups": {', ",\n".join(blocks), " }", "}"]).splitlines()


def read_reference(file: Path | Traversable, digest: str) -> Reference:
    """Read a reference, check that it is sound and of the model with this digest. Raises DriftError."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DriftError(
            f"there is no reference {file}; write one from texts you trust: detector drift --write-reference FILE PATH"
        ) from error
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise DriftError(f"the reference {file} cannot be read ({said}); give a file that can") from error
    except (ValueError, RecursionError) as error:  # RecursionError: nested without end
        raise DriftError(f"{file} is not JSON; write the reference again with --write-reference") from error
    if not isinstance(content, dict) or content.get("kind") != KIND or content.get("format") != FORMAT:
        raise DriftError(f"{file} is not a reference of format {FORMAT}; write it again with --write-reference")
    try:
        groups = {name: _read_group(group) for name, group in content["groups"].items()}
        found = Reference(content["model"], content["digest"], content["date"], groups, content["detector"])
        found.groups[ALL]
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise DriftError(f"the reference {file} is damaged ({cause(error)}); write it again") from error
    fewest = min(group.n for group in groups.values())
    if fewest < LEAST_TEXTS:
        raise DriftError(
            f"the reference {file} is of {fewest} texts, too few to tell a change from chance; write it again from at "
            f"least {LEAST_TEXTS} different ones"
        )
    if found.digest != digest:
        raise DriftError(
            f"the reference {file} was made with another model ({found.model}), whose numbers mean something else; "
            "write it again with this model: detector drift --write-reference FILE PATH"
        )
    return found


def _read_group(content: Mapping[str, Any]) -> Group:
    n = _read_count(content["n"], _MOST_TEXTS)
    labels = {label: _read_count(count, n) for label, count in content["labels"].items()}
    return Group(n, labels, {key: _read_measure(one, n) for key, one in content["measures"].items()})


def _read_count(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{value!r} is not a number of texts from 0 to {most}")
    return value


def _read_measure(content: Mapping[str, Any], texts: int) -> Measure:
    points, below = (tuple(map(float, content[key])) for key in ("points", "below"))
    if not points or len(points) != len(below):
        raise ValueError("a measure has not as many points as shares")
    mean, sd, median = (float(content[key]) for key in ("mean", "sd", "median"))
    if not all(map(math.isfinite, (mean, sd, median, *points, *below))) or sd < 0.0:
        raise ValueError("a measure holds NaN or infinite numbers, or a spread below 0")
    if list(points) != sorted(points) or list(below) != sorted(below) or below[0] < 0.0 or below[-1] > 1.0:
        raise ValueError("the points or shares of a measure do not ascend, or leave the range from 0 to 1")
    n = _read_count(content["n"], texts)
    if n == 0:
        raise ValueError("a measure is of 0 texts")
    return Measure(n, mean, sd, median, points, below)
