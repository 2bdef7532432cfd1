"""What people see: width, colour, order, totals, and what the shell completes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tracemalloc
from itertools import product
from pathlib import Path

import pytest
from command import run
from fake_scorer import CLAIM, FILLER, HALF, FakeScorer
from hypothesis import given
from hypothesis import strategies as st
from test_cli import on_terminal

from detector.cli.colour import decide
from detector.cli.order import Order, ordered
from detector.cli.page import page
from detector.cli.tally import Tally
from detector.io.records import Record
from detector.io.width import cells, clip, clip_end, shorten, wrap
from detector.io.writers import FORMATS
from detector.report import NAN, Report, Sentence, failed

LETTERS = st.text(st.sampled_from("ab -é漢字가😀e\u0301ｱ\u200d\u00ad"), max_size=60)


pytestmark = pytest.mark.usefixtures("fake")


# --- width


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("é", 1), ("e\u0301", 1), ("漢字", 4), ("ｱ", 1), ("Ａ", 2), ("😀", 2), ("a\u200bb", 2)],
)
def test_letters_take_their_columns(text, width):
    assert cells(text) == width


def test_columns_are_those_of_terminals():
    wcwidth = pytest.importorskip("wcwidth").wcwidth
    text = "abcàβж漢字かなカナ한글ไทยعربى😀🚀—…“”″e\u0301ｱＡ"
    assert [cells(character) for character in text] == [wcwidth(character) for character in text]


@given(LETTERS, st.integers(4, 30))
def test_wrapped_lines_fit_and_lose_nothing(text, width):
    lines = wrap(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(text.split())
    word = wrap(text.replace(" ", ""), width)
    assert not any(cells(line[0]) == 0 for line in word[1:]), "a mark stays with its letter"


@given(LETTERS, st.integers(0, 30))
def test_cut_texts_fit_and_keep_both_ends(text, width):
    short = shorten(text, width)
    assert cells(short) <= width
    assert short == text or cells(text) > width
    assert text.startswith(clip(text, width))
    assert text.endswith(clip_end(text, width))


def test_a_cut_parts_no_mark_from_its_letter():
    assert clip("ae\u0301b", 2) == "ae\u0301"
    assert clip_end("ae\u0301b", 2) == "e\u0301b"
    assert clip_end("ae\u0301b", 1) == "b"


def test_wide_sentences_and_names_fit_the_page(tmp_path):
    text = "これは漢字の文です" * 12 + ". Cafe\u0301 naïve " + "ｶﾅ😀" * 30 + " filler. " + "word " * 40
    record = Record("漢字" * 40, FakeScorer().score(text), text)
    for width in (40, 61, 90):
        for line in page(record, width=width, colour=False):
            assert cells(line) <= width or line == record.id, line
    name = tmp_path / f"{'漢字' * 30}.txt"
    name.write_text(CLAIM)
    shown, _ = on_terminal("score", tmp_path)
    assert max(map(cells, shown.splitlines())) <= 72
    assert "漢字.txt" in shown


# --- the page


def test_the_page_begins_with_the_summary_and_counts_kinds():
    text = f"# Title. {CLAIM} {FILLER} {CLAIM}"
    lines = page(Record("a.txt", FakeScorer().score(text), text), width=100, colour=False)
    assert lines[0] == "a.txt"
    (counts,) = [line for line in lines if line.startswith("  sentences ")]
    assert counts.split(maxsplit=2)[1:] == ["7", "2 claims, 2 repeats, 2 generic, 1 heading"]
    assert lines.index(counts) < lines.index("Sentences")
    numbers = [line.split()[0] for line in lines if line.strip()[:1].isdigit()]
    assert numbers == ["1", "2", "3", "4", "5", "6", "7"]


def test_every_kind_is_told_by_a_letter_and_a_colour():
    kinds = ("claim", "repeat", "generic", "boilerplate", "heading")
    sentences = tuple(Sentence(0, 4, kind, 0.5) for kind in kinds)
    record = Record("a", Report(0.5, "unclear", sentences=sentences), "text")
    coloured = [line for line in page(record, width=80, colour=True) if "\x1b" in line]
    assert len({line.partition("m")[0] for line in coloured}) == 5
    plain = page(record, width=80, colour=False)
    assert not any("\x1b" in line for line in plain)
    assert [line.split()[1] for line in plain if line.endswith("  text")] == list("CRGBH")


# --- colour


@pytest.mark.parametrize("when", ["always", "never"])
def test_the_option_wins_over_everything(when):
    for environment, terminal in product(({}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}), (True, False)):
        assert decide(when, environment, is_terminal=terminal) is (when == "always")


@pytest.mark.parametrize(
    ("environment", "on_terminal", "elsewhere"),
    [
        ({}, True, False),
        ({"NO_COLOR": ""}, True, False),
        ({"NO_COLOR": "0"}, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"CLICOLOR_FORCE": "0"}, True, False),
        ({"CLICOLOR": "0"}, False, False),
        ({"CLICOLOR": "1"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "3"}, True, True),
    ],
)
def test_the_environment_decides_as_elsewhere(environment, on_terminal, elsewhere):
    assert decide("auto", environment, is_terminal=True) is on_terminal
    assert decide("auto", environment, is_terminal=False) is elsewhere


def test_colour_can_be_had_in_a_pipe(tmp_path):
    (tmp_path / "a.txt").write_text(FILLER)
    clean = {"NO_COLOR": None, "FORCE_COLOR": None, "CLICOLOR_FORCE": None}
    assert "\x1b[33m" in run("explain", tmp_path / "a.txt", "--color", "always", env=clean).stdout
    assert "\x1b[33m" in run("explain", tmp_path / "a.txt", env={**clean, "FORCE_COLOR": "1"}).stdout
    assert "\x1b" not in run("explain", tmp_path / "a.txt", env=clean).stdout
    shown, _ = on_terminal("explain", tmp_path / "a.txt", "--color", "never")
    assert "\x1b" not in shown


# --- order


@pytest.fixture
def texts(tmp_path):
    for name, text in {
        "a.txt": HALF,
        "b.txt": f"{FILLER} The machine.",
        "c.txt": "short",
        "d.txt": f"{CLAIM} It was the third day of heavy rain in Leeds.",
        "e.txt": FILLER,
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def names(folder, *options, form="jsonl"):
    done = run("score", folder, "--format", form, *options)
    assert done.exit_code == 0, done.output
    return "".join(Path(json.loads(line)["id"]).stem for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ((), "abcde"),
        (("--sort", "score"), "ebadc"),
        (("--sort", "score:asc"), "dabec"),
        (("--sort", "filler:desc"), "ebadc"),
        (("--sort", "machine"), "badec"),
        (("--sort", "words:asc"), "caebd"),
        (("--sort", "words"), "dbeac"),
        (("--sort", "id"), "abcde"),
        (("--sort", "id:desc"), "edcba"),
        (("--top", "2"), "eb"),
        (("--top", "2", "--sort", "words"), "db"),
        (("--top", "99"), "ebadc"),
    ],
)
def test_records_come_in_the_order_asked_for(texts, options, order):
    assert names(texts, *options) == order


def test_failures_come_last_and_are_told_all_the_same(texts):
    (texts / "0.txt").write_text("GIVEUP")
    done = run("score", texts, "--sort", "words:asc", "--format", "csv")
    assert done.exit_code == 2
    assert done.stdout.splitlines()[-1].split(",")[0].endswith("0.txt")
    done = run("score", texts, "--top", "1")
    assert (done.exit_code, len(done.stdout.splitlines())) == (2, 2)
    assert "0.txt: the engine gave up" in done.stderr


def test_limits_hold_for_what_is_not_shown(texts):
    done = run("score", texts, "--top", "1", "--sort", "score:asc", "--fail-above", "0.9")
    assert done.exit_code == 1
    assert "1 of 5 texts" in done.stderr


@pytest.mark.parametrize("value", ["length", "score:up", "", ":asc", "score:asc:desc"])
def test_an_order_that_is_none_is_one_sentence(texts, value):
    done = run("score", texts, "--sort", value)
    assert done.exit_code == 2
    assert "is none of score, filler, machine, words, id" in done.stderr


def records(count):
    report = FakeScorer().score(CLAIM)
    for number in range(count):
        text = f"{number} " * 2_000
        yield Record(str(number), report, text)


@pytest.mark.parametrize(("top", "form", "most"), [(5, "sarif", 8), (None, "table", 8), (None, "sarif", 1_000)])
def test_no_more_is_held_than_must_be(top, form, most):
    """2,000 texts of some 9 kB are 20 MB: too many only where the writer needs them all."""
    tracemalloc.start()
    shown = list(ordered(records(2_000), Order("id", False), top, FORMATS[form], sentences=False))
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    assert len(shown) == top if top else 2_000
    assert peak < most
    if most == 1_000:
        assert peak > 8, "the measure sees texts that are held"


# --- totals


def test_totals_stand_under_a_table_on_a_terminal(texts):
    shown, _ = on_terminal("score", texts)
    assert shown.rstrip().endswith("5 texts: 2 filler, 1 unclear, 1 substantive, 1 not judged (1 too short)")
    assert "texts:" not in on_terminal("score", texts / "a.txt")[0]


def test_totals_never_reach_a_pipe(texts):
    for form in ("table", "jsonl", "github"):
        done = run("score", texts, "--format", form)
        assert "texts:" not in done.stdout + done.stderr


def test_totals_count_every_label():
    tally = Tally()
    for label in ("filler", "filler", "substantive", "too_short", "not_english", "not_english"):
        tally.add(Record("a", Report(NAN, label)))
    assert tally.totals() == "6 texts: 2 filler, 1 substantive, 3 not judged (1 too short, 2 not English)"
    tally.problems.tell = lambda id, sentence: None
    tally.add(Record("a", failed("gone")))
    assert tally.totals().endswith(", 1 failed")
    again = Tally()
    again.restore(json.loads(json.dumps(tally.counts())))
    assert again.totals() == tally.totals()
    assert Tally().totals() == "0 texts: nothing to score"


def test_what_fails_is_named_up_to_a_limit(texts):
    done = run("score", texts, "--fail-above", "0.9")
    assert f"1 of 5 texts have a score of 0.9 or more: {texts}/e.txt\n" in done.stderr
    rows = "\n".join(json.dumps({"text": FILLER}) for _ in range(9))
    done = run("score", "--column", "text", "--fail-above", "0.9", stdin=rows)
    assert "9 of 9 texts have a score of 0.9 or more: -:1, -:2, -:3, -:4, -:5, 4 more\n" in done.stderr


# --- completion


def complete(*words):
    environment = {
        **os.environ,
        "_DETECTOR_COMPLETE": "zsh_complete",
        "COMP_WORDS": " ".join(["detector", *words]),
        "COMP_CWORD": str(len(words)),
    }
    command = [sys.executable, "-c", "from detector.cli import main; main(prog_name='detector')"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    return list(zip(lines[::3], lines[1::3], strict=True))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_gets_a_script(shell):
    if shell == "bash" and shutil.which("bash") is None:
        pytest.skip("the script for bash asks bash for its version")
    environment = {**os.environ, "_DETECTOR_COMPLETE": f"{shell}_source"}
    command = [sys.executable, "-c", "from detector.cli import main; main(prog_name='detector')"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert f"_DETECTOR_COMPLETE={shell}_complete" in done.stdout
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=done.stdout, text=True, check=True)


def test_commands_options_and_their_values_are_completed():
    assert ("plain", "score") in complete("sc")
    assert ("plain", "--fail-above") in complete("score", "--fail")
    assert complete("score", "--format", "sar") == [("plain", "sarif")]
    assert complete("score", "--sort", "ma") == [("plain", "machine")]
    assert complete("explain", "--color", "al") == [("plain", "always")]


@pytest.mark.parametrize(
    "words", [("score", "arti"), ("explain", "arti"), ("score", "-o", "arti"), ("score", "--baseline", "arti")]
)
def test_the_shell_completes_files_itself(words):
    assert complete(*words) == [("file", "arti")]
