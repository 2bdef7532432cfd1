"""What a training or evaluation run reads, gathered in one place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from detector.training.leaks import drop_leaks, leaked_ids, load_leaks
from detector.training.sources import (
    Article,
    Row,
    SourceError,
    find_layout,
    iter_corpus,
    load_gold,
    load_labels,
    load_stories,
)

LABELS = Path("gold") / "labels.jsonl.gz"
STORIES = Path("stories") / "stories.jsonl"
LEAKS = Path("leaks.txt")


@dataclass(frozen=True, slots=True)
class Material:
    """Labelled articles and stories, and where the corpora are; ``corpora`` is None without corpora."""

    articles: tuple[Article, ...]
    corpora: Path | None
    leaks: frozenset[str]
    notes: tuple[str, ...] = ()

    def rows(self) -> Iterator[Row]:
        """Yield the training rows of the corpora that share nothing with a benchmark; none without corpora."""
        if self.corpora is not None:
            yield from drop_leaks(iter_corpus(self.corpora), self.leaks)

    def background_texts(self) -> Iterator[str]:
        """Yield the texts that word counts are taken from: corpora without the labelled articles, else the articles."""
        if self.corpora is None:
            yield from (article.text for article in self.articles)
            return
        labelled = {article.id for article in self.articles}
        yield from (row.text for row in self.rows() if row.id not in labelled)


def gather(corpora: Path | None, data: Path, texts: Path | None) -> Material:
    """Read labelled articles, stories and the list of leaks.

    With ``corpora`` the articles come with their texts from there; without, the label files in ``data`` are joined
    with ``texts`` if those are given. Raises SourceError if the stories or the corpora are not found.
    """
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
