"""The overview: totals, distributions and the table, readable without a script."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from detector.io.html.article import ARTICLE
from detector.io.html.histogram import histogram
from detector.io.html.rates import rates
from detector.io.html.totals import Totals
from detector.io.records import Record
from detector.io.show import DASH, decimal, percent, visible
from detector.meaning import LABELS
from detector.report import Label

if TYPE_CHECKING:
    from detector.model import Cuts

SIGNS: dict[Label, str] = {"filler": "●", "unclear": "◐", "substantive": "○"}
COLUMNS = (  # key, heading, whether numbers
    ("id", "Article", False),
    ("score", "Score", True),
    ("label", "Label", False),
    ("share", "Filler share", True),
    ("machine", "Machine score", True),
    ("words", "Words", True),
    ("number", "No.", True),
)
OPENING = 72  # characters of the text, for ids that say little


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``place`` is the block and the place in it of the details, None when left out."""

    number: int
    id: str
    label: Label
    score: float
    share: float
    machine: float
    flagged: bool
    words: int
    place: tuple[int, int] | None
    opening: str
    error: str | None

    @classmethod
    def of(cls, record: Record, number: int, place: tuple[int, int] | None) -> Row:
        """Return the row of ``record``, the ``number``-th article."""
        report = record.report
        return cls(
            number,
            visible(record.id),
            report.label,
            report.score,
            report.filler_share,
            report.machine_score,
            "machine" in report.flags,
            report.words,
            place,
            _opening(record),
            None if report.error is None else visible(report.error),
        )

    def html(self) -> str:
        """Return the row as HTML; ``data-`` attributes hold what it is sorted and filtered by."""
        where = "" if self.place is None else f' data-place="{self.place[0]} {self.place[1]}"'
        name = escape(self.id) or DASH
        if self.place is None:
            name += ' <small class="aside">text left out</small>'
        else:
            name = f'<a href="#article-{self.number}">{name}</a>'
        if self.error is not None:
            name += f'<small class="failed">{escape(self.error)}</small>'
        elif self.opening:
            name += f"<small>{escape(self.opening)}</small>"
        label = f'<i aria-hidden="true">{SIGNS.get(self.label, "")}</i> {LABELS[self.label]}'
        machine = decimal(self.machine)
        if self.flagged:
            where += " data-machine"
            machine = f'<small class="flag">flag</small> {machine}'
        return (
            f'<tr data-label="{self.label}"{where}><th scope="row">{name}</th>'
            f"{_number(self.score, decimal(self.score))}"
            f'<td><span class="label label-{self.label}">{label}</span></td>'
            f"{_number(self.share, percent(self.share))}"
            f"{_number(self.machine, machine, bar=False)}"
            f'<td class="n" data-v="{self.words}">{self.words:,}</td>'
            f'<td class="n aside" data-v="{self.number}">{self.number}</td></tr>'
        )


def _opening(record: Record) -> str:
    """Return the first words that were read as text: not the markup before and between them."""
    words = ""
    for sentence in record.report.sentences:
        words = visible(f"{words} {record.text[sentence.start : min(sentence.end, sentence.start + 2 * OPENING)]}")
        if len(words) > OPENING:
            return words[:OPENING].rsplit(" ", 1)[0] + "…"
    return words


def _number(value: float, shown: str, *, bar: bool = True) -> str:
    if math.isnan(value):
        return f'<td class="n" aria-label="not scored">{DASH}</td>'
    # one of 21 classes draws the bar: an inline style would be refused
    return f'<td class="n{f" bar w{round(20 * value)}" if bar else ""}" data-v="{value:.4g}">{shown}</td>'


