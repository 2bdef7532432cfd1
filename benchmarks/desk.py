"""What a desk gets: realised rates after calibration, false alarms of drift, long texts, boilerplate found by rule.

    DETECTOR_CORPORA=… python benchmarks/desk.py [--texts 700] [--splits 400] [--halvings 60]

Human texts of three training sources, so the figures show that calibration and drift keep their promises and not how
good the model is. The stories are joined to see what length alone does. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detector import Report, Scorer
from detector.calibration import calibrate
from detector.text.document import read
from detector.text.normalise import normalise
from detector.text.roles import BOILERPLATE, roles
from detector.training.drift import compare
from detector.training.genres import LEAST_WORDS
from detector.training.reference import Sample, group_of
from detector.training.sources import (
    ENVIRONMENT,
    SourceError,
    corpora_folder,
    find_layout,
    iter_corpus,
    load_gold,
    load_stories,
)

SOURCES = {"allsides_news": "news", "blog_authorship": "blogs", "ellipse_test": "essays by learners of English"}
STORIES = Path(__file__).parent.parent / "data" / "stories" / "stories.jsonl"
RATES = (0.01, 0.05)
ALPHA = 0.05
JOINED = (1, 2, 4, 8, 16)
SEED = 7


def reports_of(folder: Path, name: str, texts: int, scorer: Scorer) -> list[Report]:
    """Return reports, all with a score, of ``texts`` human texts drawn from a source."""
    rows = [
        row.text
        for row in iter_corpus(folder, names=(name,))
        if row.label == "human" and len(row.text.split()) >= LEAST_WORDS
    ]
    order = np.random.default_rng(SEED).permutation(len(rows))
    scored: list[Report] = []
    for report in scorer.score_many((rows[i] for i in order), reasons=False):
        if np.isfinite(report.score):
            scored.append(report)
        if len(scored) == texts:
            break
    return scored


def realised(scores: NDArray[np.float64], fpr: float, splits: int) -> float:
    """Return the mean share of held-out texts that a cut from the others flags."""
    random = np.random.default_rng(SEED)
    known = len(scores) * 4 // 7  # 400 of 700
    shares = []
    for _ in range(splits):
        order = random.permutation(len(scores))
        cut = calibrate(scores[order[:known]].tolist(), on="score", fpr=fpr, model="", digest="").cut
        shares.append(float(np.mean(scores[order[known:]] >= cut)))
    return float(np.mean(shares))


def alarms(reports: Sequence[Report], halvings: int) -> int:
    """Return in how many random halvings one half is said to have drifted from the other."""
    random = np.random.default_rng(SEED)
    count = 0
    for _ in range(halvings):
        order = random.permutation(len(reports))
        halves = Sample(), Sample()
        for place, i in enumerate(order.tolist()):
            halves[place % 2].add(reports[i])
        count += any(change.moved for change in compare(group_of(halves[0]), halves[1], ALPHA))
    return count


def lengths(scorer: Scorer) -> list[str]:
    """Return rows with the mean filler share of stories joined into one text, by how many."""
    found = []
    for version in ("padded", "full"):
        texts = [story.text for story in load_stories(STORIES) if story.id.endswith(version)]
        groups = {k: ["\n\n".join(texts[a : a + k]) for a in range(0, len(texts) - k + 1, k)] for k in JOINED}
        shares = [np.mean([r.filler_share for r in scorer.score_many(own, reasons=False)]) for own in groups.values()]
        found.append(f"| {version} | " + " | ".join(f"{share:.0%}" for share in shares) + " |")
    return found


def boilerplate(folder: Path) -> str:
    """Return how many of the sentences marked as boilerplate the rules find, and how many others they take for it."""
    found, marked, wrong, others = 0, 0, 0, 0
    for article in load_gold(find_layout(folder).gold):
        if article.role != "train":
            continue
        source = normalise(article.text)
        role = roles(read(source, [source.from_given(a, b) for a, b in article.segments])) == BOILERPLATE
        letters = np.array(list(article.letters))
        is_marked, is_prose = letters == "B", np.isin(letters, list("CRG"))
        found, marked = found + int((role & is_marked).sum()), marked + int(is_marked.sum())
        wrong, others = wrong + int((role & is_prose).sum()), others + int(is_prose.sum())
    return (
        f"Of {marked:,} sentences marked as boilerplate the rules find {found / marked:.1%}; "
        f"of {others:,} claims, repeats and generic sentences they take {wrong / others:.2%} for it."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--texts", type=int, default=700)
    parser.add_argument("--splits", type=int, default=400)
    parser.add_argument("--halvings", type=int, default=60)
    options = parser.parse_args()
    try:
        folder = corpora_folder(os.environ.get(ENVIRONMENT))
    except SourceError as error:
        raise SystemExit(str(error)) from error
    scorer = Scorer()
    print(f"Model {scorer.model_name}; {options.texts} human texts a source, 4/7 of them to calibrate on, 3/7 to test")
    print(f"on, in {options.splits} random splits; {options.halvings} halvings at alpha {ALPHA:g}.\n")
    print("| texts | flagged at the default cut | calibrated 1 % | calibrated 5 % | alarms of drift |")
    print("|---|---:|---:|---:|---:|")
    for name, said in SOURCES.items():
        reports = reports_of(folder, name, options.texts, scorer)
        scores = np.array([report.score for report in reports])
        rates = " | ".join(f"{realised(scores, fpr, options.splits):.2%}" for fpr in RATES)
        alarmed = f"{alarms(reports, options.halvings)} of {options.halvings}"
        print(f"| {said} | {np.mean(scores >= scorer.cuts.filler):.1%} | {rates} | {alarmed} |")
    print("\n| stories in one text | " + " | ".join(map(str, JOINED)) + " |")
    print("|---|" + "---:|" * len(JOINED))
    print("\n".join(lengths(scorer)))
    flags = [r.flags for r in scorer.score_many((s.text for s in load_stories(STORIES)), reasons=False)]
    print(f"\nThe flag `machine` is set on {sum('machine' in own for own in flags)} of {len(flags)} stories.")
    print(f"\n{boilerplate(folder)}")


if __name__ == "__main__":
    main()
