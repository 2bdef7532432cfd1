import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.lexicon import entries
from detector.text import sentences
from detector.text.normalise import normalise
from detector.text.sentences import split


def cut(text):
    source = normalise(text)
    return [source.text[start:end] for start, end in split(source)]


# "|" stands where one sentence ends and the next begins.
CASES = {
    "plain": "The roof leaked. | Nobody came! | Why not? | It was May.",
    "no stop at the end": "The roof leaked. | Nobody came",
    "title": "Dr. Okafor met Mr. Lee and Mrs. Ames at St. Mary's. | They talked.",
    "title before a name like a pronoun": "Mr. He came with Dr. An. | She left.",
    "initials": "J. K. Rowling and George H.W. Bush met B.J. Novak. | They ate.",
    "two letters of a name": "It was A.J. Delgado. | Nobody knew.",
    "decimals": "It rose 3.5 per cent to 1,000.75 points. | Then it fell.",
    "versions and addresses": "Version 2.0.1 is at www.example.com now. | Get it.",
    "U.S. inside": "The U.S. Senate met the U.S. envoy. | It was late.",
    "U.S. at the end": "They live in the U.S. | The house is big.",
    "an agency": "The F.B.I. said the F.D.A. agreed. | It did not.",
    "p.m. inside": "It opens at 9 a.m. Monday and 6 p.m. Eastern. | Come early.",
    "p.m. at the end": "It closed at 11 p.m. | The guard slept.",
    "company": "Acme Inc. said so. | It works with Bell Corp. | They sell nails.",
    "etc.": "Bring nails, glue, etc. | The rest is there. | See nails, etc., below.",
    "e.g. and i.e.": "Use a fruit, e.g. an apple, i.e. The Apple. | Eat it.",
    "vs.": "Roe vs. Wade and cats v. dogs. | Both ended.",
    "month": "On Dec. 5 they met; on Jan. 9 they left. | It was cold.",
    "No. before a number": "It is No. 5 in the list. | See fig. 3 and vol. 2.",
    "no as a word": "They asked and she said no. | Then they left.",
    "figure at the end": "They cut into the fig. | Her chisel rang.",
    "state": "He works in Duluth, Minn. | The lake is near. | She was in West Palm Beach, Fla. Thursday.",
    "unit": "Keep it at 32 C. | Users can see it.",
    "a letter for a name": "A knows B, who knows C. | The link is weak.",
    "quotation": '"I like it," he said. | "Do you?" she asked. | "Yes!" he cried.',
    "quotation that closes a sentence": 'He said "no." | She said "yes." | They left.',
    "curly quotation": "“Go home!” he said. | “Now.” | She went.",
    "bracket": "It was late (very late). | We left (at last.) | He stayed.",
    "question inside": '"Why?" asked Ann. | Nobody knew.',
    "run of marks": "What?! | No!!! | Really?? | Yes.",
    "ellipsis inside": "I thought... maybe not. | Then… nothing came.",
    "ellipsis at the end": "I thought... | Then I left.",
    "reference marks": "She was born in 1975.[12] | She won twice.[3] | It was fun.",
    "lower case": "i like it. | you do too. | we all do",
    "lost blank": "That was the end. | The next day came. | Nobody knew why.",
    "number at the end": "It was built in 1999. | It fell in 2010.",
    "dash": "It ended -- badly. | So it goes.",
}


@pytest.mark.parametrize("name", CASES)
def test_sentences_end_where_they_do(name):
    expected = CASES[name].split(" | ")
    assert cut(" ".join(expected)) == [normalise(sentence).text for sentence in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("That was the end.The next day came.", ["That was the end.", "The next day came."]),
        ("He asked why?Nobody knew.", ["He asked why?", "Nobody knew."]),
        ('It is open.“So come,” he said.', ["It is open.", '"So come," he said.']),
        ('She said “I protect you.”Then she left.', ['She said "I protect you."', "Then she left."]),
        ("See file.Name or Node.Js here.", ["See file.", "Name or Node.", "Js here."]),
        ("Title of it\n\nThe text begins. It ends", ["Title of it", "The text begins.", "It ends"]),
        ("First line\nSecond line\nThird line", ["First line", "Second line", "Third line"]),
        ("# Title\n\n- one thing\n- two things", ["Title", "one thing", "two things"]),
        ("1. Cut the stem.\n2. Wait a day.", ["Cut the stem.", "Wait a day."]),
        ("He left in the U.S.\n\nNobody came.", ["He left in the U.S.", "Nobody came."]),
        (
            "Dear all,\n\nthe roof of the hall has been\nleaking since the storm, and\n"
            "nobody came to look at it. We\nask you to come on Monday.\n\nYours",
            [
                "Dear all,",
                "the roof of the hall has been\nleaking since the storm, and\nnobody came to look at it.",
                "We\nask you to come on Monday.",
                "Yours",
            ],
        ),
        ("...", []),
        ("?!?! ... !", []),
        ("", []),
        (" \n \n", []),
        ("word", ["word"]),
    ],
)
def test_lines_lists_and_lost_blanks(text, expected):
    assert cut(text) == expected


@given(st.text("aB .!?…\n\"')([0-9]U.S,", max_size=80))
def test_spans_are_in_order_without_outer_blanks_and_cover_all_letters(text):
    source = normalise(text)
    spans = split(source)
    assert all(a < b for a, b in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    pieces = [source.text[a:b] for a, b in spans]
    assert pieces == [piece.strip() for piece in pieces]
    assert all(any(map(str.isalnum, piece)) for piece in pieces)
    assert "".join(filter(str.isalnum, "".join(pieces))) == "".join(filter(str.isalnum, source.text))


PLAIN = ["The roof leaked.", "Nobody came!", "Why not?", "It cost $3.50."]


@given(st.lists(st.sampled_from(PLAIN), min_size=1))
def test_plain_sentences_are_split_wherever_they_stand(parts):
    assert cut(" ".join(parts)) == parts
    assert cut("\n\n".join(parts)) == parts


def test_the_rules_speak_of_listed_abbreviations():
    assert set(entries("abbreviations")) >= sentences._NEVER_END | sentences._BEFORE_NUMBERS
    assert not sentences._NEVER_END & sentences._BEFORE_NUMBERS


@pytest.mark.parametrize(
    "text", ["He came. ", "He came.\n", "Mr. ", "a. ", '"', 'end."The ', "...", "1. ", "x\n", "[1]."]
)
def test_time_grows_with_the_length_and_not_with_its_square(text):
    def seconds(count):
        source = normalise(text * count)
        began = time.perf_counter()
        split(source)
        return time.perf_counter() - began

    size = 60_000 // len(text)
    short = min(seconds(size) for _ in range(3))
    assert seconds(size * 8) < 8 * 4 * short + 0.1


def test_two_hundred_thousand_sentences():
    spans = split(normalise("He came in May. " * 200_000))
    assert len(spans) == 200_000
    assert spans[-1] == (16 * 199_999, 16 * 200_000 - 1)


def test_a_line_of_ten_megabytes():
    source = normalise("word " * 2_000_000)
    began = time.perf_counter()
    assert split(source) == [(0, len(source.text))]
    assert time.perf_counter() - began < 2


def test_most_segments_of_the_stories_are_found(stories):
    right = found = true = 0
    for story in stories:
        source = normalise(story.text)
        ends = {source.to_given(start, end)[1] for start, end in split(source)}
        reference = {end for _, end in story.segments}
        right, found, true = right + len(ends & reference), found + len(ends), true + len(reference)
    assert right / found > 0.995
    assert right / true > 0.98
