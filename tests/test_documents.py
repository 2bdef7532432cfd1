"""Web pages, PDF, DOCX and EPUB made by other programs: the prose comes through in order, what is around it does not.

How the samples were made stands in ``cases/documents/README.md``.
"""

import io
import json
import os
import runpy
import zipfile
from pathlib import Path

import pytest
from command import run

from detector.io.documents import readers as documents
from detector.io.documents import worker
from detector.io.documents.limits import DocumentError, Limits
from detector.io.documents.pdf_lines import Line, paragraphs
from detector.io.readers import EXTENSIONS, count_texts, read
from detector.io.rows import Fields
from detector.io.sources import expand
from detector.text.document import read as tokenise
from detector.text.normalise import normalise
from detector.text.roles import PROSE, roles

HERE = Path(__file__).parent / "cases" / "documents"
STORIES = Path(__file__).parent.parent / "data" / "stories" / "stories.jsonl"
MAKE = runpy.run_path(str(HERE / "make.py"))
IDS = tuple(MAKE["TITLES"])
PACKAGES = {".pdf": "pypdf", ".docx": "docx", ".epub": "ebooklib", "main": "trafilatura", "bulk": "resiliparse"}
CHROME = (
    "We value your privacy", "Accept all", "Skip to main content", "Weather", "Ada Merrow", "Share on Facebook",
    "in your inbox", "newsletter", "towncrier61", "My grandmother", "You may also like", "Ten bakeries",
    "All rights reserved", "Terms of use", "tracked sentence", "Manage choices",
)  # fmt: skip
PAPER = ("paper-libreoffice.docx", "paper-libreoffice.pdf", "paper-libreoffice.epub")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """Each test may change the limits or the surroundings of the reading process."""
    monkeypatch.setattr(documents, "LIMITS", Limits())


def items(*paths, html="whole"):
    for path in paths:
        pytest.importorskip(PACKAGES.get(Path(path).suffix, "json"))
    if html != "whole":
        pytest.importorskip(PACKAGES[html])
    return list(read(expand([str(path) for path in paths], EXTENSIONS), Fields(html=html)))


def text_of(*paths, html="whole"):
    found = items(*paths, html=html)
    assert [item.error for item in found] == [None] * len(found)
    assert all(item.extracted for item in found) or html == "whole"
    return "\n\n".join(item.text for item in found)


def error_of(path, html="whole"):
    [item] = items(path, html=html)
    assert item.error is not None
    assert item.text == ""
    assert "\n" not in item.error
    assert "Traceback" not in item.error
    return item.error


def flat(text):
    return " ".join(text.replace("\u2019", "'").split())


def sentences(*ids):
    rows = {row["id"]: row for row in map(json.loads, STORIES.read_text(encoding="utf-8").splitlines())}
    return [flat(rows[name]["text"][start:end]) for name in ids for start, end, _ in rows[name]["sentences"]]


def missing(text, *ids):
    """Return the sentences that do not follow in ``text``, each after the one before it."""
    text, at, lost = flat(text), 0, []
    for sentence in sentences(*ids):
        place = text.find(sentence, at)
        if place < 0:
            lost.append(sentence)
        else:
            at = place + len(sentence)
    return lost


# --- files made by LibreOffice and Chromium, and a page as a news site serves it


@pytest.mark.parametrize("name", [*PAPER, "columns-libreoffice.pdf"])
def test_every_sentence_comes_through_in_order(name):
    assert missing(text_of(HERE / name), *IDS) == []


@pytest.mark.parametrize("name", [*PAPER, "columns-libreoffice.pdf"])
def test_running_heads_and_page_numbers_do_not(name):
    text = text_of(HERE / name)
    assert MAKE["RUNNING_HEAD"] not in text
    assert "Page " not in text


@pytest.mark.parametrize("name", PAPER)
def test_a_footnote_stands_after_the_prose_and_its_mark_is_gone(name):
    text = text_of(HERE / name)
    first = items(HERE / name)[0].text
    assert first.rstrip().endswith(MAKE["FOOTNOTE"])
    assert "a year.\n" in text
    assert text.count(MAKE["FOOTNOTE"]) == 1


