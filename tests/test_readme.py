"""What the README shows is what comes out, and what it names is there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from readme_outputs import (
    README,
    ROOT,
    Shown,
    blocks,
    commands,
    furnish,
    rewritten,
    run,
    run_command,
)

from detector._version import __version__
from detector.cli import main
from detector.io.readers import EXTENSIONS
from detector.io.writers import FORMATS

TEXT = README.read_text(encoding="utf-8")
BLOCKS = blocks(TEXT)
LANGUAGES = {"console", "python", "sh", "text"}
CHECKED_ONLY = {"detector", "git", "make", "pip"}  # what `sh` blocks may start


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> list[Shown]:
    folder = tmp_path_factory.mktemp("readme")
    furnish(folder)
    return list(run(TEXT, folder))


def test_every_output_is_what_comes_out(shown):
    assert rewritten(TEXT, shown) == TEXT, "run: python tests/readme_outputs.py --write"


def test_every_block_is_read(shown):
    checked = {each.block.line for each in shown}
    outputs = [block.line for block in BLOCKS if block.language in ("console", "text")]
    assert sorted(checked) == outputs
    assert {block.language for block in BLOCKS} <= LANGUAGES


def unrun() -> Iterator[list[str]]:
    """Yield the commands that are shown but not run, as words."""
    for block in BLOCKS:
        if block.language == "sh":
            yield from (shlex.split(line, comments=True) for line in block.body.splitlines())


@pytest.mark.parametrize("words", [words for words in unrun() if words], ids=" ".join)
def test_a_command_that_is_not_run_is_still_right(words):
    program, *rest = words
    assert program in CHECKED_ONLY
    if program == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert rest[0] in targets
    elif program == "pip":
        assert rest[0] == "install"
        assert rest[-1].split("[")[0] in (".", "filler-detector")
    elif program == "detector":
        context = click.Context(main, info_name="detector")
        command = main.get_command(context, rest[0])
        assert command is not None, f"detector has no command {rest[0]}"
        known = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in rest[1:] if word.startswith("-")} <= known


def test_every_command_is_described():
    names = main.list_commands(click.Context(main, info_name="detector"))
    assert [name for name in names if f"detector {name}" not in TEXT] == []


def test_every_format_and_file_type_is_named():
    wanted = [*(f"`{name}`" for name in FORMATS), *(f"`{ending}`" for ending in EXTENSIONS)]
    assert [each for each in wanted if each not in TEXT] == []


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_measured_figures_are_filled_in():
    assert "not measured yet" not in TEXT


def figures() -> dict[str, dict[str, float]]:
    found = json.loads((ROOT / "benchmarks" / "accuracy" / "figures.json").read_text(encoding="utf-8"))
    return {f"{figure['group']}: {figure['name']}": figure for figure in reversed(found)}  # given segments come first


def test_error_rates_by_genre_are_those_of_the_card():
    card = (ROOT / "detector" / "models" / "default" / "card.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| .* \| \d+ \| \d+ \| [\d.]+% \| .*$", card, re.MULTILINE)
    assert len(rows) > 5
    assert [row for row in rows if row not in TEXT] == []


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("AUROC .{}, .878 to .888", "sentences: filler against claim, AUROC"),
        ("AUROC of .{:.2f} (among human", "articles: score for share ≥ .5, AUROC"),
        ("(among human articles .{:.2f}", "articles: the same among human articles"),
        ("among machine-written ones .{:.2f}", "articles: the same among machine articles"),
        ("a rank correlation of .{:.2f}", "articles: filler share, Spearman"),
        ("a mean AUROC of .{} on the 8", "machine head, leave one family out: AUROC, macro-mean"),
        ("the mean of 22 is .{}", "machine head, leave one generator out: AUROC, macro-mean"),
        ("DetectRL .{}", "never trained on: machine_score, DetectRL unattacked, AUROC"),
        ("essays of OUTFOX .{}", "never trained on: machine_score, OUTFOX ChatGPT, AUROC"),
        ("all OUTFOX essays .{}", "never trained on: machine_score, OUTFOX all without attacks, AUROC"),
        ("HPPT .{}", "never trained on: machine_score, HPPT, AUROC"),
    ],
)
def test_accuracy_is_that_of_the_last_run(shown, name):
    value = figures()[name]["value"]
    digits = f"{value:.2f}" if ":.2f" in shown else f"{value:.3f}"
    wanted = shown.replace(".{:.2f}", digits[1:]).replace(".{}", digits[1:])
    assert " ".join(wanted.split()) in " ".join(TEXT.split())


# --- the check itself


@pytest.fixture
def folder(tmp_path) -> Path:
    furnish(tmp_path)
    return tmp_path


def test_a_wrong_output_is_seen(folder):
    text = "```console\n$ echo one\ntwo\n$ true\n```\n\n```python\nprint(6 * 7)\n```\n\n```text\n41\n```\n"
    right = rewritten(text, list(run(text, folder)))
    assert right == text.replace("two", "one").replace("41", "42")
    assert rewritten(right, list(run(right, folder))) == right


def test_a_failing_command_is_seen(folder):
    with pytest.raises(RuntimeError, match="status 3:\nwhy"):
        run_command("echo why; exit 3", folder)


def test_output_that_is_not_shown_is_seen(folder):
    text = "```python\nprint(1)\n```\n\nprose\n\n```text\n1\n```\n"
    with pytest.raises(RuntimeError, match="line 1 prints"):
        list(run(text, folder))


def test_the_commands_are_those_of_this_copy(folder):
    assert run_command("detector --version", folder) == f"detector {__version__}\n"
    found = run_command('python -c "import detector; print(detector.__file__)"', folder)
    assert Path(found.strip()).parent == ROOT / "detector"


def test_commands_are_found():
    assert commands("$ a b\nout\n$ c\n") == ["a b", "c"]
