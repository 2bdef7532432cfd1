import base64
import hashlib
import json
import math
import random
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from command import run
from fake_scorer import FakeScorer
from hypothesis import given
from hypothesis import strategies as st

from detector.card import card
from detector.cli import shared
from detector.io.html import HtmlWriter
from detector.io.html import details as packing
from detector.io.html.histogram import HEIGHT, WIDTH, histogram
from detector.io.html.rates import rates
from detector.io.html.totals import BINS, Totals
from detector.io.records import Record
from detector.io.writers import FORMATS, Look
from detector.meaning import meaning
from detector.model import Cuts
from detector.report import NAN, Reason, Report, Sentence, SentenceReason, failed

CUTS = Cuts(0.1, 0.5, 0.88, 30)
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&\"'"
CARD = f"""# Model card
## Error rates by genre
Human-written articles called `filler`:

| genre | articles | rate |
|---|---|---|
| news | 451 | 0.2% |
| {EVIL.replace("|", "")} | 1 | 9% |

## Labels
| not | this |
|---|---|
| table | 1 |
"""


class Page(HTMLParser):
    """What a browser makes of the file: elements with attributes, and the text inside each kind of element."""

    VOID = frozenset({"meta", "br", "input", "img"})

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.texts = {}
        self._open = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        tag = self._open[-1] if self._open else ""
        self.texts.setdefault(tag, []).append(data)

    def all(self, tag, **attributes):
        return [found for name, found in self.elements if name == tag and attributes.items() <= found.items()]


def html(*records, room=packing.ROOM, most_rows=100_000, **look):
    writer = HtmlWriter(Look(**{"cuts": CUTS, "warn": lambda note: None, **look}), room=room, most_rows=most_rows)
    lines = [line for record in records for line in writer.lines(record)]
    return "\n".join([*lines, *writer.end()]) + "\n"


def blocks(source):
    """Return the packed articles as the script reads them."""
    found = re.findall(r'<script type="text/plain" id="block-(\d+)">([A-Za-z0-9+/=]*)</script>', source)
    assert [int(number) for number, _ in found] == list(range(len(found)))
    return [json.loads(zlib.decompress(base64.b64decode(content))) for _, content in found]


def record(text="All of this is filler. It rained on Monday.", id="a.txt", **changes):
    return Record(id, replace(FakeScorer().score(text), **changes), text)


# --- one file, nothing fetched, nothing run but our own script


