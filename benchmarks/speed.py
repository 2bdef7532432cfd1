"""Time reports against slop-guard and against reading words in plain Python, side by side, on one core.

    pip install slop-guard
    DETECTOR_CORPORA=… OMP_NUM_THREADS=1 python benchmarks/speed.py [--docs 240] [--model DIR] [--rounds 5]

Prints Markdown: ratios of medians of interleaved rounds, one long document with its memory, two workers, the cold
start, and where the time goes. Ratios are of processor time, and the tasks take turns: other programs disturb little.
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
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from detector import Scorer
from detector.explain.article import reasons
from detector.explain.sentences import judge, sentence_reasons
from detector.explain.spans import Places, sentence_spans
from detector.features.registry import NAMES, measure_all
from detector.features.view import look
from detector.heads.document import means
from detector.reading import document_values
from detector.text.document import read_many
from detector.text.normalise import normalise
from detector.training.sources import iter_corpus

DATASETS = ("18f_blog", "bbc2225")
DOCS, SEED = 2000, 1
LEAST, MOST, SHORT = 450, 550, 50  # words
LONG = 1_600_000  # characters of one document
LENGTHS = (400_000, 1_600_000, 6_400_000)  # for the slope of time against length
TOGETHER = 24  # texts, in the table of stages
# Of the texts of the whole corpus, each followed by a NUL.
CORPUS_SHA256 = "b7152c53d2aa11b799257fc2a84ba418aba5db30f35b36696ed4f7da332d397f"
_END = re.compile(r"[.!?][\"')\]]*(?=\s)")
_WORD = re.compile(r"\w+")
Task = Callable[[list[str]], object]


def corpus(folder: Path) -> list[str]:
    """Return DOCS texts of LEAST to MOST words, joined and cut at the end of a sentence."""
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
    return found


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


def yardstick(texts: list[str]) -> None:
    """Read the words of texts in plain Python, and no more."""
    for text in texts:
        Counter(_WORD.findall(text))


def interleaved(tasks: dict[str, Task], texts: list[str], rounds: int) -> dict[str, float]:
    """Return the median processor time of each task, in milliseconds a text; the tasks take turns."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task(texts[:20])
    for _ in range(rounds):
        for name, task in tasks.items():
            begin = time.process_time()
            task(texts)
            times[name].append((time.process_time() - begin) / len(texts) * 1e3)
    return {name: statistics.median(own) for name, own in times.items()}


def reports(scorer: Scorer, reasons: bool) -> Task:
    """Return the task of scoring texts, each report dropped as it comes."""

    def task(texts: list[str]) -> None:
        for _ in scorer.score_many(texts, reasons=reasons):
            pass

    return task


def stages(scorer: Scorer, texts: list[str]) -> dict[str, float]:
    """Return the mean time of each stage of reports on texts read TOGETHER, in milliseconds a text."""
    model = scorer.model
    spent = dict.fromkeys(STAGES, 0.0)
    for low in range(0, len(texts), TOGETHER):
        clock: list[float] = [time.perf_counter()]
        sources = [normalise(text) for text in texts[low : low + TOGETHER]]
        clock.append(time.perf_counter())
        document = read_many(sources)
        clock.append(time.perf_counter())
        view = look(document, model.background)
        clock.append(time.perf_counter())
        measured = measure_all(view)
        clock.append(time.perf_counter())
        reading = model.sentence.read(view)
        clock.append(time.perf_counter())
        judged = judge(view, reading, model.sentence)
        places, spans = Places(view), sentence_spans(view)
        sentence_reasons(view, reading, judged, places)
        words = document.words.astype(float) * view.prose
        average = means(reading.logit, words, view.texts)
        ratio = np.ones((len(sources), len(NAMES) - measured.shape[1]))
        values = document_values(model.document, average, np.hstack((ratio, measured)))
        reasons(view, reading, judged, values, model.document, model.typical, places, spans)
        clock.append(time.perf_counter())
        if model.machine is not None:
            parts = document.apart()
            heard = model.machine.read(parts)
            clock.append(time.perf_counter())
            model.machine.reasons(parts, heard)
        clock.append(time.perf_counter())
        for name, (begin, end) in zip(STAGES, pairwise(clock), strict=False):
            spent[name] += (end - begin) / len(texts) * 1e3
    return spent


STAGES = (
    "normalise the text",
    "split and tokenise",
    "look words and phrases up, compare sentences",
    "article features",
    "sentence features and networks",
    "reasons of the article and its sentences",
    "machine head",
    "its reasons",
)

_MEMORY = """
import re, sys, time
from pathlib import Path
from detector import Scorer
model, file, size = sys.argv[1:]
scorer = Scorer.load(model) if model else Scorer()
text = Path(file).read_text(encoding="utf-8")[: int(size)]
scorer.score(text[:3000])
begin = time.perf_counter()
scorer.score(text)
spent = time.perf_counter() - begin
# not ru_maxrss, which begins with what the process had that started this one
print(spent, int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""

_STREAM = """
import sys, time
from pathlib import Path
from detector import Scorer
model, file, jobs = sys.argv[1:]
scorer = Scorer.load(model) if model else Scorer()
texts = Path(file).read_text(encoding="utf-8").split(chr(0))
for rounds in range(2):  # the first starts the workers
    begin = time.perf_counter()
    for _ in scorer.score_many(texts, jobs=int(jobs)):
        pass
