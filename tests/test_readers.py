import codecs
import gzip
import io
import json
import os
import sys
import tracemalloc
from pathlib import Path

import pytest

from detector.io.decode import CP1252_NOTE, NotTextError, decode
from detector.io.readers import EXTENSIONS, count_texts, read, reader_for
from detector.io.rows import Fields, read_csv, read_jsonl
from detector.io.sources import Source, expand, is_input


def items(*paths, column="text", keep=()):
    return list(read(expand([str(path) for path in paths], EXTENSIONS), Fields(column, keep)))


def csv_items(data, column="text", keep=()):
    return list(read_csv("f.csv", io.BytesIO(data), Fields(column, keep)))


def jsonl_items(data, column="text", keep=()):
    return list(read_jsonl("f.jsonl", io.BytesIO(data), Fields(column, keep)))


# --- decoding


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        ("caf\u00e9 \U0001f600".encode(), "caf\u00e9 \U0001f600"),
        (b"\xef\xbb\xbfone", "one"),
        (b"one\r\ntwo\rthree\n", "one\r\ntwo\rthree\n"),
        (codecs.BOM_UTF16_LE + "na\u00efve\r\n".encode("utf-16-le"), "na\u00efve\r\n"),
        (codecs.BOM_UTF16_BE + "na\u00efve".encode("utf-16-be"), "na\u00efve"),
        (b"twenty letters are here\0", "twenty letters are here\0"),
    ],
)
def test_decoding_keeps_every_character(data, text):
    assert decode(data) == (text, ())


def test_windows_1252_is_read_with_a_note():
    assert decode(b"\x93caf\xe9\x94") == ("\u201ccaf\u00e9\u201d", (CP1252_NOTE,))


def test_a_byte_without_meaning_keeps_the_offsets_of_the_rest():
    text, _ = decode(b"caf\xe9 " * 20 + b"\x81 end")
    assert text.endswith("\ufffd end")
    assert len(text) == 105


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff",
        "plain words".encode("utf-16-le"),  # no mark: every second byte is NUL
        "plain words".encode("utf-32"),
        codecs.BOM_UTF16_LE + b"odd",
        b"\x01",
        gzip.compress(b"words " * 50),
        os.urandom(4000),
        b"caf\xe9 " * 100 + b"\0",
        "カフェの歴史。東京、大阪。".encode("shift_jis") * 20,
    ],
)
def test_what_looks_binary_is_refused_in_one_sentence(data):
    with pytest.raises(NotTextError) as caught:
        decode(data)
    assert "\n" not in str(caught.value)
    assert "UTF-8" in str(caught.value)


# --- sources


