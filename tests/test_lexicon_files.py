"""The lists in detector/lexicons are well formed; the statistics behind them are right on tiny examples."""

import gzip
import json
import math
import re
from collections import Counter
from pathlib import Path

import pytest

from detector.training import lexicons as stats

FOLDER = Path(stats.__file__).parents[1] / "lexicons"
FILES = sorted(FOLDER.glob("*.txt"))
WORD = r"[^\W_A-Z]+(?:'[^\W_A-Z]+)*"
ENTRY = re.compile(rf"{WORD}(?: {WORD}){{0,5}}")
ABBREVIATION = re.compile(rf"{WORD}(?:\.[^\W_A-Z]+)*")
FIGURES = re.compile(r"(?:\t-?\d+\.\d\t\d+)?")
# Closed classes of English, which are as long as they are.
CLOSED = set(
    "first_person second_person third_person anyone quantifiers negations copulas past_auxiliaries demonstratives "
    "indefinite_articles definite_articles modals comparatives conditions wh_words time_words feeling_verbs".split()
)
EXPECTED = CLOSED | {
    "abbreviations", "abstract_words", "action_verbs", "announcing", "attribution_verbs",
    "boilerplate_phrases", "boosters", "causal", "concrete_words", "empty_attribution", "forecast",
    "function_words", "generic_phrases", "hedges", "human_phrases", "machine_phrases",
    "machine_words", "months_days", "number_words", "platitudes", "significance",
    "subject_pronouns", "transitions",
}  # fmt: skip
SINGLE_WORDS = {"abstract_words", "concrete_words", "machine_words", "function_words", "action_verbs"}
SEVERAL_WORDS = {"generic_phrases", "machine_phrases"}
OPPOSITES = [
    ("machine_words", "human_phrases"),
    ("machine_phrases", "human_phrases"),
    ("abstract_words", "concrete_words"),
    ("generic_phrases", "concrete_words"),
    ("abstract_words", "function_words"),
    ("concrete_words", "boosters"),
]


def lines_of(path):
    return path.read_text(encoding="utf-8").split("\n")


def entries(name):
    return [line.split("\t")[0] for line in lines_of(FOLDER / f"{name}.txt") if line and not line.startswith("#")]


def test_every_list_is_there_and_no_other():
    assert {path.stem for path in FILES} == EXPECTED


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_header_says_name_meaning_source_and_checks(path):
    head = [line for line in lines_of(path) if line.startswith("#")]
    assert lines_of(path)[: len(head)] == head, "comments stand at the top"
    fields = dict(line[2:].split(": ", 1) for line in head)
    assert list(fields) == ["name", "meaning", "source", "checked"]
    assert fields["name"] == path.stem
    assert all(value.strip() for value in fields.values())


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_entries_are_words_in_lower_case_with_optional_figures(path):
    body = [line for line in lines_of(path) if not line.startswith("#")]
    assert body.pop() == "", "the file ends with a line feed"
    assert len(body) >= (2 if path.stem in CLOSED - {"definite_articles"} else 1 if path.stem in CLOSED else 30)
    shape = ABBREVIATION if path.stem == "abbreviations" else ENTRY
    for line in body:
        entry, figures = re.fullmatch(r"([^\t]*)(.*)", line).groups()
        assert shape.fullmatch(entry), line
        assert FIGURES.fullmatch(figures), line
        if path.stem != "abbreviations":
            assert " ".join(stats.words(entry)) == entry, f"the tokeniser would never give {entry!r}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_sorted_and_unique(path):
    found = entries(path.stem)
    assert found == sorted(set(found))


@pytest.mark.parametrize("name", sorted(SINGLE_WORDS | SEVERAL_WORDS))
def test_number_of_words(name):
    lengths = {entry.count(" ") + 1 for entry in entries(name)}
    assert max(lengths) <= (1 if name in SINGLE_WORDS else 6)
    assert min(lengths) == (2 if name in SEVERAL_WORDS else 1)


@pytest.mark.parametrize(("one", "other"), OPPOSITES)
def test_no_entry_on_two_sides(one, other):
    assert not set(entries(one)) & set(entries(other))


