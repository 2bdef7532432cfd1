"""Compare the project's sentence splitter with sentencex on labelled articles and on the project's stories.

    pip install sentencex
    DETECTOR_CORPORA=… python benchmarks/splitters.py [--articles 300] [--show 20]

A boundary is right when a labelled segment ends at the same place, trailing blanks left out. The segments of
the articles were made by rule before they were labelled, so there the figures say how far two splitters go
together with a third; ``--show`` prints disagreements to read. Those of the stories were set by the writers.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sentencex

from detector.text.normalise import normalise
from detector.text.sentences import split
from detector.training.sources import (
    ENVIRONMENT,
    Article,
    corpora_folder,
    find_layout,
    load_gold,
    load_stories,
)

SEED = 1
STORIES = Path(__file__).parent.parent / "data" / "stories" / "stories.jsonl"
_REPEATS = 5  # a splitter's time for an article is its best of these


@dataclass(frozen=True)
class Outcome:
    """Boundaries found, those of them that are right, those there are, and seconds an article."""

    found: int
    right: int
    true: int
    seconds: tuple[float, ...]

    @property
    def precision(self) -> float:
        """Share of the boundaries found that are right."""
        return self.right / self.found

    @property
    def recall(self) -> float:
        """Share of the boundaries there are that were found."""
        return self.right / self.true

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / (self.found + self.true)


def ends(text: str, spans: Sequence[tuple[int, int]]) -> set[int]:
    return {start + len(piece.rstrip()) for start, end in spans if (piece := text[start:end]).strip()}


def own(text: str) -> list[tuple[int, int]]:
    source = normalise(text)
    return [source.to_given(*span) for span in split(source)]


def peer(text: str) -> list[tuple[int, int]]:
    return [(b["start_index"], b["end_index"]) for b in sentencex.get_sentence_boundaries("en", text)]


def best_time(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def measure(articles: Sequence[Article], splitter: Callable[[str], list[tuple[int, int]]]) -> Outcome:
    found = right = true = 0
    seconds = []
    for article in articles:
        reference = ends(article.text, article.segments)
        boundaries = ends(article.text, splitter(article.text))
        found += len(boundaries)
        right += len(boundaries & reference)
        true += len(reference)
        source = normalise(article.text)
        timed = (lambda s=source: split(s)) if splitter is own else (lambda t=article.text: splitter(t))
        seconds.append(best_time(timed))
    return Outcome(found, right, true, tuple(seconds))


def disagreements(articles: Sequence[Article]) -> list[tuple[str, str]]:
    """Return where the splitter and the segments differ: "extra" or "missing", and the text around it."""
    shown = []
    for article in articles:
        reference, boundaries = ends(article.text, article.segments), ends(article.text, own(article.text))
        for at in sorted(reference ^ boundaries):
            kind = "extra" if at in boundaries else "missing"
            shown.append((kind, f"{article.text[max(at - 50, 0) : at]!r} | {article.text[at : at + 40]!r}"))
    return shown


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    options.add_argument("--corpora", default=os.environ.get(ENVIRONMENT))
    options.add_argument("--articles", type=int, default=300)
    options.add_argument("--show", type=int, default=0, help="disagreements to print")
    given = options.parse_args()
    gold = load_gold(find_layout(corpora_folder(given.corpora)).gold)
    known = sorted((a for a in gold if a.role == "train"), key=lambda a: a.id)
    articles = random.Random(SEED).sample(known, min(given.articles, len(known)))
    print("| texts | splitter | boundaries | precision | recall | F1 | µs a text, mean | µs per 600 words |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for texts, chosen in (("articles", articles), ("stories", load_stories(STORIES))):
        words = np.mean([article.words for article in chosen])
        for name, splitter in (("detector", own), ("sentencex", peer)):
            it = measure(chosen, splitter)
            mean = float(np.mean(it.seconds)) * 1e6
            print(
                f"| {len(chosen)} {texts} | {name} | {it.found:,} | {it.precision:.4f} | {it.recall:.4f} "
                f"| {it.f1:.4f} | {mean:.0f} | {mean / words * 600:.0f} |"
            )
    if given.show:
        differing = disagreements(articles)
        print(f"\n{len(differing)} disagreements, of which {given.show}:")
        for kind, around in random.Random(SEED).sample(differing, min(given.show, len(differing))):
            print(f"{kind:8} {around}")


if __name__ == "__main__":
    main()
