"""Write what ``data/`` holds from the full material, and the counts in its README.

``python data/build.py --corpora DIR`` rewrites the stories, the label files, the manifest and the
counts; ``python data/build.py`` alone rewrites the counts from the files that are here.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from statistics import mean
from typing import Any

from detector.training.sources import (
    Article,
    find_layout,
    iter_corpus,
    load_gold,
    load_stories,
    read_jsonl,
    text_sha256,
)

Record = dict[str, Any]

HERE = Path(__file__).parent
BEGIN, END = "<!-- counts: written by build.py -->", "<!-- end of counts -->"
NAMES = {"C": "claim", "R": "repeat", "G": "generic", "B": "boilerplate", "H": "heading"}


def cuts(corpora: Path, articles: Iterable[Article]) -> dict[str, tuple[int, int] | None]:
    """Where each article stands in the corpus row of its id: None for the whole row, absent if elsewhere."""
    texts = {article.id: article.text for article in articles}
    found: dict[str, tuple[int, int] | None] = {}
    for row in chain(iter_corpus(corpora, "train"), iter_corpus(corpora, "benchmark")):
        text = texts.get(row.id)
        if text is not None and text in row.text:
            start = row.text.index(text)
            found[row.id] = None if text == row.text else (start, start + len(text))
    return found


def label(article: Article, cut: tuple[int, int] | None) -> dict[str, Any]:
    """One line of the label file: everything but the text."""
    second = {"letters": article.second_letters, "padding": article.second_padding}
    return {
        "id": article.id,
        "dataset": article.dataset,
        "domain": article.domain,
        "family": article.family,
        "fold": article.fold,
        "role": article.role,
        "label": article.label,
        "generator": article.generator,
        "sampling": article.sampling,
        "sentences": [
            [start, end, letter]
            for (start, end), letter in zip(article.segments, article.letters, strict=True)
        ],
        "padding": article.padding,
        "second": second if article.second_letters else None,
        "words": article.words,
        "filler_share": round(article.filler_share, 4)
        if article.filler_share == article.filler_share
        else None,
        "cut": cut,
        "text_sha256": text_sha256(article.text),
    }


def labels(corpora: Path) -> bytes:
    """Return the label file, byte for byte the same each time."""
    articles = load_gold(find_layout(corpora).gold)
    stated = {record["id"]: record["text_sha256"] for record in read_jsonl(find_layout(corpora).gold)}
    wrong = [article.id for article in articles if text_sha256(article.text) != stated[article.id]]
    if wrong:
        raise SystemExit(f"{len(wrong)} texts do not have the fingerprint stated beside them: {wrong[:3]}")
    place = cuts(corpora, articles)
    lines = (json.dumps(label(article, place.get(article.id)), ensure_ascii=False) for article in articles)
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def manifest(path: Path) -> str:
    """Return the manifest without advice in brackets to those who gathered the corpora ("use …")."""
    return re.sub(r" \(use [^()]*\)", "", path.read_text(encoding="utf-8"))


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a markdown table; numbers get a comma at the thousands."""
    titles = list(head)
    lines = [
        titles,
        ["---"] * len(titles),
        *([f"{x:,}" if isinstance(x, int) else str(x) for x in row] for row in rows),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def agreement(pairs: list[tuple[bool, bool]]) -> tuple[float, float]:
    """Return the share of pairs that agree, and Cohen's kappa."""
    observed = mean(a == b for a, b in pairs)
    first, second = mean(a for a, _ in pairs), mean(b for _, b in pairs)
    chance = first * second + (1 - first) * (1 - second)
    return observed, (observed - chance) / (1 - chance)


def story_counts(stories: Iterable[Article]) -> str:
    """Count the stories by version."""
    versions: dict[str, list[Article]] = defaultdict(list)
    for story in stories:
        versions[story.version or ""].append(story)
    rows = (
        (name, len(group), round(mean(s.words for s in group)), f"{mean(s.filler_share for s in group):.0%}")
        for name, group in versions.items()
    )
    return table(("version", "texts", "mean words", "mean filler share"), rows)


def author_counts(rows: Iterable[Record]) -> str:
    """Count the articles by author, and those of which half or more is filler."""
    lines = []
    for author in ("human", "machine", None):
        group = [row for row in rows if row["label"] == author]
        padded = [row for row in group if (row["filler_share"] or 0) >= 0.5]
        ranked = sum(row["sampling"] == "ranked" for row in padded)
        held = sum(row["role"] == "benchmark" for row in group)
        lines.append((author or "unknown", len(group), len(padded), ranked, held))
    return table(("author", "articles", "share ≥ 50 %", "of those `ranked`", "role `benchmark`"), lines)


def fold_counts(rows: Iterable[Record]) -> str:
    """Count the articles by fold, and name its families."""
    families: dict[int | None, Counter[str]] = defaultdict(Counter)
    for row in rows:
        families[row["fold"]][row["family"]] += 1
    held = families.pop(None, Counter())
    lines = [
        (str(fold), families[fold].total(), ", ".join(sorted(families[fold])))
        for fold in sorted(families, key=str)
    ]
    return table(("fold", "articles", "families"), [*lines, ("none", held.total(), ", ".join(sorted(held)))])


def second_reading(rows: Iterable[Record]) -> str:
    """Say how far two readings of the same articles agree on claim against filler."""
    twice = [row for row in rows if row["second"]]
    pairs = [
        (first == "C", second == "C")
        for row in twice
        for (_, _, first), second in zip(row["sentences"], row["second"]["letters"], strict=True)
        if first in "CRG" and second in "CRG"
    ]
    observed, kappa = agreement(pairs)
    return (
        f"{len(twice)} articles were read twice: on {len(pairs):,} sentences that both readings call "
        f"C, R or G, C against R or G agrees in {observed:.0%} (κ {kappa:.2f})."
    )


def counts(data: Path) -> str:
    """Count what the folder holds, as the markdown that stands in its README."""
    rows = list(read_jsonl(data / "gold" / "labels.jsonl.gz"))
    stories = load_stories(data / "stories" / "stories.jsonl")
    entries = json.loads((data / "corpora" / "manifest.json").read_text(encoding="utf-8"))
    letters = Counter(letter for row in rows for _, _, letter in row["sentences"])
    written = Counter(letter for story in stories for letter in story.letters)
    domains = Counter(row["domain"] for row in rows).most_common()
    human, machine, other = (
        sum(e.get(k, 0) for e in entries.values()) for k in ("human", "machine", "unlabelled")
    )
    parts = (
        f"**Stories.** {len({story.story for story in stories})} stories, {len(stories):,} texts, "
        f"{written.total():,} sentences.",
        story_counts(stories),
        f"**Labelled articles.** {len(rows):,} articles, {letters.total():,} sentences, "
        f"{sum(row['words'] for row in rows):,} words, {len({row['dataset'] for row in rows})} sources in "
        f"{len({row['family'] for row in rows})} families. {second_reading(rows)} "
        f"{sum(row['sampling'] == 'ranked' for row in rows)} articles are `ranked`. "
        f"{sum(row['cut'] is not None for row in rows)} are a part of the corpus document with their id.",
        "By domain: " + ", ".join(f"{name} {n:,}" for name, n in domains) + ".",
        table(
            ("letter", "kind", "in articles", "in stories"),
            ((letter, name, letters[letter], written[letter]) for letter, name in NAMES.items()),
        ),
        author_counts(rows),
        fold_counts(rows),
        f"**Manifest.** {len(entries)} corpora, {human:,} human, {machine:,} machine-written and {other:,} "
        f"unlabelled documents; the texts of {sum(bool(e['open']) for e in entries.values())} are openly "
        "licensed.",
    )
    return "\n\n".join(parts) + "\n"


def with_counts(readme: str, text: str) -> str:
    """Return the README with the part between its two marks replaced."""
    before, rest = readme.split(BEGIN)
    return f"{before}{BEGIN}\n{text}{END}{rest.split(END)[1]}"


def main() -> None:
    """Rewrite the files and the counts."""
    parser = argparse.ArgumentParser(description="Write data/ from the full material.")
    parser.add_argument("--corpora", metavar="DIR", type=Path, help="folder with train/ and benchmark/")
    corpora: Path | None = parser.parse_args().corpora
    if corpora is not None:
        layout = find_layout(corpora)
        (HERE / "stories" / "stories.jsonl").write_bytes(layout.stories.read_bytes())
        (HERE / "corpora" / "manifest.json").write_text(manifest(layout.manifest), encoding="utf-8")
        (HERE / "gold" / "labels.jsonl.gz").write_bytes(labels(corpora))
    readme = HERE / "README.md"
    readme.write_text(with_counts(readme.read_text(encoding="utf-8"), counts(HERE)), encoding="utf-8")


if __name__ == "__main__":
    main()
