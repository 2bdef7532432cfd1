"""The bundled articles are one story of ``data``, as it stands there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "detector" / "examples"
STORY = "s083"


@pytest.fixture(scope="module")
def versions() -> dict[str, str]:
    with (ROOT / "data" / "stories" / "stories.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {row["version"]: row["text"] for row in rows if row["story"] == STORY}


def test_the_examples_are_the_versions_of_one_story(versions):
    found = {path.stem: path.read_bytes().decode("utf-8") for path in EXAMPLES.glob("*.txt")}
    assert found == versions


def test_nothing_else_is_bundled_with_them():
    assert {path.suffix for path in EXAMPLES.iterdir()} == {".txt", ".png"}  # the picture of README is not installed
