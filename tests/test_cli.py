import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace

import click
import pytest
from command import run
from fake_scorer import CLAIM, FILLER, FakeScorer

from detector._version import __version__
from detector.cli import main, shared
from detector.cli.progress import Progress
from detector.cli.run import score_items
from detector.cli.score import tallied, write_all
from detector.cli.tally import Tally
from detector.io.records import Item, Record
from detector.io.writers import FORMATS, Look

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
COMMAND = [sys.executable, str(HERE / "fake_scorer.py")]
CONTEXT = click.Context(main, info_name="detector")



pytestmark = pytest.mark.usefixtures("fake")


def start(*arguments, **options):
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), **options.pop("env", {})}
    environment.pop("PYTHONUNBUFFERED", None)  # it would hide a missing flush
    return subprocess.Popen([*COMMAND, *map(str, arguments)], env=environment, **options)


def on_terminal(*arguments, env=None, columns=72, stdin="closed"):
    """Run the command with standard output and error on a terminal; return what it shows."""
    screen, end = pty.openpty()
    environment = {"TERM": "xterm", "COLUMNS": str(columns), "NO_COLOR": "", **(env or {})}
    keyboard = end if stdin == "terminal" else subprocess.DEVNULL
    process = start(*arguments, stdin=keyboard, stdout=end, stderr=end, env=environment)
    os.close(end)
    shown = b""
    while select.select([screen], [], [], 30)[0]:
        try:
            part = os.read(screen, 4096)
        except OSError:  # the other end closed
            break
        if not part:
            break
        shown += part
    os.close(screen)
    return shown.decode().replace("\r\n", "\n"), process.wait(30)


@pytest.fixture
def texts(tmp_path):
    (tmp_path / "a.txt").write_text(FILLER)
    (tmp_path / "b.txt").write_text(CLAIM)
    return tmp_path


# --- golden files


@pytest.mark.parametrize(
    ("name", "arguments", "status"),
    [
        ("score.jsonl", "score input --format jsonl --sentences --keep url,tags", 2),
        ("score.csv", "score input --format csv --keep url,tags", 2),
        ("score.txt", "score input", 2),
        ("explain.txt", "explain input/a.txt", 0),
        ("features.csv", "features input --format csv", 2),
        ("features.jsonl", "features input --format jsonl", 2),
        ("features.txt", "features input", 2),
    ],
)
def test_output_is_what_it_was(name, arguments, status, monkeypatch):
    monkeypatch.chdir(GOLDEN)
    monkeypatch.setenv("COLUMNS", "76")
    result = run(*arguments.split())
    assert result.exit_code == status, result.output
    if os.environ.get("DETECTOR_WRITE_GOLDEN"):
        (GOLDEN / name).write_bytes(result.stdout_bytes)
    assert result.stdout_bytes == (GOLDEN / name).read_bytes()


# --- exit status


def test_status_says_whether_a_limit_was_reached(texts):
    score = FakeScorer().score(FILLER).score
    assert run("score", texts).exit_code == 0
    reached = run("score", texts, "--fail-above", score)
    assert reached.exit_code == 1
    assert "1 of 2 texts have a score of" in reached.stderr
    assert run("score", texts, "--fail-above", score + 1e-9).exit_code == 0
    assert run("score", texts, "--machine-above", 0.1).exit_code == 1
    assert run("score", texts, "--machine-above", 0.11).exit_code == 0


def test_an_error_takes_precedence_and_does_not_stop_the_rest(texts):
    result = run(
        "score", texts / "a.txt", texts / "gone", texts / "b.txt", "--fail-above", "0.1", "--format", "jsonl"
    )
    assert result.exit_code == 2
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["label"] for record in records] == ["filler", "error", "substantive"]
    assert f"detector: {texts / 'gone'}: no such file or folder\n" in result.stderr


def test_an_undefined_score_reaches_no_limit():
    assert run("score", "--fail-above", "0.0001", "--machine-above", "0.0001", stdin="short").exit_code == 0


