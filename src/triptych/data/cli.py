"""`triptych data list|fetch|check`."""

import typer

app = typer.Typer(help="Data sets: list, fetch, check.", no_args_is_help=True)


@app.callback()
def _data() -> None:
    """Data sets: list, fetch, check."""
