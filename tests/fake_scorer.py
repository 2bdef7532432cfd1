"""A scorer small enough to see through, for tests of the command line alone.

A sentence ends at a full stop; one with the word "filler" is generic, one that stood
before is a repeat, all others are claims. ``python fake_scorer.py ARGS`` is the command
with this scorer in the place of the real one.
"""

from __future__ import annotations

import math
import re
import sys
import time
from collections.abc import Iterable, Iterator
from types import SimpleNamespace

import numpy as np

from detector.report import NAN, Reason, Report, Sentence, SentenceReason, failed

NAMES = ["filler_words", "repeats"]

FILLER = "All of this is filler. So is this filler."
CLAIM = "The council met on Monday. It rained."
HALF = "A filler. A claim."  # a score of 0.5


class FakeScorer:
    model_name = "fake-1"
    cuts = SimpleNamespace(substantive=0.3, filler=0.7, machine=0.5)

    def score(self, text: str) -> Report:
        words = len(text.split())
        sentences = tuple(self._sentences(text))
        if len(re.findall(r"\w+", text)) < 4:
            return Report(NAN, "too_short", words=words, model=self.model_name, notes=("4 words are needed",))
        filler = [sentence for sentence in sentences if sentence.filler > 0.5]
        share = len(filler) / len(sentences)
        contribution = 6 * share
        score = 1 / (1 + math.exp(3 - contribution))
        machine = 0.6 if "machine" in text else 0.1
        spans = tuple((sentence.start, sentence.end) for sentence in filler)
        return Report(
            score=score,
            label="filler" if score >= 0.7 else "unclear" if score >= 0.3 else "substantive",
            filler_share=share,
            machine_score=machine,
            flags=("filler",) * (score >= 0.7) + ("machine",) * (machine >= 0.5),
            words=words,
            model=self.model_name,
            features={"filler_words": share, "repeats": NAN},
            reasons=(Reason("filler_words", share, 0.1, contribution, "says the word filler", spans),),
            machine_reasons=(Reason("machine_words", 1.0, 0.0, math.log(machine / (1 - machine)), "a word"),),
            sentences=sentences,
            intercept=-3.0,
            machine_intercept=0.0,
        )

    def _sentences(self, text: str) -> Iterator[Sentence]:
        seen: dict[str, int] = {}
        for number, found in enumerate(re.finditer(r"[^.\s][^.]*\.?", text)):
            start, end = found.span()
            body = found.group().strip()
            reason = SentenceReason("filler_words", 'says "filler"', ((start, start + 6),))
            if body in seen:
                yield Sentence(start, end, "repeat", 0.9, seen[body], (reason,))
            elif "filler" in body:
                yield Sentence(start, end, "generic", 0.8, None, (reason,))
            elif body.startswith("#"):
                yield Sentence(start, end, "heading", NAN)
            else:
                yield Sentence(start, end, "claim", 0.1)
            seen.setdefault(body, number)

    def score_many(
        self, texts: Iterable[str], jobs: int = 1, on_error: str = "raise", reasons: bool = True
    ) -> Iterator[Report]:
        assert on_error == "report"
        ahead: list[str] = []  # reads ahead as worker processes do
        for text in texts:
            ahead.append(text)
            if len(ahead) == jobs:
                yield from map(self._one, ahead)
                ahead.clear()
        yield from map(self._one, ahead)

    def _one(self, text: str) -> Report:
        if "SLEEP" in text:
            print("asleep", file=sys.stderr, flush=True)
            time.sleep(60)
        return failed("the engine gave up", model=self.model_name) if "GIVEUP" in text else self.score(text)

    def features(self, texts: Iterable[str]) -> tuple[list[str], np.ndarray]:
        texts = list(texts)
        reports = [self.score(text) for text in texts]
        rows = [[report.features.get(name, NAN) for name in NAMES] for report in reports]
        rows = [row if text else [0.0, 0.0] for row, text in zip(rows, texts, strict=True)]
        return NAMES, np.array(rows, dtype=float).reshape(len(rows), len(NAMES))


def install() -> None:
    from detector.cli import shared

    shared.open_scorer = lambda *given, **options: FakeScorer()


if __name__ == "__main__":
    import signal

    from detector.cli import main

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started us with interrupts ignored
    install()
    main(prog_name="detector")
