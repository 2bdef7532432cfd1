"""The hook as users get it: the real pre-commit, a repository of its own, this checkout as the hook's repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "detector" / "examples"
IDENTITY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **IDENTITY}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def committed(folder: Path) -> str:
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "all")
    return git(folder, "rev-parse", "HEAD")


def hooks() -> list[dict[str, object]]:
    yaml = pytest.importorskip("yaml")
    return list(yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")))


def test_the_hook_calls_a_command_that_exists():
    from click.testing import CliRunner

    from detector.cli import main

    (hook,) = hooks()
    program, *arguments = str(hook["entry"]).split()
    assert program == "detector"
    done = CliRunner().invoke(main, [*arguments, str(EXAMPLES / "brief.txt"), "--no-settings"])
    assert done.exit_code == 0, done.output
    assert "brief.txt" in done.stdout


def test_pre_commit_accepts_the_hook_file():
    clientlib = pytest.importorskip("pre_commit.clientlib")
    (hook,) = clientlib.load_manifest(str(ROOT / ".pre-commit-hooks.yaml"))
    assert hook["id"] == "detector"


@pytest.fixture(scope="module")
def hook_repository(tmp_path_factory):
    """Copy what a commit of this checkout would hold into a repository of its own."""
    folder = tmp_path_factory.mktemp("hook") / "repository"
    for name in git(ROOT, "ls-files", "-co", "--exclude-standard").splitlines():
        if (ROOT / name).is_file() and name.startswith((".pre-commit", "detector/", "pyproject", "README", "LICENSE")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder, committed(folder)


@pytest.fixture
def site(hook_repository, tmp_path):
    folder, revision = hook_repository
    (tmp_path / "docs").mkdir()
    shutil.copy(EXAMPLES / "padded.txt", tmp_path / "docs" / "padded.txt")
    shutil.copy(EXAMPLES / "brief.txt", tmp_path / "docs" / "brief.txt")
    (tmp_path / "code.py").write_text("print('in today'))\n")
    (tmp_path / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {folder}\n  rev: {revision}\n  hooks:\n  - id: detector\n"
    )
    committed(tmp_path)
    return tmp_path


def pre_commit(site: Path, home: Path) -> tuple[int, str]:
    environment = {**os.environ, **IDENTITY, "PRE_COMMIT_HOME": str(home), "PRE_COMMIT_COLOR": "never"}
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--verbose"],
        cwd=site,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_the_hook_installs_judges_and_obeys_the_settings(site, tmp_path_factory):
    pytest.importorskip("pre_commit")
    home = tmp_path_factory.mktemp("home")
    status, said = pre_commit(site, home)
    assert status == 1, said
    assert "docs/padded.txt" in said
    assert "docs/brief.txt" in said
    assert "code.py" not in said
    assert "1 of 2 texts are labelled filler or reach their limit: docs/padded.txt" in said

    (site / "pyproject.toml").write_text('[tool.detector]\nexclude = ["docs/padded.txt"]\n')
    git(site, "add", "-A")
    status, said = pre_commit(site, home)
    assert status == 0, said
    assert "docs/padded.txt" not in said
