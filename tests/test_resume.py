"""Stopped at any moment, a run goes on with no text scored twice that was finished, none lost and none doubled."""

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import command
import pytest
from dying import TEXTS_A_PART

from detector.io import resume
from detector.io.output import OutputError
from detector.io.readers import read
from detector.io.resume import Done, Trail, open_parts, parts_folder
from detector.io.rows import Fields
from detector.io.sources import Source

HERE = Path(__file__).parent
COMMAND = [sys.executable, str(HERE / "dying.py"), "score"]
TEXTS = 40


@pytest.fixture(autouse=True)
def _small(fake, monkeypatch):
    monkeypatch.setattr(resume, "PART_TEXTS", TEXTS_A_PART)


@pytest.fixture
def inputs(tmp_path):
    """Three inputs: rows, a text, rows again; 40 texts, three of which fail."""
    folder = tmp_path / "in"
    folder.mkdir()
    rows = [
        json.dumps({"text": f"Text {number} is filler. It says nothing.", "n": number}) for number in range(TEXTS - 1)
    ]
    rows[4] = rows[20] = rows[33] = "bad"
    (folder / "a.jsonl").write_text("\n".join(rows[:25]) + "\n")
    (folder / "b.txt").write_text("A text alone is filler. It says nothing.")
    (folder / "c.jsonl").write_text("\n".join(rows[25:]) + "\n")
    return folder


run = partial(command.run, "score")


def start(*arguments, **environment):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(HERE.parent), **{name: str(value) for name, value in environment.items()}},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def content(path):
    if path.suffix == ".parquet":
        return pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()
    return path.read_bytes()


