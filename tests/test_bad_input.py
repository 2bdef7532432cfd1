"""Whatever comes in: a sentence or an abstention, never a traceback, never a result lost or moved."""

import builtins
import codecs
import gzip
import json
import os
import random

import command
import pytest
from fake_scorer import FakeScorer

from detector.cli import shared
from detector.cli.shared import Failure

GOOD = b"The council of Leeds met on Monday. It approved a budget of 4.2 million pounds for roads. "


@pytest.fixture(scope="module")
def real():
    pytest.importorskip("detector.scorer")
    try:
        return shared.open_scorer(None)
    except Failure:
        pytest.skip("the bundled model is not there")


@pytest.fixture(params=["fake", "real"])
def _scorer(request, monkeypatch):
    scorer = FakeScorer() if request.param == "fake" else request.getfixturevalue("real")
    monkeypatch.setattr(shared, "open_scorer", lambda model, prior=None, calibration=(): scorer)


pytestmark = pytest.mark.usefixtures("_scorer")


def run(*arguments, stdin=None):
    result = command.run(*arguments, stdin=stdin)
    assert all(
        line.startswith(("detector: ", "Error: ", "Usage: ", "Try ")) or not line
        for line in result.stderr.splitlines()
    )
    return result


def records(*arguments, sentences=True, **options):
    more = ["--sentences"] if sentences else []
    result = run("score", *arguments, "--format", "jsonl", *more, **options)
    lines = result.stdout.splitlines()
    return result.exit_code, [json.loads(line) for line in lines]


ABSTAINS = {
    "empty": b"",
    "blank": b" \n\t\r\n \xc2\xa0\xe2\x80\x8b\n",
    "punctuation": b"... !!! ??? --- ,,, ;;; \xe2\x80\x94 \xe2\x80\xa6\n",
    "one word": b"Word",
    "a mark alone": codecs.BOM_UTF8,
}
SCORED = {
    "a NUL among words": GOOD + b"\0" + GOOD,
    "Windows-1252": GOOD + b"The caf\xe9 said \x93no\x94.",
    "UTF-16": codecs.BOM_UTF16_LE + (GOOD * 2).decode().encode("utf-16-le"),
    "marks that are no characters": GOOD + b"\xef\xbf\xbe\xef\xbf\xbf\xf3\xa0\x81\x81",
    "combining marks": GOOD + "e\u0301\u0301".encode() * 500,
    "right to left": GOOD + "\u202e\u05d0\u05d1\u2066".encode(),
    "only carriage returns": GOOD.replace(b". ", b".\r") * 3,
    "deeply nested HTML": b"<div><b>" * 20_000 + GOOD + b"</b></div>" * 20_000,
    "unclosed HTML": b"<!-- <script> <p title='" + GOOD,
    "unclosed code": b"```\n" + GOOD,
    "entities": b"&#x110000; &#xd800; &#99999999999999; &amp;amp; &bogus; " + GOOD,
}
REFUSED = {
    "binary": bytes(range(256)) * 20,
    "a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0" * 8,
    "NUL bytes": b"\0" * 1000,
    "UTF-16 without its mark": GOOD.decode().encode("utf-16-le"),
    "half of UTF-16": codecs.BOM_UTF16_BE + b"\xd8\0",
    "compressed": gzip.compress(GOOD * 40),
}


@pytest.mark.parametrize("name", [*ABSTAINS, *SCORED, *REFUSED])
def test_one_bad_text_among_good_ones(tmp_path, name):
    content = {**ABSTAINS, **SCORED, **REFUSED}[name]
    for place, data in enumerate((GOOD, content, GOOD)):
        (tmp_path / f"{place}.html").write_bytes(data)
    status, found = records(tmp_path)
    assert [record["id"] for record in found] == [str(tmp_path / f"{place}.html") for place in range(3)]
    assert {**found[0], "id": 0} == {**found[2], "id": 0}
    if name in REFUSED:
        assert (status, found[1]["label"]) == (2, "error")
        assert "looks binary" in found[1]["error"] or "UTF-16" in found[1]["error"]
    else:
        assert status == 0
        assert "error" not in found[1]
    if name in ABSTAINS:
        assert found[1]["score"] is None
        assert found[1]["flags"] == found[1]["reasons"] == []
    run("explain", tmp_path / "1.html")
    features = run("features", tmp_path, "--format", "jsonl")
    assert [json.loads(line)["id"] for line in features.stdout.splitlines()] == [
        record["id"] for record in found
    ]


@pytest.mark.parametrize("name", [*ABSTAINS, *SCORED, *REFUSED])
def test_the_same_through_standard_input(name):
    content = {**ABSTAINS, **SCORED, **REFUSED}[name]
    status, [record] = records("-", stdin=content)
    assert record["id"] == "-"
    assert status == (2 if name in REFUSED else 0)


