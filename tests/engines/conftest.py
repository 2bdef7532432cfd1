"""What the tests of the engines share: texts, and scorers that travel to worker processes.

The engines start processes that know nothing of pytest's paths; ``PYTHONPATH`` tells them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PATHS = [str(HERE), str(HERE.parent), str(HERE.parent.parent)]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [*PATHS, os.environ.get("PYTHONPATH")]))
sys.path[:0] = [path for path in PATHS if path not in sys.path]

FILLER = "All of this is filler. So is this filler."
CLAIM = "The council met on Monday. It rained a little."


@pytest.fixture(scope="session")
def texts() -> list[str]:
    return [f"{FILLER if number % 3 else CLAIM} Number {number}." for number in range(200)]
