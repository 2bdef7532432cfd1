import math
import sys

import pytest
from fake_scorer import FILLER, FakeScorer

pa = pytest.importorskip("pyarrow")

from detector import Scorer, arrow  # noqa: E402
from detector.arrow import ColumnError, score_batches, score_column  # noqa: E402
from detector.extras import MissingExtraError  # noqa: E402
from detector.report import null  # noqa: E402

CLAIM = "The council met on Monday. It rained a little."
FAKE = FakeScorer()
TEXTS = [FILLER, CLAIM, "short", FILLER + " machine"]


def table(*texts, kind=None, **columns):
    return pa.table({**columns, "text": pa.array(texts, kind or pa.string())})


def rows(reader, *arguments, **options):
    return score_batches(reader, *arguments, scorer=FAKE, **options).read_all().to_pylist()


def spans(values):
    return [{"start": start, "end": end} for start, end in values]


def test_every_result_is_that_of_the_report():
    found = rows(table(*TEXTS), keep=(), sentences=True, reasons=1)
    for row, text in zip(found, TEXTS, strict=True):
        report = FAKE.score(text)
        assert row == {
            "score": null(report.score),
            "label": report.label,
            "filler_share": null(report.filler_share),
            "machine_score": null(report.machine_score),
            "flags": list(report.flags),
            "words": report.words,
            "model": report.model,
            "reasons": [{**reason.to_dict(), "spans": spans(reason.spans)} for reason in report.reasons[:1]],
            "p_values": None,
            "sentences": [
                {
                    **sentence.to_dict(),
                    "reasons": [{**why.to_dict(), "spans": spans(why.spans)} for why in sentence.reasons],
                }
                for sentence in report.sentences
            ],
            "notes": list(report.notes),
            "error": None,
        }


@pytest.mark.parametrize("sentences", [False, True])
def test_the_schema_is_fixed(sentences):
    expected = arrow.schema(sentences=sentences)
    assert ("sentences" in expected.names) == sentences
    for given in (table(), table("short"), table(FILLER)):
        assert score_batches(given, scorer=FAKE, keep=(), sentences=sentences).schema.equals(expected)
        assert score_batches(given, scorer=FAKE, keep=(), sentences=sentences).read_all().schema.equals(expected)


def test_undefined_numbers_are_null_and_not_nan():
    [row] = rows(table("short"), keep=())
    assert (row["label"], row["score"], row["filler_share"], row["machine_score"]) == ("too_short", None, None, None)
    assert row["reasons"] == row["flags"] == []
    assert row["notes"] == ["4 words are needed"]


def test_the_number_of_reasons_can_be_chosen():
    assert [len(row["reasons"]) for row in rows(table(FILLER), reasons=0)] == [0]
    with pytest.raises(ValueError, match="0 or more, not -1"):
        rows(table(FILLER), reasons=-1)


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int16(), pa.string()),
        pa.dictionary(pa.int32(), pa.large_string()),
    ],
    ids=str,
)
def test_every_kind_of_string_is_read(kind):
    texts = [FILLER, None, FILLER, CLAIM]
    given = [text.encode() if text and "binary" in str(kind) else text for text in texts]
    column = pa.array(given, kind.value_type).dictionary_encode().cast(kind) if "dict" in str(kind) else None
    column = pa.array(given, kind) if column is None else column
    found = rows(pa.table({"text": column}), keep=())
    assert [row["label"] for row in found] == ["filler", "error", "filler", "substantive"]
    assert found[1]["error"] == "field 'text' is null; expected a string"
    assert found[1]["score"] is None


@pytest.mark.parametrize("column", [pa.array([1, 2]), pa.array([["a"], None]), pa.nulls(2)], ids=lambda a: str(a.type))
def test_what_is_no_string_is_an_error_in_its_row(column):
    found = rows(pa.table({"n": [7, 8], "text": column}))
    assert [row["n"] for row in found] == [7, 8]
    assert {row["label"] for row in found} == {"error"}
    assert all("expected a string" in row["error"] for row in found)


def test_bytes_that_are_no_text_are_an_error_in_their_row():
    bad = pa.array([FILLER.encode(), bytes(range(256)), b"caf\xe9 is a filler word."], pa.binary())
    for column in (bad, pa.Array.from_buffers(pa.string(), 3, bad.buffers())):  # a string that is not UTF-8
        found = rows(pa.table({"text": column}), keep=())
        assert [row["label"] for row in found] == ["filler", "error", "filler"]
        assert "looks binary" in found[1]["error"]
        assert found[2]["notes"] == ["not valid UTF-8; read as Windows-1252"]


def test_batches_stay_as_they_are_and_nothing_is_read_too_early():
    taken = []

    def batches():
        for number, size in enumerate([3, 0, 1, 700]):
            taken.append(number)
            yield pa.record_batch({"n": [number] * size, "text": [CLAIM] * size}, schema=shape)

    shape = pa.schema([("n", pa.int8()), ("text", pa.string())])
    reader = score_batches(pa.RecordBatchReader.from_batches(shape, batches()), scorer=FAKE)
    assert taken == []
    first = reader.read_next_batch()
    assert (first.num_rows, taken) == (3, [0])
    assert [batch.num_rows for batch in reader] == [1, 700]


