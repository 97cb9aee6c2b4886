"""The command line: mounts the rooms, and turns mendable errors into one sentence.

Each room's `cli.py` imports nothing heavy at its top, so `triptych --help` stays instant. The
three panels are mounted in the same way.
"""

import sys
from typing import Annotated

import typer

from triptych import __version__
from triptych.adversary.cli import app as adversary
from triptych.capsules.cli import app as capsules
from triptych.data.cli import app as data
from triptych.errors import TriptychError
from triptych.gesture.cli import app as gesture

app = typer.Typer(
    help="Three vision systems: gestures in video calls, capsules, adversarial audits.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(gesture, name="gesture")
app.add_typer(adversary, name="adversary")
app.add_typer(capsules, name="capsules")
app.add_typer(data, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"triptych {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    del version


def main() -> None:
    """Run the command line; a `TriptychError` becomes one sentence on stderr and exit status 2."""
    try:
        app()
    except TriptychError as error:
        typer.echo(f"triptych: {error}", err=True)
        sys.exit(2)