@pytest.mark.parametrize("name", ["generic_phrases", "abstract_words", "concrete_words", "machine_words"])
def test_statistical_lists_give_positive_figures_for_every_entry(name):
    body = [line for line in lines_of(FOLDER / f"{name}.txt") if line and not line.startswith("#")]
    assert all(float(line.split("\t")[1]) > 0 and int(line.split("\t")[2]) > 0 for line in body)


def test_words_fold_quotes_case_and_hyphens():
    assert stats.words("Don’t say “well-known”, *Mr.* X_1!") == [
        "don't",
        "say",
        "well",
        "known",
        "mr",
        "x",
        "1",
    ]
    assert stats.words("co\u00adoper\u200bate 'quoted'") == ["cooperate", "quoted"]


def test_ngrams_and_openings():
    assert list(stats.ngrams(["a", "b", "c"], 2)) == ["a", "b", "c", "a b", "b c"]
    assert list(stats.openings(["a", "b", "c"], 2)) == ["a", "a b"]
    assert list(stats.openings(["a"], 3)) == ["a"]


def test_log_odds_by_hand():
    # 3 of 10 against 1 of 10 with 1 pseudo-count of 2: odds 4/8 and 2/10, variance 1/4 + 1/2
    z = stats.log_odds_z(3, 1, (10, 10), 1.0, 2.0)
    assert z == pytest.approx((math.log(4 / 8) - math.log(2 / 10)) / math.sqrt(3 / 4))
    assert stats.log_odds_z(1, 3, (10, 10), 1.0, 2.0) == pytest.approx(-z)
    assert stats.log_odds_z(2, 2, (10, 10), 1.0, 2.0) == 0


@pytest.mark.parametrize("prior", [0.0, -1.0, 2.0, 3.0])
def test_log_odds_refuses_a_prior_out_of_range(prior):
    with pytest.raises(ValueError, match="must lie between 0 and"):
        stats.log_odds_z(1, 1, (2, 2), prior, 2.0)


UNITS = [
    stats.Unit("s1", True, ("a b", "a b a")),
    stats.Unit("s1", False, ("a c",)),
    stats.Unit("s2", True, ("a",)),
    stats.Unit("s2", False, ("c",)),
]


def test_a_phrase_counts_once_per_unit_and_does_not_cross_pieces():
    counts = stats.count(UNITS, 2)
    assert counts["s1", True] == {"a": 1, "b": 1, "a b": 1, "b a": 1}
    assert counts["s1", False] == {"a": 1, "c": 1, "a c": 1}
    assert stats.count(UNITS, 2, only={"a b"})["s1", True] == {"a b": 1}
    assert stats.count(UNITS, 2, stats.openings)["s1", True] == {"a": 1, "a b": 1}


def test_contrast_pools_sources_and_compares_phrases_of_one_length():
    rows = {row.phrase: row for row in stats.contrast(stats.count(UNITS, 2), least=1, sources=1)}
    assert (rows["a"].positive, rows["a"].negative, rows["a"].sources) == (2, 1, 2)
    # one-word totals: a, b, a on the positive side, a, c, c on the other
    prior = stats.PRIOR_WEIGHT * 3 / 6
    assert rows["a"].z == pytest.approx(stats.log_odds_z(2, 1, (3, 3), prior))
    assert rows["c"].z < 0 < rows["b"].z


def test_contrast_leaves_out_rare_and_narrow_phrases_and_sorts():
    rows = stats.contrast(stats.count(UNITS, 2), least=2, sources=2)
    assert [row.phrase for row in rows] == ["a", "c"]


def test_agreeing_compares_shares_within_sources_that_have_both_sides():
    counts = {
        ("s1", True): Counter({"a": 2, "b": 1}),
        ("s1", False): Counter({"a": 2, "b": 1}),
        ("s2", True): Counter({"a": 5}),
    }
    sizes = Counter({("s1", True): 2, ("s1", False): 4, ("s2", True): 5})
    assert stats.agreeing(counts, sizes, True) == {"a": 1, "b": 1}
    assert stats.agreeing(counts, sizes, False) == {}