def test_a_folder_is_walked_in_sorted_order_without_what_is_hidden(tmp_path):
    for name in (
        "b.txt",
        "a/z.md",
        "a/b/c.html",
        "a-b/k.HTM",
        ".hidden/x.txt",
        ".y.txt",
        "c.png",
        "a.jsonl.gz",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = [os.path.relpath(source.path, tmp_path) for source in expand([str(tmp_path)], EXTENSIONS)]
    assert found == ["a/b/c.html", "a/z.md", "a-b/k.HTM", "a.jsonl.gz", "b.txt"]


def test_a_folder_without_text_names_the_extensions(tmp_path):
    (tmp_path / "a.png").touch()
    [source] = expand([str(tmp_path)], EXTENSIONS)
    assert source.path == str(tmp_path)
    assert all(extension in source.error for extension in EXTENSIONS)


def test_a_folder_that_links_to_itself_ends(tmp_path):
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert [item.text for item in items(tmp_path)] == ["one"]


def test_a_pattern_is_expanded_and_a_file_of_that_name_wins(tmp_path):
    for name in ("b.txt", "a.txt", "sub.txt/c.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    assert [item.text for item in items(tmp_path / "*.txt")] == ["a.txt", "b.txt"]
    assert [item.text for item in items(tmp_path / "**")] == ["a.txt", "b.txt", "sub.txt/c.md"]
    (tmp_path / "[x].txt").write_text("itself")
    assert [item.text for item in items(tmp_path / "[x].txt")] == ["itself"]
    [item] = items(tmp_path / "*.none")
    assert item.error == "no file matches this pattern"


@pytest.mark.parametrize("name", ["", "a\0b", "nowhere/a.txt", "x" * 5000])
def test_a_path_that_cannot_be_is_an_error_in_its_place(tmp_path, name):
    (tmp_path / "a.txt").write_text("one")
    found = items(tmp_path / "a.txt", name, tmp_path / "a.txt") if name else items("", tmp_path / "a.txt")
    assert [item.error is None for item in found] == ([True, False, True] if name else [False, True])


def test_a_named_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    [item] = items(tmp_path)
    assert "named pipe" in item.error


def test_what_a_shell_substitutes_is_read():
    reading, writing = os.pipe()
    os.write(writing, b"from a command")
    os.close(writing)
    [item] = items(f"/dev/fd/{reading}")
    os.close(reading)
    assert item.text == "from a command"


def test_links_that_go_round_or_nowhere_are_errors(tmp_path):
    (tmp_path / "a.txt").symlink_to(tmp_path / "b.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / "a.txt")
    (tmp_path / "c.txt").symlink_to(tmp_path / "gone")
    errors = [item.error for item in items(tmp_path)]
    assert len(errors) == 3
    assert all(errors)
    assert errors[2] == "no such file or folder"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_and_folder_are_errors(tmp_path):
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "a.txt").chmod(0)
    (tmp_path / "shut").mkdir(mode=0)
    try:
        assert ["permission denied" in item.error for item in items(tmp_path)] == [True, True]
    finally:
        (tmp_path / "shut").chmod(0o700)


def test_an_input_is_known_by_any_name(tmp_path):
    (tmp_path / "a.txt").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a.txt")
    sources = [Source("-"), Source(str(tmp_path / "gone")), Source(str(tmp_path / "a.txt"))]
    assert is_input(str(tmp_path / "link"), sources)
    assert not is_input(str(tmp_path / "new.txt"), sources)


def test_the_number_of_texts_is_known_for_plain_files_only():
    assert count_texts([Source("a.txt"), Source("-"), Source("x.jsonl", "gone")]) == 3
    assert count_texts([Source("a.txt"), Source("b.csv")]) is None
    assert count_texts([Source("-")], stdin_rows=True) is None


# --- text files


def test_a_text_file_is_one_item_with_its_line_ends(tmp_path):
    path = tmp_path / "a.md"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\n")
    [item] = items(path)
    assert (item.id, item.text, item.notes, item.fields) == (str(path), "one\r\ntwo\n", (), None)


def test_markup_is_left_to_the_engine(tmp_path):
    page = "<div>" * 20_000 + "words" + "</div>" * 20_000
    (tmp_path / "a.html").write_text(page)
    assert items(tmp_path)[0].text == page


def test_a_named_file_of_unknown_kind_is_read_as_text(tmp_path):
    (tmp_path / "README").write_text("words")
    assert items(tmp_path / "README")[0].text == "words"


# --- JSONL


def test_each_line_is_an_item_named_by_its_line():
    found = jsonl_items(b'{"text": "one"}\r\n\n  \n{"text": "two", "text": "three"}')
    assert [(item.id, item.text) for item in found] == [("f.jsonl:1", "one"), ("f.jsonl:4", "three")]


@pytest.mark.parametrize("data", [b"", b"\n \n"])
def test_a_file_without_rows_is_an_error_and_no_silent_success(data):
    (item,) = jsonl_items(data)
    assert item.error == "the file has no rows; expected one JSON object a line"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"text": "one"', "not valid JSON"),
        (b"{text}", "at character 2"),
        (b"[1]", "the line is a list"),
        (b'"words"', "the line is a string"),
        (b"null", "the line is null"),
        (b'{"text": 5}', "field 'text' is a number; expected a string"),
        (b'{"text": true}', "is a truth value"),
        (b'{"text": null}', "is null"),
        (b'{"text": {"a": 1}}', "is an object"),
        (b'{"body": "one", "id": 3}', "no column 'text'; there are: body, id"),
        (b"{}", "there are: none"),
        (b'{"text": ' + b"9" * 5000 + b"}", "not readable JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\0\1\2\3\4\5", "looks binary"),
    ],
)
def test_a_line_that_cannot_be_read_is_an_error_in_its_place(line, says):
    found = jsonl_items(b'{"text": "first"}\n' + line + b'\n{"text": "last"}\n')
    assert [item.text for item in found] == ["first", "", "last"]
    assert found[1].id == "f.jsonl:2"
    assert says in found[1].error
    assert found[0].error is found[2].error is None


