r"""Training texts that stand, in whole or in part, in a benchmark.

A text leaks when it shares its first 15 words with a benchmark text, or when more than
30 % of its word 10-grams, counted by position, occur in one single benchmark text. Words are
runs of ``\w``, lower-cased. A text of fewer than 15 words shares them only with a text of
the same words.

``python -m detector.training.leaks --corpora DIR -o data/leaks.txt`` compares everything once and
writes the ids down; training then reads the list with :func:`load_leaks`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from detector.training.sources import (
    Article,
    Row,
    SourceError,
    corpora_folder,
    find_layout,
    iter_corpus,
    load_gold,
    load_stories,
)

OPENING = 15
GRAM = 10
SHARE = 0.30
_SEED = 20260101
_WORD = re.compile(r"\w+")
_UNKNOWN = 0  # number of every word that no benchmark text holds

Hashes = NDArray[np.uint64]


class Text(Protocol):
    """What is compared: an article or a corpus row."""

    @property
    def id(self) -> str:
        """Name in the list of leaks."""

    @property
    def text(self) -> str:
        """The whole text."""


T = TypeVar("T", bound=Text)


def words_of(text: str) -> list[str]:
    """Lower-cased runs of word characters."""
    return _WORD.findall(text.lower())


@dataclass(frozen=True, slots=True)
class BenchmarkIndex:
    """Openings and 10-grams of the benchmark texts.

    ``grams`` are 64-bit hashes in rising order, one entry for each text that holds the gram;
    ``owners`` are the texts' numbers beside them. Two different grams share a hash once in 10¹⁹.
    """

    openings: frozenset[tuple[str, ...]]
    numbers: dict[str, int]
    weights: Hashes
    grams: Hashes
    owners: NDArray[np.int32]

    def is_leak(self, text: str) -> bool:
        """Tell whether one text leaks by either rule; without words it does not."""
        words = words_of(text)
        if tuple(words[:OPENING]) in self.openings:
            return True
        numbers = self.numbers
        hashes = _grams(np.array([numbers.get(word, _UNKNOWN) for word in words]), self.weights)
        first = np.searchsorted(self.grams, hashes, side="left")
        hit = self.grams[np.minimum(first, len(self.grams) - 1)] == hashes if len(self.grams) else first < 0
        # Most texts end here: no single text can hold more of the grams than all texts together.
        if hit.sum() <= SHARE * len(hashes):
            return False
        first = first[hit]
        last = np.searchsorted(self.grams, hashes[hit], side="right")
        held = np.concatenate([self.owners[start:end] for start, end in zip(first, last, strict=True)])
        return bool(np.bincount(held).max() > SHARE * len(hashes))


def _grams(numbers: NDArray[np.int64], weights: Hashes) -> Hashes:
    """Hash every run of GRAM word numbers; shape (n,) to (max(n - GRAM + 1, 0),)."""
    count = max(len(numbers) - GRAM + 1, 0)
    # splitmix64's finaliser scatters the numbers, then an odd weight for each place tells order apart.
    mixed = (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    hashes = np.zeros(count, dtype=np.uint64)
    for place in range(GRAM):
        hashes += mixed[place : place + count] * weights[place]
    return hashes


def benchmark_index(rows: Iterable[Text]) -> BenchmarkIndex:
    """Read benchmark texts once; about 12 bytes are kept for each of their words."""
    weights = np.random.default_rng(_SEED).integers(0, 2**63, GRAM, dtype=np.uint64) * np.uint64(
        2
    ) + np.uint64(1)
    openings: set[tuple[str, ...]] = set()
    numbers: dict[str, int] = {}
    hashes: list[Hashes] = []
    for row in rows:
        words = words_of(row.text)
        if words:
            openings.add(tuple(words[:OPENING]))
        known = np.array([numbers.setdefault(word, len(numbers) + 1) for word in words], dtype=np.int64)
        hashes.append(np.unique(_grams(known, weights)))
    grams = np.concatenate(hashes) if hashes else np.zeros(0, dtype=np.uint64)
    owners = np.repeat(np.arange(len(hashes), dtype=np.int32), [len(part) for part in hashes])
    order = np.argsort(grams, kind="stable")
    return BenchmarkIndex(frozenset(openings), numbers, weights, grams[order], owners[order])


def leaked_ids(train_rows: Iterable[Text], benchmark_rows: Iterable[Text]) -> set[str]:
    """Ids of the training texts that leak; both inputs are streamed once."""
    index = benchmark_index(benchmark_rows)
    return {row.id for row in train_rows if index.is_leak(row.text)}


def drop_leaks(rows: Iterable[T], leaked: Collection[str]) -> Iterator[T]:
    """Stream the rows whose id is not among the leaked ones."""
    if isinstance(leaked, str):
        raise TypeError("leaked is a string; give a set of ids.")
    return (row for row in rows if row.id not in leaked)


def load_leaks(path: Path) -> frozenset[str]:
    """Read a list of ids, one a line; lines that begin with ``#`` are comments."""
    if not path.is_file():
        raise SourceError(
            f"There is no list of leaks {path}; write it with python -m detector.training.leaks."
        )
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _report(leaked: Collection[str], compared: Counter[str], dropped: Counter[str]) -> str:
    counts = [f"{name}: {dropped[name]} of {compared[name]}" for name in sorted(dropped)]
    header = [
        "Training texts that share their first 15 words with a benchmark text, or more than 30 % of their",
        "word 10-grams with one. Written by: python -m detector.training.leaks --corpora DIR -o FILE",
        f"{len(leaked)} ids; {compared.total()} texts compared, {dropped.total()} leak:",
        *counts,
    ]
    return "".join(f"# {line}\n" for line in header)


def main(arguments: list[str] | None = None) -> None:
    """Compare corpora, labelled articles and stories with the benchmarks; write the list with its counts."""
    parser = argparse.ArgumentParser(description="List the training texts that stand in a benchmark.")
    parser.add_argument("--corpora", metavar="DIR", help="folder with train/ and benchmark/")
    parser.add_argument("-o", "--output", type=Path, required=True, help="list of ids to write")
    options = parser.parse_args(arguments)
    corpora = corpora_folder(options.corpora)
    layout = find_layout(corpora)
    articles = load_gold(layout.gold)
    kept = [article for article in (*articles, *load_stories(layout.stories)) if article.role == "train"]
    held = [article for article in articles if article.role == "benchmark"]

    benchmark: Iterator[Row | Article] = chain(iter_corpus(corpora, "benchmark"), held)
    index = benchmark_index(benchmark)
    compared: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    leaked: set[str] = set()
    texts: Iterator[tuple[str, str, Row | Article]] = chain(
        (("corpora", row.dataset, row) for row in iter_corpus(corpora, "train")),
        (("articles", article.dataset, article) for article in kept),
    )
    for kind, dataset, text in texts:
        compared[f"{kind} {dataset}"] += 1
        if index.is_leak(text.text):
            dropped[f"{kind} {dataset}"] += 1
            leaked.add(text.id)
    report = _report(leaked, compared, dropped)
    options.output.write_text(report + "".join(f"{id}\n" for id in sorted(leaked)), encoding="utf-8")
    sys.stdout.write(report)


if __name__ == "__main__":
    main()
