"""How often the language gate of the bundled model is wrong: own texts in 16 languages, and English corpora.

DETECTOR_CORPORA=DIR python benchmarks/languages.py
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from detector import Scorer
from detector.training.sources import corpora_folder, iter_corpus

CASES = Path(__file__).parents[1] / "tests" / "cases"
SETS = ("ellipse_test", "asap_essays", "bbc2225", "wikipedia2015", "gutenberg18", "recipes", "pubmed_abstracts")


def main() -> None:
    """Print one table for other languages and one for English."""
    scorer = Scorer()
    foreign: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for name in ("languages_a", "languages_b"):
        for line in (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            foreign[row["language"]] += 1
            caught[row["language"]] += scorer.score(row["text"]).label == "not_english"
    print("| language | texts | called not_english |\n|---|---|---|")
    for language, count in sorted(foreign.items()):
        print(f"| {language} | {count} | {caught[language]} |")
    print(f"| all | {foreign.total()} | {caught.total()} ({caught.total() / foreign.total():.1%}) |\n")
    print("| English corpus | texts | called not_english |\n|---|---|---|")
    total = wrong = 0
    for name in SETS:
        labels = Counter(scorer.score(row.text).label for row in iter_corpus(corpora_folder(None), names=[name]))
        print(f"| {name} | {labels.total()} | {labels['not_english']} |")
        total, wrong = total + labels.total(), wrong + labels["not_english"]
    print(f"| all | {total} | {wrong} ({wrong / total:.2%}) |")


if __name__ == "__main__":
    main()
