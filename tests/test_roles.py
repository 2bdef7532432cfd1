import pytest

from detector.text.document import read
from detector.text.normalise import normalise
from detector.text.roles import BOILERPLATE, HEADING, PROSE, roles

NAMES = {PROSE: "prose", HEADING: "heading", BOILERPLATE: "boilerplate"}


def named(text):
    document = read(normalise(text))
    spans = zip(document.sentence_start, document.sentence_end, strict=True)
    pieces = [document.source.text[a:b] for a, b in spans]
    return [(piece, NAMES[role]) for piece, role in zip(pieces, roles(document).tolist(), strict=True)]


def role_of(sentence, before="The council met on Monday.\n\n", after="\n\nNobody came to the meeting."):
    found = dict(named(before + sentence + after))
    return found[normalise(sentence).text]


@pytest.mark.parametrize(
    "sentence",
    [
        "By Jane Smith",
        "Written by Jane Smith and Bob Lee",
        "Photo by Jane Smith",
        "Source: Reuters News",
        "Share this article",
        "Read more",
        "Related stories",
        "You may also like",
        "Leave a comment",
        "Click here for more.",
        "Continue reading the main story",
        "Advertisement",
        "As an AI language model, I cannot do that.",
        "I'm sorry, but I cannot help with that.",
        "Sure, here is the article:",
        "Certainly, here is a story.",
        "All rights reserved.",
        "© 2019 The Washington Times, LLC.",
        "Copyright 2020 by the council.",
        "Subscribe to our newsletter.",
        "Follow us on Twitter",
        "https://example.com/a/b",
        "jane@example.com",
        "She can be reached at jane@example.com.",
        "This article was originally published in May.",
        "Toggle caption",
        "* * *",
        "----",
        "???",
    ],
)
def test_boilerplate(sentence):
    found = named("The council met on Monday.\n\n" + sentence + "\n\nNobody came to the meeting.")
    assert [role for _, role in found[1:-1]] == ["boilerplate"] * (len(found) - 2)
    assert found[0][1] == found[-1][1] == "prose"


@pytest.mark.parametrize(
    "sentence",
    [
        "By Monday the roof had leaked for a week.",
        "By working together we can do it.",
        "Share prices fell on Monday.",
        "Sources say that the plan failed.",
        "Sure, he came.",
        "Email is faster than post.",
        "Search teams found nothing.",
        "Next week the council votes.",
        "As an airline pilot she flew far.",
        "Related work found the same.",
        "Copying is easy.",
        "He pays $5.",
    ],
)
def test_prose_that_begins_like_boilerplate(sentence):
    assert role_of(sentence) == "prose"


@pytest.mark.parametrize(
    "sentence",
    ["Library to move into old bank", "What the council said", "## The plan", "Costs:", "Plan 9"],
)
def test_headings(sentence):
    assert role_of(sentence) == "heading"


@pytest.mark.parametrize(
    "sentence",
    [
        "Nobody came.",
        "and so it ended",
        "The council has decided that from the first of May on all dogs stay out of town",
        "These are the things that you need:",
        "- a lead and a bowl",
        "He said, “Go home.”",
        "one more thing,",
    ],
)
def test_lines_that_are_no_headings(sentence):
    assert role_of(sentence) == "prose"


def test_the_last_line_is_no_heading():
    assert named("The council met.\n\nAnd nobody came")[-1][1] == "prose"
    assert named("Just one line") == [("Just one line", "prose")]


def test_markup_makes_headings_of_any_length():
    long = "A heading that goes on and on, beyond what a rule about short lines would take for one."
    assert named(f"# {long}\n\nThe text begins.")[0] == (long, "heading")
    assert named(f"{long}\n\nThe text begins.")[0] == (long, "prose")


def test_list_items_are_prose():
    found = named("Bring these along:\n\n- A big spoon\n- A small pot\n\nThen cook.")
    assert dict(found)["A big spoon"] == dict(found)["A small pot"] == "prose"


def test_long_sentences_are_never_boilerplate():
    sentence = "Click here " + "and there " * 30 + "to read more."
    assert role_of(sentence) == "prose"
    assert role_of("Click here and there to read more.") == "boilerplate"


def test_an_empty_text_has_no_roles():
    assert roles(read(normalise(""))).tolist() == []


def test_most_headings_of_the_stories_are_found_and_hardly_any_prose_is_lost(stories):
    prose = lost = headings = found = 0
    for story in stories:
        source = normalise(story.text)
        document = read(source, [source.from_given(*segment) for segment in story.segments])
        for letter, role, (_, end) in zip(
            story.letters, roles(document).tolist(), story.segments, strict=True
        ):
            prose += letter in "CRG"
            lost += letter in "CRG" and role != PROSE
            if letter == "H" and story.text[end : end + 1] == "\n" and story.text[end - 1] not in ".!?":
                headings += 1
                found += role == HEADING
    assert lost < 0.02 * prose
    assert headings > 90
    assert found > 0.95 * headings


def test_segments_may_end_with_the_text_before_the_last_one():
    """Labelled segments whose characters were all removed stand, empty, at the end of the text."""
    source = normalise("A short title")
    document = read(source, [(0, 13), (13, 13)])
    assert len(roles(document)) == 2