def left_behind(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.fixture
def whole(inputs, tmp_path):
    def make(name):
        target = tmp_path / f"whole{Path(name).suffix}"
        assert run(inputs, "--keep", "n", "-o", target).exit_code == 2
        assert left_behind(tmp_path) == []
        return content(target)

    return make


# --- stopped by a signal


@pytest.mark.slow
@pytest.mark.parametrize("name", ["o.jsonl", "o.parquet"])
def test_killed_at_every_step_on_the_disk(inputs, tmp_path, whole, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    expected = whole(name)
    first, second, steps = tmp_path / "first", tmp_path / "second", tmp_path / "steps"
    options = [inputs, "--keep", "n", "-o"]
    start(*options, tmp_path / name, DIE_BELOW=tmp_path / ".o", STEPS=steps)
    (tmp_path / name).unlink()
    count = int(steps.read_text())
    assert count > 4 * (TEXTS // TEXTS_A_PART)
    # the parts in the middle are alike; the first ones, the joining and the removing are tried step by step
    moments = [*range(1, 16), *range(count - 22, count + 1)]
    for moment in moments:
        for path in (first, second):
            path.write_text("")
        killed = start(*options, tmp_path / name, DIE_BELOW=tmp_path / ".o", DIE_AT=moment, SCORED=first)
        assert killed.returncode == -signal.SIGKILL, (moment, killed.stderr)
        finished = len(list(tmp_path.glob(".o.*.parts/??????.json"))) * TEXTS_A_PART
        went_on = start(*options, tmp_path / name, "--resume", SCORED=second)
        assert went_on.returncode == 2, (moment, went_on.stderr)
        assert content(tmp_path / name) == expected, moment
        assert left_behind(tmp_path) == [], moment
        assert len(second.read_text().splitlines()) == max(0, TEXTS - finished), moment
        (tmp_path / name).unlink()


@pytest.mark.parametrize("name", ["o.jsonl", "o.parquet"])
@pytest.mark.parametrize(("moment", "kept"), [(1, 0), (5, 0), (8, 7), (30, 28), (40, 35)])
def test_interrupted(inputs, tmp_path, whole, name, moment, kept):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    expected = whole(name)
    stopped = start(inputs, "--keep", "n", "-o", tmp_path / name, STOP_AT=moment)
    assert stopped.returncode == 130
    assert not (tmp_path / name).exists()
    assert "detector: interrupted" in stopped.stderr
    assert ("the same command with --resume goes on" in stopped.stderr) == (kept > 0)
    assert left_behind(tmp_path) == [f".{name}.parts"] * (kept > 0)
    result = run(inputs, "--keep", "n", "-o", tmp_path / name, "--resume", "--jobs", "3")
    assert result.exit_code == 2
    assert (f"going on after {kept} texts" in result.stderr) == (kept > 0)
    assert content(tmp_path / name) == expected
    assert left_behind(tmp_path) == []


def test_stopped_again_and_again(inputs, tmp_path, whole):
    expected = whole("o.jsonl")
    for _ in range(TEXTS // TEXTS_A_PART):
        assert start(inputs, "--keep", "n", "-o", tmp_path / "o.jsonl", "--resume", STOP_AT=10).returncode == 130
    assert run(inputs, "--keep", "n", "-o", tmp_path / "o.jsonl", "--resume").exit_code == 2
    assert content(tmp_path / "o.jsonl") == expected


def test_what_was_counted_before_counts(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "All of this is filler."}\n' * 20)
    out = ["-o", tmp_path / "o.jsonl", "--fail-above", "0.6"]
    assert start(tmp_path / "a.jsonl", *out, STOP_AT=18).returncode == 130
    result = run(tmp_path / "a.jsonl", *out, "--resume")
    assert result.exit_code == 1
    assert "20 of 20 texts have a score" in result.stderr


def test_a_run_that_was_not_stopped_needs_no_resume(inputs, tmp_path, whole):
    expected = whole("o.jsonl")
    assert run(inputs, "--keep", "n", "-o", tmp_path / "o.jsonl", "--resume").exit_code == 2
    assert content(tmp_path / "o.jsonl") == expected


# --- what is refused


@pytest.fixture
def stopped(inputs, tmp_path):
    """Run once and interrupt it; gives the arguments."""
    arguments = [inputs, "--keep", "n", "-o", tmp_path / "o.jsonl"]
    assert start(*arguments, STOP_AT=20).returncode == 130
    return arguments


def test_finished_texts_are_not_thrown_away_in_silence(stopped, tmp_path):
    result = run(*stopped)
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: 14 texts of an earlier run are in {tmp_path}/.o.jsonl.parts; go on with --resume,"
        " or remove that folder to start anew\n"
    )


@pytest.mark.parametrize("change", ["content", "time", "added", "removed"])
def test_another_input_is_refused(stopped, inputs, change):
    if change == "content":
        then = os.stat(inputs / "c.jsonl")
        text = (inputs / "c.jsonl").read_text()
        (inputs / "c.jsonl").write_text(text.replace("39", "38").replace("Text 3", "Text 4"))
        os.utime(inputs / "c.jsonl", ns=(then.st_atime_ns, then.st_mtime_ns))
    elif change == "time":
        os.utime(inputs / "a.jsonl")
    elif change == "added":
        (inputs / "d.txt").write_text("new")
    else:
        (inputs / "b.txt").unlink()
    result = run(*stopped, "--resume")
    assert result.exit_code == 2
    assert "cannot go on: the input changed since the 14 texts" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("more", "subject"),
    [
        (["--sentences"], "the option --sentences"),
        (["--column", "n"], "the option --column"),
        (["--keep", "n,m"], "the option --keep"),
        (["--fail-above", "0.9"], "the option --fail-above"),
        (["--prior", "0.5"], "the option --prior"),
    ],
)
def test_another_option_is_refused(stopped, more, subject):
    result = run(*stopped, *more, "--resume")
    assert result.exit_code == 2
    assert f"cannot go on: {subject} changed" in result.stderr


def test_another_model_is_refused(stopped, small_folder, tmp_path):
    result = run(*stopped, "--model", small_folder, "--resume")
    assert "cannot go on: the model changed" in result.stderr
    assert result.exit_code == 2


@pytest.mark.parametrize("damage", ["cut", "gone", "middle", "record"])
def test_a_damaged_part_is_refused(stopped, tmp_path, damage):
    folder = parts_folder(str(tmp_path / "o.jsonl"))
    if damage == "cut":
        (folder / "000001.part").write_text("")
    elif damage == "gone":
        (folder / "000001.part").unlink()
    elif damage == "middle":
        for name in ("000000.part", "000000.json"):
            (folder / name).unlink()
    else:
        (folder / "000001.json").write_text("[]")
    result = run(*stopped, "--resume")
    assert result.exit_code == 2
    assert "is damaged or gone; remove that folder to start anew" in result.stderr


def test_a_folder_of_somebody_else_is_left_alone(inputs, tmp_path):
    folder = parts_folder(str(tmp_path / "o.jsonl"))
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    result = run(inputs, "-o", tmp_path / "o.jsonl")
    assert result.exit_code == 2
    assert "holds what no run writes (thesis.txt)" in result.stderr
    assert (folder / "thesis.txt").exists()


def test_two_runs_do_not_write_the_same_output(inputs, tmp_path):
    with open_parts(str(tmp_path / "o.jsonl"), {}, resume=False):
        result = run(inputs, "-o", tmp_path / "o.jsonl")
    assert result.exit_code == 2
    assert "another run is writing" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["in"], "--resume needs -o FILE of --format jsonl or parquet"),
        (["in", "-o", "o.csv"], "--resume needs -o FILE"),
        (["in", "-o", "/dev/null", "--format", "jsonl"], "--resume needs -o FILE"),
        (["-", "-o", "o.jsonl"], "needs input files"),
        (["in", "-o", "o.jsonl", "--top", "3"], "neither --sort, --top nor --baseline"),
    ],
)
def test_what_cannot_be_resumed_is_said_at_once(inputs, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments, "--resume")
    assert result.exit_code == 2
    assert says in result.stderr


