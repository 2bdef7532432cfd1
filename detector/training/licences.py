"""Which sources may be learnt from: all of them, or those whose texts are openly licensed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from detector.training.sources import STORIES, SourceError

Licences = Literal["all", "open"]


def open_datasets(manifest: Path) -> frozenset[str]:
    """Return the data sets whose texts the manifest marks as openly licensed, and the project's own stories.

    A data set that the manifest does not name is not among them.
    """
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(f"There is no manifest {manifest}, which says which texts are openly licensed.") from error
    except ValueError as error:
        raise SourceError(f"The manifest {manifest} is not JSON ({error}).") from error
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise SourceError(f"The manifest {manifest} is not an object with one entry for each data set.")
    return frozenset(name for name, entry in entries.items() if entry.get("open") is True) | {STORIES}
