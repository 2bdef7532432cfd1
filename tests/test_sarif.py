"""SARIF against its own schema, and against the texts that it points into."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
from command import run
from fake_scorer import CLAIM, FILLER

SCHEMA = Path(__file__).parent / "schemas" / "sarif-2.1.0.json"

MIXED = "The council met on Monday. Costs rose. This is filler. The council met on Monday. It rained."


@pytest.fixture(scope="module")
def validator():
    jsonschema = pytest.importorskip("jsonschema")
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8-sig")))


@pytest.fixture(autouse=True)
def _here(fake, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def sarif(*arguments, stdin=None, status=0):
    done = run("score", "--format", "sarif", *arguments, stdin=stdin)
    assert done.exit_code == status, done.output
    return json.loads(done.stdout)


def results(log):
    return log["runs"][0]["results"]


def region(result):
    return result["locations"][0]["physicalLocation"]["region"]


def uri(result):
    return result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def pointed_at(text, region):
    """Return the part of ``text`` that a SARIF region means, counted as the specification says."""
    lines = re.split("\r\n|\n", text)
    ends = [*re.findall("\r\n|\n", text), ""]
    first, last = region["startLine"] - 1, region["endLine"] - 1
    if first == last:
        return lines[first][region["startColumn"] - 1 : region["endColumn"] - 1]
    middle = [line + end for line, end in zip(lines[first + 1 : last], ends[first + 1 : last], strict=True)]
    start = lines[first][region["startColumn"] - 1 :] + ends[first]
    return "".join([start, *middle, lines[last][: region["endColumn"] - 1]])


# --- the schema


def everything(folder):
    (folder / "a file, 100% odd: é#.md").write_text(MIXED, encoding="utf-8")
    (folder / "b.txt").write_text(FILLER)
    (folder / "c.txt").write_text("short")
    (folder / "d.txt").write_bytes(b"\0\1\2\3" * 50)
    (folder / "e.jsonl").write_text(f'{json.dumps({"text": CLAIM})}\n\nbad\n{json.dumps({"text": FILLER})}\n')


def test_a_log_of_everything_is_valid(tmp_path, validator):
    everything(tmp_path)
    log = sarif(".", "gone.txt", "--fail-above", "0.5", "--machine-above", "0.1", status=2)
    assert [error.message for error in validator.iter_errors(log)] == []
    found = {result["ruleId"] for result in results(log)}
    assert found == {"filler-article", "filler-generic", "filler-repeat", "machine-article"}


@pytest.mark.parametrize("texts", [[], [CLAIM], ["short"], [FILLER], [FILLER, CLAIM, FILLER]])
def test_a_log_of_any_number_of_results_is_valid(tmp_path, validator, texts):
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.txt").write_text(text)
    log = sarif(*[f"{number}.txt" for number in range(len(texts))] or ["-"], stdin="" if not texts else None)
    assert [error.message for error in validator.iter_errors(log)] == []
    assert len(results(log)) == 2 * texts.count(FILLER)


def test_what_the_schema_forbids_is_seen(tmp_path, validator):
    (tmp_path / "a.txt").write_text(FILLER)
    log = sarif("a.txt")
    region(results(log)[1])["startLine"] = 0
    assert len(list(validator.iter_errors(log))) == 1
    log = sarif("a.txt")
    results(log)[0]["severity"] = "high"
    assert not validator.is_valid(log)


def test_the_extension_of_the_output_asks_for_it(tmp_path, validator):
    (tmp_path / "a.txt").write_text(FILLER)
    for name in ("o.sarif", "o.sarif.json"):
        assert run("score", "a.txt", "-o", name).exit_code == 0
        assert validator.is_valid(json.loads((tmp_path / name).read_text()))


# --- places


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_region_is_the_run_of_sentences_in_code_points(tmp_path, end):
    text = (
        f"𝔘𝔫𝔦 café 👩‍👩‍👧 costs.{end}{end}Żółw 🐢 filler here. More filler{end}with a break.  "
        f"Now a claim.{end}# Title.{end}Last filler."
    )
    (tmp_path / "a.md").write_bytes(text.encode())
    found = [result for result in results(sarif("a.md")) if result["ruleId"] == "filler-generic"]
    assert [pointed_at(text, region(result)) for result in found] == [
        f"Żółw 🐢 filler here. More filler{end}with a break.",
        "Last filler.",
    ]
    assert sarif("a.md")["runs"][0]["columnKind"] == "unicodeCodePoints"


def test_a_byte_order_mark_moves_nothing(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf" + FILLER.encode())
    (_, run) = results(sarif("a.txt"))
    assert region(run) == {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": len(FILLER) + 1}


def test_rows_point_at_their_line(tmp_path):
    rows = [{"text": CLAIM}, {"text": FILLER, "id": "my own"}, {"text": MIXED}]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    found = results(sarif("a.jsonl"))
    assert {(uri(result), region(result)["startLine"]) for result in found} == {("a.jsonl", 2), ("a.jsonl", 3)}
    (tmp_path / "a.csv").write_text(f'text\n"{CLAIM}"\n"{FILLER}\nand filler."\n"{FILLER}"\n')
    assert {region(result)["startLine"] for result in results(sarif("a.csv"))} == {3, 5}


def test_a_repeat_names_where_it_was_said_first(tmp_path):
    text = "The council met.\nCosts rose.\nThe council met."
    (tmp_path / "a.txt").write_text(text)
    (repeat,) = [result for result in results(sarif("a.txt")) if result["ruleId"] == "filler-repeat"]
    assert "Comes back to line 1" in repeat["message"]["text"]
    (earlier,) = repeat["relatedLocations"]
    assert pointed_at(text, earlier["physicalLocation"]["region"]) == "The council met."


def test_names_are_relative_to_the_repository_and_quoted(tmp_path, monkeypatch):
    everything(tmp_path)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    names = {uri(result) for result in results(sarif("..", status=2))}
    assert "a%20file%2C%20100%25%20odd%3A%20%C3%A9%23.md" in names
    assert {unquote(name) for name in names} == {"a file, 100% odd: é#.md", "b.txt", "e.jsonl"}
    monkeypatch.chdir(tmp_path)
    assert {uri(result) for result in results(sarif(".", status=2))} == names


def test_a_file_elsewhere_has_its_whole_name(tmp_path, tmp_path_factory):
    other = tmp_path_factory.mktemp("other dir") / "a.txt"
    other.write_text(FILLER)
    (article, _) = results(sarif(other))
    location = article["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": other.as_uri()}


# --- what is found


def test_there_is_one_finding_for_each_run(tmp_path):
    text = "A claim. Some filler. More filler. A fact. Last filler. A claim. A thing."
    (tmp_path / "a.txt").write_text(text)
    found = results(sarif("a.txt"))
    assert [pointed_at(text, region(result)) for result in found] == [
        "Some filler. More filler.",
        "Last filler. A claim.",
    ]
    assert "2 generic sentences in a row" in found[0]["message"]["text"]
    assert "1 generic sentence and 1 repeat in a row" in found[1]["message"]["text"]


def test_an_article_is_a_finding_when_it_is_labelled_or_reaches_the_limit(tmp_path):
    (tmp_path / "a.txt").write_text(FILLER)
    (tmp_path / "b.txt").write_text("A filler. A claim.")

    def articles(*arguments, status=0):
        log = sarif("a.txt", "b.txt", *arguments, status=status)
        return [(uri(one), one["level"]) for one in results(log) if one["ruleId"] == "filler-article"]

    assert articles() == [("a.txt", "warning")]
    assert articles("--fail-above", "0.4", status=1) == [("a.txt", "error"), ("b.txt", "error")]
    assert articles("--fail-above", "0.99") == [("a.txt", "warning")]


def test_rules_are_described(tmp_path):
    everything(tmp_path)
    log = sarif(".", status=2)
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    for rule in rules:
        assert len(rule["help"]["text"]) > 100
    for result in results(log):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_what_has_no_score_is_a_notification(tmp_path):
    everything(tmp_path)
    log = sarif(".", "gone.txt", status=2)
    (invocation,) = log["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    told = [
        (one["level"], one["descriptor"]["id"], one["message"]["text"].removeprefix("./").partition(":")[0])
        for one in invocation["toolExecutionNotifications"]
    ]
    assert told == [
        ("note", "not-judged", "c.txt"),
        ("error", "not-readable", "d.txt"),
        ("error", "not-readable", "e.jsonl"),
        ("error", "not-readable", "gone.txt"),
    ]
    known = {one["id"] for one in log["runs"][0]["tool"]["driver"]["notifications"]}
    assert {one[1] for one in told} == known
    assert sarif("b.txt")["runs"][0]["invocations"] == [{"executionSuccessful": True}]


# --- fingerprints


def test_a_fingerprint_outlives_edits_elsewhere(tmp_path):
    before = "A fact. This is some filler. And more filler here. Another fact."
    (tmp_path / "a.txt").write_text(before)
    (old,) = [one["partialFingerprints"] for one in results(sarif("a.txt"))]
    for name, text in {
        "a.txt": f"New facts are here.\n\nAnother new one. {before} The end.",
        "other.md": before,
        "b.txt": before.replace(" ", "\n"),
        "c.txt": before.replace("some filler.", "**Some** filler!."),
    }.items():
        (tmp_path / name).write_text(text)
        (new,) = [one["partialFingerprints"] for one in results(sarif(name))]
        assert new == old, name
    (tmp_path / "a.txt").write_text(before.replace("some filler", "old filler"))
    (new,) = [one["partialFingerprints"] for one in results(sarif("a.txt"))]
    assert new != old


def test_equal_findings_of_a_file_are_told_apart(tmp_path):
    (tmp_path / "a.jsonl").write_text(f"{json.dumps({'text': FILLER})}\n" * 3)
    found = [(one["ruleId"], one["partialFingerprints"]["words/v1"]) for one in results(sarif("a.jsonl"))]
    assert len(set(found)) == len(found) == 6
    assert {print_.partition(":")[2] for _, print_ in found} == {"1", "2", "3"}
