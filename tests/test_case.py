"""Capitals that say nothing change nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.text import case
from detector.text.document import read
from detector.text.normalise import normalise
from detector.text.roles import HEADING, roles
from detector.text.sentences import split

TEXT = (
    "Roof to be mended\n\n"
    'The council met on Monday. "Nobody asked why," said Anna Berg. "It leaked!" And then it rained (a lot). '
    "The new roof costs 4,500 pounds, and the old one goes to the museum.\n\n"
    "Work begins in May. Who pays? The county does."
)


def test_a_text_in_capitals_is_read_in_small_letters_and_says_so():
    result = normalise(TEXT.upper())
    assert result.text == TEXT.lower()
    assert result.given == TEXT.upper()
    assert result.notes == ("The text is in capitals and was read in small letters.",)


def test_capitals_of_names_headings_and_acronyms_stay():
    assert normalise(TEXT).text == TEXT
    for short in ("BREAKING NEWS", "NATO and the USA", "ROOF TO BE MENDED\n\n" + TEXT):
        assert normalise(short).text == short


@pytest.mark.parametrize("change", [str.lower, str.upper], ids=["small", "capitals"])
def test_sentences_and_headings_are_the_same_without_capitals(change):
    plain, changed = normalise(TEXT), normalise(change(TEXT))
    assert split(changed) == split(plain)
    assert roles(read(changed)).tolist() == roles(read(plain)).tolist()
    assert roles(read(changed))[0] == HEADING


@given(st.text(st.sampled_from("ABZabzÄİßΣσ ß.1\n"), max_size=80))
def test_small_letters_keep_their_places(text):
    lowered = case.lower(text)
    assert len(lowered) == len(text)
    assert all(a.lower() == b or len(a.lower()) > 1 for a, b in zip(text, lowered, strict=True) if a not in "Σ")


@given(st.text(st.sampled_from("ABCXYZ xyz."), max_size=200))
def test_reading_in_small_letters_is_done_once(text):
    once = normalise(text)
    assert normalise(once.text).text == once.text
    assert not case.is_shouted(once.text)
