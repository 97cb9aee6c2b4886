"""The command line as a whole: help everywhere, light start, mendable errors in one sentence."""

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from triptych import __version__
from triptych.cli import app, main
from triptych.errors import BadInput

HEAVY = (
    "torch",
    "lightning_fabric",
    "safetensors",
    "cv2",
    "onnxruntime",
    "av",
    "numpy",
    "starlette",
    "scipy",
    "sklearn",
)
EXTRA_TRAIN = ("torch", "lightning_fabric", "safetensors", "scipy", "sklearn")


def commands() -> Iterator[tuple[str, ...]]:
    """The words of every command and group."""

    def walk(command: object, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, (*words, name))

    return walk(typer.main.get_command(app), ())


def test_the_promised_commands_are_there() -> None:
    """Scripts rely on these names."""
    assert {
        ("gesture", "run"),
        ("gesture", "classify"),
        ("gesture", "evaluate"),
        ("gesture", "bench"),
        ("gesture", "config"),
        ("gesture", "export"),
        ("gesture", "train", "detector"),
        ("gesture", "train", "classifier"),
        ("adversary", "attack"),
        ("adversary", "audit"),
        ("adversary", "gallery", "list"),
        ("adversary", "gallery", "train"),
        ("adversary", "gallery", "claim"),
        ("adversary", "gallery", "break"),
        ("capsules", "presets"),
        ("capsules", "train"),
        ("capsules", "resume"),
        ("capsules", "evaluate"),
        ("capsules", "show"),
        ("data", "list"),
        ("data", "fetch"),
        ("data", "check"),
    } <= set(commands())


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_has_help(words: tuple[str, ...]) -> None:
    """`--help` explains the command and each of its options, and exits with status 0."""
    result = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "Usage:" in result.output
    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{parameter.name} has no help"


def test_version() -> None:
    """`--version` prints name and version."""
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.output.strip() == f"triptych {__version__}"


def fresh(code: str) -> str:
    """What a new interpreter prints."""
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_importing_the_package_loads_nothing() -> None:
    """`import triptych` brings no other library at all."""
    loaded = fresh(
        f"""
        import sys
        import triptych
        print([name for name in (*{HEAVY}, "typer", "rich") if name in sys.modules])
        """
    )
    assert loaded.strip() == "[]"


@pytest.mark.parametrize(
    "words",
    [[], ["gesture"], ["gesture", "run"], ["adversary"], ["capsules"], ["data"]],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    """Asking for help does not wait for networks, pictures or numbers to be imported."""
    loaded = fresh(
        f"""
        import sys
        from triptych.cli import main
        sys.argv = ["triptych", *{words}, "--help"]
        try:
            main()
        except SystemExit as exit:
            assert not exit.code, exit.code
        print([name for name in {HEAVY} if name in sys.modules])
        """
    )
    assert loaded.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "words",
    [
        ["adversary", "attack"],
        ["adversary", "audit", "plain"],
        ["adversary", "gallery", "break", "plain"],
        ["adversary", "gallery", "train", "plain"],
        ["capsules", "train", "digits"],
        ["capsules", "resume", "run"],
        ["capsules", "evaluate", "run"],
        ["capsules", "show", "run"],
        ["gesture", "train", "detector"],
        ["gesture", "train", "classifier"],
    ],
    ids=" ".join,
)
def test_without_the_extra_a_sentence_says_how_to_get_it(words: list[str], tmp_path: Path) -> None:
    """Where only the light dependencies are installed, training ends with that and status 2."""
    code = f"""
        import sys
        for name in {EXTRA_TRAIN}:
            sys.modules[name] = None
        from triptych.cli import main
        sys.argv = ["triptych", *{words}]
        main()
        """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 2, run.stderr
    assert run.stderr.startswith("triptych: ")
    assert run.stderr.endswith("which is not installed: pip install 'triptych[train]'.\n")
    assert run.stderr.count("\n") == 1
    assert run.stdout == ""
    assert not list(tmp_path.iterdir())


def test_a_mendable_error_is_one_sentence_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A `TriptychError` from anywhere goes to stderr as it is, without a traceback."""

    def fail() -> None:
        raise BadInput("The file x is no picture; give another one.")

    monkeypatch.setattr("triptych.cli.app", fail)
    with pytest.raises(SystemExit) as stopped:
        main()
    out, err = capsys.readouterr()
    assert stopped.value.code == 2
    assert out == ""
    assert err == "triptych: The file x is no picture; give another one.\n"


def test_our_own_bugs_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other exception is not dressed up as the user's mistake."""

    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("triptych.cli.app", fail)
    with pytest.raises(ZeroDivisionError):
        main()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gesture", "classify", "missing.png"], "missing.png"),
        (["gesture", "evaluate", "missing.json"], "missing.json"),
        (["gesture", "evaluate", "missing.txt"], "missing.txt"),
        (["gesture", "run", "missing.mp4", "--to", "null"], "missing.mp4"),
        (["gesture", "config", "--nonsense"], "--nonsense"),
        (["gesture", "export", "missing"], "missing"),
        (["data", "check", "nonsense"], "nonsense"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_real_process_exits_with_status_2(words: list[str], said: str, tmp_path: Path) -> None:
    """What a person got wrong is named on stderr; nothing goes to stdout, no traceback anywhere."""
    run = subprocess.run(
        [sys.executable, "-m", "triptych", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 2, run.stderr
    assert said in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