@pytest.mark.parametrize("name", PAPER)
def test_headings_lists_and_tables_are_told_from_prose(name):
    prose = " ".join(prose_of(text_of(HERE / name)))
    assert not any(title in prose for title in MAKE["TITLES"].values())
    assert [item for item in MAKE["LIST"] if item not in prose] == []
    assert missing(prose, *IDS) == []


def prose_of(text):
    document = tokenise(normalise(text))
    spans = zip(document.sentence_start.tolist(), document.sentence_end.tolist(), roles(document), strict=True)
    return [flat(document.source.text[start:end]) for start, end, role in spans if role == PROSE]


@pytest.mark.parametrize("html", ["main", "bulk"])
def test_the_main_text_of_a_page_has_the_story_and_not_the_site(html):
    text = text_of(HERE / "news.html", html=html)
    assert missing(text, "s001/full") == []
    assert [chrome for chrome in CHROME if chrome in text] == []


def test_a_page_read_whole_is_the_file_and_needs_no_package(monkeypatch):
    monkeypatch.setattr(worker, "extract", None)  # nothing may be asked of the reading process
    [item] = items(HERE / "news.html")
    assert item.text == (HERE / "news.html").read_text(encoding="utf-8")
    assert not item.extracted


@pytest.mark.parametrize("name", ["news.html", "news-chromium.pdf"])
def test_what_a_site_puts_around_a_story_is_not_judged_as_its_prose(name):
    prose = prose_of(text_of(HERE / name))
    assert missing(" ".join(prose), "s001/full") == []
    telling = ("Advertisement", "Read more", "Sign up", "All rights", "Skip to", "You may also", "Terms of", "Share on")
    assert [sentence for sentence in prose if sentence.startswith(telling)] == []


def test_the_page_is_the_one_that_the_script_makes():
    assert MAKE["page"]() == (HERE / "news.html").read_text(encoding="utf-8")


def test_the_samples_are_small():
    sizes = [path.stat().st_size for path in HERE.iterdir() if path.is_file()]
    assert max(sizes) <= 60_000
    assert sum(sizes) <= 400_000


# --- records


def test_an_epub_has_an_item_for_each_chapter():
    path = HERE / "paper-libreoffice.epub"
    found = items(path)
    assert [(item.id, item.line) for item in found] == [(f"{path}:{number}", number) for number in (1, 2, 3)]
    for item, name in zip(found, IDS, strict=True):
        assert missing(item.text, name) == []


@pytest.mark.parametrize("more", [[], ["--sort", "score"]])
def test_a_new_text_stands_in_the_record_and_offsets_index_it(fake, more):
    pytest.importorskip("pypdf")
    arguments = ["score", HERE / "paper-libreoffice.pdf", HERE / "news.html", "--format", "jsonl", "--sentences", *more]
    lines = map(json.loads, run(*arguments).stdout.splitlines())
    records = {Path(line["id"]).suffix: line for line in lines}
    text = records[".pdf"]["text"]
    cut = [text[one["start"] : one["end"]] for one in records[".pdf"]["sentences"]]
    assert "Since then staff have issued loans from under three gazebos lent by the Scouts." in map(flat, cut)
    assert "text" not in records[".html"]


def test_the_main_text_can_be_asked_for_and_explained(fake):
    pytest.importorskip("trafilatura")
    for command in ("score", "features"):
        arguments = [command, HERE / "news.html", "--html", "main", "--format", "jsonl"]
        assert run(*arguments).exit_code == 0
    result = run("explain", HERE / "news.html", "--html", "main")
    assert "gazebos" in result.stdout
    assert "towncrier61" not in result.stdout


def test_a_folder_is_walked_over_documents_and_counted(tmp_path):
    for name in ("a.pdf", "b.docx", "c.txt", "d.PDF"):
        (tmp_path / name).write_bytes(b"x")
    sources = expand([str(tmp_path)], EXTENSIONS)
    assert [Path(source.path).name for source in sources] == ["a.pdf", "b.docx", "c.txt", "d.PDF"]
    assert count_texts(sources) == 4


# --- lines of a page to paragraphs


def page(*texts, size=10.0, top=700.0):
    return [Line(text, size, top - 12 * place) for place, text in enumerate(texts)]


