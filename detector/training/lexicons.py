"""Statistics behind the word and phrase lists in ``detector/lexicons``.

``python -m detector.training.lexicons --shared DIR`` prints the strongest candidates of every contrast; a
person then reads them and keeps what is neither topic nor name. ``--measure LIST.txt`` prints a finished list
again with fresh figures. A contrast compares two groups of texts by the z-score of the log-odds ratio with an
informative Dirichlet prior (Monroe, Colaresi and Quinn 2008, "Fightin' Words"). What is counted are articles,
not occurrences, so that one repetitive text cannot make a phrase.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_STOP = re.compile(r"[.!?:;\n]+")
_QUOTES = str.maketrans({"‘": "'", "’": "'", "ʼ": "'", "`": "'", "\u00ad": None, "\u200b": None})
_NOT_TRAINED_ON = frozenset({"human-edited", "human-prefix-continued"})
PRIOR_WEIGHT = 500.0  # pseudo-counts of the prior in all, about the number of words in a few articles


@dataclass(frozen=True)
class Unit:
    """One article's share in one side of a contrast: ``pieces`` of prose that word sequences do not cross."""

    source: str
    positive: bool
    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One phrase in a contrast; ``z`` > 0 leans to the positive side; counts are of articles and sources."""

    phrase: str
    z: float
    positive: int
    negative: int
    sources: int


def words(text: str) -> list[str]:
    """Return the lower-case words of ``text``: runs of letters and digits with inner straight apostrophes."""
    return _WORD.findall(text.translate(_QUOTES).lower())


def ngrams(tokens: list[str], longest: int) -> Iterator[str]:
    """Yield every run of 1 to ``longest`` neighbouring tokens, joined by blanks."""
    for n in range(1, longest + 1):
        for i in range(len(tokens) - n + 1):
            yield " ".join(tokens[i : i + n])


def openings(tokens: list[str], longest: int) -> Iterator[str]:
    """Yield the first 1 to ``longest`` tokens, for the contrast of sentence openings."""
    for n in range(1, min(longest, len(tokens)) + 1):
        yield " ".join(tokens[:n])


def log_odds_z(
    pos: int, neg: int, totals: tuple[int, int], prior: float, prior_total: float = PRIOR_WEIGHT
) -> float:
    """Return the z-score of the log-odds ratio of one phrase.

    ``pos`` and ``neg`` are its counts on either side, of ``totals`` counts in all; ``prior`` pseudo-counts of
    ``prior_total`` are added to both. Raises ValueError if ``prior`` is not between 0 and ``prior_total``.
    """
    if not 0 < prior < prior_total:
        raise ValueError(f"prior {prior} must lie between 0 and {prior_total}; give positive pseudo-counts")
    a, b = pos + prior, neg + prior
    delta = math.log(a / (totals[0] + prior_total - a)) - math.log(b / (totals[1] + prior_total - b))
    return delta / math.sqrt(1 / a + 1 / b)


def count(
    units: Iterable[Unit],
    longest: int,
    split: Callable[[list[str], int], Iterator[str]] = ngrams,
    only: Collection[str] | None = None,
) -> dict[tuple[str, bool], Counter[str]]:
    """Count in how many units of each (source, side) a phrase occurs, of the phrases in ``only`` if given."""
    counts: dict[tuple[str, bool], Counter[str]] = defaultdict(Counter)
    for unit in units:
        found: set[str] = set()
        for piece in unit.pieces:
            found.update(split(words(piece), longest))
        if only is not None:
            found.intersection_update(only)
        counts[unit.source, unit.positive].update(found)
    return dict(counts)


def contrast(counts: dict[tuple[str, bool], Counter[str]], least: int, sources: int) -> list[Row]:
    """Rows for phrases in at least ``least`` units of at least ``sources`` sources, largest z first.

    Phrases are compared with phrases of the same number of words. The prior is the pooled frequency.
    """
    side = {True: Counter[str](), False: Counter[str]()}
    spread: Counter[str] = Counter()
    for source in {s for s, _ in counts}:
        here: set[str] = set()
        for flag in (True, False):
            part = counts.get((source, flag), Counter())
            side[flag].update(part)
            here.update(part)
        spread.update(here)
    totals: dict[tuple[int, bool], int] = defaultdict(int)
    for flag, counter in side.items():
        for phrase, n in counter.items():
            totals[phrase.count(" "), flag] += n
    rows = []
    for phrase in spread:
        pos, neg, order = side[True][phrase], side[False][phrase], phrase.count(" ")
        if pos + neg < least or spread[phrase] < sources:
            continue
        total_pos, total_neg = totals[order, True], totals[order, False]
        prior = PRIOR_WEIGHT * (pos + neg) / (total_pos + total_neg)
        if prior >= PRIOR_WEIGHT:
            continue  # the only phrase of its length: nothing to compare it with
        z = log_odds_z(pos, neg, (total_pos, total_neg), prior)
        rows.append(Row(phrase, z, pos, neg, spread[phrase]))
    return sorted(rows, key=lambda row: (-row.z, row.phrase))


def agreeing(
    counts: dict[tuple[str, bool], Counter[str]], sizes: Counter[tuple[str, bool]], side: bool
) -> Counter[str]:
    """Count, for each phrase, the two-sided sources in which a larger share of units has it on ``side``."""
    agree: Counter[str] = Counter()
    for source in {s for s, _ in sizes if (s, True) in sizes and (s, False) in sizes}:
        mine, other = counts.get((source, side), Counter()), counts.get((source, not side), Counter())
        n_mine, n_other = sizes[source, side], sizes[source, not side]
        agree.update(p for p, n in mine.items() if n * n_other > other[p] * n_mine)
    return agree


def _read(path: Path) -> Iterator[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def labelled_units(shared: Path, positive: str, negative: str, fold: int | None = None) -> Iterator[Unit]:
    """Sentences with letters in ``positive`` against ``negative``, by training article and story.

    The four versions of a story are one article. ``fold`` leaves that fold of gold out.
    """
    pieces: dict[tuple[str, str], dict[bool, list[str]]] = defaultdict(lambda: {True: [], False: []})
    gold = _read(shared / "gold" / "gold.jsonl.gz")
    kept = (r for r in gold if r["role"] == "train" and (fold is None or r["fold"] != fold))
    keyed = [(r["dataset"], r["id"], r) for r in kept]
    keyed += [("stories", r["story"], r) for r in _read(shared / "stories" / "stories.jsonl")]
    for source, key, row in keyed:
        for start, end, letter in row["sentences"]:
            if letter in positive + negative:
                pieces[source, key][letter in positive].append(row["text"][start:end])
    for (source, _), sides in pieces.items():
        for flag, texts in sides.items():
            if texts:
                yield Unit(source, flag, tuple(texts))


def machine_units(shared: Path, per_group: int, longest_text: int = 250, seed: int = 0) -> Iterator[Unit]:
    """Machine (positive) against human texts of the training corpora, by family.

    At most ``per_group`` texts of each data set and label, 60 words or more, cut to ``longest_text`` words so
    that length does not decide how many phrases a text can hold.
    """
    rng = random.Random(seed)
    for path in sorted((shared / "corpora" / "train").glob("*.jsonl.gz")):
        groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in _read(path):
            label = row.get("label")
            if label in {"human", "machine"} and row.get("attack") not in _NOT_TRAINED_ON:
                groups[label].append((row["family"], row["text"]))
        for label, rows in sorted(groups.items()):
            rng.shuffle(rows)
            taken = 0
            for family, text in rows:
                tokens = words(text)
                if len(tokens) >= 60 and taken < per_group:
                    taken += 1
                    yield Unit(family, label == "machine", _first_words(text, longest_text))


def _first_words(text: str, limit: int) -> tuple[str, ...]:
    """Sentence-like pieces of ``text`` up to about ``limit`` words; phrases do not cross a full stop."""
    pieces, seen = [], 0
    for piece in _STOP.split(text):
        pieces.append(piece)
        seen += len(words(piece))
        if seen >= limit:
            break
    return tuple(pieces)


def machine_contrast(shared: Path, per_group: int, least: int, families: int, longest: int = 4) -> list[Row]:
    """Contrast machine with human texts; ``sources`` of a row counts the families that agree with its sign.

    Rows with fewer agreeing families than ``families`` are left out. Two passes keep memory small: the first
    finds phrases frequent enough, the second counts them by family.
    """
    units = list(machine_units(shared, per_group))
    total: Counter[str] = Counter()
    for unit in units:
        total.update({g for piece in unit.pieces for g in ngrams(words(piece), longest)})
    keep = {phrase for phrase, n in total.items() if n >= least}
    counts = count(units, longest, only=keep)
    sizes = Counter((unit.source, unit.positive) for unit in units)
    agree = {side: agreeing(counts, sizes, side) for side in (True, False)}
    rows = (replace(row, sources=agree[row.z > 0][row.phrase]) for row in contrast(counts, least, 1))
    return [row for row in rows if row.sources >= families]


def measure(path: Path, units: Iterable[Unit]) -> str:
    """Return the list at ``path``, sorted, with z-score and positive count of each entry in ``units``.

    Entries too rare to measure (fewer than three articles) keep no figures.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    phrases = [line.split("\t")[0] for line in lines if line and not line.startswith("#")]
    longest = max((p.count(" ") + 1 for p in phrases), default=1)
    figures = {row.phrase: row for row in contrast(count(units, longest), 3, 1)}
    head = [line for line in lines if line.startswith("#")]
    body = [
        f"{p}\t{figures[p].z:.1f}\t{figures[p].positive}" if p in figures else p for p in sorted(set(phrases))
    ]
    return "\n".join(head + body) + "\n"


