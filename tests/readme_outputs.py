"""Runs what the README shows and compares what comes out with what is shown.

``python tests/readme_outputs.py`` prints the differences; with ``--write`` it puts what
really comes out into the README, and draws its picture anew (which needs matplotlib). Fences say how a block is read:

- ``console``: lines that begin with ``$`` are commands, the lines after each its output;
- ``python``: run in order, in one namespace; a ``text`` block right after is the output;
- ``sh``: commands that a test cannot run (they install, train or take long), only checked.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PICTURE = ROOT / "detector" / "examples" / "mixed.png"
PROMPT = "$ "
SECONDS = 120  # for one command; none should need a tenth of it

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: ``start`` and ``end`` delimit its body in the text of the README."""

    language: str
    body: str
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A block whose body can be checked: what it should be, once its commands have run."""

    block: Block
    really: str


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of ``text`` in order."""
    return [
        Block(found[1], found[2], found.start(2), found.end(2), text.count("\n", 0, found.start()) + 1)
        for found in _FENCE.finditer(text)
    ]


def commands(body: str) -> list[str]:
    """Return the commands of a ``console`` block."""
    return [line.removeprefix(PROMPT) for line in body.splitlines() if line.startswith(PROMPT)]


def follows(text: str, block: Block, before: Block) -> bool:
    """Return whether only blank lines stand between two blocks."""
    between = text[before.end : block.start]
    return not between.removeprefix("```").removesuffix(f"```{block.language}\n").strip()


def furnish(folder: Path) -> None:
    """Put into ``folder`` what the README names: the examples, the data and a command ``detector``."""
    shutil.copytree(ROOT / "detector" / "examples", folder / "detector" / "examples")
    shutil.copytree(ROOT / "data", folder / "data")
    (folder / "bin").mkdir()
    start = "from detector.cli import main; main(prog_name='detector')"
    for name, options in (("python", ""), ("detector", f' -P -c "{start}"')):
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}"{options} "$@"\n', encoding="utf-8")
        script.chmod(0o755)


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a command: this interpreter first, no colour, no network by accident."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DETECTOR_")}
    return {
        **kept,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "NO_COLOR": "1",
        "COLUMNS": "80",
    }


def run_command(command: str, folder: Path) -> str:
    """Return what ``command`` writes, standard error included; RuntimeError if it fails."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command!r} ended with status {done.returncode}:\n{done.stdout}")
    return done.stdout


def run_python(code: str, namespace: dict[str, Any], folder: Path) -> str:
    """Return what ``code`` prints when run in ``folder``; its exceptions pass through."""
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        exec(compile(code, str(README), "exec"), namespace)
    return printed.getvalue()


def _lines(output: str) -> str:
    """Return ``output`` without blanks at the end of its lines and blank lines at its end, as a block holds it."""
    return "".join(f"{line.rstrip()}\n" for line in output.rstrip().splitlines())


def run(text: str, folder: Path) -> Iterator[Shown]:
    """Run every command and snippet of ``text`` in ``folder`` and yield what should stand in it."""
    namespace: dict[str, Any] = {"__name__": "readme"}
    found = blocks(text)
    for block, after in zip_longest(found, found[1:]):
        if block.language == "console":
            parts = ((each, _lines(run_command(each, folder))) for each in commands(block.body))
            yield Shown(block, "".join(f"{PROMPT}{each}\n{output}" for each, output in parts))
        elif block.language == "python":
            code = "\n" * block.line + block.body  # so that a traceback names the line of the README
            printed = _lines(run_python(code, namespace, folder))
            if after is not None and after.language == "text" and follows(text, after, block):
                yield Shown(after, printed)
            elif printed:
                raise RuntimeError(f"line {block.line} prints, and no text block shows it:\n{printed}")


def rewritten(text: str, shown: list[Shown]) -> str:
    """Return ``text`` with what really comes out."""
    for each in sorted(shown, key=lambda each: -each.block.start):
        text = text[: each.block.start] + each.really + text[each.block.end :]
    return text


def draw() -> None:
    """Draw the article that the README begins with."""
    from detector import Scorer, plot

    text = PICTURE.with_suffix(".txt").read_text(encoding="utf-8")
    plot.article(text, Scorer().score(text), width=9).savefig(PICTURE, dpi=100)


def main(arguments: list[str]) -> int:
    """Print the differences, or write them into the README with ``--write``."""
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        furnish(Path(name))
        real = rewritten(text, list(run(text, Path(name))))
    if "--write" in arguments:
        README.write_text(real, encoding="utf-8")
        draw()
    print("\n".join(difflib.unified_diff(text.splitlines(), real.splitlines(), "shown", "real", lineterm="")))
    return int(real != text and "--write" not in arguments)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
