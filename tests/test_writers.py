import csv
import io
import json
import os
from pathlib import Path

import pytest

from detector.io.output import OutputError, open_output
from detector.io.records import Record
from detector.io.show import decimal, percent, visible
from detector.io.width import shorten
from detector.io.writers import FORMATS, Look, format_for
from detector.report import NAN, Report, failed

SCORED = Report(
    0.93,
    "filler",
    0.71,
    0.64,
    ("filler", "machine"),
    312,
    "m-1",
    {"a": 0.5, "b": NAN},
    notes=("one note", "two"),
)
SHORT = Report(NAN, "too_short", words=3, model="m-1")
BROKEN = failed("cannot be read: no reason", model="m-1")


def written(form, *records, **look):
    writer = FORMATS[form].start(Look(**look))
    lines = [line for record in records for line in writer.lines(record)]
    return [*lines, *writer.end()]


def rows(*records, **look):
    return list(csv.DictReader(io.StringIO("\n".join(written("csv", *records, **look)))))


def test_a_line_of_jsonl_is_the_report_and_the_kept_fields():
    [line] = written("jsonl", Record("a:1", SCORED, fields={"url": "x", "n": [1]}))
    record = json.loads(line)
    assert record.pop("input") == {"url": "x", "n": [1]}
    assert record == SCORED.to_dict("a:1", sentences=False)
    assert list(record)[:4] == ["schema", "id", "score", "label"]


def test_sentences_are_written_when_asked_for():
    assert "sentences" not in json.loads(written("jsonl", Record("a", SCORED))[0])
    assert json.loads(written("jsonl", Record("a", SCORED), sentences=True)[0])["sentences"] == []


def test_a_line_is_one_line_by_every_notion():
    [line] = written("jsonl", Record("a\u2028b\x85c\u2029\r\n", SCORED))
    assert len(line.splitlines()) == 1
    assert json.loads(line)["id"] == "a\u2028b\x85c\u2029\r\n"


def test_an_error_is_a_record_in_every_format():
    assert json.loads(written("jsonl", Record("a", BROKEN))[0])["error"] == BROKEN.error
    assert rows(Record("a", BROKEN))[0]["error"] == BROKEN.error
    assert written("table", Record("a", BROKEN))[1].endswith(f"a: {BROKEN.error}")


def test_csv_takes_its_feature_columns_from_the_first_report_that_has_them():
    found = rows(Record("e", BROKEN), Record("s", SHORT), Record("a", SCORED), Record("t", SHORT))
    assert [row["id"] for row in found] == ["e", "s", "a", "t"]
    assert [row["feature.a"] for row in found] == ["", "", "0.5", ""]
    assert [row["feature.b"] for row in found] == [""] * 4
    assert (found[2]["flags"], found[2]["notes"]) == ("filler;machine", "one note; two")
    assert (found[1]["score"], found[2]["score"]) == ("", "0.93")


def test_csv_without_any_features_still_has_every_row():
    assert [row["id"] for row in rows(Record("e", BROKEN), Record("s", SHORT))] == ["e", "s"]
    assert len(written("csv")) == 1


@pytest.mark.parametrize("value", ["a,b", 'say "x"', "two\nlines", "cr\rhere", "a\r\nb", " = 1", "nul\0"])
def test_a_csv_cell_comes_back_as_it_went_in(value):
    lines = written("csv", Record(value, SCORED, fields={"k": value}))
    [row] = csv.DictReader(io.StringIO("\r\n".join(lines), newline=""))
    assert (row["id"], row["input.k"]) == (value, value)


def test_kept_fields_are_csv_columns():
    [row] = rows(Record("a", SCORED, fields={"s": "x", "n": 1.5, "t": True, "z": None, "l": [1, "é"]}))
    assert [row[f"input.{name}"] for name in "sntzl"] == ["x", "1.5", "true", "", '[1, "é"]']


