"""Settings in pyproject.toml: where they are found, what they do, how they are refused."""

from __future__ import annotations

import json

import pytest
from command import run as invoke
from fake_scorer import CLAIM, FILLER, HALF, FakeScorer

from detector.cli import shared
from detector.cli.settings import Settings, SettingsError, find_settings, matches, read_settings


@pytest.fixture(autouse=True)
def _here(fake, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def settings(folder, text):
    (folder / "pyproject.toml").write_text(f"[project]\nname = 'x'\n[tool.detector]\n{text}\n")


def run(*arguments, command="score"):
    return invoke(command, *arguments)


def names(done):
    return [json.loads(line)["id"] for line in done.stdout.splitlines()]


# --- finding


def test_the_nearest_file_with_a_table_counts(tmp_path, monkeypatch):
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    settings(tmp_path, "fail-above = 0.4")
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'detector-user'\n")
    monkeypatch.chdir(below)
    assert find_settings().fail_above == 0.4
    settings(below, "fail-above = 0.6")
    assert find_settings().fail_above == 0.6


def test_without_a_table_everything_is_as_ever(tmp_path):
    (tmp_path / "pyproject.toml").write_text("this is no TOML at all")
    assert find_settings(str(tmp_path)).fail_above is None


def test_a_file_of_its_own_may_hold_the_table_alone(tmp_path):
    (tmp_path / "strict.toml").write_text("fail-above = 0.2\n")
    (tmp_path / "a.txt").write_text(HALF)
    assert run("a.txt").exit_code == 0
    assert run("a.txt", "--settings", "strict.toml").exit_code == 1
    settings(tmp_path, "fail-above = 0.2")
    assert run("a.txt").exit_code == 1
    assert run("a.txt", "--no-settings").exit_code == 0


# --- limits


def test_the_command_line_wins(tmp_path):
    (tmp_path / "a.txt").write_text(HALF)
    settings(tmp_path, 'fail-above = 0.4\n[[tool.detector.per-path]]\nglob = "a.txt"\nfail-above = 0.45')
    assert run("a.txt").exit_code == 1
    assert run("a.txt", "--fail-above", "0.9").exit_code == 0
    settings(tmp_path, 'fail-above = 0.9\n[[tool.detector.per-path]]\nglob = "*"\nfail-above = "off"')
    assert run("a.txt").exit_code == 0
    assert run("a.txt", "--fail-above", "0.4").exit_code == 1


def test_paths_have_their_own_limits_and_the_last_table_wins(tmp_path):
    for folder in ("docs", "docs/old", "blog"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text("A filler. A machine.")
    settings(
        tmp_path,
        """
fail-above = 0.3
machine-above = 0.5
[[tool.detector.per-path]]
glob = ["docs/**"]
fail-above = 0.9
[[tool.detector.per-path]]
glob = "docs/old/**"
fail-above = "off"
machine-above = "off"
""",
    )
    said = run(".").stderr
    assert "1 of 3 texts have a score at or above their limit: ./blog/a.txt\n" in said
    assert "2 of 3 texts have a machine score at or above their limit: ./blog/a.txt, ./docs/a.txt\n" in said
    assert run("docs/old").exit_code == 0


def test_a_table_leaves_alone_what_it_does_not_name(tmp_path):
    (tmp_path / "a.txt").write_text(HALF)
    settings(tmp_path, 'fail-above = 0.4\n[[tool.detector.per-path]]\nglob = "a.txt"\nmachine-above = 0.9')
    assert run("a.txt").exit_code == 1


def test_check_fails_on_the_label_where_no_limit_is_set(tmp_path):
    (tmp_path / "a.txt").write_text(FILLER)
    assert run("a.txt").exit_code == 0
    checked = run("a.txt", "--check")
    assert checked.exit_code == 1
    assert "1 of 1 texts are labelled filler or reach their limit: a.txt\n" in checked.stderr
    assert run("a.txt", "--check", "--fail-above", "0.99").exit_code == 0
    settings(tmp_path, '[[tool.detector.per-path]]\nglob = "a.txt"\nfail-above = "off"')
    assert run("a.txt", "--check").exit_code == 0


# --- include and exclude


@pytest.fixture
def site(tmp_path):
    for name in ("docs/a.md", "docs/deep/b.md", "docs/drafts/c.md", "blog/d.md", "e.md", "notes.draft.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(CLAIM)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ["blog/d.md", "docs/a.md", "docs/deep/b.md", "docs/drafts/c.md", "e.md", "notes.draft.md"]),
        ('include = ["docs"]', ["docs/a.md", "docs/deep/b.md", "docs/drafts/c.md"]),
        ('include = ["docs/*.md", "blog/"]', ["blog/d.md", "docs/a.md"]),
        ('exclude = ["drafts", "*.draft.md"]', ["blog/d.md", "docs/a.md", "docs/deep/b.md", "e.md"]),
        ('include = ["docs/**/*.md"]\nexclude = ["docs/deep/**"]', ["docs/a.md", "docs/drafts/c.md"]),
    ],
)
def test_folders_give_the_files_that_the_project_wants(site, monkeypatch, text, wanted):
    settings(site, text)
    assert names(run(".", "--format", "jsonl")) == [f"./{name}" for name in wanted]
    monkeypatch.chdir(site / "docs")
    below = [f"../{name}" for name in wanted]
    assert names(run("..", "--format", "jsonl")) == below


def test_a_file_named_on_its_own_is_always_read_unless_forced(site):
    settings(site, 'exclude = ["docs"]')
    assert names(run("docs/a.md", "--format", "jsonl")) == ["docs/a.md"]
    forced = run("docs/a.md", "e.md", "--format", "jsonl", "--force-exclude")
    assert names(forced) == ["e.md"]
    nothing = run("docs/a.md", "--format", "jsonl", "--force-exclude", "--check")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "leave out docs/a.md; nothing is scored" in nothing.stderr


@pytest.mark.parametrize(
    ("glob", "name", "is_match"),
    [
        ("*.md", "a/b.md", True),
        ("*.md", "a/b.mdx", False),
        ("docs", "docs/a/b.md", True),
        ("docs", "x/docs/b.md", True),
        ("docs/", "docs/b.md", True),
        ("/docs", "x/docs/b.md", False),
        ("./docs/*", "docs/b.md", True),
        ("docs/*.md", "docs/a/b.md", False),
        ("docs/**/*.md", "docs/b.md", True),
        ("docs/**/*.md", "docs/x/y/b.md", True),
        ("docs/**", "docs2/b.md", False),
        ("**/old", "a/b/old/c.md", True),
        ("a?.md", "ab.md", True),
        ("a.md", "a-md", False),
        ("a[1].md", "a[1].md", True),
        ("a\nb", "a\nb", True),
    ],
)
def test_globs(glob, name, is_match):
    assert matches(glob, name) is is_match


def test_files_outside_the_project_are_not_its_business(tmp_path):
    project = Settings(root=str(tmp_path / "project"), include=("docs",), fail_above=0.4)
    assert project.wants(str(tmp_path / "elsewhere" / "a.md"))
    assert project.limits(str(tmp_path / "elsewhere" / "a.md")) == (0.4, None)


# --- model, baseline and the rest


def test_model_prior_and_calibration_reach_the_scorer(tmp_path, monkeypatch):
    asked = []

    def opened(*given):
        asked.append(given)
        return FakeScorer()

    monkeypatch.setattr(shared, "open_scorer", opened)
    (tmp_path / "a.txt").write_text(CLAIM)
    (tmp_path / "mine").mkdir()
    settings(tmp_path, 'model = "mine"\nprior = 0.4\ncalibration = "c.json"')
    assert run("a.txt").exit_code == 0
    assert run("a.txt", command="explain").exit_code == 0
    assert asked == [(str(tmp_path / "mine"), 0.4, (str(tmp_path / "c.json"),))] * 2
    assert run("a.txt", "--model", tmp_path, "--prior", "0.2").exit_code == 0
    assert asked[-1][:2] == (str(tmp_path), 0.2)


def test_comments_can_be_left_without_effect(tmp_path):
    (tmp_path / "a.txt").write_text(f"A claim it is. <!-- detector: off --> {FILLER}")
    settings(tmp_path, "fail-above = 0.4")
    assert run("a.txt").exit_code == 0
    settings(tmp_path, "fail-above = 0.4\ninline = false")
    assert run("a.txt").exit_code == 1


# --- refusals


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fail_above = 0.8", "unknown key 'fail_above' in [tool.detector]; did you mean 'fail-above'?"),
        ("xyzzy = 1", "unknown key 'xyzzy' in [tool.detector]; there are: fail-above, machine-above, include"),
        ("fail-above = 80", "fail-above is 80; expected a number above 0 and at most 1, such as 0.8"),
        ("fail-above = true", "fail-above is True; expected a number"),
        ('machine-above = "high"', "machine-above is 'high'; expected a number"),
        ("prior = 1", "prior is 1; expected a number between 0 and 1"),
        ("include = 3", "include is 3; expected a list of names"),
        ("exclude = [1]", "exclude is [1]; expected a list of names"),
        ("model = []", "model is []; expected a name"),
        ('inline = "no"', "inline is 'no'; expected true or false"),
        ("per-path = 1", "per-path is 1; expected tables that begin [[tool.detector.per-path]]"),
        ("[[tool.detector.per-path]]\nfail-above = 1", "has no glob; say which files it is for"),
        ('[[tool.detector.per-path]]\nglob = "a"\nfail = 1', "unknown key 'fail' in [[tool.detector.per-path]]"),
        ('[[tool.detector.per-path]]\nglob = "a"\nfail-above = "on"', 'at most 1, or "off"'),
        ("fail-above = ", "cannot read the settings"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, text, says):
    (tmp_path / "a.txt").write_text(CLAIM)
    settings(tmp_path, text)
    done = run("a.txt")
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "pyproject.toml" in done.stderr
    assert run("a.txt", "--no-settings").exit_code == 0


def test_a_table_that_is_none_is_refused(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool]\ndetector = 3\n")
    with pytest.raises(SettingsError, match=r"expected a table \[tool.detector\]"):
        find_settings()


def test_a_file_that_is_not_there_or_has_no_table_is_refused(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    for name, says in (("gone.toml", "no such file"), ("pyproject.toml", "has no table [tool.detector]")):
        done = run("-", "--settings", name)
        assert done.exit_code == 2
        assert says in done.stderr
    done = run("-", "--settings", "x", "--no-settings")
    assert done.exit_code == 2
    assert "contradict each other" in done.stderr
    with pytest.raises(SettingsError):
        read_settings(str(tmp_path))
