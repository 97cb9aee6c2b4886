"""`triptych gesture ...`: each command parses, calls one library function, and prints."""

import typer

app = typer.Typer(help="Hand signs and an away card for video calls.", no_args_is_help=True)


@app.callback()
def _gesture() -> None:
    """Hand signs and an away card for video calls."""