def test_the_policy_allows_exactly_our_script_and_style():
    source = html(record())
    page = Page(source)
    [policy] = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    rules = dict(rule.split(" ", 1) for rule in policy["content"].split("; "))
    digests = []
    for tag in ("style", "script"):
        contents = re.findall(rf"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
        assert len(contents) == 1
        digests.append(f"'sha256-{base64.b64encode(hashlib.sha256(contents[0].encode()).digest()).decode()}'")
    assert rules == {
        "default-src": "'none'",
        "style-src": digests[0],
        "script-src": digests[1],
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert all(found.get("type") == "text/plain" for found in page.all("script")[:-1])


def test_nothing_is_fetched_and_nothing_stands_inline():
    page = Page(html(record(EVIL + " This is filler. A third one here."), card=CARD))
    for _tag, attributes in page.elements:
        assert not any(name.startswith("on") or name in ("style", "src", "srcset", "action") for name in attributes)
        assert attributes.get("href", "#").startswith("#")
    assert {tag for tag, _ in page.elements}.isdisjoint({"link", "img", "iframe", "object", "base", "form", "use"})


def test_what_stands_in_an_input_is_never_markup():
    evil = Report(
        0.9,
        "filler",
        0.8,
        0.95,
        ("filler", "machine"),
        4,
        EVIL,
        {EVIL: 1.0},
        (Reason(EVIL, 1.0, 0.0, 2.0, EVIL, ((0, 3),)),),
        (),
        (Sentence(0, 5, "generic", 0.9, None, (SentenceReason(EVIL, EVIL),)),),
        (EVIL,),
        -1.0,
        0.0,
    )
    broken = failed(EVIL, model=EVIL)
    wicked = html(Record(EVIL, evil, EVIL, {EVIL: EVIL}), Record(EVIL, broken), card=CARD)
    calm = html(
        Record("tame", replace(evil, model="tame", notes=("tame",)), "tame", {"tame": "tame"}),
        Record("tame", failed("tame", model="tame")),
        card=CARD.replace(EVIL, "tame"),
    )
    assert [tag for tag, _ in Page(wicked).elements] == [tag for tag, _ in Page(calm).elements]
    assert "alert(1)" in "".join(Page(wicked).texts["a"])
    assert blocks(wicked)[0][0]["text"] == EVIL
    assert blocks(wicked)[0][0]["input"] == {EVIL: EVIL}


# --- what an opened article holds


@given(st.text(), st.text(max_size=20))
def test_a_text_comes_back_point_by_point(text, id):
    sentences = (Sentence(0, len(text) // 2, "claim", 0.2), Sentence(len(text) // 2, len(text), "generic", 0.9))
    whole = record(text="no matter", id=id, sentences=sentences)
    [[found]] = blocks(html(Record(id, whole.report, text)))
    assert len(found["text"]) == len(text)
    assert found["text"] == re.sub("[\ud800-\udfff]", "\ufffd", text)
    assert [(one["start"], one["end"]) for one in found["sentences"]] == [(one.start, one.end) for one in sentences]


def test_contributions_still_add_up_when_small_ones_are_joined():
    random_ = random.Random(3)
    reasons = tuple(Reason(f"f{n}", 1.0, 0.0, random_.gauss(0, 1), f"reason {n}") for n in range(40))
    [[found]] = blocks(html(record(reasons=reasons, intercept=-1.25)))
    assert len(found["reasons"]) == packing.MOST_REASONS + 1
    assert "28 smaller ones" in found["reasons"][-1]["text"]
    total = found["intercept"] + sum(reason["contribution"] for reason in found["reasons"])
    assert total == pytest.approx(-1.25 + sum(reason.contribution for reason in reasons), abs=0.01)


def test_an_opened_article_has_ratio_repeats_reasons_notes_and_fields():
    text = "It rained on Monday here. It rained on Monday here."
    report = replace(FakeScorer().score(text), features={"claim_to_filler_ratio": 1.5}, notes=("one", "two"))
    report = replace(report, p_values={"score": 0.0123})
    fields = {"url": "https://example.org", "rank": math.nan, "tags": [1, "é"]}
    [[found]] = blocks(html(Record("a", report, text, fields)))
    assert (found["ratio"], found["notes"], found["p_values"]) == (1.5, ["one", "two"], {"score": 0.0123})
    assert [sentence["repeats"] for sentence in found["sentences"]] == [None, 0]
    assert found["sentences"][1]["reasons"][0]["text"] == 'says "filler"'
    assert found["meaning"] == meaning(report)
    assert found["input"] == {"url": "https://example.org", "rank": "NaN", "tags": '[1, "é"]'}


# --- the table


def body_rows(source):
    return re.findall(r"<tr data-label.*?</tr>", source)


def test_every_article_has_a_row_highest_first_and_unscored_last():
    source = html(
        record(id="low", score=0.1),
        record(id="short", score=NAN, label="too_short", filler_share=NAN, machine_score=NAN),
        Record("broken", failed("cannot be read")),
        record(id="high", score=0.9, flags=("machine",)),
        record(id="middle", score=0.5),
    )
    found = body_rows(source)
    names = [re.search(r'<a href="#article-\d+">(\w+)', row)[1] for row in found]
    assert names == ["high", "middle", "low", "short", "broken"]
    assert ["data-machine" in row for row in found] == [True, False, False, False, False]
    assert "not scored" in found[3]
    assert "—" in found[3]
    assert "cannot be read" in found[4]


def test_the_page_can_be_read_without_a_script():
    page = Page(html(record(id="a.txt"), record(id="b.txt")))
    assert any("JavaScript" in text for text in page.texts["p"])
    assert page.texts["a"][:2] == ["a.txt", "b.txt"]
    shown = [tag for tag, attributes in page.elements if "hidden" in attributes]
    assert "table" not in shown
    assert "main" in shown  # the empty view of an article


def test_a_row_tells_how_the_text_begins():
    parts = (
        "<html>\n<h1>",
        "Old town",
        "</h1>\n<p>",
        "The council talked at length about the parking places of the town.",
    )
    text = "".join(parts)
    spans = ((len(parts[0]), len(parts[0] + parts[1])), (len(text) - len(parts[3]), len(text)))
    report = replace(FakeScorer().score(text), sentences=tuple(Sentence(*span, "claim", 0.1) for span in spans))
    [row] = body_rows(html(Record("x", report, text)))
    [opening] = re.findall(r"<small>(.*?)</small>", row)
    assert opening == "Old town The council talked at length about the parking places of the…"


def test_totals_are_counted():
    totals = Totals()
    for score, share, words in ((0.0, 0.1, 100), (0.5, 0.5, 300), (1.0, 0.9, 100)):
        totals.add(Report(score, "unclear", share, score, ("machine",) * (score > 0.9), words, "m"))
    totals.add(Report(NAN, "too_short", words=3))
    totals.add(failed("no"))
    assert totals.filler_share == pytest.approx((10 + 150 + 90) / 500)
    assert (totals.articles, totals.words, totals.flagged, totals.model) == (5, 503, 1, "m")
    assert [place for place, count in enumerate(totals.scores) if count] == [0, BINS // 2, BINS - 1]
    assert totals.machine == totals.scores
    source = html(record(), Record("b", failed("no")))
    assert "1 error" in source


def test_a_report_of_nothing_is_a_page():
    page = Page(html())
    assert any("0 articles" in text for text in page.texts["p"])


# --- histogram and rates


def test_bars_are_as_tall_as_their_counts_and_cuts_stand_where_they_are():
    bins = [40, 0, 10] + [0] * 16 + [1]
    drawing = histogram(bins, ((0.1, "low < 0.1"), (0.5, "high")), "Score")
    page = Page(drawing)
    bars = page.all("rect")
    heights = [float(bar["height"]) for bar in bars]
    assert heights[0] == pytest.approx(4 * heights[1], abs=0.3)
    assert heights[2] >= 1.5  # still seen
    assert all(float(bar["y"]) + float(bar["height"]) < HEIGHT for bar in bars)
    axis, *_ = page.all("line", **{"class": "axis"})
    left, right = float(axis["x1"]), float(axis["x2"])
    assert right < WIDTH
    for cut, value in zip(page.all("line", **{"class": "cut"}), (0.1, 0.5), strict=True):
        assert float(cut["x1"]) == pytest.approx(left + value * (right - left), abs=0.1)
    [said] = [found["aria-label"] for found in page.all("svg")]
    assert "0.0 to 0.1: 40, 0.1 to 0.2: 10, 0.9 to 1.0: 1" in said
    assert "low < 0.1" in page.texts["text"]


def test_a_histogram_of_nothing_says_so():
    assert "no article has one" in histogram([0] * BINS, (), "Score")


def test_error_rates_come_from_the_card():
    found = "".join(rates(CARD))
    page = Page(found)
    assert page.texts["th"] == ["genre", "articles", "rate"]
    assert page.texts["td"][:3] == ["news", "451", "0.2%"]
    assert "not" not in page.texts["td"]
    assert page.texts["td"][3] == EVIL
    assert list(rates("# Another card\nwithout rates")) == []


def test_the_card_of_the_bundled_model_has_error_rates():
    assert "news" in "".join(rates(shared.model_card(None)))


def test_a_model_without_a_card_has_none(tmp_path):
    assert shared.model_card(str(tmp_path)) == ""


# --- many articles


def test_details_leave_as_they_come_and_no_text_is_held():
    writer = HtmlWriter(Look(warn=pytest.fail))
    text = "Something particular happened in Tromvik on 4 May. " * 400
    sizes = [sum(map(len, writer.lines(record(text, id=str(number))))) for number in range(100)]
    assert sizes[0] > 1000  # the head
    assert sum(size > 0 for size in sizes[1:]) >= 3
    assert not any(text in str(row) for row in writer._rows)
    assert len("\n".join(writer.end())) > 1000


def test_without_room_texts_are_left_out_and_scores_kept_and_it_is_said():
    told = []
    many = [record(f"Number {n} is filler. Another one for {n * 7919}.", id=f"n{n}") for n in range(200)]
    source = html(*many, room=6000, warn=told.append)
    kept = sum(len(block) for block in blocks(source))
    assert 0 < kept < 200
    rows = body_rows(source)
    assert len(rows) == 200
    assert sum("text left out" in row for row in rows) == 200 - kept
    assert sum("data-place" in row for row in rows) == kept
    [note] = told
    assert f"{200 - kept} of 200 articles" in note
    assert note in "".join(Page(source).texts["p"])


def test_one_giant_costs_no_other_its_text():
    giant = record("Word after word, then a stop. " * 400_000, id="giant", sentences=())
    source = html(record(id="a"), giant, record(id="b"))
    assert [found["id"] for block in blocks(source) for found in block] == ["a", "b"]
    assert sum("text left out" in row for row in body_rows(source)) == 1


def test_past_the_most_rows_articles_are_counted_and_it_is_said():
    told = []
    source = html(*[record(id=str(n)) for n in range(7)], most_rows=5, warn=told.append)
    assert len(body_rows(source)) == 5
    assert "7 articles" in source
    assert "last 2 articles" in told[0]


# --- the command


@pytest.mark.usefixtures("fake")
def test_the_extension_asks_for_html(tmp_path):
    (tmp_path / "a.txt").write_text("All of this is filler. So is this filler.")
    output = tmp_path / "report.html"
    result = run("score", tmp_path / "a.txt", "-o", output)
    assert result.exit_code == 0, result.output
    source = output.read_text(encoding="utf-8")
    assert source.startswith("<!doctype html>")
    assert [len(block) for block in blocks(source)] == [1]
    assert "filler from 0.70" in source  # the cut of the scorer
    assert FORMATS["html"].sentences


# --- in words, and in a notebook


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (0.004, "Fewer than 1 in 100"),
        (0.09, "About 9 in 100"),
        (0.62, "About 6 in 10"),
        (0.948, "About 95 in 100"),
        (0.94, "About 9 in 10"),
        (0.997, "More than 99 in 100"),
    ],
)
def test_a_score_is_said_as_odds(score, words):
    sentences = (Sentence(0, 1, "claim", 0.1), Sentence(1, 2, "repeat", 0.9, 0), Sentence(2, 3, "heading", NAN))
    said = meaning(Report(score, "unclear", sentences=sentences))
    assert said == f"1 of 2 sentences adds nothing new. {words} articles scored like this are mostly filler."


def test_what_has_no_score_is_said():
    assert "too little prose" in meaning(Report(NAN, "too_short"))
    assert "English" in meaning(Report(NAN, "not_english"))
    assert meaning(failed("cannot be read: gone")) == "Not scored: cannot be read: gone"


def test_a_card_shows_score_share_sentences_reasons_and_notes():
    text = "It rained. All filler and so on. It rained. # Head. Then nothing more was said of it."
    report = replace(FakeScorer().score(text), notes=("one note",), model="m-1")
    page = Page(card(report))
    shown = " ".join(" ".join(texts) for texts in page.texts.values())
    for part in (f"{report.score:.2f}", meaning(report), "filler share 40%", "machine score 0.10", "one note", "m-1"):
        assert part in shown
    blocks = [found for found in page.all("rect") if found["y"] != "1" or found["height"] != "10"]
    widths = [float(found["width"]) for found in blocks]
    lengths = [sentence.end - sentence.start for sentence in report.sentences]
    assert len(blocks) == len(report.sentences)
    for extreme in (max, min):
        assert widths.index(extreme(widths)) == lengths.index(extreme(lengths))
    drawn = zip(report.sentences, blocks, strict=True)
    shapes = {sentence.kind: (found["y"], found.get("stroke")) for sentence, found in drawn}
    assert len(set(shapes.values())) == len(shapes) == 4  # not by colour alone
    assert "repeats sentence 1" in " ".join(page.texts["title"])


def test_bars_of_a_card_point_where_the_contribution_does():
    parts = (2.0, -1.0, 0.5, 0.1, 0.1, 0.3, -0.1)
    reasons = tuple(Reason("f", 1.0, 0.0, value, f"part {n}") for n, value in enumerate(parts))
    page = Page(card(Report(0.5, "unclear", reasons=reasons)))
    bars = [(float(found["x"]), float(found["width"])) for found in page.all("rect")]
    assert len(bars) == 5
    assert bars[0] == (65, 63)
    assert bars[1][0] + bars[1][1] == pytest.approx(65)
    assert "2 smaller ones add up to +0.20" in " ".join(page.texts["div"])


def test_a_card_escapes_and_runs_nothing():
    report = Report(0.5, "unclear", model=EVIL, reasons=(Reason("f", 1.0, 0.0, 1.0, EVIL),), notes=(EVIL,))
    page = Page(report._repr_html_())
    assert {tag for tag, _ in page.elements} <= {"div", "span", "svg", "rect", "path"}
    assert EVIL in " ".join(page.texts["span"])
    assert "<script" not in card(failed(EVIL))


def test_an_abstention_has_a_card_without_a_strip():
    short = FakeScorer().score("Too short.")
    assert "Sentences in order" not in card(short)
    assert "too little prose" in card(short)


@given(st.floats(0, 1), st.floats(0, 1), st.text(max_size=30))
def test_any_report_has_a_card(score, share, note):
    report = Report(score, "unclear", share, NAN, notes=(note,), sentences=(Sentence(0, 0, "claim", 0.0),))
    assert card(report).startswith("<div")
