"""The gate: figures that may not get worse, held in ``tests/gate.json`` with the digests of what they are measured on.

A floor is what was measured when it was set, less a margin for other machines; the target beside it in the tables is
what the figure ought to be. The gate reads no figure or prediction from the repository but the floors themselves.
Raising a floor is free; lowering one, or pinning other data, takes a reason, which stays in the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from detector.training.figures import Figure
from detector.training.sources import SourceError

GATE = Path("tests") / "gate.json"
_SHORTEST_REASON = 15  # characters; "ok" is no reason


def failures(figures: Sequence[Figure], files: Mapping[str, Path], gate: Path = GATE) -> list[str]:
    """Return one sentence for every floor that is missed, not measured, or measured on other data.

    Raises SourceError if the gate file is not there or not of the form expected.
    """
    pinned = read_gate(gate)
    found = []
    for name, digest in pinned["digests"].items():
        if name not in files:
            found.append(f"{name}: not found, but the floors were measured with it")
        elif sha256(files[name]) != digest:
            found.append(f"{name}: not the file that the floors were measured with ({files[name]})")
    measured = {key(item): item for item in figures}
    for name, floor in pinned["floors"].items():
        item = measured.get(name)
        if item is None:
            found.append(f"{name}: not measured")
        elif not reaches(item, floor):
            found.append(f"{name}: {item.value:.4f}, {'at most' if item.at_most else 'at least'} {floor:g} expected")
    return found


def reaches(item: Figure, floor: float) -> bool:
    """Tell whether a figure is as good as ``floor``; an undefined one never is."""
    return abs(item.value) <= floor if item.at_most else item.value >= floor


def read_gate(gate: Path = GATE) -> dict[str, Any]:
    """Return what the gate file holds. Raises SourceError if it is not there or not of the form expected."""
    try:
        pinned = json.loads(gate.read_text(encoding="utf-8"))
        if not (isinstance(pinned["digests"], dict) and isinstance(pinned["floors"], dict)):
            raise TypeError("digests and floors are objects")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{gate} is not a gate file ({error}); run this in a clone of the project") from error
    return dict(pinned)


def update_floors(
    figures: Sequence[Figure], floors: Mapping[str, float], reason: str | None, gate: Path = GATE
) -> list[str]:
    """Write new floors into the gate file; return one sentence for each.

    All are written or none. Raises SourceError for a figure that was not measured or does not reach its new floor,
    and for a floor that is lowered without a ``reason``.
    """
    pinned = read_gate(gate)
    measured = {key(item): item for item in figures}
    told = []
    for name, floor in floors.items():
        if name not in measured:
            raise SourceError(f"no figure is called {name!r}; the names stand in {gate}, as GROUP: FIGURE (NOTE)")
        item, before = measured[name], pinned["floors"].get(name)
        if not reaches(item, floor):
            raise SourceError(
                f"{name} is {item.value:.4f} and would miss the floor {floor:g}; give one that it reaches"
            )
        if before is not None and (floor > before if item.at_most else floor < before):
            _note_reason(pinned, name, before, floor, reason)
        pinned["floors"][name] = floor
        told.append(f"{name}: floor {'none' if before is None else format(before, 'g')} → {floor:g}")
    _write(gate, pinned)
    return told


def pin_data(files: Mapping[str, Path], reason: str | None, gate: Path = GATE) -> list[str]:
    """Pin the digests of ``files``; return one sentence for each that changed. Other data takes a ``reason``."""
    pinned = read_gate(gate)
    told = []
    for name, file in files.items():
        before, now = pinned["digests"].get(name), sha256(file)
        if before == now:
            continue
        if before is not None:
            _note_reason(pinned, f"data {name}", before, now, reason)
        pinned["digests"][name] = now
        told.append(f"{name}: pinned {now[:12]}…")
    _write(gate, pinned)
    return told


def _note_reason(pinned: dict[str, Any], name: str, before: object, after: object, reason: str | None) -> None:
    if reason is None or len(reason.strip()) < _SHORTEST_REASON:
        raise SourceError(
            f"{name} would go from {before} to {after}: say why with --reason; the reason stays in the gate file"
        )
    today = datetime.now(UTC).date().isoformat()
    entry = {"date": today, "from": before, "to": after, "reason": reason.strip()}
    pinned.setdefault("reasons", {}).setdefault(name, []).append(entry)


def _write(gate: Path, pinned: Mapping[str, Any]) -> None:
    gate.write_text(json.dumps(pinned, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def key(item: Figure) -> str:
    """Return the name of a figure in the gate file."""
    return f"{item.group}: {item.name}" + (f" ({item.note})" if item.note else "")


def sha256(file: Path) -> str:
    """Return the digest of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
