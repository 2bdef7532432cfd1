"""The gate: figures that may not get worse, held in ``tests/gate.json`` with the digests of what they are measured on.

A floor is what was measured when it was set, less a margin for other machines; the target beside it in the tables is
what the figure ought to be. The gate reads no figure or prediction from the repository but the floors themselves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from detector.training.figures import Figure
from detector.training.sources import SourceError

GATE = Path("tests") / "gate.json"


def failures(figures: Sequence[Figure], files: Mapping[str, Path], gate: Path = GATE) -> list[str]:
    """Return one sentence for every floor that is missed, not measured, or measured on other data.

    Raises SourceError if the gate file is not there or not of the form expected.
    """
    try:
        pinned = json.loads(gate.read_text(encoding="utf-8"))
        digests, floors = pinned["digests"], pinned["floors"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{gate} is not a gate file ({error}); run this in a clone of the project") from error
    found = []
    for name, digest in digests.items():
        if name not in files:
            found.append(f"{name}: not found, but the floors were measured with it")
        elif sha256(files[name]) != digest:
            found.append(f"{name}: not the file that the floors were measured with ({files[name]})")
    measured = {key(item): item for item in figures}
    for name, floor in floors.items():
        item = measured.get(name)
        if item is None:
            found.append(f"{name}: not measured")
        elif not (abs(item.value) <= floor if item.at_most else item.value >= floor):
            found.append(f"{name}: {item.value:.4f}, {'at most' if item.at_most else 'at least'} {floor:g} expected")
    return found


def key(item: Figure) -> str:
    """Return the name of a figure in the gate file."""
    return f"{item.group}: {item.name}" + (f" ({item.note})" if item.note else "")


def sha256(file: Path) -> str:
    """Return the digest of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
