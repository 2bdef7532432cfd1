"""Write a report of 2,000 articles and measure its size and how long Chromium takes to open and to use it.

    pip install playwright      # and a Chromium: apt-get install chromium
    python benchmarks/html_report.py [--articles 2000] [--words 330] [--chromium /usr/bin/chromium] [-o report.html]

The articles are made of the texts in data/stories, joined or cut at a paragraph until they have about --words words.
Opening ends when the page has been drawn and answers; the other times are from an input to the frame that shows it.
On a busy machine only the CPU time says something. Prints Markdown: the median of five fresh browsers.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import tempfile
import time
from pathlib import Path

from detector import Scorer
from detector.cli.shared import model_card
from detector.io.html import HtmlWriter
from detector.io.output import open_output
from detector.io.records import Record
from detector.io.writers import Look

STORIES = Path(__file__).parent.parent / "data" / "stories" / "stories.jsonl"
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
ROUNDS = 5
# Resolves after the frame that follows the change has been drawn.
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"


def articles(count: int, words: int) -> list[str]:
    """Return ``count`` different texts of about ``words`` words."""
    with STORIES.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    random_ = random.Random(1)
    made = []
    while len(made) < count:
        paragraphs: list[str] = []
        length = 0
        while length < words:
            for paragraph in random_.choice(texts).split("\n\n"):
                if length < words:
                    paragraphs.append(paragraph)
                    length += len(paragraph.split())
        made.append("\n\n".join(paragraphs))
    return made


def write_report(texts: list[str], path: Path) -> float:
    """Write the report and return the seconds of CPU that writing took, scoring left out."""
    scorer = Scorer()
    writer = HtmlWriter(Look(cuts=scorer.cuts, card=model_card(None)))
    spent = 0.0
    with open_output(str(path)) as write:
        for number, (text, report) in enumerate(zip(texts, scorer.score_many(texts), strict=True), 1):
            start = time.process_time()
            write(writer.lines(Record(f"site/{number % 40:02d}/article-{number:04d}.txt", report, text)))
            spent += time.process_time() - start
        start = time.process_time()
        write(writer.end())
        spent += time.process_time() - start
    return spent


def open_report(path: Path, chromium: str) -> dict[str, float]:
    """Return milliseconds: to open the report, to sort, to filter and to open an article."""
    from playwright.sync_api import sync_playwright

    times = {}
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(path.resolve().as_uri(), timeout=120_000)
        times["open"] = page.evaluate(DRAWN)  # performance.now() counts from the start of the navigation
        metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
        times["open, CPU of the page's thread"] = 1000 * metrics["TaskDuration"]
        for name, action in (
            ("sort by words", "document.querySelector('th[data-key=words] button').click()"),
            ("filter by name", "search.value = 'article-19'; search.dispatchEvent(new Event('input'))"),
            ("open an article", "document.querySelector('#table tbody a').click()"),
        ):
            start = page.evaluate("performance.now()")
            page.evaluate(f"() => {{ const search = document.getElementById('search'); {action}; }}")
            if name == "open an article":
                page.wait_for_selector(".shade-sentence")
            times[name] = page.evaluate(DRAWN) - start
        browser.close()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--words", type=int, default=330)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("-o", "--output", type=Path, help="keep the report")
    options = parser.parse_args()
    texts = articles(options.articles, options.words)
    with tempfile.TemporaryDirectory() as folder:
        path = options.output or Path(folder) / "report.html"
        spent = write_report(texts, path)
        size = path.stat().st_size
        rounds = [open_report(path, options.chromium) for _ in range(ROUNDS)]
    words = sum(len(text.split()) for text in texts)
    print(f"HTML report of {len(texts):,} articles, {words:,} words, on {platform.machine()}")
    print("\n| | |\n|---|---|")
    print(f"| size | {size / 1e6:.1f} MB |")
    print(f"| writing, without scoring | {spent:.1f} s |")
    for name in rounds[0]:
        print(f"| {name} | {statistics.median(times[name] for times in rounds):.0f} ms |")


if __name__ == "__main__":
    main()