def test_a_lone_surrogate_reaches_the_engine():
    assert jsonl_items(b'{"text": "a \\ud800 b"}')[0].text == "a \ud800 b"


def test_a_line_of_another_encoding_has_the_note_alone():
    found = jsonl_items(b'\xef\xbb\xbf{"text": "\xc3\xa9"}\n{"text": "\xe9"}\n{"text": "e"}')
    assert [(item.text, item.notes) for item in found] == [
        ("\u00e9", ()),
        ("\u00e9", (CP1252_NOTE,)),
        ("e", ()),
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_rows_in_other_encodings_keep_their_lines(encoding):
    assert [item.id for item in jsonl_items('{"text": "\u00e9"}\n{"text": "b"}\n'.encode(encoding))] == [
        "f.jsonl:1",
        "f.jsonl:2",
    ]
    assert [item.text for item in csv_items('n,text\n1,"\u00e9\nf"\n2,g'.encode(encoding))] == [
        "\u00e9\nf",
        "g",
    ]


def test_fields_are_carried_through_when_asked_for():
    line = b'{"text": "one", "n": NaN, "deep": {"x": [1e999, 2]}}'
    assert jsonl_items(line)[0].fields is None
    assert jsonl_items(line, keep=("n", "gone"))[0].fields == {"n": None, "gone": None}
    assert jsonl_items(line, keep=None)[0].fields == {"text": "one", "n": None, "deep": {"x": [None, 2]}}
    assert jsonl_items(b'{"text": 1, "n": 2}', keep=("n",))[0].fields == {"n": 2}


# --- CSV


def test_rows_are_named_by_the_line_they_start_on_and_keep_their_line_ends():
    found = csv_items(b'n,text\r\n1,"a, b\r\nc"\r\n\r\n2,d\r\n')
    assert [(item.id, item.text) for item in found] == [("f.csv:2", "a, b\r\nc"), ("f.csv:5", "d")]


def test_another_column_and_kept_fields():
    [item] = csv_items(b"\xef\xbb\xbfid, body \n7,words\n", column="body", keep=("id",))
    assert (item.text, item.fields) == ("words", {"id": "7"})


@pytest.mark.parametrize(
    ("data", "keep", "says"),
    [
        (b"", (), "the file is empty; expected a header"),
        (b"id,body\n1,words\n", (), "no column 'text'; there are: id, body"),
        (b"id,text\n1,words\n", ("url",), "no column 'url'; there are: id, text (correct --keep)"),
        (b"\x89\0\1\2,text\n1,words", (), "looks binary"),
    ],
)
def test_a_header_that_cannot_serve_is_one_error(data, keep, says):
    [item] = csv_items(data, keep=keep)
    assert item.id == "f.csv"
    assert says in item.error


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (b"1", "has 1 fields where the header has 2"),
        (b"1,one, two", "has 3 fields where the header has 2"),
        (b'1,"one" two', "not a valid row"),
        (b"\0\1\2,\xff", "looks binary"),
    ],
)
def test_a_row_that_cannot_be_read_is_an_error_in_its_place(row, says):
    found = csv_items(b"n,text\n0,first\n" + row + b"\n2,last\n")
    assert [item.text for item in found] == ["first", "", "last"]
    assert found[1].id == "f.csv:3"
    assert says in found[1].error