@pytest.mark.parametrize("value", ["0", "1.01", "-1", "nan", "inf", "half"])
@pytest.mark.parametrize("option", ["--fail-above", "--machine-above"])
def test_a_limit_is_a_probability(option, value, texts):
    result = run("score", texts, option, value)
    assert result.exit_code == 2
    assert "is not a number above 0 and at most 1" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["bogus"],
        ["score", "--jobs", "-1", "x"],
        ["score", "--format", "xml", "x"],
        ["score", "--model", "/nowhere", "x"],
        ["score", "--keep", "a,,b", "x"],
        ["score", "--sentences", "--format", "csv", "x"],
        ["score", "-", "-"],
        ["features", "--list", "x"],
        ["explain", "x", "y"],
    ],
)
def test_wrong_usage_is_refused_in_a_sentence(arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr


def test_a_model_that_cannot_be_loaded_is_one_sentence(texts, monkeypatch):
    pytest.importorskip("detector.scorer")
    monkeypatch.undo()
    (texts / "folder").mkdir()
    result = run("score", texts / "a.txt", "--model", texts / "folder")
    assert result.exit_code == 2
    assert "cannot load the model" in result.stderr


def test_the_version_is_printed():
    assert run("--version").stdout == f"detector {__version__}\n"


# --- input


@pytest.mark.parametrize("command", ["score", "explain", "features"])
@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_standard_input_is_read(command, arguments):
    result = run(command, *arguments, stdin=FILLER)
    assert result.exit_code == 0
    assert "-" in result.stdout


@pytest.mark.parametrize("command", ["score", "explain", "features"])
def test_without_input_a_terminal_shows_the_usage(command):
    shown, status = on_terminal(command, stdin="terminal")
    assert status == 2
    assert "Usage: " in shown
    assert "nothing to read" in shown


def test_rows_come_through_standard_input_when_a_column_is_named():
    result = run(
        "score", "--column", "body", "--format", "jsonl", "--keep", "all", stdin='{"body": "a b c d", "n": 1}'
    )
    assert json.loads(result.stdout)["id"] == "-:1"
    assert json.loads(result.stdout)["input"] == {"body": "a b c d", "n": 1}


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_every_item_has_one_record_in_its_place(jobs):
    items = [
        Item(f"{number}", f"{number} words of text", error="gone" if number % 3 == 0 else None)
        for number in range(20)
    ]
    records = list(score_items(FakeScorer(), items, jobs))
    assert [record.id for record in records] == [item.id for item in items]
    assert [record.text for record in records] == [item.text for item in items]
    assert [record.report.error for record in records] == [item.error for item in items]


def test_what_the_engine_gives_up_on_is_an_error(texts):
    (texts / "c.txt").write_text("GIVEUP")
    result = run("score", texts)
    assert result.exit_code == 2
    assert "c.txt: the engine gave up" in result.stderr


def test_a_note_of_the_reader_comes_first(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"caf\xe9")
    record = json.loads(run("score", tmp_path, "--format", "jsonl").stdout)
    assert record["notes"] == ["not valid UTF-8; read as Windows-1252", "4 words are needed"]


def test_scoring_streams():
    process = start(
        "score", "-", "--column", "text", "--format", "jsonl", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdin.write(b'{"text": "first"}\n')
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == "-:1"
    process.communicate(b"", timeout=30)
    assert process.returncode == 0


def test_many_errors_do_not_flood_the_terminal(tmp_path):
    (tmp_path / "a.jsonl").write_text("bad\n" * 50)
    result = run("score", tmp_path)
    assert len(result.stdout.splitlines()) == 51
    assert len(result.stderr.splitlines()) == 21
    assert "30 more errors" in result.stderr


# --- output


@pytest.mark.parametrize(
    ("command", "name", "first"),
    [
        ("score", "o.jsonl", '{"schema"'),
        ("score", "o.csv", "id,score,"),
        ("score", "o.txt", "score  label"),
        ("features", "o.jsonl", '{"id"'),
        ("features", "o.csv", "id,filler_words,"),
        ("features", "o.txt", "/"),
    ],
)
def test_the_extension_of_the_output_picks_the_format(texts, tmp_path_factory, command, name, first):
    target = tmp_path_factory.mktemp("out") / name
    result = run(command, texts, "-o", target)
    assert (result.exit_code, result.stdout) == (0, "")
    assert target.read_text().startswith(first)
    assert run(command, texts, "-o", target, "--format", "jsonl").exit_code == 0
    assert target.read_text().startswith("{")


def test_an_input_is_not_overwritten(texts):
    result = run("score", texts, "-o", texts / "a.txt")
    assert result.exit_code == 2
    assert "is one of the inputs" in result.stderr
    assert (texts / "a.txt").read_text() == FILLER


@pytest.mark.parametrize("command", ["score", "features"])
def test_a_folder_that_is_not_there_is_refused_before_any_work(texts, command, monkeypatch):
    monkeypatch.setattr(shared, "open_scorer", lambda model, prior=None, calibration=(): pytest.fail("loaded"))
    result = run(command, texts, "-o", texts / "gone" / "o.csv")
    assert result.exit_code == 2
    assert "there is no folder" in result.stderr


def test_csv_of_nothing_but_errors_has_every_row(tmp_path):
    result = run("score", tmp_path / "a", tmp_path / "b", "--format", "csv")
    assert [line.partition(",")[0] for line in result.stdout.splitlines()] == [
        "id",
        f"{tmp_path}/a",
        f"{tmp_path}/b",
    ]


def test_fields_left_out_of_csv_are_told(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a b c d", "n": 1}\n{"text": "a b c d", "m": 2}\n')
    result = run("score", tmp_path, "--format", "csv", "--keep", "all")
    assert "note: field 'm' has no column" in result.stderr


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "some words of a text"}\n' * 20_000)
    process = start("score", tmp_path, "--format", "jsonl", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) == 141


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [(signal.SIGINT, 130, b"detector: interrupted"), (signal.SIGTERM, 143, b"detector: told to stop")],
)
def test_an_interrupt_ends_it_with_one_line_and_leaves_no_file(tmp_path, number, status, said):
    (tmp_path / "a.txt").write_text("SLEEP")
    (tmp_path / "o.csv").write_text("old")
    process = start("score", tmp_path / "a.txt", "-o", tmp_path / "o.csv", stderr=subprocess.PIPE)
    assert process.stderr.readline() == b"asleep\n"
    process.send_signal(number)
    _, error = process.communicate(timeout=30)
    assert (process.returncode, error.strip()) == (status, said)
    assert sorted(os.listdir(tmp_path)) == ["a.txt", "o.csv"]
    assert (tmp_path / "o.csv").read_text() == "old"


def test_a_full_disk_is_one_sentence(texts):
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with open("/dev/full", "wb") as full:
        process = start("score", texts, stdout=full, stderr=subprocess.PIPE)
        _, error = process.communicate(timeout=30)
    assert process.returncode == 2
    assert error == b"Error: cannot write standard output: no space left on device\n"


def test_closed_streams_are_one_sentence(texts):
    script = f"exec '{COMMAND[0]}' '{COMMAND[1]}' score '{texts}'"
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(
        ["sh", "-c", f"{script} >&-"], env=environment, capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert b"standard output is closed" in done.stderr
    script = script.replace(str(texts), "-")
    done = subprocess.run(
        ["sh", "-c", f"{script} <&-"], env=environment, capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert b"standard input is closed" in done.stderr


# --- the terminal


def test_explain_colours_on_a_terminal_only(texts):
    plain = run("explain", texts / "a.txt").stdout
    assert "\x1b" not in plain
    shown, status = on_terminal("explain", texts / "a.txt")
    assert status == 0
    assert "\x1b[33m" in shown
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_terminal("explain", texts / "a.txt", env=environment)[0]


def test_explain_fits_the_terminal(tmp_path):
    (tmp_path / "a.txt").write_text(
        "A long sentence of many words that goes on and on for more than a line. " * 3
    )
    for columns in (50, 90):
        shown, _ = on_terminal("explain", tmp_path / "a.txt", columns=columns, env={"NO_COLOR": "1"})
        body = shown.split("Sentences\n")[1]
        assert max(map(len, body.splitlines())) <= columns
        assert "comes back to sentence 1" in shown


def test_a_text_cannot_steer_the_terminal(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"four words \x1b[2J and a claim. " * 4)
    assert "\x1b" not in run("explain", tmp_path / "a.txt").stdout


def test_explain_shows_every_row_and_goes_on_after_an_error(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "one two three four"}\nbad\n{"text": "short"}\n')
    result = run("explain", tmp_path / "a.jsonl")
    assert result.exit_code == 2
    assert [line for line in result.stdout.splitlines() if "a.jsonl:" in line] == [
        f"{tmp_path}/a.jsonl:1",
        f"{tmp_path}/a.jsonl:3",
    ]
    assert "too_short" in result.stdout
    assert "a.jsonl:2: not valid JSON" in result.stderr


def test_the_table_fits_the_terminal(tmp_path):
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    (deep / "name.txt").write_text(CLAIM)
    shown, _ = on_terminal("score", deep)
    assert max(map(len, shown.splitlines())) <= 72
    assert "name.txt" in shown


class Watched:
    """A stream that says it is a terminal, and remembers what was written."""

    def __init__(self, watched=True):
        self.watched, self.text = watched, ""

    def isatty(self):
        return self.watched

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def test_progress_waits_two_seconds_and_counts():
    seconds = iter([0, *[1.9] * 5, *[2.1] * 20])
    stream = Watched()
    progress = Progress(4, stream, lambda: next(seconds))
    for _ in range(3):
        progress.step()
    assert stream.text == ""
    seconds = iter([2.1] * 20)
    progress.step()
    assert "[########################] 4 of 4 texts, 2 a second" in stream.text
    progress.clear()
    assert stream.text.endswith(" \r")


def test_progress_of_rows_has_no_bar_and_pipes_have_none():
    seconds = iter(range(0, 1000, 5))
    rows, pipe = Watched(), Watched(watched=False)
    for stream in (rows, pipe):
        Progress(None, stream, lambda: next(seconds)).step()
    assert rows.text == "1 texts, 0 a second"
    assert pipe.text == ""


def test_progress_gives_way_to_what_is_written_on_the_same_terminal():
    seconds = iter(range(0, 1000, 5))
    stream = Watched()
    records = [Record(name, FakeScorer().score(CLAIM)) for name in "abc"]
    writer = FORMATS["table"].start(Look())
    progress = Progress(3, stream, lambda: next(seconds))
    write_all(
        tallied(records, progress, Tally()),
        writer,
        lambda lines: stream.write("".join(f"{line}\n" for line in lines)),
        progress,
    )
    shown = [line.rpartition("\r")[2] for line in stream.text.split("\n")]
    assert stream.text.count("of 3 texts") == 3
    assert [line.split()[-1:] for line in shown] == [["text"], ["a"], ["b"], ["c"], []]


# --- what is said and what is loaded


def commands():
    return [(name, main.get_command(CONTEXT, name)) for name in main.list_commands(CONTEXT)]


@pytest.mark.parametrize(("name", "command"), [("", main), *commands()])
def test_every_command_and_option_is_documented_with_an_example(name, command):
    text = run(*name.split(), "--help").stdout
    assert re.search(rf"Examples?:\n(.*\n)*? +(.*\| )?detector {name}", text)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert all(flag in text for flag in parameter.opts)
        else:
            assert parameter.make_metavar(CONTEXT) in text


def test_the_list_of_commands_is_theirs():
    shown = run("--help").stdout
    for name, command in commands():
        assert f"  {name} " in shown
        assert command.help


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "density  (per word, 0 to 1; more is filler)\n    Words that say little.\n"),
        (["--format", "csv"], "name,unit,range,direction,meaning\ndensity,per word,0 to 1,"),
        (["--format", "jsonl"], '{"name": "density", "unit": "per word", "range": "0 to 1", "direction": '),
    ],
)
def test_every_feature_is_documented(arguments, says, monkeypatch):
    feature = SimpleNamespace(
        name="density",
        unit="per word",
        range=(0, 1),
        direction="more is filler",
        meaning="Words that say little.",
    )
    registry = ModuleType("detector.features.registry")
    registry.FEATURES = (feature,)
    monkeypatch.setitem(sys.modules, "detector.features.registry", registry)
    result = run("features", "--list", *arguments)
    assert result.exit_code == 0
    assert result.stdout.startswith(says)


