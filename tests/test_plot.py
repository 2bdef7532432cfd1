"""Pictures show what the report says; how they look is for people."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from detector import Report, Scorer
from detector.extras import MissingExtraError
from detector.meaning import LETTERS, meaning

pytest.importorskip("matplotlib")
from detector import plot

TEXT = "# Roof\n\nThe roof cost $4,500 and $300 more. Time will tell, as ever.\n\n" + (
    "Anna Berg paid for it in March 2019 with the money from the sale of the old fire engine. "
    "It was, of course, a great day for everybody, and it shows how important it is to work together. " * 3
)


@pytest.fixture(scope="module")
def report():
    return Scorer().score(TEXT)


def strings(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_an_article_is_drawn_word_for_word_with_a_letter_for_each_sentence(report):
    shown = strings(plot.article(TEXT, report))
    letters = [LETTERS[sentence.kind] for sentence in report.sentences]
    words = [word for s in report.sentences for word in TEXT[s.start : s.end].replace("$", r"\$").split()]
    drawn = shown[1 : 1 + len(letters) + len(words)]
    assert [w for w in drawn if w in words] == words
    assert sum(word in "CRGBH" for word in drawn) == len(letters)
    assert f"{report.score:.2f}" in shown[0]


def test_no_word_leaves_the_picture(report):
    figure = plot.article(TEXT, report, width=4)
    (axes,) = figure.axes
    assert all(0 <= text.get_position()[0] < 4 * 72 - 4 for text in axes.texts)
    assert all(0 <= text.get_position()[1] <= axes.get_ylim()[0] for text in axes.texts)


def test_a_report_of_another_text_is_refused(report):
    with pytest.raises(ValueError, match="another text"):
        plot.article("Short.", report)


def test_an_abstention_is_drawn_with_its_verdict():
    text = "Too short."
    report = Scorer().score(text)
    assert strings(plot.article(text, report))[0] == meaning(report)


@pytest.mark.parametrize("machine", [False, True])
def test_contributions_add_up_to_those_of_the_report(report, machine):
    (axes,) = plot.contributions(report, machine=machine, top=3).axes
    reasons = report.machine_reasons if machine else report.reasons
    drawn = [bar.get_width() for bar in axes.patches]
    assert math.fsum(drawn) == pytest.approx(math.fsum(reason.contribution for reason in reasons))
    assert len(drawn) == 4


def test_versions_are_as_long_as_their_sentences(report):
    (axes,) = plot.versions({"a": TEXT}, {"a": report}).axes
    words = sum(len(TEXT[s.start : s.end].split()) for s in report.sentences)
    assert sum(bar.get_width() for bar in axes.patches) == words


def test_a_distribution_counts_every_article_with_a_score(report):
    (axes,) = plot.distribution([report, report, Report(math.nan, "too_short")], cuts=(0.5,)).axes
    assert sum(bar.get_height() for bar in axes.patches) == 2
    assert axes.get_title() == "2 articles, 1 more without a score"


def test_reliability_shows_the_rate_of_each_bin():
    scores = [0.1] * 10 + [0.9] * 10 + [math.nan]
    truth = [False] * 9 + [True] + [True] * 8 + [False] * 2 + [True]
    (axes,) = plot.reliability(scores, truth, bins=2).axes
    line = axes.containers[0].lines[0]
    assert np.allclose(line.get_xdata(), [0.1, 0.9])
    assert np.allclose(line.get_ydata(), [0.1, 0.8])
    with pytest.raises(ValueError, match="one of each"):
        plot.reliability([0.5], [])
    with pytest.raises(ValueError, match="no article has a score"):
        plot.reliability([math.nan], [True])


def test_a_notebook_shows_a_picture_by_itself(report):
    assert plot.contributions(report)._repr_png_().startswith(b"\x89PNG")


def test_without_matplotlib_the_line_to_run_is_given(monkeypatch, report):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'filler-detector\[plot\]'"):
        plot.contributions(report)