LONG = "the river ran brown for a week after the storm and nobody"


def test_a_word_broken_at_the_end_of_a_line_is_made_whole():
    assert paragraphs([page(f"{LONG} remem-", "bered why")]) == [f"{LONG} remembered why"]
    assert paragraphs([page(f"{LONG} remem\u00ad", "bered why")]) == [f"{LONG} remembered why"]


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        ((f"{LONG} paid for a ten-year lease, a ten-", "year lease"), "a ten-year lease"),  # written so before
        ((f"{LONG} dug a 90-", "centimetre pit"), "a 90-centimetre pit"),
        ((f"{LONG} saw the Anglo-", "Saxon wall"), "the Anglo-Saxon wall"),
    ],
)
def test_a_hyphen_that_belongs_to_the_word_stays(lines, joined):
    [text] = paragraphs([page(*lines)])
    assert text.endswith(joined)


def test_ligatures_are_letters_again():
    assert paragraphs([page("ﬁve oﬃces ﬂooded")]) == ["five offices flooded"]


def test_what_stands_on_every_page_and_page_numbers_are_dropped():
    told = ("one", "two", "three", "four")
    pages = [
        page(f"Chapter {n} of the report", f"{LONG} saw {word} boats", f"and {word} men on it", f"– {n} –")
        for n, word in enumerate(told, 1)
    ]
    text = " ".join(paragraphs(pages))
    assert "Chapter" not in text
    assert "–" not in text
    assert [word for word in told if f"saw {word} boats and {word} men" not in text] == []


def test_a_line_that_stands_once_is_no_running_head():
    assert paragraphs([page("The only head", "x"), page("Another one", "y")])[0].startswith("The only head")


def test_a_sentence_goes_on_over_a_page_and_past_a_footnote():
    first = [*page(f"{LONG} said", f"{LONG} that it"), Line("1 A note in small print.", 7.0, 80.0)]
    second = page(f"was {LONG}", "and ended there.")
    assert paragraphs([first, second]) == [
        f"{LONG} said {LONG} that it was {LONG} and ended there.",
        "1 A note in small print.",
    ]


def test_a_short_line_a_gap_or_larger_letters_end_a_paragraph():
    lines = [
        Line("A short heading", 16.0, 700.0),
        *page(f"{LONG} said so", f"{LONG} said it", "and left.", f"Then {LONG} came", top=680.0),
        Line("After a gap", 10.0, 600.0),
    ]
    assert paragraphs([lines]) == [
        "# A short heading",
        f"{LONG} said so {LONG} said it and left.",
        f"Then {LONG} came",
        "After a gap",
    ]


def test_bullets_are_list_items():
    assert paragraphs([page("• one thing", "• another thing")]) == ["- one thing", "- another thing"]


def test_no_lines_are_no_paragraphs():
    assert paragraphs([]) == paragraphs([[], []]) == []


# --- what a DOCX and an EPUB may hold


WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def packed(base, path, **parts):
    """Copy a sample, some of its parts changed or added; a part is named by its path with ``__`` for ``/``."""
    new = {name.replace("__", "/"): content for name, content in parts.items()}
    with zipfile.ZipFile(HERE / base) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in [*old.namelist(), *(name for name in new if name not in old.namelist())]:
            made.writestr(name, new.get(name, old.read(name) if name in old.namelist() else b""))
    return path


def docx(path, body):
    document = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    return packed("paper-libreoffice.docx", path, **{"word__document.xml": document.encode()})


def test_text_in_content_controls_and_insertions_is_read_and_deleted_text_is_not(tmp_path):
    body = (
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:r><w:t>It was </w:t></w:r><w:ins><w:r><w:t>added</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>removed</w:delText></w:r></w:del><w:r><w:br/><w:t>here.</w:t></w:r></w:p>"
    )
    assert text_of(docx(tmp_path / "a.docx", body)) == "In a control.\n\nIt was added\nhere."


