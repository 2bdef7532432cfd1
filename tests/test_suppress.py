"""Comments that switch the judgement off, in the text and through the command."""

from __future__ import annotations

import json
from functools import partial

import command
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.io.suppress import mask, switches

OFF, ON = "<!-- detector: off -->", "<!-- detector: on -->"


@pytest.fixture
def _fake(fake, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


run = partial(command.run, "score")


def test_what_stands_between_is_blank_and_nothing_moves():
    text = f"One.\n\n{OFF}\nTwo and\nthree.\n{ON}\n\nFour. {OFF} Five. {ON} Six."
    masked = mask(text)
    assert len(masked.text) == len(text)
    assert masked.text.split() == ["One.", "Four.", "Six."]
    for word in ("One.", "Four.", "Six."):
        assert masked.text.index(word) == text.index(word)
    assert [text[start:end] for start, end in masked.spans] == [f"{OFF}\nTwo and\nthree.\n{ON}", f"{OFF} Five. {ON}"]
    assert masked.notes == ("4 words are switched off by detector: off comments and were not judged",)


@given(st.lists(st.sampled_from([OFF, ON, "a word. ", "\n", "\r\n", "`", "```\n", "<!--", "-->", "é𝔘 ", "    "])))
def test_every_text_keeps_its_length_and_what_stays_keeps_its_place(pieces):
    text = "".join(pieces)
    masked = mask(text)
    assert len(masked.text) == len(text)
    outside = 0
    for start, end in [*masked.spans, (len(text), len(text))]:
        assert masked.text[outside:start] == text[outside:start]
        assert not masked.text[start:end].strip()
        outside = end


def test_an_off_that_is_never_closed_runs_to_the_end_and_says_so():
    masked = mask(f"One.\n{OFF}\nTwo.\n{OFF} Three.")
    assert masked.text.split() == ["One."]
    assert masked.notes[1] == "the detector: off comment of line 2 is never closed: it runs to the end"


def test_an_on_alone_does_nothing():
    assert mask(f"One. {ON} Two.").spans == ()


@pytest.mark.parametrize(
    "comment", ["<!--detector:off-->", "<!--  Detector: OFF\n-->", "<!-- detector off -->", "<!-- detector-off -->"]
)
def test_the_comment_may_be_written_in_several_ways(comment):
    assert mask(f"One. {comment} Two. {comment.lower().replace('off', 'on')} Three.").text.split() == ["One.", "Three."]
    assert switches(f"a {comment} b")


@pytest.mark.parametrize(
    "text",
    [
        f"Write `{OFF}` to do so. Prose.",
        f"~~~\n{OFF}\n~~~\nProse.",
        f"> ```html\n> {OFF}\n> ```\n\nProse.",
        "<!-- detectors: off --> Prose.",
        "<!-- a detector that is off --> Prose.",
        "<!-- detector is a tool --> Prose.",
        "detector: off Prose.",
    ],
)
def test_examples_in_code_and_other_comments_do_nothing(text):
    masked = mask(text)
    assert (masked.text, masked.spans, masked.notes) == (text, (), ())


def test_a_fence_that_is_never_closed_hides_no_comment():
    assert mask(f"```\nOne.\n{OFF} Two. {ON}").spans


def test_a_comment_that_says_neither_is_told_with_its_line():
    (note,) = mask("One.\n<!-- detector: of --> Two.").notes
    assert note == 'line 2: "<!-- detector: of -->" says neither off nor on, and does nothing'
    assert len(mask("<!-- detector: x -->\n" * 1000).notes) == 5


@pytest.mark.parametrize(
    "piece", [OFF, OFF + ON, "<!-- detector", "<!--" + " " * 50, "```\n" + OFF, "<!-- detector: x -->"]
)
def test_long_texts_of_nothing_but_marks_are_read_in_one_pass(piece):
    text = piece * (200_000 // len(piece))
    assert len(mask(text).text) == len(text)


# --- through the command


@pytest.mark.usefixtures("_fake")
def test_a_switched_off_part_is_neither_judged_nor_counted(tmp_path):
    (tmp_path / "a.md").write_text(f"A claim stands here.\n\n{OFF}\nAll filler. All filler.\n{ON}\n\nA fact.\n")
    record = json.loads(run("a.md", "--format", "jsonl", "--sentences").stdout)
    assert record["filler_share"] == 0
    assert record["words"] == 6
    assert record["notes"] == ["4 words are switched off by detector: off comments and were not judged"]
    text = (tmp_path / "a.md").read_text()
    assert [text[one["start"] : one["end"]] for one in record["sentences"]] == ["A claim stands here.", "A fact."]
    assert run("a.md", "--fail-above", "0.3").exit_code == 0
    assert run("a.md", "--fail-above", "0.3", "--no-inline").exit_code == 1


@pytest.mark.usefixtures("_fake")
def test_a_run_of_filler_stops_at_a_switched_off_part(tmp_path):
    (tmp_path / "a.md").write_text(f"Some filler.\n{OFF} Quoted filler. {ON}\nMore filler.\n")
    lines = run("a.md", "--format", "github").stdout.splitlines()
    assert sum("Says nothing specific" in line for line in lines) == 2


@pytest.mark.usefixtures("_fake")
def test_rows_and_standard_input_have_comments_too():
    row = json.dumps({"text": f"A claim and more words. {OFF} All filler. {ON}"})
    for arguments, stdin in ((["-", "--column", "text"], row), (["-"], json.loads(row)["text"])):
        record = json.loads(run(*arguments, "--format", "jsonl", stdin=stdin).stdout)
        assert record["filler_share"] == 0


def test_a_masked_part_is_no_code_block_and_no_words_of_it_reach_the_engine(small):
    body = "The council of Leeds met on 3 May and spent 40,000 pounds on two new bridges over the Aire. " * 4
    for text in (
        f"# Title\n\n{OFF}A long part that says nothing at all.{ON}{body}",
        f"{body}\n\n{OFF}\n\nNothing.\n\n{ON}\n\n{body}",
        f"{body} {OFF} Nothing. {ON} {body}",
        f"<p>{body}</p>{OFF}<p>Nothing.</p>{ON}<p>{body}</p>",
    ):
        plain = text.replace("A long part that says nothing at all.", "").replace("Nothing.", "")
        masked, expected = small.score(mask(text).text), small.score(plain)
        quoted = [" ".join(mask(text).text[one.start : one.end].split()) for one in masked.sentences]
        given = [" ".join(plain[one.start : one.end].split()) for one in expected.sentences]
        assert quoted == given
        assert masked.score == pytest.approx(expected.score, abs=1e-9)