print(time.perf_counter() - begin)
"""


def _run(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True)


def _answer(process: subprocess.Popen[str]) -> list[float]:
    out, _ = process.communicate()
    if process.returncode:
        sys.exit("A process of the benchmark failed.")
    return [float(number) for number in out.split()]


def long_documents(model: str | None, texts: list[str], rounds: int) -> dict[int, tuple[float, float]]:
    """Return, for LENGTHS, the median seconds that one document takes and the memory of its process in MB."""
    whole = "\n\n".join(texts)
    whole = (whole * (LENGTHS[-1] // len(whole) + 1))[: LENGTHS[-1]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "long.txt")
        file.write_text(whole, encoding="utf-8")
        found = {
            length: [_answer(_run(_MEMORY, model or "", str(file), str(length))) for _ in range(rounds)]
            for length in LENGTHS
        }
    return {
        length: (statistics.median(row[0] for row in own), max(row[1] for row in own)) for length, own in found.items()
    }


def two_workers(model: str | None, texts: list[str], rounds: int) -> float:
    """Return the speed of two workers over that of two independent processes, each with half of the texts."""
    ratios = []
    half = len(texts) // 2
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("all", "first", "second")]
        for file, own in zip(files, (texts, texts[:half], texts[half:]), strict=True):
            file.write_text("\0".join(own), encoding="utf-8")
        for _ in range(rounds):
            apart = [_run(_STREAM, model or "", str(file), "1") for file in files[1:]]
            alone = max(_answer(process)[0] for process in apart)
            ratios.append(alone / _answer(_run(_STREAM, model or "", str(files[0]), "2"))[0])
    return statistics.median(ratios)


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
    parser.add_argument("--docs", type=int, default=240, help=f"texts of the corpus that are used, {DOCS} at most")
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
    texts = corpus(Path(folder))
    sha256 = hashlib.sha256("".join(text + "\0" for text in texts).encode()).hexdigest()
    if sha256 != CORPUS_SHA256:
        sys.exit(f"The corpus is not the pinned one: {len(texts)} texts, sha256 {sha256}.")
    used = texts[: options.docs]
    scaled = two_workers(options.model, used * 4, min(options.rounds, 3))  # before this process keeps to one core
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    scorer = Scorer() if options.model is None else Scorer.load(options.model)

    def slop(texts: list[str]) -> None:
        for text in texts:
            analyze_text(text)

    tasks: dict[str, Task] = {
        "report": reports(scorer, reasons=False),
        "with reasons": reports(scorer, reasons=True),
        "slop-guard": slop,
        "words": yardstick,
    }
    print(f"Corpus of {len(texts)} texts, sha256 `{sha256}`; model {scorer.model_name}; medians of {options.rounds}.\n")
    print("| texts | report, ms | with reasons, ms | slop-guard, ms | words in Python, ms ", end="")
    print("| slop-guard / report | slop-guard / with reasons | words / report |")
    print("|---|---|---|---|---|---|---|---|")
    short = [" ".join(text.split()[:SHORT]) for text in used]
    for name, own in ((f"{LEAST} to {MOST} words", used), (f"{SHORT} words", short)):
        plain, full, other, words = interleaved(tasks, own, options.rounds).values()
        print(f"| {len(own)} of {name} | {plain:.2f} | {full:.2f} | {other:.2f} | {words:.3f} ", end="")
        print(f"| {other / plain:.1f} | {other / full:.1f} | {words / plain:.2f} |")
    whole = "\n\n".join(texts)[:LONG]
    one: dict[str, Task] = {"ours": lambda own: scorer.score(own[0]), "slop-guard": slop}
    ours, other = interleaved(one, [whole], min(options.rounds, 3)).values()
    lengths = long_documents(options.model, texts, 1)
    slope = np.polyfit(np.log(list(lengths)), np.log([row[0] for row in lengths.values()]), 1)[0]
    print(
        f"\nOne document of {LONG / 1e6:.1f} MB, with reasons: {ours / 1e3:.2f} s, slop-guard {other / 1e3:.2f} s, "
        f"ratio {other / ours:.1f}; memory {lengths[LONG][1]:.0f} MB. Log-log slope of time against length, "
        f"{LENGTHS[0] / 1e6:.1f} to {LENGTHS[-1] / 1e6:.1f} MB: {slope:.2f}.\n"
        f"\nTwo workers run at {scaled:.2f} of the speed of two independent processes."
    )
    base, own_start = cold(options.model, texts[0], options.rounds)
    print(
        f"\nCold start: `detector score one.txt` {own_start:.3f} s, "
        f"`import numpy, click` {base:.3f} s, ratio {own_start / base:.2f}."
    )
    stages(scorer, used[:TOGETHER])
    spent = stages(scorer, used)
    print("\n| stage | ms | share |\n|---|---|---|")
    for name, time_ in spent.items():
        print(f"| {name} | {time_:.3f} | {time_ / sum(spent.values()):.0%} |")


if __name__ == "__main__":
    main()