def test_a_document_of_python_docx_is_read(tmp_path):
    library = pytest.importorskip("docx")
    made = library.Document()
    made.add_heading("The plan", 1)
    made.add_paragraph("First.", style="List Bullet")
    made.add_paragraph("Second.", style="List Bullet")
    frame = made.add_table(1, 1)
    frame.cell(0, 0).text = "Framed."
    made.sections[0].header.paragraphs[0].text = "Running head"
    made.save(str(tmp_path / "a.docx"))
    assert text_of(tmp_path / "a.docx") == "# The plan\n\n- First.\n- Second.\n\nFramed."


def test_a_book_of_ebooklib_is_read(tmp_path):
    epub = pytest.importorskip("ebooklib.epub")
    book = epub.EpubBook()
    book.set_identifier("x")
    book.set_title("A book")
    words = "Word upon word stood in the chapter until it had said all that it had to say and then it ended there. "
    bodies = [
        "<p>Cover</p>",
        f"<h1>One</h1><p>{words}</p><ul><li><p>An item.</p></li></ul>",
        f"<p>{words}<b>Bold</b>ly.</p>",
    ]
    chapters = [epub.EpubHtml(title=str(n), file_name=f"{n}.xhtml", content=body) for n, body in enumerate(bodies)]
    for chapter in chapters:
        book.add_item(chapter)
    book.add_item(epub.EpubNcx())
    book.add_item(epub.EpubNav())
    book.spine = ["nav", *chapters]
    epub.write_epub(str(tmp_path / "a.epub"), book)
    first, second = items(tmp_path / "a.epub")
    assert first.text == f"# One\n\n{words.strip()}\n\n- An item."
    assert second.text.endswith("there. Boldly.")
    assert first.notes == ("1 sections of under 20 words were passed over",)
    assert second.notes == ()


# --- files that are broken, protected, or made to do harm: one sentence each


def pdf(*objects):
    """Return a PDF of these objects; the first is its root."""
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%sendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\n" % (size, table, size)
    return made + head + b"startxref\n%d\n%%%%EOF" % len(made)


