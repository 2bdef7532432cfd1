import unicodedata

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.text.document import _codes, ending_code, hash_runs, hash_word, read
from detector.text.normalise import normalise

ALPHABET = "abcXYZéÅßждΩ0123456789 \n'.,!?\"()-–—…%$£;:/*"
PIECES = ["don't ", "3.5", "1,000 ", "U.S. ", "the end.The next ", "“Go!” ", "rock 'n' roll ", "12th", "\n\n"]
texts = st.one_of(
    st.text(ALPHABET, max_size=120), st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
)
LETTERS = st.characters(categories=["L", "Nd"], max_codepoint=0x1FFF)
FAR_LETTERS = st.characters(categories=["L", "Nd"], min_codepoint=0x3040, max_codepoint=0x1EFFF)


def doc(text, segments=None):
    return read(normalise(text), segments)


@given(texts)
def test_tokens_are_those_of_the_oracle(text):
    source = normalise(text)
    document = read(source, [(0, len(source.text))] if source.text else [])
    plain = document.source.text
    found = list(zip(document.start.tolist(), document.end.tolist(), strict=True))
    assert found == list(oracles.tokens(plain))
    assert document.is_word.tolist() == [plain[start].isalnum() for start, _ in found]
    assert document.is_number.tolist() == [plain[start] in "0123456789" for start, _ in found]
    assert document.is_capital.tolist() == [plain[start] != plain[start].lower() for start, _ in found]


@given(st.text(st.one_of(LETTERS, FAR_LETTERS, st.sampled_from(" .'-\n")), max_size=80))
def test_every_letter_and_digit_lies_in_a_word(text):
    document = doc(text)
    inside = np.zeros(len(document.source.text), bool)
    for start, end in zip(document.start[document.is_word], document.end[document.is_word], strict=True):
        inside[start:end] = True
    missed = [
        char
        for char, is_in in zip(document.source.text, inside, strict=True)
        if not is_in and unicodedata.category(char)[0] == "L"
    ]
    assert missed == []


@given(st.text(max_size=200))
def test_any_text_makes_ordered_tokens_and_sentences_that_cover_all_letters(text):
    document = doc(text)
    plain = document.source.text
    assert (document.start < document.end).all()
    assert (document.end[:-1] <= document.start[1:]).all()
    assert (document.sentence_start < document.sentence_end).all()
    assert (document.sentence_end[:-1] <= document.sentence_start[1:]).all()
    kept = "".join(plain[a:b] for a, b in zip(document.sentence_start, document.sentence_end, strict=True))
    assert "".join(filter(str.isalnum, kept)) == "".join(filter(str.isalnum, plain))
    assert document.first_token.tolist() == [
        int(np.count_nonzero(document.sentence < i)) for i in range(document.n_sentences + 1)
    ]
    in_sentence = document.sentence_start[document.sentence] <= document.start
    assert (in_sentence & (document.end <= document.sentence_end[document.sentence])).all()


@given(texts)
def test_words_are_white_space_tokens(text):
    document = doc(text)
    plain = document.source.text
    spans = zip(document.sentence_start.tolist(), document.sentence_end.tolist(), strict=True)
    assert document.words.tolist() == [oracles.blank_separated(plain[a:b]) for a, b in spans]


@given(texts, st.data())
def test_words_of_any_segments_are_white_space_tokens(text, data):
    source = normalise(text)
    size = len(source.text)
    cuts = sorted(data.draw(st.lists(st.integers(0, size), max_size=6)))
    segments = [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False) if source.text[a:b].strip()]
    # A labelled segment neither begins nor ends with a blank.
    segments = [(a, b) for a, b in segments if source.text[a:b] == source.text[a:b].strip()]
    document = read(source, segments)
    assert document.words.tolist() == [oracles.blank_separated(source.text[a:b]) for a, b in segments]
    assert document.n_sentences == len(segments)


def test_tokens_outside_all_segments_are_dropped():
    document = doc("one two three four", [(4, 7), (14, 18)])
    assert document.start.tolist() == [4, 14]
    assert document.sentence.tolist() == [0, 1]
    assert document.first_token.tolist() == [0, 1, 2]


def test_empty_segments_have_no_words_and_no_tokens():
    document = doc("one two three", [(0, 0), (0, 7), (7, 7), (8, 13), (13, 13)])
    assert document.words.tolist()[1::2] == [2, 1]
    assert np.diff(document.first_token).tolist() == [0, 2, 0, 1, 0]


@pytest.mark.parametrize("segments", [None, []])
def test_an_empty_text(segments):
    document = doc("", segments)
    assert document.n_sentences == len(document.start) == len(document.hash) == 0
    assert document.first_token.tolist() == [0]


@given(
    st.text("abcdefgéж0123456789", min_size=1, max_size=60),
    st.sampled_from(["", "x ", "The — ", "x" * 70 + " "]),
    st.sampled_from(["", " x", "."]),
)
def test_a_word_has_one_hash_wherever_it_stands(word, before, after):
    document = doc(before + word.upper() + after)
    place = list(document.start).index(len(before))
    assert int(document.hash[place]) == hash_word(document.source.text.lower()[len(before) :][: len(word)])


def test_the_first_48_characters_of_a_word_make_its_hash():
    assert hash_word("a" * 47 + "b") != hash_word("a" * 47 + "c")
    assert hash_word("a" * 48 + "b") == hash_word("a" * 48 + "c") != hash_word("a" * 47)


@given(st.lists(st.text("abcdeé0123", min_size=1, max_size=9), min_size=2, max_size=60, unique=True))
def test_different_words_have_different_hashes(words):
    joined = "".join(words)
    ends = np.cumsum([len(word) for word in words])
    starts = ends - [len(word) for word in words]
    assert len(set(hash_runs(_codes(joined), starts, ends).tolist())) == len(words)


def test_hashes_of_all_words_of_the_stories_differ(stories):
    words = {word.lower() for story in stories for word in story.text.split() if word.isalpha()}
    assert len(words) > 8000
    assert len({hash_word(word) for word in words}) == len(words)


def test_hashes_never_change():
    # A model's tables are indexed by them.
    assert [hash_word(word) for word in ("the", "council", "3.5", "é")] == [
        10375451222921519936,
        6531398390295466755,
        1866875863599167593,
        11101326720482418462,
    ]


@settings(max_examples=30)
@given(texts, texts)
def test_a_token_does_not_depend_on_what_stands_around(left, right):
    alone, joined = doc(left), doc(left + "\n\n" + right)
    if joined.source.text.startswith(alone.source.text + "\n\n"):
        count = len(alone.start)
        assert joined.hash[:count].tolist() == alone.hash.tolist()
        assert joined.ending[:count].tolist() == alone.ending.tolist()


def test_endings():
    document = doc("Walked a mile")
    assert document.ending.tolist() == [ending_code("ed"), ending_code("aa"), ending_code("le")]


def test_a_capital_that_grows_when_lowered_shifts_nothing():
    document = doc("İstanbul grows. The End")
    words = [document.source.text[a:b] for a, b in zip(document.start, document.end, strict=True)]
    assert words[1:] == ["grows", ".", "The", "End"]
    assert document.is_capital.tolist()[-2:] == [True, True]


def test_paragraphs_are_lines():
    document = doc("One here. Two here.\n\nThree here.\nFour here. Five here.")
    assert document.paragraph.tolist() == [0, 0, 1, 2, 2]
