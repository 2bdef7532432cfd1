"""Attacks change what they say they change, carry the labels along, and what they cost is measured."""

from __future__ import annotations

import dataclasses
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector import Report
from detector.training.attacks import ATTACKS, Attack, apply, edited, moved
from detector.training.readers import Readers, finished_reader
from detector.training.robustness import robustness_figures, sample
from detector.training.sources import Article

by_name = {attack.name: attack for attack in ATTACKS}
each_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)

TEXT = (
    'The mayor\'s "plan" costs £4,120 in 2024.  It often helps the colour of a big city.\n'
    "\n"
    "Residents, many of them in “old” houses, don’t say much. The centre is 12 miles away."
)


def article(text: str, segments: tuple[tuple[int, int], ...] | None = None) -> Article:
    return Article(
        id="a",
        text=text,
        segments=segments if segments is not None else ((0, len(text)),),
        letters="C" * (1 if segments is None else len(segments)),
        label=None,
        dataset="d",
        domain="news",
        family="f",
        fold=0,
        role="train",
    )


def attacked(name: str, text: str = TEXT) -> str:
    return by_name[name](article(text)).text


@each_attack
def test_an_attack_is_the_same_for_the_same_seed_and_changes_something(attack, stories):
    found = [attack(story, seed=1) for story in stories[:8]]
    assert found == [attack(story, seed=1) for story in stories[:8]]
    if attack.name not in ("straight quotes", "curly quotes"):  # a story need not have any
        assert any(a.text != b.text for a, b in zip(found, stories[:8], strict=True))


@each_attack
def test_segments_still_cover_their_own_words(attack, stories):
    for story in stories[:8]:
        after = attack(story)
        assert len(after.segments) == len(story.segments)
        for (start, end), (a, b) in zip(story.segments, after.segments, strict=True):
            assert 0 <= a < b <= len(after.text)
            before, now = story.text[start:end], after.text[a:b]
            kept = sum(word in now.lower() for word in before.lower().split())
            if attack.group in ("words", "layout") or attack.name in ("CRLF", "straight quotes"):
                assert kept >= 0.5 * len(before.split())


def test_edits_move_every_place():
    edits = [(0, 0, "# "), (4, 6, "X"), (10, 10, "--"), (12, 15, "")]
    text = "abcdefghijklmnopqrst"
    place = moved(text, edits)
    assert apply(text, edits) == "# abcdXghij--klpqrst"
    assert place(0, True) == 2  # what is put in before a span stays outside it
    assert place(10, False) == place(10, True) - 2
    assert place(15, True) == place(12, True) == place(13, True)
    assert apply(text, edits)[place(16, True) : place(20, False)] == "qrst"


@given(st.data())
def test_untouched_stretches_keep_their_text(data):
    text = data.draw(st.text("abc ", min_size=1, max_size=40))
    borders = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pairs = list(zip(borders[::2], borders[1::2], strict=False))
    edits = [(start, end, data.draw(st.text("XY", max_size=3))) for start, end in pairs]
    new, place = apply(text, edits), moved(text, edits)
    before = 0
    for start, end in [*pairs, (len(text), len(text))]:
        if start > before:
            assert new[place(before, True) : place(start, False)] == text[before:start]
        before = end


def test_overlapping_edits_are_refused():
    with pytest.raises(ValueError, match="overlaps"):
        edited(article("abcdef"), [(0, 3, ""), (2, 4, "")])


@pytest.mark.parametrize(
    ("name", "has", "has_not"),
    [
        ("soft hyphens", "\u00ad", None),
        ("CRLF", "\r\n\r\n", None),
        ("curly quotes", "“plan”", '"'),
        ("straight quotes", "don't", "“"),
        ("all lower case", "the mayor's", "T"),
        ("all capitals", "THE MAYOR'S", "e"),
        ("paragraph breaks removed", "city. Residents", "\n"),
        ("headings added, marked", "\n\n## ", None),
        ("alternative spelling", "center", "centre"),
        ("doubled and trailing blanks", "  ", None),
    ],
)
def test_attacks_do_what_their_name_says(name, has, has_not):
    after = attacked(name)
    assert has in after
    assert has_not is None or has_not not in after