def overview(rows: Sequence[Row], totals: Totals, cuts: Cuts | None, card: str, notes: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the visible page, the article view included."""
    yield '<main id="overview">'
    yield from _headline(totals)
    yield from (f'<p class="notice" role="note">{escape(note)}</p>' for note in notes)
    yield '<noscript><p class="notice">Sorting, filtering and the texts need JavaScript, which is off. '
    yield "The scores of all articles are in the table.</p></noscript>"
    yield from _distributions(totals, cuts)
    yield from _table(rows)
    yield from _explained(totals, card)
    yield "</main>"
    yield ARTICLE


def _headline(totals: Totals) -> Iterator[str]:
    labels = totals.labels
    scored = sum(labels[label] for label in SIGNS)
    yield "<header><h1>Filler report</h1>"
    plural = "" if totals.articles == 1 else "s"
    model = f" · model {escape(totals.model)}" if totals.model else ""
    yield f'<p class="aside">{totals.articles:,} article{plural} · {totals.words:,} words{model}</p></header>'
    yield '<dl class="tiles">'
    for label, sign in SIGNS.items():
        share = f"{labels[label] / scored:.0%} of those scored" if scored else DASH
        name = f'<i aria-hidden="true">{sign}</i> {LABELS[label].capitalize()}'
        yield _tile(name, f"{labels[label]:,}", share, f"tile-{label}")
    yield _tile("Filler share", percent(totals.filler_share), "of the words of scored articles")
    yield _tile("Machine flag", f"{totals.flagged:,}", "a second opinion, apart from the score")
    others = {label: count for label, count in labels.items() if label not in SIGNS}
    if others:
        kinds = ", ".join(f"{count:,} {LABELS[label]}" for label, count in sorted(others.items()))
        yield _tile("Not scored", f"{sum(others.values()):,}", kinds)
    yield "</dl>"


def _tile(name: str, number: str, words: str, kind: str = "") -> str:
    return f'<div class="tile {kind}"><dt>{name}</dt><dd><b>{number}</b><span>{escape(words)}</span></dd></div>'


def _distributions(totals: Totals, cuts: Cuts | None) -> Iterator[str]:
    score_cuts, machine_cuts = [], []
    if cuts is not None:
        score_cuts = [
            (cuts.substantive, f"substantive below {cuts.substantive:.2f}"),
            (cuts.filler, f"filler from {cuts.filler:.2f}"),
        ]
        machine_cuts = [(cuts.machine, f"flag from {cuts.machine:.2f}")]
    yield '<div class="figures">'
    for name, words, bins, borders in (
        ("Score", "chance that at least half of the words are filler", totals.scores, score_cuts),
        ("Machine score", "chance that it reads machine-written", totals.machine, machine_cuts),
    ):
        drawing = histogram(bins, borders, name)
        yield f'<figure><figcaption><b>{name}</b> <span class="aside">{words}</span></figcaption>{drawing}</figure>'
    yield "</div>"


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield '<section aria-labelledby="articles"><h2 id="articles">Articles</h2><div id="tools" hidden></div>'
    yield '<div class="scroll"><table id="table"><caption class="hidden">Articles with their scores</caption>'
    yield "<thead><tr>"
    for key, heading, numeric in COLUMNS:
        order = ' aria-sort="descending"' if key == "score" else ""
        yield f'<th scope="col" data-key="{key}"{" class=n" if numeric else ""}{order}>{heading}</th>'
    yield "</tr></thead><tbody>"
    # highest first; what has no score comes last
    yield from (row.html() for row in sorted(rows, key=lambda row: (math.isnan(row.score), -row.score)))
    yield '</tbody></table></div><p id="more" hidden></p></section>'


def _explained(totals: Totals, card: str) -> Iterator[str]:
    yield "<footer><h2>How to read this</h2>"
    yield (
        "<p>A sentence is <b>filler</b> when deleting it would lose a careful reader nothing specific that the rest of "
        "the article does not give and that could not be guessed. The <b>score</b> is the chance that at least half of "
        "the words stand in such sentences; the <b>filler share</b> is the estimate of how many do. The <b>machine "
        "score</b> says whether the text reads machine-written: machines can be dense, and people can pad.</p>"
        "<p>It judges the text, not its author, and it is sometimes wrong: read the article before you act on it.</p>"
    )
    yield from rates(card)
    yield "</footer>"