@pytest.fixture
def shared(tmp_path):
    for name in ("gold", "stories", "corpora/train"):
        (tmp_path / name).mkdir(parents=True)
    text = "It matters. He ran."
    letters = [[0, 11, "G"], [12, 19, "C"]]
    rows = [
        {"id": 1, "dataset": "d", "role": "train", "fold": 0, "text": text, "sentences": letters},
        {"id": 2, "dataset": "d", "role": "benchmark", "text": text, "sentences": letters},
        {"id": 3, "dataset": "d", "role": "train", "fold": 1, "text": text, "sentences": letters[:1]},
    ]
    story = {"story": "s", "text": text, "sentences": letters}
    _write(tmp_path / "gold/gold.jsonl.gz", rows)
    (tmp_path / "stories/stories.jsonl").write_text((json.dumps(story) + "\n") * 2)
    texts = ["one two three. " * 40, "four. " * 59, "five. " * 60]
    corpus = [{"family": "f", "label": "human", "text": t} for t in texts]
    corpus += [{"family": "f", "label": "machine", "text": texts[2], "attack": "human-edited"}]
    corpus += [{"family": "f", "label": "machine", "text": texts[2], "attack": None}]
    _write(tmp_path / "corpora/train/x.jsonl.gz", corpus)
    return tmp_path


def _write(path, rows):
    with gzip.open(path, "wt") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def test_labelled_units_join_versions_of_a_story_and_skip_benchmark_rows(shared):
    units = list(stats.labelled_units(shared, "GR", "C"))
    assert units == [
        stats.Unit("d", True, ("It matters.",)),
        stats.Unit("d", False, ("He ran.",)),
        stats.Unit("d", True, ("It matters.",)),
        stats.Unit("stories", True, ("It matters.",) * 2),
        stats.Unit("stories", False, ("He ran.",) * 2),
    ]
    assert len(list(stats.labelled_units(shared, "GR", "C", fold=1))) == 4


def test_machine_units_skip_short_and_edited_texts_and_cut_long_ones(shared):
    units = list(stats.machine_units(shared, per_group=5, longest_text=20))
    assert Counter((u.source, u.positive) for u in units) == {("f", False): 2, ("f", True): 1}
    assert max(len(stats.words(" ".join(u.pieces))) for u in units) == 21
    assert len(list(stats.machine_units(shared, per_group=1))) == 2


def test_machine_contrast_keeps_only_phrases_enough_families_agree_on(shared):
    rows = {r.phrase: r for r in stats.machine_contrast(shared, per_group=5, least=1, families=1, longest=1)}
    assert rows["five"].z > 0 > rows["one"].z
    assert rows["five"].sources == 1
    assert stats.machine_contrast(shared, per_group=5, least=1, families=2) == []


def test_measure_sorts_and_gives_figures_to_what_is_frequent_enough(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("# name: list\nrare\na\nb b\t9.9\t9\n")
    units = [stats.Unit("s", True, ("a c",))] * 3 + [stats.Unit("s", False, ("c",))]
    z = {row.phrase: row.z for row in stats.contrast(stats.count(units, 2), 3, 1)}["a"]
    assert stats.measure(path, units) == f"# name: list\na\t{z:.1f}\t3\nb b\nrare\n"


def test_command_prints_candidates_and_measures_a_list(shared, capsys, tmp_path):
    stats.main(["--shared", str(shared), "--contrast", "generic", "--least", "2", "--sources", "1"])
    fields = capsys.readouterr().out.splitlines()[0].split("\t")
    assert fields[0] == "generic"
    assert float(fields[2]) > 0
    path = tmp_path / "list.txt"
    path.write_text("# name: list\nit matters\n")
    stats.main(["--shared", str(shared), "--measure", str(path), "--contrast", "filler"])
    assert re.fullmatch(r"# name: list\nit matters(\t-?\d+\.\d\t\d+)?\n", capsys.readouterr().out)