def test_a_field_without_a_column_is_told_once():
    told = []
    records = [Record("a", SCORED, fields={"s": "x"}), *[Record("b", SCORED, fields={"t": "y"})] * 3]
    assert len(rows(*records, warn=told.append)) == 4
    assert len(told) == 1
    assert "'t'" in told[0]


def test_fields_asked_for_by_name_have_columns_from_the_start():
    found = rows(Record("a", SCORED), Record("b", SCORED, fields={"s": "x"}), keep=("s",), warn=pytest.fail)
    assert [row["input.s"] for row in found] == ["", "x"]


def test_the_table_is_aligned():
    lines = written("table", Record("a.txt", SCORED), Record("b.txt", SHORT), Record("c.txt", BROKEN))
    starts = {line.index(word) for line, word in zip(lines, ["text", "a.txt", "b.txt", "c.txt"], strict=True)}
    assert len(starts) == 1
    assert lines[2].split()[:5] == ["—", "too_short", "—", "—", "3"]


def test_the_table_fits_the_terminal_but_never_cuts_an_error():
    name = "folder/" * 30 + "name.txt"
    _, row, error = written("table", Record(name, SCORED), Record(name, BROKEN), width=80)
    assert len(row) == 80
    assert row.endswith("name.txt")
    assert name in error
    assert name in written("table", Record(name, SCORED))[1]


def test_a_table_of_nothing_is_its_header():
    assert len(written("table")) == 1


def test_names_cannot_steer_the_terminal():
    assert visible("a\x1b[31m\nb\u202ec\ud800\x9b") == r"a\x1b[31m b\u202ec\ud800\x9b"
    assert "\x1b" not in written("table", Record("\x1b[2J", SCORED))[1]


def test_numbers_and_names_for_people():
    assert (decimal(NAN), decimal(0.126), percent(NAN), percent(0.714)) == ("—", "0.13", "—", "71%")
    assert shorten("abcdefghij", 7) == "abc…hij"[:7]
    assert [len(shorten("abcdefghij", width)) for width in (0, 1, 3, 4, 9, 10, 20)] == [0, 1, 3, 4, 9, 10, 10]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (None, "table"),
        ("a.JSONL", "jsonl"),
        ("a.ndjson", "jsonl"),
        ("a.csv", "csv"),
        ("a.txt", "table"),
        ("a", "table"),
    ],
)
def test_the_extension_picks_the_format(path, name):
    assert format_for(path) == name


# --- where it goes


def test_a_file_is_written_whole_with_the_usual_rights(tmp_path):
    target = tmp_path / "out.csv"
    with open_output(str(target)) as write:
        write(["é \ud800"])
        write([])
        write(["b"])
        assert not target.exists()
    assert target.read_bytes() == "é \\ud800\nb\n".encode()
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask
    assert os.listdir(tmp_path) == ["out.csv"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, OSError, BrokenPipeError])
def test_a_failure_leaves_what_stood_there(tmp_path, failure):
    target = tmp_path / "out.csv"
    target.write_text("old")

    def fail():
        with open_output(str(target)) as write:
            write(["new"])
            raise failure

    with pytest.raises(failure):
        fail()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.csv"]


def test_a_replaced_file_keeps_its_rights_and_its_link(tmp_path):
    target, link = tmp_path / "real.txt", tmp_path / "link.txt"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    with open_output(str(link)) as write:
        write(["new"])
    assert link.is_symlink()
    assert target.read_text() == "new\n"
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(("name", "says"), [("gone/out.csv", "no folder"), (".", "is a folder")])
def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path, name, says):
    with pytest.raises(OutputError, match=says), open_output(str(tmp_path / name)):
        pytest.fail("opened")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence():
    with pytest.raises(OutputError, match="no space left"), open_output("/dev/full") as write:
        write(["x" * 100_000])


def test_a_device_is_written_not_replaced():
    with open_output("/dev/null") as write:
        write(["gone"])
    assert not Path("/dev/null").is_file()
