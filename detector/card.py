"""A report as a card for notebooks: plain HTML that looks right on a light and on a dark page.

A report does not hold its text, so sentences are a strip of blocks, as long as they are in the text and with a shape
and a letter for their kind. Styles are inline and colours in the middle of the scale, because a notebook tells nobody
its theme; everything that was read from a text or a model is escaped.
"""

from __future__ import annotations

import math
from html import escape

from detector.meaning import LABELS, LETTERS, meaning
from detector.report import Kind, Reason, Report, Sentence

WIDTH, HEIGHT = 680, 26
MOST_REASONS = 5
MOST_SENTENCES = 400  # a longer strip has blocks too thin to see
_HIGHER, _LOWER = "#c27410", "#2f8ea3"
# Top and height of a block, its fill and how much of it: the kinds differ in shape, not in colour alone.
_SHAPES: dict[Kind, tuple[int, int, str, float]] = {
    "claim": (20, 6, "#2b9a77", 0.75),
    "repeat": (1, 24, "#8b5cf6", 0.35),
    "generic": (1, 24, "#c27410", 0.85),
    "boilerplate": (14, 12, "#8a929e", 0.45),
    "heading": (8, 18, "currentColor", 0.5),
}
_MUTED = "opacity:.72;font-size:.9em"


def card(report: Report) -> str:
    """Return ``report`` as HTML, without script and without anything to fetch."""
    sign = {"filler": "●", "unclear": "◐", "substantive": "○"}.get(report.label, "")
    parts = [
        '<div role="group" aria-label="Filler report" style="max-width:720px;padding:14px 16px;'
        'border:1px solid rgba(128,138,150,.4);border-radius:10px;font-family:system-ui,sans-serif;line-height:1.45">',
        '<div style="display:flex;flex-wrap:wrap;gap:2px 14px;align-items:baseline">'
        f'<span style="font-size:1.9em;font-weight:650">{_decimal(report.score)}</span>'
        f'<span style="font-weight:600">{sign} {LABELS[report.label]}</span>'
        f'<span style="opacity:.8">{escape(meaning(report))}</span></div>',
        f'<div style="{_MUTED};margin:2px 0 10px">{_facts(report)}</div>',
        "" if math.isnan(report.score) else _strip(report.sentences),
        _bars(report.reasons),
    ]
    parts += [f'<div style="{_MUTED};margin-top:8px">Note: {escape(note)}</div>' for note in report.notes]
    return "".join((*parts, "</div>"))


def _facts(report: Report) -> str:
    flag = " (flagged)" if "machine" in report.flags else ""
    facts = [
        f"filler share {_percent(report.filler_share)}",
        f"machine score {_decimal(report.machine_score)}{flag}",
        f"{report.words:,} words",
    ]
    ratio = report.features.get("claim_to_filler_ratio", math.nan)
    if not math.isnan(ratio):
        facts.insert(1, f"claim-to-filler ratio {ratio:.2g}")
    if report.model:
        facts.append(f"model {escape(report.model)}")
    return " · ".join(facts)


def _strip(sentences: tuple[Sentence, ...]) -> str:
    """Return the sentences as blocks, each as wide as its share of the characters."""
    whole = sum(sentence.end - sentence.start for sentence in sentences)
    if not 0 < len(sentences) <= MOST_SENTENCES or not whole:
        return ""
    counts = {kind: sum(sentence.kind == kind for sentence in sentences) for kind in LETTERS}
    said = ", ".join(f"{number} {kind}" for kind, number in counts.items() if number)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" style="max-width:100%;height:auto;display:block" '
        f'role="img" aria-label="Sentences in order: {said}">'
    ]
    x = 0.0
    for number, sentence in enumerate(sentences, 1):
        width = WIDTH * (sentence.end - sentence.start) / whole
        parts.append(_block(sentence, number, x, width))
        x += width
    legend = " · ".join(
        f'<b style="color:{_SHAPES[kind][2]}">{LETTERS[kind]}</b> {kind} {number}'
        for kind, number in counts.items()
        if number
    )
    return "".join((*parts, f'</svg><div style="{_MUTED};margin:3px 0 10px">{legend}</div>'))


def _block(sentence: Sentence, number: int, x: float, width: float) -> str:
    top, height, fill, share = _SHAPES[sentence.kind]
    again = "" if sentence.repeats is None else f", repeats sentence {sentence.repeats + 1}"
    judged = "" if math.isnan(sentence.filler) else f", {_percent(sentence.filler)} likely filler"
    edge = f' stroke="{fill}" stroke-width="1.5"' if sentence.kind == "repeat" else ""
    block = (
        f'<rect x="{x + 1:.1f}" y="{top}" width="{max(width - 2, 0.8):.1f}" height="{height}" rx="2" fill="{fill}" '
        f'fill-opacity="{share}"{edge}><title>sentence {number}: {sentence.kind}{judged}{again}</title></rect>'
    )
    if width < 14 or height < 24:
        return block
    return block + (
        f'<text x="{x + width / 2:.1f}" y="17.5" font-size="12" font-weight="600" text-anchor="middle" '
        f'fill="currentColor" pointer-events="none">{LETTERS[sentence.kind]}</text>'
    )


def _bars(reasons: tuple[Reason, ...]) -> str:
    """Return the largest reasons as signed bars, and how many more there are."""
    if not reasons:
        return ""
    largest = max(abs(reason.contribution) for reason in reasons) or 1.0
    parts = [
        '<div style="display:grid;grid-template-columns:3.4em 130px 1fr;gap:3px 10px;align-items:center;'
        'font-size:.92em">'
    ]
    for reason in reasons[:MOST_REASONS]:
        length = 63 * abs(reason.contribution) / largest
        higher = reason.contribution > 0
        x = 65.0 if higher else 65 - length
        words = reason.text.partition(": “")[0]
        parts.append(
            f'<span style="text-align:right;font-variant-numeric:tabular-nums">{_signed(reason.contribution)}</span>'
            '<svg viewBox="0 0 130 12" width="130" height="12" aria-hidden="true">'
            f'<rect x="{x:.1f}" y="1" width="{length:.1f}" height="10" rx="2" fill="{_HIGHER if higher else _LOWER}"/>'
            '<path d="M65 0V12" stroke="currentColor" stroke-opacity=".5"/></svg>'
            f"<span>{escape(words)}</span>"
        )
    rest = reasons[MOST_REASONS:]
    tail = ""
    if rest:
        tail = f"; {len(rest)} smaller ones add up to {_signed(math.fsum(reason.contribution for reason in rest))}"
    words = f"+ towards filler, − towards substantive{tail}"
    return "".join((*parts, f'</div><div style="{_MUTED};margin-top:4px">{words}</div>'))


def _decimal(value: float) -> str:
    return "—" if math.isnan(value) else f"{value:.2f}"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _percent(value: float) -> str:
    return "—" if math.isnan(value) else f"{value:.0%}"
