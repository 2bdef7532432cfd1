"""Time a full report against slop-guard and against reading words in plain Python, on one core, in one process.

    pip install slop-guard
    DETECTOR_CORPORA=… OMP_NUM_THREADS=1 python benchmarks/speed.py [--docs 200] [--model DIR] [--rounds 5]

Prints Markdown: medians of interleaved rounds, their ratios, the cold start, and where the time goes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from detector import Scorer
from detector.explain.article import reasons
from detector.explain.sentences import judge, sentence_reasons
from detector.explain.spans import Places, sentence_spans
from detector.features.registry import measure
from detector.features.view import look
from detector.heads.document import means
from detector.scorer import document_values
from detector.text.document import read
from detector.text.normalise import normalise
from detector.training.sources import iter_corpus

DATASETS = ("18f_blog", "bbc2225")
DOCS, SEED = 2000, 1
LEAST, MOST, LONG = 450, 550, 600  # words
# Of the texts of the whole corpus, each followed by a NUL.
CORPUS_SHA256 = "b7152c53d2aa11b799257fc2a84ba418aba5db30f35b36696ed4f7da332d397f"
_END = re.compile(r"[.!?][\"')\]]*(?=\s)")
_WORD = re.compile(r"\w+")
Task = Callable[[str], object]


def corpus(folder: Path) -> tuple[list[str], list[str]]:
    """Return DOCS texts of LEAST to MOST words, joined and cut at the end of a sentence, and others of LONG words."""
    texts = [row.text for row in iter_corpus(folder, names=DATASETS)]
    random.Random(SEED).shuffle(texts)
    found: list[str] = []
    for joined in _joined(texts):
        ends = [m.end() for m in _END.finditer(joined)] + [len(joined)]
        fit = next((joined[:end] for end in ends if LEAST <= len(joined[:end].split()) <= MOST), None)
        if fit is not None:
            found.append(fit)
        if len(found) == DOCS:
            break
    long = [m[0] for text in texts if (m := re.match(rf"\s*(?:\S+\s+){{{LONG - 1}}}\S+", text))]
    return found, long


def _joined(texts: list[str]) -> Iterator[str]:
    """Join texts until they have LEAST words; a long text is taken in pieces that begin with a paragraph."""
    held: list[str] = []
    count = 0
    for text in texts:
        for paragraph in text.split("\n\n"):
            held.append(paragraph)
            count += len(paragraph.split())
            if count >= LEAST:
                yield "\n\n".join(held)
                held, count = [], 0


def yardstick(text: str) -> object:
    """Read the words of a text in plain Python, and no more."""
    return Counter(_WORD.findall(text))


def interleaved(tasks: dict[str, Task], texts: list[str], rounds: int) -> dict[str, float]:
    """Return the median time of each task, in milliseconds a text; the tasks take turns."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        for text in texts[:20]:
            task(text)
    for _ in range(rounds):
        for name, task in tasks.items():
            begin = time.perf_counter()
            for text in texts:
                task(text)
            times[name].append((time.perf_counter() - begin) / len(texts) * 1e3)
    return {name: statistics.median(own) for name, own in times.items()}


def stages(scorer: Scorer, texts: list[str]) -> dict[str, float]:
    """Return the mean time of each stage of a report, in milliseconds a text."""
    model = scorer.model
    spent = dict.fromkeys(STAGES, 0.0)
    for text in texts:
        clock: list[float] = [time.perf_counter()]
        source = normalise(text)
        clock.append(time.perf_counter())
        document = read(source)
        clock.append(time.perf_counter())
        view = look(document, model.background)
        clock.append(time.perf_counter())
        measured = measure(view)
        clock.append(time.perf_counter())
        reading = model.sentence.read(view)
        clock.append(time.perf_counter())
        judged = judge(view, reading, model.sentence)
        places, spans = Places(view), sentence_spans(view)
        sentence_reasons(view, reading, judged, places)
        average = means(reading.logit[view.prose], view.document.words[view.prose].astype(float))
        values = document_values(model.document, average, measured | {"claim_to_filler_ratio": 1.0})
        reasons(view, reading, judged, values, model.document, model.typical, places, spans)
        clock.append(time.perf_counter())
        if model.machine is not None:
            model.machine.explain(document)
        clock.append(time.perf_counter())
        for name, begin, end in zip(STAGES, clock[:-1], clock[1:], strict=True):
            spent[name] += (end - begin) / len(texts) * 1e3
    return spent


STAGES = (
    "normalise the text",
    "split and tokenise",
    "look words and phrases up, compare sentences",
    "article features",
    "sentence features and networks",
    "reasons of the article and its sentences",
    "machine head with its reasons",
)


def cold(model: str | None, text: str, rounds: int) -> tuple[float, float]:
    """Return the medians, in seconds, of importing numpy and click, and of scoring one file, each a new process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "one.txt")
        file.write_text(text, encoding="utf-8")
        ours = [sys.executable, "-m", "detector", "score", str(file)] + (["--model", model] if model else [])
        base = [sys.executable, "-c", "import numpy, click"]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        times: dict[int, list[float]] = {0: [], 1: []}
        for number in range(rounds + 1):
            for which, command in enumerate((base, ours)):
                begin = time.perf_counter()
                subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
                if number:  # the first round fills the caches
                    times[which].append(time.perf_counter() - begin)
    return statistics.median(times[0]), statistics.median(times[1])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--docs", type=int, default=DOCS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", default=None)
    options = parser.parse_args()
    try:
        from slop_guard import analyze_text
    except ImportError:
        sys.exit("This benchmark compares with slop-guard; install it: pip install slop-guard")
    folder = os.environ.get("DETECTOR_CORPORA")
    if not folder or not Path(folder).is_dir():
        sys.exit("This benchmark reads the corpora; set DETECTOR_CORPORA to their folder.")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    texts, long = corpus(Path(folder))
    sha256 = hashlib.sha256("".join(text + "\0" for text in texts).encode()).hexdigest()
    if sha256 != CORPUS_SHA256:
        sys.exit(f"The corpus is not the pinned one: {len(texts)} texts, sha256 {sha256}.")
    scorer = Scorer() if options.model is None else Scorer.load(options.model)
    tasks: dict[str, Task] = {"full report": scorer.score, "slop-guard": analyze_text, "words in Python": yardstick}
    print(f"Corpus of {len(texts)} texts, sha256 `{sha256}`; model {scorer.model_name}; medians of {options.rounds}.\n")
    print("| texts | full report with reasons, ms | slop-guard, ms | words in Python, ms ", end="")
    print("| slop-guard / report | words / report |")
    print("|---|---|---|---|---|---|")
    for name, used in ((f"{LEAST} to {MOST} words", texts[: options.docs]), (f"{LONG} words", long[: options.docs])):
        ours, slop, words = interleaved(tasks, used, options.rounds).values()
        print(f"| {len(used)} of {name} | {ours:.2f} | {slop:.2f} | {words:.3f} ", end="")
        print(f"| {slop / ours:.2f} | {words / ours:.2f} |")
    base, own = cold(options.model, texts[0], options.rounds)
    print(
        f"\nCold start: `detector score one.txt` {own:.3f} s, "
        f"`import numpy, click` {base:.3f} s, ratio {own / base:.2f}."
    )
    spent = stages(scorer, texts[: min(options.docs, 300)])
    print("\n| stage | ms | share |\n|---|---|---|")
    for name, time_ in spent.items():
        print(f"| {name} | {time_:.3f} | {time_ / sum(spent.values()):.0%} |")


if __name__ == "__main__":
    main()
