"""The page of ``detector serve`` in a real browser, with the real server behind it."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import FULL, PACKAGE, PADDED, Server, serving

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
for package in ("fastapi", "uvicorn", "prometheus_client"):
    pytest.importorskip(package)

DEFAULT_MODEL = Path(PACKAGE) / "detector" / "models" / "default"
EVIL = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"
RATES = {
    "cuts": [0.25, 0.5, 0.75],
    "false_positive_rate": [0.12, 0.02, 0.004],
    "true_positive_rate": [0.9, 0.69, 0.31],
    "articles": {"filler": 324, "not_filler": 2331},
    "source": "held-out families",
}

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads what a process used from /proc")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    model = folder / "model"
    shutil.copytree(DEFAULT_MODEL, model)
    (model / "error_rates.json").write_text(json.dumps(RATES), encoding="utf-8")
    with serving(folder, "--workers", "1", "--model", str(model)) as running:
        yield running


@pytest.fixture
def context(browser):
    made = browser.new_context(
        viewport={"width": 1280, "height": 850}, permissions=["clipboard-read", "clipboard-write"]
    )
    made.set_default_timeout(60_000)
    yield made
    made.close()


@pytest.fixture
def page(context, server):
    """The page, which must not have complained by the end: no script error, nothing that the policy blocked."""
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.goto(server.url)
    yield opened
    assert [complaint for complaint in complaints if "Failed to load resource" not in complaint] == []


def paste(page, text: str, pane: str = "a") -> None:
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.focus(f"#text-{pane}")
    page.keyboard.press("Control+v")


def scored(page, words: str = "word") -> None:
    """Wait until what stands in the first pane is scored."""
    sync_api.expect(page.locator(".pane-state").first).to_contain_text(words)


def shaded(page) -> list[str]:
    """Return what is shaded under the text area: the words of each sentence, joined over line ends."""
    return page.locator(".mirror .shade-sentence").all_text_contents()


def filler_sentences(server: Server, text: str) -> list[str]:
    record = server.post("/v1/score", {"text": text, "sentences": True}).json
    pieces = [text[each["start"] : each["end"]] for each in record["sentences"] if each["kind"] != "claim"]
    return [line for piece in pieces for line in piece.split("\n") if line]


def test_a_pasted_text_is_shaded_and_told_in_words(page, server):
    paste(page, PADDED)
    scored(page, "315 words")
    record = server.post("/v1/score?meaning=true", {"text": PADDED}).json
    assert page.inner_text(".label").lower() == record["label"]
    assert page.inner_text(".meaning") == record["meaning"]
    assert f"{record['score']:.2f}" in page.inner_text(".score")
    assert shaded(page) == filler_sentences(server, PADDED)
    assert page.locator(".reasons .bars-row").count() > 2
    sync_api.expect(page.get_by_role("status")).to_have_text(record["meaning"])


def test_a_text_is_shaded_as_it_is_typed(page):
    page.focus("#text-a")
    page.keyboard.insert_text(FULL)
    page.keyboard.type(" It was a memorable day for everyone, and only time will tell what comes next.")
    sync_api.expect(page.locator(".mirror .shade-generic").last).to_contain_text("only time will tell")


def test_the_shading_moves_with_the_text_before_the_server_answers(page, server):
    paste(page, PADDED)
    scored(page)
    before = shaded(page)
    page.route("**/v1/score*", lambda route: None)  # no answer comes
    page.locator("#text-a").evaluate("area => area.setSelectionRange(0, 0)")
    page.keyboard.type("Well, ")
    assert shaded(page) == before
    page.locator("#text-a").evaluate(
        f"area => area.setSelectionRange({6 + PADDED.index('boy')}, {9 + PADDED.index('boy')})"
    )
    page.keyboard.type("man")  # inside the first sentence
    assert shaded(page) == before[1:]


def test_offsets_are_code_points_here_and_utf16_in_the_browser(page, server):
    text = "\U0001f600\U0001f3d8\ufe0f Smile. \U0001f469\u200d\U0001f680 " + PADDED.replace(". ", ". \U0001f680 ")
    paste(page, text)
    scored(page)
    assert shaded(page) == filler_sentences(server, text)
    last = server.post("/v1/score", {"text": text, "sentences": True}).json["sentences"][-1]
    page.click("text=Read")
    read = str(page.locator(".reading .shade-sentence").last.text_content())
    assert read.endswith(text[last["start"] : last["end"]])


def test_the_copy_under_the_text_wraps_like_the_text(page):
    awkward = "\tTab  and   blanks    \n\n\nOneverylongword" + "o" * 400 + "\n" + PADDED + "\ntrailing \n\n"
    paste(page, awkward)
    scored(page)
    mirror, area = page.evaluate(
        "[document.querySelector('.mirror').offsetHeight, document.querySelector('.text').scrollHeight]"
    )
    assert mirror == area


def test_markup_in_an_article_stays_text(page):
    paste(page, f"{EVIL} {PADDED} {EVIL}")
    scored(page)
    for view in ("Write", "Read"):
        page.click(f"text={view}")
        assert page.title() == "Filler detector"
        assert page.locator(".pane script, .pane img, .mirror :not(div, span, br)").count() == 0
    assert "onerror" in page.inner_text(".reading")


def test_everything_by_keyboard(page):
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # "Go to the text"
    sync_api.expect(page.locator("#text-a")).to_be_focused()
    page.keyboard.insert_text(PADDED)
    scored(page)
    page.keyboard.press("Control+Enter")
    sync_api.expect(page.locator(".reading")).to_be_focused()
    page.keyboard.press("Tab")
    first = page.locator(".reading .shade-sentence").first
    sync_api.expect(first).to_be_focused()
    page.keyboard.press("ArrowRight")
    second = page.locator(".reading .shade-sentence").nth(1)
    sync_api.expect(second).to_be_focused()
    assert "likely filler" in str(second.get_attribute("aria-label"))
    sync_api.expect(page.get_by_role("tooltip")).to_be_visible()
    page.keyboard.press("Escape")
    sync_api.expect(page.get_by_role("tooltip")).to_be_hidden()
    page.keyboard.press("Control+Enter")
    sync_api.expect(page.locator("#text-a")).to_be_focused()


def test_the_cut_moves_and_shows_the_rates_measured_there(page, server):
    paste(page, PADDED)
    scored(page)
    score = server.score(PADDED).json["score"]
    slider = page.get_by_label("Cut, from 0 to 1")
    slider.focus()
    for value, caught, mistaken in (("0.25", "90 %", "12 %"), ("0.75", "31 %", "0.4 %")):
        slider.fill(value)
        assert page.inner_text("#cut-value") == value
        assert page.inner_text("#caught b") == caught
        assert page.inner_text("#mistaken b") == mistaken
        assert "95 % interval" in page.inner_text("#mistaken")
        assert ("not filler" in page.inner_text("#at-cut")) == (score < float(value))
        assert caught in str(slider.get_attribute("aria-valuetext"))
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#cut-value") == "0.76"
    assert "324 filler and 2,331 other articles" in page.inner_text("#rates-source")
    page.click("#cut-reset")
    assert float(page.inner_text("#cut-value")) == pytest.approx(
        server.get("/v1/model").json["cuts"]["filler"], abs=0.006
    )


def test_two_versions_side_by_side(page, server):
    page.click("text=Both, side by side")
    sync_api.expect(page.locator("#difference")).to_be_visible()
    words = page.inner_text("#difference-table")
    first, second = (server.score(text).json for text in (PADDED, FULL))
    assert f"{first['score']:.2f} → {second['score']:.2f}" in words.replace("\n", " ")
    assert "Version B is the denser one" in page.inner_text("#difference-words")
    boxes = [page.locator(".editor").nth(number).bounding_box() for number in (0, 1)]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    assert page.locator(".dot:visible").all_text_contents() == ["A", "B"]
    page.click("#compare")
    sync_api.expect(page.locator("#difference")).to_be_hidden()
    assert page.locator(".pane").count() == 1


def test_the_record_is_copied_as_json(page, server):
    paste(page, PADDED)
    scored(page)
    page.click("text=Copy as JSON")
    sync_api.expect(page.locator(".copy")).to_have_text("Copied")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied == server.post("/v1/score?sentences=true&meaning=true", {"text": PADDED}).json


def test_a_reason_is_shown_in_the_text(page):
    paste(page, PADDED)
    scored(page)
    page.locator(".reasons button").first.click()
    sync_api.expect(page.locator(".reading")).to_be_visible()
    words = "CSS.highlights.has('shade-marked') ? CSS.highlights.get('shade-marked').size : 0"
    assert page.locator(".reading .shade-marked").count() + page.evaluate(words) > 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_opened_in_any_usual_encoding(page, tmp_path, encoding):
    file = tmp_path / "article.txt"
    file.write_bytes(("The café cost £30.\n" + FULL).encode(encoding))
    page.set_input_files(".file", file)
    scored(page)
    assert page.input_value("#text-a").startswith("The café cost £30.\nSkarv-2")


def test_a_file_is_dropped(page):
    drop = """name => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([name === "binary" ? new Uint8Array(999) : name], "a.txt"));
        for (const kind of ["dragover", "drop"]) {
            document.querySelector(".editor").dispatchEvent(
                new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }
    }"""
    page.evaluate(drop, PADDED)
    scored(page)
    assert page.input_value("#text-a") == PADDED
    page.evaluate(drop, "binary")
    sync_api.expect(page.get_by_role("alert")).to_contain_text("a.txt could not be read as text")
    assert page.input_value("#text-a") == PADDED


def test_a_text_that_is_not_judged_says_why(page):
    paste(page, "Only four words here.")
    scored(page, "4 words")
    assert page.inner_text(".label") == "Too short to judge"
    assert "Not scored" in page.inner_text(".meaning")
    assert page.locator(".dot:visible").count() == 0


def test_a_busy_server_is_asked_again(page):
    busy = iter([True])

    def answer(route):
        if next(busy, False):
            route.fulfill(status=429, headers={"Retry-After": "1"}, json={"error": "too many"})
        else:
            route.continue_()

    page.route("**/v1/score*", answer)
    paste(page, PADDED)
    scored(page, "315 words")
    assert page.inner_text(".alert") == ""


def test_a_failure_is_told_and_tried_again(page):
    page.route("**/v1/score*", lambda route: route.abort())
    paste(page, PADDED)
    sync_api.expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
    page.unroute("**/v1/score*")
    page.click("text=Try again")
    scored(page, "315 words")
    assert page.inner_text(".alert") == ""


def test_a_result_of_an_earlier_text_is_not_passed_off_as_this_one(page):
    paste(page, PADDED)
    scored(page, "315 words")
    sync_api.expect(page.locator(".result")).to_have_attribute("aria-busy", "false")
    page.route("**/v1/score*", lambda route: route.abort())
    page.keyboard.type(" And more.")
    sync_api.expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
    sync_api.expect(page.locator(".result")).to_have_attribute("aria-busy", "true")
    sync_api.expect(page.locator(".found")).to_have_css("opacity", "0.45")


def test_a_text_that_is_too_large_is_not_even_sent(page, server, tmp_path):
    about = server.get("/v1/model").json
    about["limits"]["body_bytes"] = 1000
    page.route("**/v1/model", lambda route: route.fulfill(json=about))
    page.reload()
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/score" in request.url else None)
    paste(page, PADDED)
    sync_api.expect(page.get_by_role("alert")).to_contain_text("this server takes up to 0.001 MB")
    file = tmp_path / "long.txt"
    file.write_text(FULL, encoding="utf-8")
    page.set_input_files(".file", file)
    sync_api.expect(page.get_by_role("alert")).to_contain_text("long.txt has")
    assert page.input_value("#text-a") == PADDED
    assert asked == []


def test_nothing_is_kept_in_the_browser(page, context):
    paste(page, PADDED)
    scored(page)
    kept = page.evaluate("""async () => [
        localStorage.length, sessionStorage.length, (await caches.keys()).length, (await indexedDB.databases()).length,
        location.search + location.hash,
    ]""")
    assert kept == [0, 0, 0, 0, ""]
    assert context.cookies() == []
    page.reload()
    assert page.input_value("#text-a") == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [340, 700, 1000, 1500])
def test_nothing_is_wider_than_the_window(browser, server, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(server.url)
    page.click("text=Both, side by side")
    sync_api.expect(page.locator("#difference")).to_be_visible(timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_every_control_has_a_name(page):
    page.click("text=Both, side by side")
    sync_api.expect(page.locator("#difference")).to_be_visible()
    for role in ("button", "textbox", "slider", "link"):
        for control in page.get_by_role(role).all():
            named = (
                control.get_attribute("aria-label") or control.text_content() or control.get_attribute("id") == "cut"
            )
            assert named


def test_a_token_is_asked_for_and_a_model_without_rates_says_so(folder, context):
    with serving(folder, "--workers", "1", DETECTOR_TOKEN="a-long-token") as guarded:
        page = context.new_page()
        page.route("**/v1/model", lambda route: route.continue_())
        page.goto(guarded.url)
        page.fill("#token-value", "a-wrong-token")
        page.keyboard.press("Enter")
        sync_api.expect(page.locator("#token")).to_be_visible()
        page.fill("#token-value", "a-long-token")
        page.keyboard.press("Enter")
        sync_api.expect(page.locator("#about")).to_contain_text("Model ")
        paste(page, PADDED)
        scored(page)
        if guarded.get("/v1/model", Authorization="Bearer a-long-token").json["error_rates"] is None:
            assert "without a table of error rates" in page.inner_text("#rates-source")
            assert page.locator(".rate:visible").count() == 1


@pytest.mark.slow
def test_a_text_of_a_megabyte(page):
    paragraphs = [part for text in (PADDED, FULL) for part in text.split("\n\n")]
    choice = random.Random(1)
    text = ""
    while len(text) < 1_000_000:
        text += choice.choice(paragraphs) + "\n\n"
    page.evaluate(
        """text => {
            const area = document.querySelector("#text-a");
            area.focus();
            area.value = text;
            area.dispatchEvent(new InputEvent("input", { inputType: "insertFromPaste" }));
        }""",
        text,
    )
    sync_api.expect(page.locator(".meaning")).to_contain_text("sentences add nothing new", timeout=120_000)
    assert page.locator(".mirror .shade-sentence").count() > 3_000
    mirror, area = page.evaluate(
        "[document.querySelector('.mirror').offsetHeight, document.querySelector('.text').scrollHeight]"
    )
    assert mirror == area
    page.keyboard.type("x")
    assert len(page.input_value("#text-a")) == len(text) + 1
    page.click("text=Read")
    assert page.locator(".reading .shade-sentence").count() > 5_000
