from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.training import leaks
from detector.training.sources import SourceError


@dataclass(frozen=True)
class Text:
    id: str
    text: str


def plain_leaks(train: list[Text], benchmark: list[Text]) -> set[str]:
    """The rule in words, one text against one text."""

    def words(text: str) -> list[str]:
        return re.findall(r"\w+", text.lower())

    def grams(text: str) -> list[tuple[str, ...]]:
        found = words(text)
        return [tuple(found[i : i + 10]) for i in range(len(found) - 9)]

    found = set()
    for row in train:
        mine = grams(row.text)
        for other in benchmark:
            theirs = set(grams(other.text))
            opening = words(row.text)[:15]
            same = bool(opening) and opening == words(other.text)[:15]
            if same or sum(gram in theirs for gram in mine) > 0.30 * len(mine):
                found.add(row.id)
    return found


# Long runs of one of few passages, so that shares fall on both sides of the border.
PASSAGES = [" ".join(f"{name}{i}" for i in range(14)) for name in "abcd"]
texts = st.lists(st.lists(st.sampled_from([*PASSAGES, "x", "Y z", ""]), max_size=7).map(" ".join), max_size=6)


@given(texts, texts)
def test_agrees_with_the_rule_in_words(train: list[str], benchmark: list[str]) -> None:
    rows = [Text(f"t{i}", text) for i, text in enumerate(train)]
    held = [Text(f"b{i}", text) for i, text in enumerate(benchmark)]
    assert leaks.leaked_ids(rows, held) == plain_leaks(rows, held)


def numbered(start: int, end: int) -> str:
    return " ".join(f"w{i}" for i in range(start, end))


def test_same_opening_leaks_whatever_the_case_and_punctuation() -> None:
    held = [Text("b", numbered(0, 15) + " " + numbered(100, 200))]
    rows = [
        Text("same", numbered(0, 15).upper().replace(" ", ", ") + ". " + numbered(300, 400)),
        Text("fourteen", numbered(0, 14) + " " + numbered(300, 400)),
        Text("later", "first " + numbered(0, 15) + " " + numbered(300, 400)),
    ]
    assert leaks.leaked_ids(rows, held) == {"same"}


def test_short_texts_leak_only_when_equal() -> None:
    held = [Text("b", "One two three."), Text("empty", "…")]
    rows = [
        Text("equal", "one, two, three"),
        Text("longer", "one two three four"),
        Text("blank", "  "),
        Text("dots", "..."),
    ]
    assert leaks.leaked_ids(rows, held) == {"equal"}


@pytest.mark.parametrize(("shared", "leaks_out"), [(30, False), (31, True)])
def test_thirty_per_cent_is_the_border(shared: int, leaks_out: bool) -> None:
    # 109 words make 100 grams; a run of n + 9 words of the benchmark holds n of them.
    own = numbered(1000, 1000 + 100 - shared)
    held = [Text("b", "begin " + numbered(0, 300))]
    rows = [Text("t", own + " " + numbered(50, 50 + shared + 9))]
    assert (leaks.leaked_ids(rows, held) == {"t"}) is leaks_out


def test_two_benchmark_texts_do_not_add_up() -> None:
    halves = [Text("b1", numbered(0, 70)), Text("b2", numbered(70, 140))]
    own = numbered(1000, 1130)
    row = Text("t", f"{own} {numbered(1, 60)} {numbered(71, 130)}")
    assert not leaks.leaked_ids([row], halves)
    joined = Text("b3", f"start {numbered(1, 60)} {numbered(71, 130)}")
    assert leaks.leaked_ids([row], [joined]) == {"t"}


def test_a_gram_repeated_in_a_benchmark_text_counts_once() -> None:
    # Each text shares 20 of 109 grams; said thrice in the first they are still 20.
    held = [Text("b1", " ".join([numbered(0, 29)] * 3)), Text("b2", "begin " + numbered(100, 129))]
    row = Text("t", f"{numbered(1000, 1060)} {numbered(0, 29)} {numbered(100, 129)}")
    assert leaks.leaked_ids([row], held) == set()


def test_the_order_of_words_matters() -> None:
    held = [Text("b", numbered(0, 100))]
    backwards = " ".join(reversed(numbered(0, 100).split()))
    assert leaks.leaked_ids([Text("t", backwards)], held) == set()


def test_without_benchmarks_nothing_leaks() -> None:
    assert leaks.leaked_ids([Text("t", numbered(0, 50))], []) == set()


def test_rows_are_dropped_by_id_and_streamed() -> None:
    rows = iter([Text("a", ""), Text("b", ""), Text("c", "")])
    kept = leaks.drop_leaks(rows, {"b"})
    assert next(kept).id == "a"
    assert [row.id for row in kept] == ["c"]
    with pytest.raises(TypeError, match="give a set of ids"):
        leaks.drop_leaks(rows, "b")


def test_list_of_leaks_reads_ids_without_comments(tmp_path: Path) -> None:
    path = tmp_path / "leaks.txt"
    path.write_text("# rule\na/1\n\nb 2\n", encoding="utf-8")
    assert leaks.load_leaks(path) == {"a/1", "b 2"}
    with pytest.raises(SourceError, match="no list of leaks"):
        leaks.load_leaks(tmp_path / "none.txt")