def test_unwritten_commands_are_not_listed():
    names = main.list_commands(CONTEXT)
    for name, command in main.lazy.items():
        assert (name in names) == (HERE.parent / f"{command.module.replace('.', '/')}.py").exists()


def test_the_command_line_loads_nothing_heavy():
    script = (
        "import sys\n"
        "from detector.cli import main\n"
        "main(['score', '--help'], standalone_mode=False)\n"
        "print(*sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "detector.cli.score" in loaded
    assert not loaded & {"sklearn", "scipy", "pandas", "joblib", "asyncio", "multiprocessing"}
    assert not loaded & {
        "detector.cli.explain",
        "detector.cli.features",
        "detector.cli.train",
        "detector.training",
    }


def test_a_run_is_quick_to_start(texts):
    began = time.perf_counter()
    assert start("score", texts, stdout=subprocess.DEVNULL).wait(30) == 0
    assert time.perf_counter() - began < 10


def test_python_m_is_the_command():
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(
        [sys.executable, "-m", "detector", "--version"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"detector {__version__}\n"


@pytest.mark.parametrize("value", ["nan", "0", "1", "-1", "x", "inf"])
@pytest.mark.parametrize("command", [("score", "--prior"), ("calibrate", "--fpr")])
def test_a_share_is_above_0_and_below_1(texts, command, value):
    name, option = command
    done = subprocess.run([*COMMAND, name, str(texts), option, value], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"Invalid value for '{option}'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("features", "a.txt", "-o", "f.parquet"), "asks for parquet, and this command writes table, csv, jsonl"),
        (("features", "--list", "-o", "f.html"), "asks for html"),
        (("score", "a.txt", "-o", "scores.jsonl.gz"), "not packed; name it scores.jsonl"),
        (("evaluate", "--data", ".", "-o", "nowhere/x.json"), "cannot write nowhere/x.json: there is no folder"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_any_work(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(FILLER)
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert os.listdir(tmp_path) == ["a.txt"]
