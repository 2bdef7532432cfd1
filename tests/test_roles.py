import re

import pytest

from detector.text.boilerplate import OPENINGS
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


BOILERPLATE_LINES = [
    # who wrote it, when, and whose picture it is
    "By Jane Smith",
    "Written by Jane Smith and Bob Lee",
    "By Jane Smith, Staff Writer",
    "By Jane Smith | The Harbour Courier",
    "By Jane Smith 3 hours ago",
    "Staff Reports",
    "Special to The Courier",
    "Photo by Jane Smith",
    "Photo: Jane Smith/The Courier",
    "(Photo: Jane Smith, The Courier)",
    "(Jane Smith/Reuters)",
    "The old bridge at dusk (Photo: Jane Smith)",
    "Image copyright Courier Image caption The bridge at dusk",
    "Source: Reuters News",
    "12 March 2021",
    "Tuesday, March 2, 2021 at 10:15",
    "2021-03-02",
    "Published 9:41 pm Friday, April 24, 2020",
    "Updated at 4:50 p.m. ET",
    "5 min read",
    "3 hours ago",
    "HARBOUR TOWN (Reuters) -",
    "(Reuters)",
    "Editor's note: This story was changed on Monday.",
    "Bob Lee contributed to this report.",
    "The opinions expressed in this column are solely those of the author.",
    "/s/ Jane Smith",
    # where to go next
    "Read more",
    "Read more: Why the bridge was closed",
    "Council votes to close the bridge Read more",
    "Read more about the bridge in our archive.",
    "See also: The history of the bridge",
    "More: Ten bridges to see",
    "More from Jane Smith",
    "(RELATED: Ten bridges to see)",
    "Related stories",
    "Related: Ten bridges to see",
    "You may also like",
    "Next: The bridge at night",
    "Read or share this story: https://example.com/a",
    "Click here for more.",
    "Continue reading the main story",
    "Story continues below advertisement",
    "Back to top",
    "Skip to main content",
    "View all comments",
    "Home | News | Sport | Weather",
    "Most read",
    "Trending now",
    "Tags: bridges, council, harbour, traffic",
    "Filed under: Local news",
    "Watch the video below.",
    "Play video 2:15",
    "JUST WATCHED How the bridge fell",
    "Toggle caption",
    # what the reader is asked to do
    "Share this article",
    "Share Tweet Email Print",
    "Facebook Twitter WhatsApp",
    "Leave a comment",
    "Leave a Comment",
    "12 comments",
    "Share your thoughts in the comments below!",
    "Let us know what you think.",
    "Follow us on Twitter",
    "Follow Jane Smith on Twitter",
    "Subscribe to our newsletter.",
    "Sign up here to get the briefing by email.",
    "Join our mailing list.",
    "Get push notifications with news and features.",
    "Get the best of the week delivered to your inbox.",
    "Want more stories like this?",
    "Have a news tip?",
    "Got a question?",
    "Don't miss a story!",
    "Stay tuned!",
    "Email us at news@example.com.",
    "Send your letters to letters@example.com.",
    "She can be reached at jane@example.com.",
    "https://example.com/a/b",
    "jane@example.com",
    # what the publisher says about the page
    "All rights reserved.",
    "© 2019 The Washington Times, LLC.",
    "Copyright 2020 by the council.",
    "All contents © the Courier",
    "This article was originally published in May.",
    "This story was updated to correct a name.",
    "Republished here with permission.",
    "Advertisement",
    "AD",
    "We use cookies to make this site work.",
    "Please enable cookies.",
    "Accept all cookies",
    "Cookie settings",
    "About the author",
    "You can unsubscribe at any time.",
    "Cancel anytime.",
    # letters, references, contents, debris
    "Dear Principal,",
    "Best regards,",
    "Yours sincerely, Jane Smith",
    "[Your Name]",
    "Retrieved 12 November 2017.",
    "Lee, B., & Smith, J. (2018).",
    "Journal of Bridges, 12(3), 245-267.",
    "Section 2.1 Payments..........................................18",
    "[12]",
    "width:0.72em;",
    "(Applause.)",
    "— Jane Smith (@janesmith) June 30, 2017",
    "* * *",
    "----",
    "???",
    "x000D",
    # what a model says around the text, and what it was asked
    "As an AI language model, I cannot do that.",
    "I'm sorry, but I cannot help with that.",
    "Sure, here is the article:",
    "Certainly, here is a story.",
    "Certainly!",
    "Great question!",
    "I hope this helps!",
    "Let me know if you need anything else.",
    "Here is the rewritten passage in a calm tone:",
    "And here is the post as you requested:",
    "Please rewrite the passage in a calm tone.",
    "Do not use any other words.",
    "You are a journalist.",
    "Word count: 245",
]


@pytest.mark.parametrize("sentence", BOILERPLATE_LINES)
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
        "By Monday evening, the staff had gone home.",
        "Watch how the water falls.",
        "More from habit than from hope, she wrote.",
        "Read the letter again, he said.",
        "Let us know the truth about the bridge, they asked.",
        "Follow the river to the mill.",
        "Get the boat out of the water before dusk.",
        "Published poets were rare in the town.",
        "Updated maps were sold at the harbour.",
        "Here is the story of how the bridge fell.",
        "Stay tuned for more news about the bridge.",
        "I hope this winter will be mild.",
        "Dear as the house was to him, he sold it.",
        "Sure of himself, he signed.",
        "You are a fool.",
        "The company changed its privacy policy in March.",
        "In her opinion the views from the bridge were their own reward.",
        "She contributed to the fund.",
        "The 2 comments were read aloud.",
        "See the table below.",
        "The bridge, which opened on 12 March 2021, is closed.",
        "Photo credit: Getty Images Meanwhile, she stayed at home!",
        "(Image: Getty) She drove to the harbour.",
        "Published 6:04 pm Tuesday, December 8, 2020By Staff ReportsHe sat behind me.",
        "When it happened......I was there.",
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


def test_every_opening_is_used():
    """A pattern that no example needs would be dead weight; a first word that cannot begin it would hide it."""
    first = [re.split(r"[\s:]", line.lower().lstrip("[(*"))[0].strip(",!.") for line in BOILERPLATE_LINES]
    unused = [
        pattern
        for words, pattern in OPENINGS
        if not any(
            word in words.split() and re.match(pattern, line, re.IGNORECASE)
            for word, line in zip(first, BOILERPLATE_LINES, strict=True)
        )
    ]
    assert unused == []


def test_a_hostile_word_of_a_megabyte_is_prose():
    """No pattern is tried on it, so none can hang."""
    for word in ("A" * 1_000_000, "@." * 500_000, "| x" * 300_000):
        assert "boilerplate" not in [role for _, role in named(f"By {word}! said the man.")]


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
        for letter, role, (_, end) in zip(story.letters, roles(document).tolist(), story.segments, strict=True):
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