def test_number_swaps_change_digits_alone():
    after = attacked("number swap", "In 2024 it cost 41 pounds and 777 pence. " * 5)
    assert after != "In 2024 it cost 41 pounds and 777 pence. " * 5
    assert "".join(c for c in after if not c.isdigit()) == "In  it cost  pounds and  pence. " * 5


def test_headings_stand_on_lines_of_their_own():
    for line in attacked("headings added, plain").split("\n\n"):
        assert line.count("\n") == 0
    marked = attacked("headings added, marked")
    assert all(line.startswith("## ") for line in marked.split("\n\n") if "##" in line)


@each_attack
def test_an_empty_text_and_one_without_words_survive(attack):
    for text in ("", " \n\n ", "…", "1"):
        assert isinstance(apply(text, attack.edits(text, Random(0))), str)


def test_marks_leave_no_trace(scorer, stories):
    """Zero-width characters, quotes, blanks, line ends, emphasis and look-alike letters change no score."""
    for attack in (attack for attack in ATTACKS if attack.group == "marks"):
        for story in stories[2:40:8]:
            before, after = scorer.score(story.text), scorer.score(attack(story).text)
            assert after.score == pytest.approx(before.score, abs=0.01), (attack.name, story.id)
            assert after.machine_score == pytest.approx(before.machine_score, abs=0.01, nan_ok=True), attack.name


def test_a_lunate_sigma_is_read_as_a_latin_c(scorer, stories):
    text = stories[2].text
    assert scorer.score(text.replace("c", "ϲ")).score == pytest.approx(scorer.score(text).score, abs=0.01)


class Sized:
    """A scorer whose score follows the number of capitals, and which abstains on texts with a question mark."""

    model_name = "sized"

    def score_many(self, texts, jobs=1):
        for text in texts:
            share = float("nan") if "?" in text else sum(map(str.isupper, text)) / max(len(text), 1)
            yield Report(score=share, label="unclear", filler_share=share, machine_score=share)


def test_the_loss_of_an_attack_is_seen():
    dense = [dataclasses.replace(article("aaaa"), id=f"d{i}") for i in range(6)]
    padded = [dataclasses.replace(article("AAAA"), id=f"p{i}", letters="G") for i in range(6)]
    lower = Attack("lower", "layout", lambda text, random: [(0, len(text), text.lower())])
    mute = Attack("mute", "layout", lambda text, random: [(0, 0, "?")])
    readers = finished_reader(Sized())
    figures = {item.name: item for item in robustness_figures(readers, [*dense, *padded], 1, (lower, mute))}
    assert figures["lower: AUROC loss of score"].value == pytest.approx(0.5)
    assert figures["lower: AUROC loss of score"].passes is False
    assert figures["lower: filler share within 0.05"].n == 6  # the others were in lower case before
    assert figures["lower: filler share within 0.05"].value == 0.0
    assert figures["mute: AUROC loss of score"].value == pytest.approx(0.5)  # nothing said ranks by chance
    assert figures["mute: filler share within 0.05"].value == 0.0


def test_each_text_is_read_by_its_own_scorer():
    class Named(Sized):
        def __init__(self, value):
            self.value = value

        def score_many(self, texts, jobs=1):
            return (Report(score=self.value, label="unclear") for _ in texts)

    readers = Readers(Named(0.0), {"a": Named(1.0), "b": Named(2.0)}, "test")
    items = [dataclasses.replace(article("x"), family=family) for family in "abcab"]
    assert [report.score for report in readers.score(items)] == [1.0, 2.0, 0.0, 1.0, 2.0]


def test_the_sample_is_of_labelled_training_articles(stories):
    assert sample(stories) == []
    articles = [dataclasses.replace(article("x y"), id=str(i)) for i in range(9)]
    apart = dataclasses.replace(articles[0], id="b", role="benchmark", fold=None)
    drawn = sample([*articles, apart], 5)
    assert drawn == sample([*reversed(articles), apart], 5)
    assert len(drawn) == 5
    assert "b" not in {a.id for a in drawn}
    assert np.isfinite([a.filler_share for a in drawn]).all()
