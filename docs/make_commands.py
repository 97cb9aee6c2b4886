"""Makes docs/gesture/commands.md from the help of the commands themselves.

    python docs/make_commands.py

`tests/docs/test_pages.py` fails when the page is stale.
"""

from pathlib import Path

import typer.main
from typer.core import TyperCommand, TyperGroup

from triptych.cli import app

PAGE = Path(__file__).with_name("gesture") / "commands.md"

OPENING = """# Commands

Made from the commands' own help by `docs/make_commands.py`; do not edit. A mistake that you can
mend is one sentence on standard error and exit status 2. With `--json`, standard output carries
JSON and nothing else. Boxes are fractions of width and height from the top left, times are seconds.
"""


def page() -> str:
    """The whole page."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    context = typer.Context(root, info_name="triptych")
    return OPENING + "".join(_group(root, context))


def commands() -> dict[str, TyperCommand]:
    """Every command that does something, by its words: `gesture train detector`."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return dict(_leaves(root, ()))


def _leaves(group: TyperGroup, words: tuple[str, ...]) -> list[tuple[str, TyperCommand]]:
    found: list[tuple[str, TyperCommand]] = []
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            found += _leaves(command, (*words, name))
        elif isinstance(command, TyperCommand):
            found.append((" ".join((*words, name)), command))
    return found


def _group(group: TyperGroup, context: typer.Context) -> list[str]:
    made: list[str] = []
    for name, command in sorted(group.commands.items()):
        inner = typer.Context(command, info_name=name, parent=context)
        if isinstance(command, TyperGroup):
            made += _group(command, inner)
        elif isinstance(command, TyperCommand):
            made.append(_command(command, inner))
    return made


def _command(command: TyperCommand, context: typer.Context) -> str:
    usage = command.get_usage(context).removeprefix("Usage: ")
    lines = [f"\n## {context.command_path}\n", f"{command.help}\n", f"```\n{usage}\n```"]
    rows = [row for param in command.params if (row := param.get_help_record(context))]
    if rows:
        lines += ["", "| | |", "|---|---|"]
        lines += [f"| `{name}` | {_cell(text)} |" for name, text in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
