"""Rules about the files of the repository that no linter knows."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "detector"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 350  # lines; a longer module is usually two ideas
MADE = {"build", "dist", "node_modules", "__pycache__"}
HIDDEN_BUT_OURS = {".ci", ".github"}
PROSE = {"", ".cfg", ".html", ".ipynb", ".md", ".py", ".rst", ".sh", ".toml", ".txt", ".yaml", ".yml"}

# The name of the command and of the import belongs to another distribution.
WRONG_INSTALL = re.compile(r"pip3? install\s+(?:-\S+\s+)*[\"']?detector\b(?![/.])")
UNSAFE_LOADERS = {"_pickle", "cloudpickle", "dill", "marshal", "multiprocessing.reduction", "pickle", "shelve"}
RECEIVES = {"detector/scorer.py": ["multiprocessing.reduction"] * 2}  # what its own worker processes send it, no files


def written_files() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name in HIDDEN_BUT_OURS or not made(name)]
        yield from (Path(folder, name) for name in names if Path(name).suffix in PROSE)


def made(folder: str) -> bool:
    return folder in MADE or folder.startswith(".") or folder.endswith(".egg-info")


def unsafe(source: str) -> list[str]:
    """Return what in ``source`` could run code that stands in a file it loads."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name in UNSAFE_LOADERS]
        elif isinstance(node, ast.ImportFrom):
            found += [str(node.module)] if node.module in UNSAFE_LOADERS else []
            found += ["joblib.load"] if node.module == "joblib" and _names(node) & {"load"} else []
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            call = ast.unparse(node.func)
            safe = any(word.arg == "allow_pickle" and _is_false(word.value) for word in node.keywords)
            if call == "joblib.load" or (call in ("np.load", "numpy.load") and not safe):
                found.append(call)
    return found


def _names(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def swallowed(source: str) -> list[int]:
    """Return the lines that catch every exception and so turn a bug into an answer."""
    wide = {"Exception", "BaseException"}
    handlers = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler))
    return [
        node.lineno
        for node in handlers
        if node.type is None or (isinstance(node.type, ast.Name) and node.type.id in wide)
    ]


def test_install_lines_name_the_distribution():
    wrong = [path for path in written_files() if WRONG_INSTALL.search(path.read_text(encoding="utf-8"))]
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("pip install {}", True),
        ("python -m pip install -U '{}[plot]'", True),
        ("pip install filler-{}", False),
        ("pip install ./{}", False),
        ("pip install {}/", False),
    ],
)
def test_install_lines_are_told_apart(line, wrong):
    assert bool(WRONG_INSTALL.search(line.format("detector"))) is wrong


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_safe_and_lets_bugs_show(path):
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= LONGEST
    assert unsafe(source) == RECEIVES.get(path.relative_to(ROOT).as_posix(), [])
    assert swallowed(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import joblib\njoblib.load('model')",
        "from joblib import Parallel, load",
        "np.load('a.npz')",
        "np.load('a.npz', allow_pickle=True)",
    ],
)
def test_unsafe_loading_is_seen(source):
    assert unsafe(source)


def test_safe_loading_is_allowed():
    assert unsafe("from joblib import Parallel\nnp.load('a.npz', allow_pickle=False)\njson.load(file)") == []


def test_a_swallowed_exception_is_seen():
    assert swallowed("try:\n    f()\nexcept Exception:\n    pass") == [3]
    assert swallowed("try:\n    f()\nexcept:\n    pass") == [3]
    assert swallowed("try:\n    f()\nexcept (OSError, ValueError):\n    pass") == []


def test_the_package_holds_no_pickles():
    endings = {".bin", ".joblib", ".npy", ".pickle", ".pkl", ".sav"}
    assert [path for path in PACKAGE.rglob("*") if path.suffix in endings] == []
