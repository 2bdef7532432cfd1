"""What a training or evaluation run reads, gathered in one place."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import heappush, heappushpop
from pathlib import Path

from detector.training.leaks import drop_leaks, leaked_ids, load_leaks
from detector.training.licences import Licences, open_datasets
from detector.training.sources import (
    Article,
    Row,
    SourceError,
    datasets,
    find_layout,
    iter_corpus,
    load_gold,
    load_labels,
    load_stories,
)

LABELS = Path("gold") / "labels.jsonl.gz"
STORIES = Path("stories") / "stories.jsonl"
LEAKS = Path("leaks.txt")
MANIFEST = Path("corpora") / "manifest.json"


@dataclass(frozen=True, slots=True)
class Material:
    """Labelled articles and stories, and where the corpora are; ``corpora`` is None without corpora.

    ``datasets`` are the training corpora to keep to, None for all of them.
    """

    articles: tuple[Article, ...]
    corpora: Path | None
    leaks: frozenset[str]
    notes: tuple[str, ...] = ()
    datasets: tuple[str, ...] | None = None

    def rows(self) -> Iterator[Row]:
        """Yield the training rows of the corpora that share nothing with a benchmark; none without corpora."""
        if self.corpora is not None:
            yield from drop_leaks(iter_corpus(self.corpora, names=self.datasets), self.leaks)

    def background_texts(self) -> Iterator[str]:
        """Yield the texts that word counts are taken from: corpora without the labelled articles, else the articles."""
        if self.corpora is None:
            yield from (article.text for article in self.articles)
            return
        labelled = {article.id for article in self.articles}
        yield from (row.text for row in self.rows() if row.id not in labelled)


def gather(corpora: Path | None, data: Path, texts: Path | None, licences: Licences = "all") -> Material:
    """Read labelled articles, stories and the list of leaks; with ``licences`` "open" what the manifest marks as open.

    With ``corpora`` the articles come with their texts from there; without, the label files in ``data`` are joined
    with ``texts`` if those are given. Raises SourceError if the stories, the corpora or the manifest are not found.
    """
    everything = _everything(corpora, data, texts)
    return everything if licences == "all" else _only_open(everything, data)


def _only_open(material: Material, data: Path) -> Material:
    """Return what the manifest marks as openly licensed: of the corpora, or without them of the project's data."""
    manifest = data / MANIFEST if material.corpora is None else find_layout(material.corpora).manifest
    is_open = open_datasets(manifest)
    articles = tuple(article for article in material.articles if article.dataset in is_open)
    names = None if material.corpora is None else tuple(n for n in datasets(material.corpora) if n in is_open)
    if names is not None and not names:
        raise SourceError(f"{manifest} marks no training data set as open, so there is nothing to train on.")
    corpora = "" if names is None else f", corpora: {', '.join(names)}"
    note = f"openly licensed alone: {len(articles):,} of {len(material.articles):,} labelled articles{corpora}"
    return replace(material, articles=articles, datasets=names, notes=(*material.notes, note))


def _everything(corpora: Path | None, data: Path, texts: Path | None) -> Material:
    if corpora is not None:
        layout = find_layout(corpora)
        stories = data / STORIES if (data / STORIES).exists() else layout.stories
        leaks = _leaks(corpora, data)
        gold = tuple(article for article in load_gold(layout.gold) if article.id not in leaks)
        return Material((*gold, *load_stories(stories)), corpora, leaks)
    if not (data / STORIES).exists():
        raise SourceError(
            f"{data} holds no {STORIES}; give the project's data folder with --data, or the corpora with --corpora"
        )
    stories_only = load_stories(data / STORIES)
    if texts is None:
        return Material(stories_only, None, frozenset())
    joined, tally = load_labels(data / LABELS, texts)
    note = (
        f"{len(tally.joined):,} labelled articles joined with texts from {texts}; {len(tally.missing):,} have no text "
        f"there, {len(tally.mismatched):,} have another text than the one that was labelled"
    )
    leaks = load_leaks(data / LEAKS) if (data / LEAKS).exists() else frozenset()
    kept = tuple(article for article in joined if article.id not in leaks)
    return Material((*kept, *stories_only), None, leaks, (note,))


def _leaks(corpora: Path, data: Path) -> frozenset[str]:
    """Return the ids of training texts that stand in a benchmark, from the list or worked out anew."""
    if (data / LEAKS).exists():
        return load_leaks(data / LEAKS)
    return frozenset(leaked_ids(iter_corpus(corpora), iter_corpus(corpora, "benchmark")))


def reference_rows(material: Material, seed: int, most: int = 60) -> list[Row] | list[Article]:
    """Return the texts that stand for training when later batches are compared with it (detector drift).

    Of each class of each corpus at most ``most``, drawn by ``seed``. Labelled articles are left out, since the model is
    surer of what it learnt sentence by sentence than of new texts; without corpora there are no others.
    """
    if material.corpora is None:
        return list(material.articles)
    labelled = {article.id for article in material.articles}
    drawn: dict[tuple[str, str], list[tuple[int, int, Row]]] = {}
    for number, row in enumerate(material.rows()):
        if row.label is None or row.attack is not None or row.id in labelled:
            continue
        lot = zlib.crc32(f"{seed}:{row.id}".encode("utf-8", "surrogatepass"))
        kept = drawn.setdefault((row.dataset, row.label), [])
        (heappush if len(kept) < most else heappushpop)(kept, (-lot, -number, row))  # the lowest lots stay
    return [row for key in sorted(drawn) for _, _, row in sorted(drawn[key], key=lambda one: one[:2])]


def groups_of(text: Row | Article) -> tuple[str, ...]:
    """Return the groups of a reference that a text belongs to: its author's kind, where known, and its genre."""
    return (text.label, text.domain) if text.label is not None else (text.domain,)