def test_a_quotation_mark_left_open_is_told_where_it_opened():
    found = csv_items(b'n,text\n0,first\n1,"second\n2,third\n')
    assert [item.id for item in found] == ["f.csv:2", "f.csv:3"]
    assert "never closed" in found[1].error


def test_nul_and_huge_fields_pass():
    long = b"words " * 400_000
    found = csv_items(b"n,text\n1,twenty letters are \0 here\n2," + long + b"\n3,,\n")
    assert found[0].text == "twenty letters are \0 here"
    assert found[1].text == long.decode()
    assert (found[2].text, found[2].error) == ("", None)  # an empty field too many is no harm


def test_tabs_separate_tsv(tmp_path):
    (tmp_path / "a.tsv").write_text("n\ttext\n1\ta, b\n")
    assert items(tmp_path)[0].text == "a, b"


# --- gzip and memory


@pytest.mark.parametrize("extension", [name for name in EXTENSIONS if name.endswith(".gz")])
def test_rows_may_be_compressed(tmp_path, extension):
    separator = "\t" if ".tsv" in extension else ","
    table = f"n{separator}text\n1{separator}words\n"
    content = '{"text": "words"}\n' if "json" in extension else table
    (tmp_path / f"a{extension}").write_bytes(gzip.compress(content.encode()))
    assert [item.text for item in items(tmp_path)] == ["words"]


def test_a_gzip_cut_short_keeps_the_rows_before(tmp_path):
    lines = [json.dumps({"text": f"{number} {os.urandom(40).hex()}"}) for number in range(3000)]
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode())[:-20_000])
    found = items(path)
    assert len(found) > 1000
    assert [item.text for item in found[:-1]] == [json.loads(line)["text"] for line in lines[: len(found) - 1]]
    assert "cut short" in found[-1].error
    assert f"a.jsonl.gz:{len(found) - 1})" in found[-1].error


def test_damaged_gzip_is_an_error(tmp_path):
    good = gzip.compress(json.dumps({"text": os.urandom(5000).hex()}).encode())
    (tmp_path / "a.jsonl.gz").write_bytes(b'{"text": "not compressed"}')
    (tmp_path / "b.jsonl.gz").write_bytes(good[:1000] + b"\xff" * 40 + good[1040:])
    assert all(item.error for item in items(tmp_path))


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv"])
def test_reading_rows_takes_constant_memory(tmp_path, name):
    text = "some words of a text " * 250
    path = tmp_path / name
    if name == "a.csv":
        path.write_text("text\n" + f'"{text}"\n' * 4000)
    else:
        path.write_bytes(gzip.compress((json.dumps({"text": text}) + "\n").encode() * 4000, 1))
    tracemalloc.start()
    total = sum(len(item.text) for item in read([Source(str(path))], Fields()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 4000 * len(text) > 20_000_000
    assert peak < 2_000_000


def test_standard_input_is_text_or_rows(monkeypatch):
    for rows, found in ((False, [("-", '{"text": "a"}\n')]), (True, [("-:1", "a")])):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"text": "a"}\n')))
        assert [(item.id, item.text) for item in read([Source("-")], Fields(), stdin_rows=rows)] == found


def test_closed_standard_input_is_an_error(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    [item] = read([Source("-")], Fields())
    assert "closed" in item.error


def test_the_longest_extension_decides():
    assert reader_for("A.JSONL.GZ") is read_jsonl
    assert reader_for(str(Path("x.csv") / "notes.txt")) is not read_csv


def test_a_row_with_an_id_keeps_it_and_others_get_their_line():
    rows = (
        b'{"id": "a7", "text": "One."}\n{"text": "Two."}\n{"id": 12, "text": "Three."}\n{"id": true, "text": "Four."}\n'
    )
    assert [item.id for item in jsonl_items(rows)] == ["a7", "f.jsonl:2", "12", "f.jsonl:4"]
    assert [item.id for item in csv_items(b"id,text\nb9,One.\n,Two.\n")] == ["b9", "f.csv:3"]
