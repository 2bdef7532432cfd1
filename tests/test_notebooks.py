"""Notebooks are stripped, use what users may use, and run from top to bottom."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
TOOLS = {"matplotlib", "numpy"}  # what the extra `notebook` brings for readers
PICTURES = "detector.plot"
INLINE = "%matplotlib inline\n"  # without it a notebook shows the name of a figure; no other magic is used
SECONDS = 300  # for one cell
# A notebook about training and measuring cannot keep to what scores a text; it says that this part may change.
ALSO = {"03_evaluate": ("detector.training", "detector.features.sentence")}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def private(source: str, also: tuple[str, ...] = ()) -> list[str]:
    """Return the imports of ``source`` that are neither for users of the package nor of its parts ``also``."""
    wrong = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [str(node.module)]
        else:
            continue
        allowed = {"detector", *TOOLS, *sys.stdlib_module_names}
        wrong += [
            name
            for name in names
            if (name.split(".")[0] not in allowed or (name.startswith("detector.") and name != PICTURES))
            and not any(name == part or name.startswith(f"{part}.") for part in also)
        ]
    return wrong


def foreign_paths(source: str) -> list[str]:
    """Return the paths in ``source`` that lead out of the notebook's folder to anywhere but ``data``."""
    return [found for found in re.findall(r"[\"'](\.\./[^\"']*|/[^\"']*)[\"']", source) if not in_data(found)]


def in_data(path: str) -> bool:
    return path.startswith("../data/")


@each_notebook
def test_outputs_are_stripped(path):
    cells = code_cells(path)
    assert cells
    assert [cell["outputs"] for cell in cells] == [[]] * len(cells)
    assert {cell["execution_count"] for cell in cells} == {None}


@each_notebook
def test_only_the_public_interface_and_data_are_used(path):
    source = "\n".join("".join(cell["source"]).removeprefix(INLINE) for cell in code_cells(path))
    assert private(source, ALSO.get(path.stem, ())) == []
    assert foreign_paths(source) == []


def test_private_parts_are_seen():
    assert private("from detector.heads import sentence\nimport sklearn") == ["detector.heads", "sklearn"]
    assert private("import json\nimport matplotlib.pyplot as plt\nfrom detector import Scorer") == []
    assert private("from detector import plot\nfrom detector.plot import article\nimport detector.plots") == [
        "detector.plots"
    ]
    assert private("from detector.training import metrics\nimport detector.trainings", ("detector.training",)) == [
        "detector.trainings"
    ]
    assert foreign_paths("open('/tmp/a'), open('../../corpora/b'), open('../data/c')") == [
        "/tmp/a",
        "../../corpora/b",
    ]


@each_notebook
def test_it_runs(path, monkeypatch):
    reason = "the extra filler-detector[notebook] is not installed; make notebooks installs it"
    nbclient = pytest.importorskip("nbclient", reason=reason)
    nbformat = pytest.importorskip("nbformat", reason=reason)
    pytest.importorskip("ipykernel", reason=reason)
    pytest.importorskip("matplotlib", reason=reason)
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    client = nbclient.NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert outputs
