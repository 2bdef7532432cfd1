import datetime
import decimal
import io
import json
import os
import sys
from functools import partial
from pathlib import Path

import command
import pytest
from fake_scorer import CLAIM, FILLER, FakeScorer

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402

from detector import arrow  # noqa: E402
from detector.io.parquet import read_parquet  # noqa: E402
from detector.io.readers import count_texts  # noqa: E402
from detector.io.rows import Fields  # noqa: E402
from detector.io.sources import Source  # noqa: E402

pytestmark = pytest.mark.usefixtures("fake")


run = partial(command.run, "score")


def write(path, rows=6, group=4, **columns):
    texts = [f"{FILLER if number % 2 else CLAIM} Number {number}." for number in range(rows)]
    content = {"n": list(range(rows)), **columns, "text": texts}
    pq.write_table(pa.table(content), path, row_group_size=group)
    return texts


def records(*arguments, **options):
    result = run(*arguments, "--format", "jsonl", **options)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


# --- Parquet in


def test_rows_are_records_with_their_own_id_or_their_place(tmp_path):
    texts = write(tmp_path / "a.parquet")
    status, found = records(tmp_path / "a.parquet", "--keep", "n")
    assert status == 0
    assert [record["id"] for record in found] == [f"{tmp_path}/a.parquet:{row}" for row in range(1, 7)]
    assert [record["input"] for record in found] == [{"n": number} for number in range(6)]
    assert [record["score"] for record in found] == [FakeScorer().score(text).score for text in texts]
    write(tmp_path / "b.parquet", id=["x", "", None, "y", "z", "w"])
    _, found = records(tmp_path / "b.parquet")
    assert [record["id"] for record in found][:3] == ["x", f"{tmp_path}/b.parquet:2", f"{tmp_path}/b.parquet:3"]


@pytest.mark.parametrize("form", ["table", "csv", "jsonl"])
def test_every_format_comes_out(tmp_path, form):
    write(tmp_path / "a.parquet")
    result = run(tmp_path / "a.parquet", "--format", form, "--keep", "n")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 6 + (form != "jsonl")


def test_a_folder_is_walked_for_parquet_as_well(tmp_path):
    write(tmp_path / "b.parquet")
    (tmp_path / "a.txt").write_text(FILLER)
    status, found = records(tmp_path)
    assert (status, len(found)) == (0, 7)


def test_only_the_needed_columns_are_read(tmp_path):
    write(tmp_path / "a.parquet", id=list("abcdef"), other=["x"] * 6)
    with (tmp_path / "a.parquet").open("rb") as stream:
        items = list(read_parquet("a", stream, Fields("text", ("n",))))
    assert set(items[0].fields.batch.schema.names) == {"text", "n", "id"}


@pytest.mark.parametrize("skip", [0, 1, 4, 5, 6, 9])
def test_rows_can_be_passed_over(tmp_path, skip):
    texts = write(tmp_path / "a.parquet")
    with (tmp_path / "a.parquet").open("rb") as stream:
        items = list(read_parquet("a", stream, Fields(), skip))
    assert [(item.id, item.text) for item in items] == [(f"a:{row + 1}", texts[row]) for row in range(skip, 6)]


def test_the_number_of_rows_is_known_beforehand(tmp_path):
    write(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"")
    paths = [Source(str(tmp_path / name)) for name in ("a.parquet", "b.parquet", "gone.parquet", "c.txt")]
    assert count_texts(paths) == 6 + 1 + 1 + 1
    assert count_texts([*paths, Source("d.jsonl")]) is None


def test_a_large_row_group_is_decoded_a_little_at_a_time(tmp_path):
    text = CLAIM * 3000  # 100 kB
    pq.write_table(pa.table({"text": [f"{n} {text}" for n in range(300)]}), tmp_path / "a.parquet")
    with (tmp_path / "a.parquet").open("rb") as stream:
        largest = 0
        for item in read_parquet("a", stream, Fields("text", ("text",))):
            largest = max(largest, item.fields.batch.nbytes)
    assert 0 < largest < 8_000_000


