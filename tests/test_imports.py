"""Who may import whom, and what a score may load.

The order is read from the source, so that an import inside a function counts as well;
what is loaded is seen in a fresh interpreter.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import detector

PACKAGE = Path(detector.__file__).parent
EXAMPLE = PACKAGE / "examples" / "padded.txt"

# Lowest first. A module imports from its own layer and from lower ones.
LAYERS = (
    ("_version", "extras", "intervals", "lexicon", "report", "meaning", "card"),
    ("text",),
    ("features",),
    ("heads",),
    ("model", "explain", "calibration"),
    ("reading",),
    ("scorer",),
    ("",),  # detector/__init__.py
    ("io", "plot"),
    ("training",),
    ("arrow", "ray", "spark", "server"),
    ("cli", "__main__"),
)
# Packages that extras bring, and who may import them.
EXTRAS = {
    "pyarrow": ("detector.arrow", "detector.io.parquet", "detector.ray", "detector.spark"),
    "pyspark": ("detector.spark",),
    "ray": ("detector.ray",),
    "matplotlib": ("detector.plot", "detector.training"),
    "fastapi": ("detector.server",),
    "starlette": ("detector.server",),
    "uvicorn": ("detector.server", "detector.cli.serve"),
    "prometheus_client": ("detector.server",),
    "trafilatura": ("detector.io",),
    "resiliparse": ("detector.io",),
    "pypdf": ("detector.io",),
    "docx": ("detector.io",),
    "ebooklib": ("detector.io",),
}
LEVELS = {name: level for level, names in enumerate(LAYERS) for name in names}
MAY_TRAIN = (
    "detector.training",
    "detector.cli.train",
    "detector.cli.evaluate",
    "detector.cli.calibrate",
    "detector.cli.drift",
)
MAY_USE_CLICK = ("detector.cli", "detector.__main__")
MAY_USE_JOBLIB = ("detector.scorer",)
TRAINING_TOOLS = ("joblib", "scipy", "sklearn")
HEAVY = {"click", "joblib", "pandas", "scipy", "sklearn"}


def module_name(path: Path) -> str:
    parts = ("detector", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(source: str) -> Iterator[str]:
    """Yield the full names of all modules that ``source`` imports, at the top or later."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a name comes from"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in SOURCES else str(node.module)


def under(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def level(module: str) -> int:
    _, _, rest = module.partition(".")
    return LEVELS[rest.partition(".")[0]]


def refused(module: str, source: str) -> list[str]:
    """Return what ``module`` imports although its place forbids it."""
    wrong = []
    for name in imported(source):
        top = name.partition(".")[0]
        if top == "detector":
            allowed = level(name) <= level(module) and (
                not under(name, ("detector.training",)) or under(module, MAY_TRAIN)
            )
        elif top in sys.stdlib_module_names or top == "numpy":
            allowed = True
        elif top == "click":
            allowed = under(module, MAY_USE_CLICK)
        else:
            allowed = (top in TRAINING_TOOLS and under(module, MAY_TRAIN)) or (
                top == "joblib" and under(module, MAY_USE_JOBLIB)
            )
            allowed = allowed or under(module, EXTRAS.get(top, ()))
        if not allowed:
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_imports_only_what_its_place_allows(module):
    assert refused(module, SOURCES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("detector.text.document", "from detector.features.view import View", ["detector.features.view"]),
        ("detector.report", "from detector.text import document", ["detector.text.document"]),
        ("detector.heads.sentence", "def f():\n    import sklearn.svm", ["sklearn.svm"]),
        ("detector.io.readers", "import click", ["click"]),
        ("detector.io.readers", "from detector.cli import shared", ["detector.cli.shared"]),
        ("detector.features.claims", "import joblib", ["joblib"]),
        ("detector.cli.score", "from detector.training import metrics", ["detector.training.metrics"]),
        ("detector.training.metrics", "import pandas", ["pandas"]),
        ("detector.cli.score", "import click\nfrom detector.io import readers\nimport numpy, json", []),
        ("detector.training.metrics", "import scipy\nfrom detector.features import view", []),
    ],
)
def test_the_rule_tells_right_from_wrong(module, source, wrong):
    assert refused(module, source) == wrong


def test_every_part_of_the_package_has_a_place():
    parts = {name.split(".")[1] if "." in name else "" for name in SOURCES}
    assert parts <= set(LEVELS)


def loaded(code: str, *arguments: str) -> set[str]:
    """Return the packages from outside the standard library that are loaded once ``code`` has run."""
    show = "import sys; print('\\n' + ' '.join({name.partition('.')[0] for name in sys.modules}))"
    tops = []
    for script in ("pass", code):
        command = [sys.executable, "-c", f"{script}\n{show}", *arguments]
        run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PACKAGE.parent)
        assert run.returncode == 0, run.stderr
        tops.append(set(run.stdout.splitlines()[-1].split()))
    return tops[1] - tops[0] - set(sys.stdlib_module_names) - {"__main__", "__mp_main__"}


def test_importing_the_package_loads_numpy_alone():
    assert loaded("import detector") <= {"detector", "numpy"}


def test_scoring_a_file_adds_click_alone():
    score = """
import sys
from detector.cli import main
try:
    main(["score", *sys.argv[1:]])
except SystemExit as end:
    assert not end.code, end.code
"""
    tops = loaded(score, str(EXAMPLE))
    assert {"click", "numpy"} <= tops
    assert tops <= {"click", "detector", "numpy"}


def test_what_is_loaded_is_seen():
    assert "joblib" in loaded("import joblib") & HEAVY
