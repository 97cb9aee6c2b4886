"""The README and the docs: what they tell people to type works."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"(<!-- checked -->\n)?```(?:sh|console)\n(.*?)```", re.DOTALL)


def _lines(block: str) -> list[str]:
    found = (line.removeprefix("$ ").split(" #")[0].strip() for line in block.splitlines())
    return [line for line in found if line]


CHECKED = [
    line
    for mark, block in BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    if mark
    for line in _lines(block)
]


def _mentions(text: str) -> set[str]:
    """Commands of ours in code blocks and in code within sentences."""
    blocks = [line for _, block in BLOCK.findall(text) for line in _lines(block)]
    blocks += re.findall(r"^ {4}(triptych .+)$", text, re.MULTILINE)
    inline = re.findall(r"`([^`\n]*triptych [^`\n]+)`", text)
    return {
        found.group()
        for line in [*blocks, *inline]
        if (found := re.search(r"\btriptych (adversary|capsules|data|gesture)\b.*", line))
    }


def test_there_are_commands_to_check() -> None:
    """The marks in the README are found, so that the tests below test something."""
    assert len(CHECKED) >= 4


def test_the_checked_commands_run(tmp_path: Path) -> None:
    """The README's checked blocks run from top to bottom in an empty folder with a photo."""
    cv2.imwrite(str(tmp_path / "photo.jpg"), np.full((240, 320, 3), 127, np.uint8))
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for line in CHECKED:
        ended = subprocess.run(
            line,
            shell=True,
            cwd=tmp_path,
            env={**os.environ, "PATH": programs},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == 0, f"{line}\n{ended.stderr}"
    assert (tmp_path / "film.mp4").stat().st_size > 10_000
    events = (tmp_path / "events.jsonl").read_text().splitlines()
    assert all("event" in json.loads(line) for line in events)
    tomllib.loads((tmp_path / "gesture.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_named_exists(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each `triptych ...` on the page is a command, and each of its options is one of its own."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    commands = import_module("make_commands").commands()
    groups = {" ".join(name.split()[:n]) for name in commands for n in (1, 2)}
    for mention in _mentions(page.read_text(encoding="utf-8")):
        words = shlex.split(mention.split(">")[0].replace("|", " "))[1:]
        named = [" ".join(words[:n]) for n in (3, 2) if " ".join(words[:n]) in commands]
        if not named:
            assert " ".join(words) in groups, mention
            continue
        known = {option for param in commands[named[0]].params for option in param.opts}
        used = {word for word in words if word.startswith("--")}
        assert used <= known | {"--help"}, mention


def test_the_first_screen_has_what_a_newcomer_needs() -> None:
    """One picture, the two commands and all three panels stand within the first 30 lines."""
    first = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:30])
    for needed in ("overlay.png", "make run", "make test", ".gesture", ".capsules", ".adversary"):
        assert needed in first