CONTRASTS: dict[str, tuple[str, str]] = {
    "generic": ("G", "C"),
    "filler": ("GR", "C"),
    "repeat": ("R", "C"),
    "boilerplate": ("B", "CGR"),
}


def main(argv: list[str] | None = None) -> None:
    """Print candidates (phrase, z, articles on either side, sources), or re-measure one finished list."""
    parser = argparse.ArgumentParser(description="Candidates for the word and phrase lists, with statistics.")
    parser.add_argument(
        "--shared", type=Path, required=True, help="folder with gold/, stories/, corpora/train/"
    )
    parser.add_argument("--contrast", choices=[*CONTRASTS, "openings", "machine"], action="append")
    parser.add_argument("--measure", type=Path, help="print this list with fresh figures (first --contrast)")
    parser.add_argument("--least", type=int, default=5, help="articles a phrase must occur in")
    parser.add_argument("--sources", type=int, default=3, help="data sets a phrase must occur in")
    parser.add_argument("--families", type=int, default=4, help="families that must agree (machine)")
    parser.add_argument("--without-fold", type=int, help="leave this fold of gold out")
    parser.add_argument("--per-group", type=int, default=500, help="texts taken per data set and label")
    parser.add_argument("--top", type=int, default=300, help="candidates printed at either end")
    args = parser.parse_args(argv)

    def labelled(name: str) -> Iterator[Unit]:
        return labelled_units(args.shared, *CONTRASTS.get(name, ("GR", "C")), fold=args.without_fold)

    names = args.contrast or [*CONTRASTS, "openings", "machine"]
    if args.measure is not None:
        first = names[0]
        machine = first == "machine"
        units = machine_units(args.shared, args.per_group) if machine else labelled(first)
        print(measure(args.measure, units), end="")
        return
    for name in names:
        if name == "machine":
            rows = machine_contrast(args.shared, args.per_group, args.least, args.families)
        elif name == "openings":
            rows = contrast(count(labelled(name), 4, openings), args.least, args.sources)
        else:
            rows = contrast(count(labelled(name), 5), args.least, args.sources)
        shown = rows[: args.top] + [row for row in rows[-args.top :] if row.z < 0]
        for row in dict.fromkeys(shown):
            print(f"{name}\t{row.phrase}\t{row.z:.2f}\t{row.positive}\t{row.negative}\t{row.sources}")


if __name__ == "__main__":
    main()