ROOT = b"<</Type/Catalog/Pages 2 0 R>>"
LOOP = pdf(ROOT, b"<</Type/Pages/Count 1/Kids[2 0 R]>>")
DRAWN = b"/Length 9>>stream\nq /F Do Q\nendstream"
FORM = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 4 0 R>>>>" + DRAWN
SELF_DRAWING = pdf(
    ROOT,
    b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<</XObject<</F 4 0 R>>>>/Contents 5 0 R>>",
    FORM,
    b"<<" + DRAWN,
)
LAUGHS = (
    '<!DOCTYPE r [<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)) + "]>"
)
NESTED = "<w:tbl><w:tr><w:tc>" * 60 + "<w:p><w:r><w:t>x</w:t></w:r></w:p>" + "</w:tc></w:tr></w:tbl>" * 60
DEEP = b"<html><body>" + b"<div>" * 50_000 + b"words" + b"</div>" * 50_000 + b"</body></html>"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.pdf", b"", "empty (0 bytes)"),
        ("a.docx", b"", "empty (0 bytes)"),
        ("a.epub", b"", "empty (0 bytes)"),
        ("a.pdf", b"Dear reader, this is a letter.", "is no PDF file"),
        ("a.docx", b"Dear reader, this is a letter.", "is no DOCX file"),
        ("a.epub", b"Dear reader, this is a letter.", "is no EPUB file"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + bytes(600), "an old Office file"),
        ("a.pdf", LOOP, "damaged: Detected cyclic page references"),
        ("a.pdf", SELF_DRAWING, "no page of it holds text"),
        ("a.pdf", pdf(ROOT, b"<</Type/Pages/Count 0/Kids[]>>"), "has no pages"),
        ("a.pdf", (HERE / "paper-libreoffice.pdf").read_bytes()[:20_000], "the PDF file is damaged"),
        ("a.docx", (HERE / "paper-libreoffice.docx").read_bytes()[:6_000], "damaged"),
        ("a.epub", (HERE / "paper-libreoffice.epub").read_bytes()[:3_000], "damaged"),
    ],
)
def test_a_file_that_is_not_what_it_should_be(tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    assert said in error_of(tmp_path / name)


def test_archives_that_are_damaged_or_not_of_their_kind(tmp_path):
    for name in ("a.docx", "a.epub"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("letter.txt", "Dear reader")
        assert "There is no item named" in error_of(tmp_path / name)
    data = bytearray((HERE / "paper-libreoffice.docx").read_bytes())
    data[3000:3300] = b"\xff" * 300
    (tmp_path / "a.docx").write_bytes(data)
    assert "a damaged one" in error_of(tmp_path / "a.docx")


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "LIMITS", Limits(unpacked=1_000_000))
    for ending in ("docx", "epub"):
        path = packed(f"paper-libreoffice.{ending}", tmp_path / f"a.{ending}", zero=bytes(5_000_000))
        assert path.stat().st_size < 20_000
        assert "unpacks to 5 MB" in error_of(path)


def test_entities_that_grow_are_not_expanded(tmp_path):
    document = (
        f'{LAUGHS}<w:document xmlns:w="{WORD}"><w:body><w:p><w:r><w:t>&a11;</w:t></w:r></w:p></w:body></w:document>'
    )
    path = packed("paper-libreoffice.docx", tmp_path / "a.docx", **{"word__document.xml": document.encode()})
    assert "damaged" in error_of(path)
    chapter = f'{LAUGHS}<html xmlns="http://www.w3.org/1999/xhtml"><body><p>&a11;</p></body></html>'
    parts = {"OEBPS__sections__section0001.xhtml": chapter.encode()}
    path = packed("paper-libreoffice.epub", tmp_path / "a.epub", **parts)
    assert sum(len(item.text) for item in items(path)) < 10_000


def test_what_is_nested_without_end_is_refused(tmp_path):
    assert "nested more than 40 deep" in error_of(docx(tmp_path / "a.docx", NESTED))
    parts = {"OEBPS__sections__section0001.xhtml": DEEP}
    path = packed("paper-libreoffice.epub", tmp_path / "a.epub", **parts)
    assert "nests more than 200 elements" in error_of(path)
    (tmp_path / "a.html").write_bytes(DEEP)
    assert "no main text was found" in error_of(tmp_path / "a.html", html="main")


def test_protected_files_are_told(tmp_path):
    pypdf = pytest.importorskip("pypdf")
    for password, owner, name in (("secret", None, "locked.pdf"), ("", "owner", "open.pdf")):
        made = pypdf.PdfWriter(clone_from=HERE / "columns-libreoffice.pdf")
        made.encrypt(password, owner, algorithm="RC4-128")
        made.write(tmp_path / name)
    assert "protected by a password" in error_of(tmp_path / "locked.pdf")
    assert missing(text_of(tmp_path / "open.pdf"), *IDS) == []  # only printing or copying is locked
    for method, wanted in (
        ("http://www.w3.org/2001/04/xmlenc#aes128-cbc", False),
        ("http://www.idpf.org/2008/embedding", True),
    ):
        listed = f'<encryption xmlns:e="x"><e:EncryptionMethod Algorithm="{method}"/></encryption>'.encode()
        path = packed("paper-libreoffice.epub", tmp_path / "a.epub", **{"META-INF__encryption.xml": listed})
        assert (len(items(path)) == 3) is wanted
        assert wanted or "(DRM)" in error_of(path)


def test_pictures_without_text_are_told(tmp_path):
    pypdf = pytest.importorskip("pypdf")
    made = pypdf.PdfWriter(clone_from=HERE / "columns-libreoffice.pdf")
    made.add_blank_page(300, 300)
    made.write(tmp_path / "half.pdf")
    [item] = items(tmp_path / "half.pdf")
    assert item.notes == ("1 of 3 pages hold no text (pictures or scans) and were passed over",)
    assert missing(item.text, *IDS) == []
    assert "holds no text" in error_of(docx(tmp_path / "a.docx", "<w:p/>"))
    (tmp_path / "a.html").write_bytes(b"<html><body></body></html>")
    assert "no main text was found" in error_of(tmp_path / "a.html", html="main")


def test_limits_are_told(tmp_path, monkeypatch):
    path = HERE / "paper-libreoffice.pdf"
    for limits, said in (
        (Limits(bytes=1000), "is larger than 0 MB"),
        (Limits(pages=2), "has 3 pages; at most 2 are read"),
        (Limits(characters=1000), "at most 1,000 are read from one file"),
    ):
        monkeypatch.setattr(documents, "LIMITS", limits)
        assert said in error_of(path)


def test_a_reader_that_takes_too_long_is_stopped_and_the_rest_goes_on(monkeypatch):
    pytest.importorskip("pypdf")
    path = HERE / "paper-libreoffice.pdf"
    worker._end()  # a fresh process needs far longer to start than this
    monkeypatch.setattr(documents, "LIMITS", Limits(seconds=0.001))
    assert "took longer than 0.001 seconds" in error_of(path)
    monkeypatch.setattr(documents, "LIMITS", Limits())
    assert missing(text_of(path), *IDS) == []


def test_a_reader_that_needs_too_much_memory_is_stopped():
    pytest.importorskip("resource")
    with pytest.raises(DocumentError, match="needs more than 60 MB of memory"):
        worker.extract("pdf", bytes(20_000_000), Limits(memory=60_000_000))


def test_a_reader_that_dies_says_why_and_the_rest_goes_on(monkeypatch, tmp_path):
    """A package that fails as no one foresaw stands for every bug in a parser."""
    (tmp_path / "pypdf.py").write_text("raise RuntimeError('it broke')")
    with Surroundings(monkeypatch, tmp_path):
        found = items(HERE / "paper-libreoffice.pdf", HERE / "news.html")
    assert "RuntimeError: it broke" in found[0].error
    assert "\n" not in found[0].error
    assert found[1].error is None


class Surroundings:
    """Put a folder on the path of reading processes that start meanwhile."""

    def __init__(self, monkeypatch, folder):
        self.monkeypatch, self.folder = monkeypatch, folder

    def __enter__(self):
        worker._end()
        self.monkeypatch.setenv("PYTHONPATH", str(self.folder))

    def __exit__(self, *_):
        worker._end()
        self.monkeypatch.delenv("PYTHONPATH")


@pytest.mark.parametrize(
    ("module", "name", "html", "extra"),
    [
        ("pypdf", "paper-libreoffice.pdf", "whole", "pdf"),
        ("docx", "paper-libreoffice.docx", "whole", "docx"),
        ("ebooklib", "paper-libreoffice.epub", "whole", "epub"),
        ("trafilatura", "news.html", "main", "html"),
        ("lxml_html_clean", "news.html", "main", "html"),
        ("resiliparse", "news.html", "bulk", "html"),
    ],
)
def test_a_missing_extra_is_named_with_the_line_that_installs_it(monkeypatch, tmp_path, module, name, html, extra):
    if module == "trafilatura":
        pytest.importorskip("lxml_html_clean")  # asked for first
    (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError('gone', name={module!r})")
    (tmp_path / "after.txt").write_text("The council met.")
    with Surroundings(monkeypatch, tmp_path):
        found = list(read(expand([str(HERE / name), str(tmp_path / "after.txt")], EXTENSIONS), Fields(html=html)))
    assert found[0].error == f"{module} is not installed; run: pip install 'filler-detector[{extra}]'"
    assert [item.error for item in found[1:]] == [None]


def test_a_file_named_like_a_package_is_not_run(monkeypatch, tmp_path):
    pytest.importorskip("pypdf")
    (tmp_path / "pypdf.py").write_text("raise SystemExit('the folder that is scored was imported from')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep)  # empty entries stand for the folder we are in
    worker._end()
    assert missing(text_of(HERE / "paper-libreoffice.pdf"), *IDS) == []


def test_what_libraries_print_does_not_get_between_answers(monkeypatch, tmp_path):
    (tmp_path / "pypdf.py").write_text(
        "import os\nprint('chatter', flush=True)\nos.write(1, b'more of it\\n')\n"
        "raise ModuleNotFoundError(name='pypdf')"
    )
    with Surroundings(monkeypatch, tmp_path):
        [item] = read(expand([str(HERE / "paper-libreoffice.pdf")], EXTENSIONS), Fields())
    assert item.error.startswith("pypdf is not installed")


def test_any_stream_of_bytes_will_do():
    pytest.importorskip("pypdf")
    [item] = documents.read_pdf("a.pdf", io.BytesIO((HERE / "paper-libreoffice.pdf").read_bytes()), Fields())
    assert missing(item.text, *IDS) == []
