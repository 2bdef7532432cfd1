"""Pictures of reports, with matplotlib: an article with its sentences shaded, reasons, calibration, a corpus.

Every function returns a new matplotlib ``Figure``; show it, or save it with ``figure.savefig("report.png")``.
They need the extra ``plot``; without it they raise :class:`detector.extras.MissingExtraError` with the line to run.
Kinds are told apart by a letter as well as by colour.
"""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from detector.extras import need
from detector.intervals import wilson
from detector.meaning import LETTERS, meaning
from detector.report import Kind, Report, Sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS: dict[Kind, str] = {
    "claim": "#e3f1e7",
    "repeat": "#e6cdea",
    "generic": "#fbdf9d",
    "boilerplate": "#ececec",
    "heading": "#d6e2f0",
}
_RAISES, _LOWERS = "#d2691e", "#2b7a78"
_SIZE, _LEADING = 9.0, 1.75  # points, lines


def article(text: str, report: Report, *, width: float = 7.5) -> Figure:
    """Draw ``text`` with its sentences shaded by kind, ``width`` inches wide.

    ``report`` is the report of this very text. Raises ValueError if a sentence of the report lies outside it.
    """
    if report.sentences and report.sentences[-1].end > len(text):
        raise ValueError("the report is of another text: its last sentence ends after the text does")
    figure, axes = _canvas(width)
    canvas: Any = figure.canvas
    measure = _Measure(canvas.get_renderer(), figure.dpi)
    words = _lay_out(text, report.sentences, width * 72 - 4.0, measure)
    lines = 1 + max((word.line for word in words), default=0.0)
    title = 2.6 * _SIZE
    height = title + (lines + 1.6) * _SIZE * _LEADING
    figure.set_size_inches(width, height / 72)
    axes.set(xlim=(0, width * 72), ylim=(height, 0))
    axes.text(2, 1.4 * _SIZE, _title(report), fontsize=_SIZE + 1.5, weight="bold", va="center")
    for word in words:
        y = title + (word.line + 0.8) * _SIZE * _LEADING
        colour = "none" if word.kind is None else COLOURS[word.kind]
        axes.add_patch(
            _patch((word.x - 1, y - 0.62 * _SIZE * _LEADING), word.width + 2, _SIZE * _LEADING * 0.92, colour)
        )
        weight = "bold" if word.is_mark else "normal"
        axes.text(word.x, y, word.text, fontsize=_SIZE - 2 * word.is_mark, weight=weight, va="center")
    x = 2.0
    for kind, letter in LETTERS.items():
        legend, y = f"{letter} {kind}", height - 0.9 * _SIZE
        room = measure(legend)
        axes.add_patch(_patch((x - 2, y - 0.8 * _SIZE), room + 4, 1.6 * _SIZE, COLOURS[kind]))
        axes.text(x, y, legend, fontsize=_SIZE - 1, va="center")
        x += room + 14
    return figure


def contributions(report: Report, *, machine: bool = False, top: int = 10) -> Figure:
    """Draw the parts of the logit of ``score``, or of ``machine_score``: the ``top`` largest, largest first."""
    found = sorted(report.machine_reasons if machine else report.reasons, key=lambda r: -abs(r.contribution))
    shown, rest = found[:top], found[top:]
    names = [_first_words(reason.text) for reason in shown]
    values = [reason.contribution for reason in shown]
    if rest:
        names.append(f"{len(rest)} smaller parts")
        values.append(math.fsum(reason.contribution for reason in rest))
    figure, axes = _axes(8.0, 0.42 * len(values) + 1.1)
    places = range(len(values))
    axes.barh(places, values, color=[_RAISES if value > 0 else _LOWERS for value in values])
    for place, value in zip(places, values, strict=True):
        axes.annotate(f"{value:+.2f}", (value, place), (3 if value >= 0 else -3, 0), textcoords="offset points",
                      ha="left" if value >= 0 else "right", va="center", fontsize=8)  # fmt: skip
    axes.set_yticks(places, names, fontsize=8)
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.margins(x=0.15)
    which = "machine score" if machine else "score"
    axes.set_xlabel(f"part of the logit: + raises the {which}, - lowers it")
    return figure


def versions(texts: Mapping[str, str], reports: Mapping[str, Report]) -> Figure:
    """Draw each article as one bar, from its first word to its last: a piece is a sentence, its letter the kind."""
    figure, axes = _axes(9.0, 0.45 * len(reports) + 1.1)
    for row, (name, report) in enumerate(reports.items()):
        left = 0
        for sentence in report.sentences:
            words = len(texts[name][sentence.start : sentence.end].split())
            axes.barh(row, words, left=left, color=COLOURS[sentence.kind], edgecolor="grey", linewidth=0.4)
            axes.text(left + words / 2, row, LETTERS[sentence.kind], ha="center", va="center", fontsize=7)
            left += words
    axes.set_yticks(range(len(reports)), list(reports))
    axes.invert_yaxis()
    axes.set_xlabel("words")
    return figure