PAGE = Path(__file__).parent / "cases" / "documents" / "news.html"


@pytest.mark.parametrize("more", [[], ["--sort", "score"]])
def test_the_text_of_a_document_stands_in_a_column(tmp_path, more):
    pytest.importorskip("trafilatura")
    plain, output = tmp_path / "plain.txt", tmp_path / "scores.parquet"
    plain.write_text(FILLER)
    assert run(PAGE, plain, "--html", "main", "--sentences", *more, "-o", output).exit_code == 0
    [page, other] = sorted(pq.read_table(output).to_pylist(), key=lambda row: row["id"] == str(plain))
    cut = [page["text"][each["start"] : each["end"]] for each in page["sentences"]]
    assert len(cut) > 5
    assert all(cut)
    assert other["text"] is None
    assert run(plain, "-o", output).exit_code == 0
    assert "text" not in pq.read_table(output).column_names


def test_the_text_of_a_page_from_standard_input_as_well(tmp_path):
    pytest.importorskip("trafilatura")
    output = tmp_path / "scores.parquet"
    assert run("-", "--html", "main", "-o", output, stdin=PAGE.read_bytes()).exit_code == 0
    assert len(pq.read_table(output)["text"][0].as_py()) > 500


def test_what_has_no_id_of_its_own_keeps_that_of_its_record(tmp_path):
    (tmp_path / "a.txt").write_text(FILLER)
    (tmp_path / "b.jsonl").write_text(f'{{"text": "{FILLER}", "id": 7}}\n{{"text": "{CLAIM}"}}\n')
    assert run(tmp_path, "--keep", "id", "-o", tmp_path / "out.parquet").exit_code == 0
    found = pq.read_table(tmp_path / "out.parquet")["id"].to_pylist()
    assert found == [str(tmp_path / "a.txt"), "7", f"{tmp_path / 'b.jsonl'}:2"]