@pytest.mark.parametrize("form", ["table", "jsonl", "csv"])
@pytest.mark.parametrize(
    "text", ['"\\ud800"', '"a b \\udfff c d e \\ud800\\ud800"', '"\\ud800 \\u0000 four more words"']
)
def test_lone_surrogates_in_jsonl(tmp_path, form, text):
    (tmp_path / "a.jsonl").write_text(f'{{"text": {text}, "\\ud801": "\\ud802"}}\n')
    result = run("score", tmp_path, "--format", form, "--keep", "all")
    assert result.exit_code == 0
    assert "a.jsonl:1" in result.stdout
    if form == "jsonl":
        record = json.loads(result.stdout)
        assert record["input"]["text"] == json.loads(text)
        assert record["input"]["\ud801"] == "\ud802"
    run("explain", tmp_path / "a.jsonl")


def test_names_that_are_no_text(tmp_path):
    names = [b"a\xff.txt", b"b\n.txt", b"c\x1b[31m.txt"]
    for name in names:
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as stream:
            stream.write(GOOD)
    status, found = records(tmp_path)
    assert status == 0
    assert [os.fsencode(record["id"].rpartition("/")[2]) for record in found] == names
    table = run("score", tmp_path).stdout.splitlines()
    assert len(table) == 4
    assert "\x1b" not in "".join(table)
    run("score", tmp_path / "gone\udcff\n.txt")


def test_malformed_jsonl_in_the_middle(tmp_path):
    good = json.dumps({"text": GOOD.decode()})
    lines = [good, '{"text": "cut', good, "[]", good, '{"text": 7}', good, '{"other": "x"}', good]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    status, found = records(tmp_path / "a.jsonl")
    assert status == 2
    assert [record["id"] for record in found] == [f"{tmp_path}/a.jsonl:{line}" for line in range(1, 10)]
    assert [record["label"] == "error" for record in found] == [False, True] * 4 + [False]


def test_an_unreadable_file_among_others(tmp_path, monkeypatch):
    for name in "abc":
        (tmp_path / f"{name}.txt").write_bytes(GOOD)

    def refuse(path, *rest, **options):
        if str(path).endswith("b.txt"):
            raise PermissionError(13, "Permission denied", path)
        return builtins.open(path, *rest, **options)

    monkeypatch.setattr("detector.io.readers.open", refuse, raising=False)  # root may read anything
    status, found = records(tmp_path)
    assert status == 2
    assert [record["label"] == "error" for record in found] == [False, True, False]
    assert found[1]["error"] == "cannot be read: permission denied"


def test_a_folder_without_text(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_bytes(GOOD)
    status, found = records(tmp_path / "empty", tmp_path / "a.txt")
    assert status == 2
    assert ".jsonl.gz" in found[0]["error"]
    assert found[1]["label"] != "error"


def test_a_folder_given_as_a_link_to_nothing(tmp_path):
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    status, [record] = records(tmp_path / "gone")
    assert (status, record["error"]) == (2, "no such file or folder")


@pytest.mark.parametrize("unit", [b"word ", b"x", GOOD, b"\xc3\xa9", b"<", b"(" * 9 + b" ", b". "])
def test_megabytes_on_one_line(tmp_path, unit):
    # What takes time that grows with the square of the length would not end here.
    (tmp_path / "a.txt").write_bytes(unit * (2_000_000 // len(unit)))
    (tmp_path / "b.txt").write_bytes(GOOD)
    status, found = records(tmp_path, sentences=False)
    assert status == 0
    assert len(found) == 2


def test_megabytes_in_one_field_or_one_bad_line(tmp_path):
    text = (GOOD * 22_000).decode()
    (tmp_path / "a.csv").write_text(f'text\n"{text}"\nshort\n')
    (tmp_path / "b.jsonl").write_text("[" * 2_000_000 + "\n" + '{"text": "short"}\n')
    status, found = records(tmp_path, sentences=False)
    assert status == 2
    assert [record["label"] for record in found][1:] == ["too_short", "error", "too_short"]


def test_random_bytes_never_break_anything(tmp_path):
    source = random.Random(7)
    for place in range(60):
        kind = source.choice(["txt", "md", "html", "jsonl", "csv", "tsv", "jsonl.gz", "csv.gz"])
        size = source.choice([1, 10, 500])
        alphabet = source.choice(
            [bytes(range(256)), b'{}[]",:\\ntu \n\r', b'a,b"\n\r \t', b"<>&;/!-a \n`#*_[]()"]
        )
        data = bytes(source.choices(alphabet, k=size))
        if kind == "csv":
            data = b"text,n\n" + data
        (tmp_path / f"{place:02}.{kind}").write_bytes(data)
    status, found = records(tmp_path, "--keep", "all")
    names = [record["id"].rpartition("/")[2].partition(":")[0] for record in found]
    assert names == sorted(names)
    whole = {path.name for path in tmp_path.iterdir() if path.suffix in (".txt", ".md", ".html", ".gz")}
    assert whole <= set(names)
    assert status == 2
    run("score", tmp_path, "--format", "csv", "--keep", "all")
    run("features", tmp_path)