def test_what_is_piped_in_leaves_nothing_when_it_is_stopped(tmp_path):
    pytest.importorskip("pyarrow")
    lines = '{"text": "All of this is filler."}\n' * 30
    for name in ("o.jsonl", "o.parquet"):
        done = subprocess.run(
            [*COMMAND, "-", "--column", "text", "-o", str(tmp_path / name)],
            env={**os.environ, "PYTHONPATH": str(HERE.parent), "STOP_AT": "20"},
            input=lines,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 130
        assert list(tmp_path.iterdir()) == []


# --- the disk


@pytest.fixture
def little_disk(tmp_path):
    """Give a file system of 200 kB, and a function that makes it larger."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("needs root")
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a file system here")
    yield folder, lambda: subprocess.run(["mount", "-o", "remount,size=9m", str(folder)], check=True)
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("name", ["o.jsonl", "o.parquet"])
def test_a_full_disk_is_one_sentence_and_loses_nothing(little_disk, tmp_path, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    folder, enlarge = little_disk
    rows = [{"text": f"Text {n} is filler. {os.urandom(500).hex()}.", "n": os.urandom(700).hex()} for n in range(200)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(tmp_path / "a.jsonl", "--keep", "n", "--sentences", "-o", tmp_path / name).exit_code == 0
    command = [tmp_path / "a.jsonl", "--keep", "n", "--sentences", "-o", folder / name]
    full = start(*command)
    assert full.returncode == 2
    assert f"Error: cannot write {folder}/{name}: no space left on device\n" in full.stderr
    assert "the same command with --resume goes on" in full.stderr
    assert "Traceback" not in full.stderr
    assert not (folder / name).exists()
    enlarge()
    went_on = start(*command, "--resume")
    assert went_on.returncode == 0, went_on.stderr
    assert content(folder / name) == content(tmp_path / name)


# --- the pieces


def test_the_trail_finds_the_place_of_any_text(inputs):
    sources = [Source(str(inputs / name)) for name in ("a.jsonl", "b.txt", "gone", "c.jsonl")]
    (inputs / "c.jsonl").write_text('{"text": "a"}\n{"text": "b"}\n')

    def items(start, skip):
        return list(read(sources[start:], Fields(), skip=skip))

    everything = [(item.id, item.text) for item in items(0, 0)]
    for ahead in (0, 3, 100):  # what is read before it is scored
        for parts in ([1] * 29, [7, 7, 7, 8], [25, 1, 1, 2], [24, 3, 2], [29]):
            trail = Trail(sources, Done())
            stream = trail.items(lambda source, skip: read([source], Fields(), skip=skip))
            given = done = 0
            for size in parts:
                done += size
                while given < min(done + ahead, 29):
                    next(stream)
                    given += 1
                left = items(*trail.place(done))
                assert [(item.id, item.text) for item in left] == everything[done:], (ahead, parts, done)


def test_a_failure_of_a_file_is_not_met_again(tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(b"no gzip at all")
    (tmp_path / "b.txt").write_text("b")
    sources = [Source(str(tmp_path / "a.jsonl.gz")), Source(str(tmp_path / "b.txt"))]
    trail = Trail(sources, Done())
    stream = trail.items(lambda source, skip: read([source], Fields(), skip=skip))
    assert next(stream).error
    assert trail.place(1) == (1, 0)


def test_a_part_ends_after_a_while(inputs, tmp_path, monkeypatch):
    monkeypatch.setattr(resume, "PART_SECONDS", 0.0)
    written = []
    join = resume.Lines.join
    monkeypatch.setattr(
        resume.Lines, "join", lambda self, parts, stream: (written.extend(parts), join(self, parts, stream))
    )
    assert run(inputs, "-o", tmp_path / "o.jsonl").exit_code == 2
    assert len(written) == TEXTS


def test_a_folder_without_a_finished_part_goes(tmp_path):
    with pytest.raises(RuntimeError), open_parts(str(tmp_path / "o.jsonl"), {}, resume=False):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_parts_of_another_job_are_refused(tmp_path):
    folder = parts_folder(str(tmp_path / "o"))
    folder.mkdir()
    (folder / "000000.part").write_bytes(b"x")
    told = {"parts": 1, "texts": 1, "source": 0, "row": 1, "counts": {}, "bytes": 1}
    (folder / "000000.json").write_text(json.dumps(told))
    with (
        pytest.raises(OutputError, match=r"something \(job.json cannot be read\) changed"),
        open_parts(str(tmp_path / "o"), {}, resume=True),
    ):
        pass
    (folder / "job.json").write_text('{"the input": 1}')
    with open_parts(str(tmp_path / "o"), {"the input": 1}, resume=True) as parts:
        assert parts.done == Done(1, 1, 0, 1, {})
