"""A record as a page of text: summary, sentences, reasons, notes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable

import click

from detector.io.records import Record
from detector.io.show import DASH, decimal, percent, visible
from detector.io.width import cells, wrap
from detector.meaning import LETTERS
from detector.report import Kind, Reason, Report, Sentence

_STYLES: dict[Kind, dict[str, str | bool]] = {
    "claim": {"fg": "green"},
    "repeat": {"fg": "magenta"},
    "generic": {"fg": "yellow"},
    "boilerplate": {"dim": True},
    "heading": {"bold": True},
}
_MEANINGS = {
    "filler": "filler: at least half of the words probably say nothing specific and new",
    "unclear": "unclear: between the two borders; read it before you decide",
    "substantive": "substantive: most of the words probably say something specific",
    "too_short": "too_short: too short to be judged, so it has no score",
    "not_english": "not_english: not English as far as can be told, so it has no score",
}
_NAMES: dict[Kind, tuple[str, str]] = {
    "claim": ("claim", "claims"),
    "repeat": ("repeat", "repeats"),
    "generic": ("generic", "generic"),
    "boilerplate": ("boilerplate", "boilerplate"),
    "heading": ("heading", "headings"),
}
_LEGEND = "C claim, R repeat, G generic, B boilerplate, H heading; %: chance that the sentence is filler"
_BAR = 12
_NARROWEST = 16
_SHOWN_REASONS = 2  # under a filler sentence; JSONL has them all

Paint = Callable[[str, Kind], str]


def page(record: Record, *, width: int, colour: bool) -> list[str]:
    """Return the lines of the page, at most ``width`` wide where words allow."""

    def paint(text: str, kind: Kind) -> str:
        return click.style(text, **_STYLES[kind]) if colour else text  # type: ignore[arg-type]

    width = max(width, 40)
    report = record.report
    lines = [*_summary(record, width), *_sentences(record, width, paint)]
    lines += _reasons("score", report.reasons, report.intercept, report.score, width)
    machine = (report.machine_reasons, report.machine_intercept, report.machine_score)
    lines += _reasons("machine score", *machine, width)
    if report.notes:
        lines += ["", "Notes"]
        for note in report.notes:
            lines += _hang("  - ", visible(note), width)
    return lines


def _summary(record: Record, width: int) -> list[str]:
    report = record.report
    rows = [
        ("score", decimal(report.score), _score_words(report)),
        ("verdict", "", _MEANINGS.get(report.label, report.label)),
        ("filler share", percent(report.filler_share), "of the words stand in filler sentences"),
        (
            "machine score",
            decimal(report.machine_score),
            "chance that it reads machine-written; no part of the score",
        ),
        ("sentences", str(len(report.sentences)), _kinds(report.sentences)),
        ("words", str(report.words), f"model {report.model}"),
    ]
    if report.flags:
        rows.append(("flags", "", ", ".join(report.flags)))
    lines = [visible(record.id)]
    for name, value, words in rows:
        lines += _hang(f"  {name:<13}  {value:>5}  ", words, width)
    return lines


def _kinds(sentences: Iterable[Sentence]) -> str:
    counts = Counter(sentence.kind for sentence in sentences)
    return ", ".join(
        f"{counts[kind]} {name if counts[kind] == 1 else plural}"
        for kind, (name, plural) in _NAMES.items()
        if counts[kind]
    )


def _score_words(report: Report) -> str:
    if math.isnan(report.score):
        return "not scored"
    return "chance that at least half of the words are filler"


def _sentences(record: Record, width: int, paint: Paint) -> list[str]:
    if not record.report.sentences:
        return []
    lines = ["", "Sentences", *_hang("  ", _LEGEND, width)]
    digits = len(str(len(record.report.sentences)))
    for number, sentence in enumerate(record.report.sentences, 1):
        margin = f"{number:>{digits + 2}}  {LETTERS[sentence.kind]} {percent(sentence.filler):>4}  "
        indent = " " * len(margin)
        text = visible(record.text[sentence.start : sentence.end]) or DASH
        wrapped = wrap(text, max(width - len(margin), _NARROWEST)) or [DASH]
        painted = [paint(line, sentence.kind) for line in wrapped]
        lines.append(paint(margin, sentence.kind) + painted[0])
        lines += [indent + line for line in painted[1:]]
        for remark in _remarks(sentence):
            lines += [indent + line for line in _hang("> ", remark, width - len(margin))]
    return lines


def _remarks(sentence: Sentence) -> Iterable[str]:
    if sentence.repeats is not None:
        yield f"comes back to sentence {sentence.repeats + 1}"
    if sentence.kind in ("repeat", "generic"):
        yield from (visible(reason.text) for reason in sentence.reasons[:_SHOWN_REASONS])


def _reasons(name: str, reasons: tuple[Reason, ...], intercept: float, score: float, width: int) -> list[str]:
    if not reasons:
        return []
    lines = [
        "",
        *wrap(f"Reasons for the {name}: parts of its logit, + raises it and - lowers it", width),
    ]
    largest = max(abs(reason.contribution) for reason in reasons) or 1.0
    for reason in reasons:
        bar = ("+" if reason.contribution > 0 else "-") * round(_BAR * abs(reason.contribution) / largest)
        numbers = f"{reason.feature} {_number(reason.value)}, typically {_number(reason.typical)}"
        words = f"{visible(reason.text)} ({numbers})"
        lines += _hang(f"  {reason.contribution:+6.2f} {bar:<{_BAR}}  ", words, width)
    total = math.fsum((intercept, *(reason.contribution for reason in reasons)))
    if not math.isnan(total):
        lines += _hang(f"  {intercept:+6.2f} {'':<{_BAR}}  ", "where the sum starts", width)
        sum_words = f"the sum, which is the logit of {decimal(score)}"
        lines += _hang(f"  {total:+6.2f} {'':<{_BAR}}  ", sum_words, width)
    return lines


def _number(value: float) -> str:
    return DASH if math.isnan(value) else f"{value:.3g}"


def _hang(margin: str, text: str, width: int) -> list[str]:
    """Wrap ``text`` after ``margin``, with later lines set under the first."""
    room = max(width - cells(margin), _NARROWEST)
    first, *rest = wrap(text, room) or [""]
    return [(margin + first).rstrip(), *(" " * cells(margin) + line for line in rest)]
