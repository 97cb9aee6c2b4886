"""Every number can be measured again: the commit that a result or a card names is in history."""

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def _named_commits() -> dict[str, str]:
    """Result file -> commit, without the mark of a checkout that had changed."""
    found: dict[str, str] = {}
    for path in sorted([*ROOT.glob("docs/**/*.json"), *ROOT.glob("src/**/card.json")]):
        content = json.loads(path.read_text(encoding="utf-8"))
        commit = content.get("commit") if isinstance(content, dict) else None
        if commit:
            found[str(path.relative_to(ROOT))] = commit.removesuffix("-dirty")
    return found


def test_commits_of_results_are_in_the_history() -> None:
    """A rebase gives a commit another name; a result measured on it must not be left behind."""
    try:
        shallow = _git("rev-parse", "--is-shallow-repository").strip() == "true"
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("This is no git checkout, so there is no history to look in.")
    if shallow:
        pytest.skip("This clone holds only the newest commits: git fetch --unshallow")
    named = _named_commits()
    assert len(named) > 20
    history = _git("rev-list", "HEAD").split()
    lost = {
        path: commit
        for path, commit in named.items()
        if not any(known.startswith(commit) for known in history)
    }
    assert not lost