def distribution(reports: Sequence[Report], *, cuts: Sequence[float] = (), machine: bool = False) -> Figure:
    """Draw how the scores of many reports are spread; ``cuts`` are marked. Abstentions are counted in the title."""
    scores = np.array([report.machine_score if machine else report.score for report in reports])
    known = scores[np.isfinite(scores)]
    figure, axes = _axes(7.0, 3.2)
    axes.hist(known, bins=np.linspace(0, 1, 26), color=_LOWERS, edgecolor="white")
    for cut in cuts:
        axes.axvline(cut, color="black", linestyle=":", linewidth=1)
        axes.annotate(f" {cut:.2g}", (cut, 0.97), xycoords=("data", "axes fraction"), fontsize=8, va="top")
    axes.set(xlim=(0, 1), xlabel="machine score" if machine else "score", ylabel="articles")
    without = len(scores) - len(known)
    axes.set_title(f"{len(known)} articles" + (f", {without} more without a score" if without else ""), fontsize=10)
    return figure


def reliability(scores: Sequence[float], truth: Sequence[bool], *, bins: int = 10) -> Figure:
    """Draw a reliability diagram: in equal-count bins, how often what was given a probability is true.

    ``scores`` are probabilities, ``truth`` whether each came true; items with an undefined score are left out. Bars
    are 95 % Wilson intervals. Raises ValueError if the lengths differ or nothing is left.
    """
    p, y = np.asarray(scores, np.float64), np.asarray(truth, np.bool_)
    if p.shape != y.shape:
        raise ValueError(f"{len(p)} scores and {len(y)} truths; one of each is needed for every article")
    p, y = p[np.isfinite(p)], y[np.isfinite(p)]
    if not len(p):
        raise ValueError("no article has a score")
    parts = [part for part in np.array_split(np.argsort(p, kind="stable"), bins) if len(part)]
    mean = np.array([p[part].mean() for part in parts])
    rate = np.array([y[part].mean() for part in parts])
    low, high = np.array([wilson(float(y[part].mean()), len(part)) for part in parts]).T
    figure, axes = _axes(4.6, 4.6)
    axes.plot((0, 1), (0, 1), color="grey", linewidth=0.8, linestyle="--")
    spread = np.maximum([rate - low, high - rate], 0.0)
    axes.errorbar(mean, rate, yerr=spread, fmt="o-", color=_LOWERS, capsize=3, markersize=4)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="score", ylabel="share that is filler")
    axes.set_title(f"{len(p)} articles, {len(parts)} bins of equal count", fontsize=10)
    return figure


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    x: float
    line: float
    width: float
    kind: Kind | None
    is_mark: bool = False


class _Measure:
    """The width of strings in points, each measured once."""

    def __init__(self, renderer: Any, dpi: float) -> None:
        from matplotlib.font_manager import FontProperties

        self._renderer, self._scale = renderer, 72 / dpi
        self._font = FontProperties(size=_SIZE)
        self._known: dict[str, float] = {}

    def __call__(self, text: str) -> float:
        if text not in self._known:
            width = self._renderer.get_text_width_height_descent(_plain(text), self._font, ismath=False)[0]
            self._known[text] = width * self._scale
        return self._known[text]


def _plain(text: str) -> str:
    return text.replace("$", r"\$")


def _lay_out(text: str, sentences: Sequence[Sentence], width: float, measure: _Measure) -> list[_Word]:
    """Break the text into lines; every sentence begins with the letter of its kind."""
    blank = measure("n n") - measure("nn")
    words: list[_Word] = []
    x, line = 2.0, 0.0
    before = 0
    for sentence in sentences:
        if "\n" in text[before : sentence.start] and words:
            x, line = 2.0, line + 1.3
        before = sentence.end
        pieces = [LETTERS[sentence.kind], *text[sentence.start : sentence.end].split()]
        for place, piece in enumerate(pieces):
            room = measure(piece)
            needed = room + blank + measure(pieces[1]) if place == 0 and len(pieces) > 1 else room
            if x + needed > width and x > 2.0:  # the letter never ends a line
                x, line = 2.0, line + 1.0
            words.append(_Word(_plain(piece), x, line, room + blank, sentence.kind, is_mark=place == 0))
            x += room + blank
    return words


def _title(report: Report) -> str:
    if math.isnan(report.score):
        return meaning(report)
    return f"Score {report.score:.2f}, {report.label}; {report.filler_share:.0%} of the words stand in filler sentences"


def _first_words(text: str) -> str:
    """Return what a reason says before it quotes, on at most two lines."""
    lines = textwrap.wrap(text.partition(": “")[0], 52)
    return _plain("\n".join(lines[:2]) + (" …" if len(lines) > 2 else ""))


def _patch(corner: tuple[float, float], width: float, height: float, colour: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, width, height, facecolor=colour, edgecolor="none")


def _canvas(width: float) -> tuple[Figure, Any]:
    """Return a figure without axes lines, whose coordinates are points from the top left."""
    figure = _figure(width, 4.0)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    return figure, axes


def _axes(width: float, height: float) -> tuple[Figure, Any]:
    figure = _figure(width, height)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _figure(width: float, height: float) -> Figure:
    need("matplotlib", "plot")
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure: Figure = _picture_class()(figsize=(width, height), layout="constrained" if height != 4.0 else None)
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return buffer.getvalue()


@cache
def _picture_class() -> Any:
    """Return the class of figures that a notebook shows without having been told of matplotlib."""
    from matplotlib.figure import Figure

    return type("Picture", (Figure,), {"_repr_png_": _png})