def test_a_kept_text_and_the_text_of_documents_cannot_share_a_column(tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(f'{{"text": "{FILLER}"}}')
    result = run(rows, PAGE, "--html", "main", "--keep", "text", "-o", tmp_path / "out.parquet")
    assert result.exit_code == 2
    assert "leave text out of --keep" in result.stderr


VALUES = {
    "when": (pa.timestamp("ns", "UTC"), 1_700_000_000_123_456_789, "2023-11-14 22:13:20.123456789Z"),
    "day": (pa.date32(), datetime.date(2024, 2, 29), "2024-02-29"),
    "price": (pa.decimal128(9, 2), decimal.Decimal("12.50"), "12.50"),
    "bytes": (pa.binary(), b"caf\xc3\xa9\xff", "café\\xff"),
    "nan": (pa.float32(), float("nan"), None),
    "tags": (pa.list_(pa.string()), ["a", None], ["a", None]),
    "deep": (pa.struct([("a", pa.list_(pa.date32()))]), {"a": [datetime.date(2024, 1, 1)]}, {"a": ["2024-01-01"]}),
    "map": (pa.map_(pa.string(), pa.int8()), [("k", 1)], [{"key": "k", "value": 1}]),
    "kind": (pa.dictionary(pa.int8(), pa.string()), "x", "x"),
    "wait": (pa.duration("s"), datetime.timedelta(seconds=5), "5 s"),
    "empty": (pa.null(), None, None),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_kept_values_of_every_type_have_a_json_form(tmp_path, name):
    kind, value, expected = VALUES[name]
    pq.write_table(pa.table({"text": [FILLER], name: pa.array([value], kind)}), tmp_path / "a.parquet")
    _, [record] = records(tmp_path / "a.parquet", "--keep", "all")
    assert record["input"] == {"text": FILLER, name: expected}


# --- Parquet out


def scored(tmp_path, *arguments, status=0, name="out.parquet", **options):
    result = run(*arguments, "-o", tmp_path / name, **options)
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    return pq.read_table(tmp_path / name)


@pytest.mark.parametrize("name", VALUES)
def test_kept_columns_keep_their_types(tmp_path, name):
    kind, value, _ = VALUES[name]
    given = pa.table({"text": [FILLER, CLAIM, FILLER], name: pa.array([value, None, value], kind)})
    pq.write_table(given, tmp_path / "a.parquet", row_group_size=2)
    found = scored(tmp_path, tmp_path / "a.parquet", "--keep", name)
    assert found.schema.field(name).type == pq.read_schema(tmp_path / "a.parquet").field(name).type
    assert found.column(name).combine_chunks().to_pylist()[1] is None
    assert found.column(name).cast(kind).to_pylist()[1:2] == [None]
    if name != "nan":
        assert (
            found.column(name)
            .combine_chunks()
            .equals(pq.read_table(tmp_path / "a.parquet").column(name).combine_chunks())
        )


def test_the_results_are_those_of_the_library(tmp_path):
    texts = write(tmp_path / "a.parquet", rows=700, group=300)
    found = scored(tmp_path, tmp_path / "a.parquet", "--keep", "n", "--sentences", "--jobs", "3")
    assert found.column_names == ["id", "n", *arrow.schema(sentences=True).names]
    assert found.column("n").to_pylist() == list(range(700))
    expected = arrow.score_batches(pa.table({"text": texts}), scorer=FakeScorer(), keep=(), sentences=True).read_all()
    assert found.select(expected.column_names).to_pylist() == expected.to_pylist()


def test_a_kept_id_takes_the_place_of_ours(tmp_path):
    write(tmp_path / "a.parquet", id=[10, 11, 12, 13, 14, 15], score=["a"] * 6)
    found = scored(tmp_path, tmp_path / "a.parquet", "--keep", "id,score")
    assert found.column_names[:3] == ["id", "input.score", "score"]
    assert found.schema.field("id").type == pa.int64()
    assert scored(tmp_path, tmp_path / "a.parquet").column("id").to_pylist()[0] == "10"
    assert "text" in scored(tmp_path, tmp_path / "a.parquet", "--keep", "all").column_names


def test_rows_of_other_files_are_kept_as_strings(tmp_path):
    lines = ['{"id": 7, "text": "a b c d", "n": {"a": 1}}', '{"text": "a b c d", "n": "x"}', "bad"]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    found = scored(tmp_path, tmp_path / "a.jsonl", "--keep", "n,m", status=2)
    assert found.column("n").to_pylist() == ['{"a": 1}', "x", None]
    assert found.column("m").to_pylist() == [None, None, None]
    assert found.column("id").to_pylist() == ["7", f"{tmp_path}/a.jsonl:2", f"{tmp_path}/a.jsonl:3"]
    assert found.column("label").to_pylist()[2] == "error"
    result = run(tmp_path / "a.jsonl", "--keep", "all", "-o", tmp_path / "b.parquet")
    assert result.exit_code == 2
    assert "name the fields" in result.stderr


def test_parquet_and_other_files_together_are_kept_as_strings(tmp_path):
    write(tmp_path / "a.parquet", rows=2)
    (tmp_path / "b.jsonl").write_text('{"text": "a b c d", "n": 5}\n')
    found = scored(tmp_path, tmp_path / "a.parquet", tmp_path / "b.jsonl", "--keep", "n")
    assert found.column("n").to_pylist() == ["0", "1", "5"]


def test_standard_input_can_become_parquet(tmp_path):
    found = scored(tmp_path, "-", "--column", "body", "--keep", "n", stdin='{"body": "a b c d", "n": 1}\n')
    assert found.column("id").to_pylist() == ["-:1"]
    assert scored(tmp_path, "-", stdin=FILLER).column("label").to_pylist() == ["filler"]


def test_an_order_can_be_asked_for(tmp_path):
    write(tmp_path / "a.parquet", rows=600)
    found = scored(tmp_path, tmp_path / "a.parquet", "--sort", "score", "--top", "3", "--keep", "n")
    assert found.column("n").to_pylist() == [1, 3, 5]


def test_several_files_become_one(tmp_path):
    for name in "ab":
        write(tmp_path / f"{name}.parquet", rows=3)
    (tmp_path / "c.parquet").write_bytes(b"PAR1 no")
    paths = [tmp_path / f"{name}.parquet" for name in "acb"]
    found = scored(tmp_path, *paths, "--keep", "n", status=2)
    assert found.column("n").to_pylist() == [0, 1, 2, None, 0, 1, 2]
    assert found.column("id").to_pylist()[3] == str(paths[1])
    write(tmp_path / "d.parquet", n=["x"] * 6)
    result = run(paths[0], tmp_path / "d.parquet", "--keep", "n", "-o", tmp_path / "e.parquet")
    assert result.exit_code == 2
    assert "differ (n: int64 and string)" in result.stderr
    assert not (tmp_path / "e.parquet").exists()


def test_the_error_of_a_file_names_it_where_the_id_is_typed(tmp_path):
    write(tmp_path / "a.parquet", rows=2, id=[1, 2])
    found = scored(tmp_path, tmp_path / "a.parquet", tmp_path / "gone.parquet", "--keep", "id", status=2)
    assert found.column("id").to_pylist() == [1, 2, None]
    assert found.column("error").to_pylist()[2] == f"{tmp_path}/gone.parquet: no such file or folder"


def test_row_groups_of_the_output_are_of_a_useful_size(tmp_path, monkeypatch):
    from detector.arrow import sink
    from detector.io import resume

    monkeypatch.setattr(resume, "PART_TEXTS", 10)
    monkeypatch.setattr(sink, "_BATCH", 4)
    write(tmp_path / "a.parquet", rows=95)
    found = scored(tmp_path, tmp_path / "a.parquet", "--keep", "n")
    assert found.column("n").to_pylist() == list(range(95))
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.num_row_groups == 1
    monkeypatch.setattr(sink, "_GROUP_ROWS", 30)
    scored(tmp_path, tmp_path / "a.parquet", "--keep", "n")
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.num_row_groups == 4


# --- what cannot be read


def damaged(path):
    """Write a file whose second row group cannot be decompressed."""
    write(path, rows=8, group=4)
    metadata = pq.ParquetFile(path).metadata
    start = metadata.row_group(1).column(1).data_page_offset
    data = bytearray(path.read_bytes())
    data[start : start + 40] = b"\xff" * 40
    path.write_bytes(bytes(data))


def test_a_file_damaged_in_the_middle_gives_what_came_before(tmp_path):
    damaged(tmp_path / "a.parquet")
    write(tmp_path / "b.parquet", rows=1)
    status, found = records(tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert status == 2
    assert [record["label"] == "error" for record in found] == [False] * 4 + [True, False]
    assert found[4]["error"].startswith("the Parquet file is damaged after row 4: ")


BAD = {
    "empty": (b"", "the file is empty (0 bytes); expected a Parquet file"),
    "text": (b"id,text\n1,none\n", "not a readable Parquet file: "),
    "cut": (b"PAR1" + b"x" * 40, "not a readable Parquet file: "),
}


@pytest.mark.parametrize("out", ["o.parquet", "o.jsonl", None])
@pytest.mark.parametrize("name", [*BAD, "zero rows", "numbers", "no column", "no kept column", "gone"])
def test_a_bad_file_is_one_sentence(tmp_path, name, out):
    path = tmp_path / "a.parquet"
    says = BAD.get(name, (b"", ""))[1]
    if name in BAD:
        path.write_bytes(BAD[name][0])
    elif name == "zero rows":
        pq.write_table(pa.table({"text": pa.array([], pa.string())}), path)
        says = "the file has no rows"
    elif name == "numbers":
        pq.write_table(pa.table({"text": [1, 2]}), path)
        says = "column 'text' is int64; expected strings (name the text with --column)"
    elif name == "no column":
        pq.write_table(pa.table({"body": ["a"], "n": [1]}), path)
        says = "no column 'text'; there are: body, n (name the text with --column)"
    elif name == "no kept column":
        write(path)
        says = "no column 'm'; there are: n, text (correct --keep)"
    else:
        says = "no such file or"
    more = ["--keep", "m"] if name == "no kept column" else []
    result = run(path, *more, *(["-o", tmp_path / out] if out else []))
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_failed_row_is_a_row(tmp_path):
    pq.write_table(pa.table({"text": [FILLER, None, "GIVEUP"], "n": [1, 2, 3]}), tmp_path / "a.parquet")
    found = scored(tmp_path, tmp_path / "a.parquet", "--keep", "n", status=2)
    assert found.column("n").to_pylist() == [1, 2, 3]
    assert found.column("error").to_pylist() == [None, "field 'text' is null; expected a string", "the engine gave up"]


def test_lone_surrogates_of_jsonl_do_not_stop_it(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": "\\ud800", "text": "a filler \\udfff c d", "n": "\\ud801"}\n')
    found = scored(tmp_path, tmp_path / "a.jsonl", "--keep", "n")
    assert found.column("id").to_pylist() == ["\\ud800"]
    assert found.column("n").to_pylist() == ["\\ud801"]


@pytest.mark.parametrize("out", ["o.parquet", "o.jsonl"])
def test_without_pyarrow_the_line_to_install_is_named(tmp_path, monkeypatch, out):
    write(tmp_path / "a.parquet")
    for name in [name for name in sys.modules if name.startswith(("pyarrow", "detector.arrow"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    if hasattr(sys.modules["detector"], "arrow"):
        monkeypatch.delattr("detector.arrow")
    result = run(tmp_path / "a.parquet", "-o", tmp_path / out)
    assert result.exit_code == 2
    assert "pyarrow is not installed; run: pip install 'filler-detector[arrow]'" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("target", [None, "-", "/dev/null"])
def test_parquet_needs_a_file(tmp_path, target):
    (tmp_path / "a.txt").write_text(FILLER)
    result = run(tmp_path / "a.txt", "--format", "parquet", *(["-o", target] if target else []))
    assert result.exit_code == 2
    assert "give -o FILE" in result.stderr


def test_limits_and_labels_count_as_ever(tmp_path):
    write(tmp_path / "a.parquet")
    result = run(tmp_path / "a.parquet", "--fail-above", "0.6", "-o", tmp_path / "o.parquet")
    assert result.exit_code == 1
    assert "3 of 6 texts have a score of 0.6 or more" in result.stderr


def test_an_old_output_stays_until_the_new_one_is_whole(tmp_path):
    (tmp_path / "o.parquet").write_bytes(b"old")
    os.chmod(tmp_path / "o.parquet", 0o600)
    (tmp_path / "a.parquet").write_bytes(b"bad")
    assert run(tmp_path / "a.parquet", "-o", tmp_path / "o.parquet").exit_code == 2
    assert (tmp_path / "o.parquet").read_bytes() == b"old"
    write(tmp_path / "a.parquet")
    assert run(tmp_path / "a.parquet", "-o", tmp_path / "o.parquet").exit_code == 0
    assert pq.read_metadata(tmp_path / "o.parquet").num_rows == 6
    assert os.stat(tmp_path / "o.parquet").st_mode & 0o777 == 0o600


def test_a_stream_that_is_no_file_of_a_disk_is_refused_in_a_sentence():
    [item] = read_parquet("a", io.BufferedReader(io.FileIO(os.open(os.devnull, os.O_RDONLY))), Fields())
    assert "expected a Parquet file" in item.error