def test_a_table_a_reader_a_list_and_a_generator_are_taken():
    given = table(*TEXTS, n=[1, 2, 3, 4])
    expected = rows(given)
    assert rows(given.to_reader()) == expected
    assert rows(given.to_batches(max_chunksize=1)) == expected
    assert rows(batch for batch in given.to_batches(max_chunksize=3)) == expected
    assert rows(given.to_batches()[0]) == expected
    assert rows([]) == rows(iter([])) == []
    with pytest.raises(TypeError, match="expected record batches"):
        rows([{"text": FILLER}])


@pytest.mark.parametrize("jobs", [1, 3])
def test_workers_change_nothing(jobs):
    given = table(*TEXTS * 5, n=list(range(20)))
    assert rows(given.to_batches(max_chunksize=3), jobs=jobs) == rows(given)


def test_kept_columns_keep_their_type_and_come_first():
    given = table(
        *TEXTS, n=pa.array([1, None, 3, 4], pa.int16()), when=pa.array([1, 2, 3, 4], pa.timestamp("ns", "UTC"))
    )
    found = score_batches(given, scorer=FAKE, keep=["when", "n", "when"]).read_all()
    assert found.schema.names[:3] == ["when", "n", "score"]
    assert found.column("when").equals(given.column("when"))
    assert found.column("n").equals(given.column("n"))
    assert score_batches(given, scorer=FAKE).schema.names[:3] == ["n", "when", "text"]
    assert score_batches(given, scorer=FAKE, keep=()).schema.names[0] == "score"


def test_a_kept_column_that_bears_the_name_of_a_result_is_renamed():
    given = table(FILLER, score=[0.5], error=["none"])
    found = score_batches(given, scorer=FAKE, keep=["score", "error"]).read_all()
    assert found.schema.names[:3] == ["input.score", "input.error", "score"]
    assert found.column("input.score").to_pylist() == [0.5]
    both = given.append_column("input.score", pa.array([1]))
    with pytest.raises(ColumnError, match=r"two of the columns kept would be called 'input\.score'"):
        score_batches(both, scorer=FAKE)


def test_a_missing_column_is_named_with_those_there_are():
    with pytest.raises(ColumnError, match=r"no column 'body'; there are: n, text \(name the text with column=\)"):
        score_batches(table(FILLER, n=[1]), "body", scorer=FAKE)
    with pytest.raises(ColumnError, match=r"no column 'm'; there are: n, text \(correct keep\)"):
        score_batches(table(FILLER, n=[1]), scorer=FAKE, keep=["m"])
    with pytest.raises(TypeError, match=r"give \['n'\]"):
        score_batches(table(FILLER, n=[1]), scorer=FAKE, keep="n")
    twice = pa.Table.from_arrays([pa.array(["a"])] * 2, names=["text", "text"])
    with pytest.raises(ColumnError, match="2 columns 'text'"):
        score_batches(twice, scorer=FAKE)
    later = [pa.record_batch({"text": [FILLER]}), pa.record_batch({"body": [FILLER]})]
    with pytest.raises(ColumnError, match="no column 'text'"):
        list(score_batches(later, scorer=FAKE, keep=()))


def test_what_the_engine_gives_up_on_is_an_error_in_its_row():
    found = rows(table(FILLER, "GIVEUP", CLAIM), keep=())
    assert [row["error"] for row in found] == [None, "the engine gave up", None]


def test_an_error_of_the_reader_comes_through():
    def batches():
        yield from table(FILLER).to_batches()
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(score_batches(batches(), scorer=FAKE))


def test_a_column_alone_gives_a_struct_array():
    for texts in (pa.array([FILLER, None]), pa.chunked_array([[FILLER], [None]])):
        found = score_column(texts, scorer=FAKE)
        assert isinstance(found, pa.StructArray)
        assert found.type == pa.struct(list(arrow.schema()))
        assert [row["label"] for row in found.to_pylist()] == ["filler", "error"]
    assert len(score_column(pa.array([], pa.string()), scorer=FAKE)) == 0


def test_a_lone_surrogate_becomes_its_escape():
    from detector.arrow.columns import strings

    assert strings(["a\ud800", None, "b"]).to_pylist() == ["a\\ud800", None, "b"]


def test_the_bundled_model_scores_the_same_in_columns(scorer, stories):
    texts = [story.text for story in stories[:12]]
    found = score_batches(table(*texts), keep=(), sentences=True, reasons=100).read_all().to_pylist()
    for row, text in zip(found, texts, strict=True):
        report = scorer.score(text)
        assert row["score"] == report.score
        assert row["machine_score"] == report.machine_score
        assert math.isclose(sum(r["contribution"] for r in row["reasons"]), sum(r.contribution for r in report.reasons))
        assert [s["kind"] for s in row["sentences"]] == [s.kind for s in report.sentences]
        assert all(text[span["start"] : span["end"]] for reason in row["reasons"] for span in reason["spans"])


def test_calibrated_scores_carry_their_p_values():
    class Calibrated(FakeScorer):
        def score(self, text):
            from dataclasses import replace

            return replace(super().score(text), p_values={"score": 0.25})

    found = score_batches(table(FILLER), scorer=Calibrated(), keep=()).read_all().to_pylist()
    assert found[0]["p_values"] == {"score": 0.25, "machine_score": None}


def test_without_pyarrow_the_line_to_install_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.startswith(("pyarrow", "detector.arrow"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delattr("detector.arrow")
    with pytest.raises(MissingExtraError, match=r"pip install 'filler-detector\[arrow\]'"):
        import detector.arrow  # noqa: F401


def test_a_scorer_is_made_when_none_is_given():
    assert score_column(pa.array([CLAIM])).to_pylist()[0]["model"] == Scorer().model_name
