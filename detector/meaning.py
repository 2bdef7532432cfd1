"""What the numbers of a report mean, in words: one place for the report, the page and notebooks to say the same."""

from __future__ import annotations

import math

from detector.report import Kind, Label, Report

LETTERS: dict[Kind, str] = {"claim": "C", "repeat": "R", "generic": "G", "boilerplate": "B", "heading": "H"}
LABELS: dict[Label, str] = {
    "filler": "filler",
    "unclear": "unclear",
    "substantive": "substantive",
    "too_short": "too short",
    "not_english": "not English",
    "error": "error",
}


def meaning(report: Report) -> str:
    """Return one or two sentences that say what ``report`` found, without a number that needs explaining."""
    if report.label == "error":
        return f"Not scored: {report.error}"
    if math.isnan(report.score):
        return {
            "too_short": "Not scored: there is too little prose to judge.",
            "not_english": "Not scored: the text does not look English.",
        }.get(report.label, "Not scored.")
    return f"{_sentences(report)} {_odds(report.score)} articles scored like this are mostly filler."


def _sentences(report: Report) -> str:
    prose = [sentence for sentence in report.sentences if sentence.kind not in ("boilerplate", "heading")]
    filler = sum(sentence.kind != "claim" for sentence in prose)
    if not prose:
        return ""
    if not filler:
        return f"None of {_count(len(prose), 'sentence')} reads as filler."
    return f"{filler} of {_count(len(prose), 'sentence')} {'adds' if filler == 1 else 'add'} nothing new."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _odds(score: float) -> str:
    """Return how many articles in ten or in a hundred, as precise as a calibrated probability can be read."""
    hundredths = round(100 * score)
    if hundredths < 1:
        return "Fewer than 1 in 100"
    if hundredths > 99:
        return "More than 99 in 100"
    if 10 <= hundredths <= 94:
        return f"About {round(10 * score)} in 10"
    return f"About {hundredths} in 100"
