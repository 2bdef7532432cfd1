"""The HTML report in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from fake_scorer import FakeScorer

from detector.io.html import HtmlWriter
from detector.io.output import open_output
from detector.io.records import Record
from detector.io.writers import Look
from detector.model import Cuts
from detector.report import NAN, Reason, Report, Sentence, SentenceReason, failed

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")

sync_api.expect.set_options(timeout=120_000)
EVIL = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"


def article() -> Record:
    """An article with every kind of sentence, emoji before the offsets that matter, and markup that must stay text."""
    parts = [
        ("heading", "A town 🏘️🏘️ and its bus"),
        ("claim", "The bus 🚌 cost €412,000."),
        ("generic", f"Nobody knows what the future holds {EVIL}."),
        ("repeat", "It cost €412,000 👩‍👩‍👧 indeed."),
        ("boilerplate", "Share this article."),
    ]
    text, sentences = "", []
    for kind, words in parts:
        start = len(text)
        text += words + ("\n\n" if kind == "heading" else " ")
        filler = {"claim": 0.1, "generic": 0.87, "repeat": 0.93}.get(kind, NAN)
        at = text.find("€412,000", start)
        spans = ((at, at + 8),) if at >= 0 else ()
        why = (SentenceReason("wording", f"because it is {kind}", spans),) if not math.isnan(filler) else ()
        sentences.append(Sentence(start, start + len(words), kind, filler, 1 if kind == "repeat" else None, why))
    _, claim, generic, *_ = ((sentence.start, sentence.end) for sentence in sentences)
    reasons = (
        Reason("generic:wording", 0.3, 0.1, 1.5, "1 generic sentence by its wording: “Nobody knows…”", (generic,)),
        Reason("claim:specifics", 0.3, 0.1, -0.5, "1 claim with figures", (claim,)),
    )
    report = Report(
        score=0.73,
        label="filler",
        filler_share=0.6,
        machine_score=0.2,
        flags=("filler",),
        words=30,
        model="m-1",
        features={"claim_to_filler_ratio": 0.7},
        reasons=reasons,
        machine_reasons=(Reason("machine_words", 1.0, 0.0, -1.4, "words of people"),),
        sentences=tuple(sentences),
        notes=("A note <b>here</b>.",),
        intercept=0.0,
        machine_intercept=0.0,
    )
    return Record("evil & <b>bold</b>.txt", report, text, {"url": "javascript:alert(1)"})


def others() -> list[Record]:
    random_ = random.Random(2)
    made = []
    for number in range(600):
        text = f"The council met on day {number}. This is filler."
        score = random_.random()
        label = "filler" if score >= 0.5 else "substantive" if score < 0.1 else "unclear"
        report = replace(
            FakeScorer().score(text),
            score=score,
            label=label,
            filler_share=random_.random(),
            words=random_.randrange(50, 900),
            machine_score=score / 2,
            flags=("machine",) * (number % 50 == 0),
        )
        made.append(Record(f"site/{number:03d}.txt", report, text))
    why = "2 words of prose are too few to judge."
    short = Report(NAN, "too_short", words=2, notes=(why,), sentences=(Sentence(0, 10, "claim", NAN),))
    broken = failed("cannot be read: <i>gone</i>")
    return [*made, Record("short.txt", short, "Too short."), Record("broken.txt", broken)]


@pytest.fixture(scope="module")
def report_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    writer = HtmlWriter(Look(cuts=Cuts(0.1, 0.5, 0.4, 30), warn=pytest.fail))
    with open_output(str(path)) as write:
        for record in (article(), *others()):
            write(writer.lines(record))
        write(writer.end())
    return path


@pytest.fixture
def open_page(browser, report_file):
    """Open the report in a context of its own; afterwards see that nothing went wrong and nothing was fetched."""
    problems, requests, contexts = [], [], []

    def opened(hash="", **options):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        contexts.append(context)
        context.set_default_timeout(120_000)  # a busy machine is no failure
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text))
        page.on("request", lambda request: requests.append(request.url.partition("#")[0]))
        page.goto(report_file.as_uri() + hash)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []
    assert set(requests) <= {report_file.as_uri()}


def opened_article(open_page, **options):
    page = open_page("#article-1", **options)
    page.wait_for_selector("#text .shade-sentence")
    return page


def column(page, key):
    return page.evaluate(
        """key => {
            const place = document.querySelector(`#table th[data-key=${key}]`).cellIndex;
            const cells = [...document.querySelectorAll("#table tbody tr")].map(row => row.cells[place]);
            return cells.map(cell => cell.dataset.v ?? cell.innerText.split("\\n")[0]);
        }""",
        key,
    )


def test_the_table_begins_with_the_highest_and_shows_more_on_demand(open_page):
    page = open_page()
    scores = [float(value) for value in column(page, "score")]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 200
    while page.locator("#more button").is_visible():
        page.locator("#more button").click()
    assert page.locator("#table tbody tr").count() == 603
    assert column(page, "score")[-2:] == ["—", "—"]


@pytest.mark.parametrize(("key", "first"), [("words", max), ("share", max), ("number", min)])
def test_a_heading_sorts_by_mouse_and_by_keyboard(open_page, key, first):
    page = open_page()
    heading = page.locator(f"#table th[data-key={key}]")
    heading.get_by_role("button").click()
    values = [float(value) for value in column(page, key)]
    assert values == sorted(values, reverse=first is max)
    down = heading.get_attribute("aria-sort")
    heading.get_by_role("button").focus()
    page.keyboard.press("Enter")
    turned = [float(value) for value in column(page, key) if value != "—"]
    assert turned == sorted(turned, reverse=first is min)
    assert {down, heading.get_attribute("aria-sort")} == {"ascending", "descending"}
    assert page.locator("#table th[aria-sort]").count() == 1


def test_names_are_sorted_as_people_count(open_page):
    page = open_page()
    page.locator("#table th[data-key=id] button").click()
    assert column(page, "id")[:4] == ["broken.txt", "evil & <b>bold</b>.txt", "short.txt", "site/000.txt"]


def test_filters_narrow_the_table_and_say_how_far(open_page):
    page = open_page()
    page.get_by_label("Filter articles").fill("SITE/12")
    assert sorted(column(page, "id")) == [f"site/12{digit}.txt" for digit in range(10)]
    assert page.get_by_role("status").inner_text() == "10 of 603 articles"
    page.get_by_label("Filter articles").fill("town bus")  # first words of the text
    assert column(page, "id") == ["evil & <b>bold</b>.txt"]
    page.get_by_label("Filter articles").fill("no such name")
    assert page.get_by_role("status").inner_text() == "No article matches."
    page.get_by_label("Filter articles").fill("")
    page.get_by_role("button", name="error 1").click()
    assert page.locator("#table tbody").inner_text().count("cannot be read: <i>gone</i>") == 1
    page.get_by_role("button", name="all", exact=True).click()
    page.get_by_role("button", name="machine flag").click()
    assert page.get_by_role("status").inner_text() == "12 of 603 articles"


def test_an_article_opens_and_the_way_back_leads_to_its_row(open_page):
    page = open_page()
    page.get_by_label("Filter articles").fill("evil")
    page.get_by_role("link", name="evil").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#article:not([hidden])")
    assert page.evaluate("document.activeElement.id") == "name"
    facts = page.locator("#facts").inner_text()
    assert all(words in facts for words in ("0.73", "60%", "0.70", "0.20", "filler"))
    assert page.locator("#notes").inner_text() == "A note <b>here</b>."
    page.go_back()
    page.wait_for_selector("#overview:not([hidden])")
    assert "evil" in page.evaluate("document.activeElement.textContent")


def test_a_click_anywhere_on_a_row_opens_it_and_next_follows_the_table(open_page):
    page = open_page()
    names = column(page, "id")
    page.locator("#table tbody tr").nth(1).locator("td").last.click()
    page.wait_for_selector("#article:not([hidden])")
    assert page.locator("#name").inner_text() == names[1]
    page.locator("#next").click()
    sync_api.expect(page.locator("#name")).to_have_text(names[2])
    page.locator("#previous").click()
    sync_api.expect(page.locator("#name")).to_have_text(names[1])


def test_markup_in_an_article_stays_text(open_page):
    page = opened_article(open_page)
    assert EVIL in page.locator("#text").inner_text()
    assert page.locator("#text script, #text img, #article b b, #name b").count() == 0
    assert "Filler report" in page.title()
    page.locator("#input summary").click()
    assert page.locator("#input a").count() == 0


def test_sentences_are_cut_where_the_offsets_say_in_spite_of_emoji(open_page):
    page = opened_article(open_page)
    shown = page.eval_on_selector_all(".shade-words", "nodes => nodes.map(node => node.textContent)")
    record = article()
    assert shown == [record.text[sentence.start : sentence.end] for sentence in record.report.sentences]
    page.locator("#text .shade-repeat").hover()
    marked = page.evaluate("[...CSS.highlights.get('shade-shown')].map(range => range.toString())")
    assert marked == ["€412,000"]


def test_each_kind_has_a_letter_and_a_line_of_its_own(open_page):
    page = opened_article(open_page)
    letters = page.eval_on_selector_all(".shade-letter", "nodes => nodes.map(node => node.textContent)")
    assert [letter[:1] for letter in letters] == ["H", "C", "G", "R", "B"]
    lines = page.eval_on_selector_all(
        ".shade-words",
        """nodes => nodes.map(node => {
            const style = getComputedStyle(node);
            return style.textDecorationLine + style.textDecorationStyle;
        })""",
    )
    assert len(set(lines)) == 5


def test_the_reason_is_shown_on_hover_and_goes(open_page):
    page = opened_article(open_page)
    why = page.locator("[role=tooltip]")
    assert not why.is_visible()
    page.locator(".shade-generic").last.hover()
    assert "because it is generic" in why.inner_text()
    assert "87 %" in why.inner_text()
    assert "+1.50" in why.inner_text()
    why.hover()  # the pointer may go there
    page.wait_for_timeout(400)
    assert why.is_visible()
    page.mouse.move(5, 5)
    sync_api.expect(why).to_be_hidden()


def test_the_reason_is_shown_on_keyboard_focus(open_page):
    page = opened_article(open_page)
    why = page.locator("[role=tooltip]")
    page.locator(".shade-sentence").first.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert "because it is generic" in why.inner_text()
    focused = page.locator(".shade-sentence:focus")
    assert focused.get_attribute("aria-label") == "Sentence 3 of 5, generic, 87 % likely filler"
    assert focused.get_attribute("aria-describedby") == why.get_attribute("id")
    page.keyboard.press("Escape")
    assert not why.is_visible()
    page.keyboard.press("End")
    assert "boilerplate" in why.inner_text()
    assert page.locator(".shade-sentence[tabindex='0']").count() == 1
    page.keyboard.press("Tab")  # one stop for the whole text
    assert page.evaluate("document.activeElement.closest('.shade-text')") is None


def test_a_repeat_leads_to_what_it_repeats(open_page):
    page = opened_article(open_page)
    page.get_by_role("link", name="repeats sentence 2").focus()
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#article-1-s2")).to_be_focused()
    assert page.evaluate("location.hash") == "#article-1-s2"
    assert page.locator("#article").is_visible()


def test_a_link_to_a_sentence_opens_its_article(open_page):
    page = open_page("#article-1-s3")
    sync_api.expect(page.locator("#article-1-s3")).to_be_focused()


def test_reasons_are_signed_bars_that_can_be_shown_in_the_text(open_page):
    page = opened_article(open_page)
    numbers = page.locator("#why .bars-number").all_inner_texts()
    assert [number.split()[0] for number in numbers] == ["+1.50", "−0.50"]
    places = (".bars-track >> nth=0", ".bars-higher .bars-bar", ".bars-lower .bars-bar")
    axis, higher, lower = (page.locator(f"#why {place}").bounding_box() for place in places)
    middle = axis["x"] + axis["width"] / 2
    assert higher["x"] == pytest.approx(middle, abs=1)
    assert lower["x"] + lower["width"] == pytest.approx(middle, abs=1)
    assert higher["width"] == pytest.approx(3 * lower["width"], abs=1)
    assert "starts at +0.00 and ends at +1.00" in page.locator("#why .bars-sum").inner_text()
    page.get_by_role("button", name="Show in text: 1 generic").press("Enter")
    assert page.locator(".shade-generic.shade-marked").count() == 1
    page.get_by_role("button", name="Show in text: 1 generic").press("Enter")
    assert page.locator(".shade-marked").count() == 0


def test_abstentions_and_errors_are_plain(open_page):
    page = open_page("#article-602")
    page.wait_for_selector("#article:not([hidden])")
    assert "too few to judge" in page.locator("#notes").inner_text()
    assert page.locator(".shade-letter").first.text_content() == ""
    page.evaluate("location.hash = '#article-603'")
    sync_api.expect(page.locator("#name")).to_have_text("broken.txt")
    assert "cannot be read: <i>gone</i>" in page.locator("#meaning").inner_text()
    assert not page.locator("#text").is_visible()


def test_dark_mode_is_dark_and_both_are_readable(open_page):
    ratios = {}
    for scheme in ("light", "dark"):
        page = opened_article(open_page, color_scheme=scheme)
        for name in ("body", ".tile dt", ".shade-sentence.shade-generic", ".label", "#why .bars-number", "#name"):
            ratios[scheme, name] = page.eval_on_selector(name, CONTRAST)
    assert {key: ratio for key, ratio in ratios.items() if ratio[0] < 4.5} == {}
    assert ratios["light", "body"][1] > 0.8
    assert ratios["dark", "body"][1] < 0.1


# Contrast of an element's text with what lies behind it (WCAG), and the lightness of that.
CONTRAST = """node => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const over = (colour, under) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const layer of [under, colour]) { canvas.fillStyle = layer; canvas.fillRect(0, 0, 1, 1); }
    return 'rgb(' + [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).join(',') + ')';
  };
  const light = colour => {
    const linear = part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4;
    const [r, g, b] = colour.match(/\\d+/g).map(part => linear(part / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const layers = [];
  for (let at = node; at; at = at.parentElement) layers.unshift(getComputedStyle(at).backgroundColor);
  const under = layers.reduce((below, layer) => over(layer, below), 'rgb(255,255,255)');
  const [a, b] = [light(over(getComputedStyle(node).color, under)), light(under)];
  return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), b];
}"""


def test_a_narrow_screen_needs_no_sideways_scrolling(open_page):
    for hash in ("", "#article-1"):
        page = open_page(hash)
        page.set_viewport_size({"width": 360, "height": 740})
        if hash:
            page.wait_for_selector("#text .shade-sentence")
            page.locator(".shade-repeat").last.hover()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_paper_has_every_row_and_every_reason(open_page):
    page = open_page()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#table tbody tr").count() == 603
    page.emulate_media(media="print")
    assert not page.locator("#tools").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#table tbody tr").count() == 200  # as before on the screen
    page = opened_article(open_page)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert "because it is repeat" in page.locator("#listing").inner_text()
    assert "Repeats sentence 2" in page.locator("#listing").inner_text()


@pytest.mark.slow
def test_the_browser_prints_it(open_page):
    assert opened_article(open_page).pdf().startswith(b"%PDF")
    assert len(open_page().pdf()) > 20_000


def test_without_javascript_the_table_is_whole(open_page):
    page = open_page(java_script_enabled=False)
    assert page.locator("noscript p").is_visible()
    assert page.locator("#table tbody tr").count() == 603
    assert page.locator("#table tbody tr").last.is_visible()
    assert not page.locator("#article").is_visible()
