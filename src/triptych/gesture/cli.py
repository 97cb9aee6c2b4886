"""`triptych gesture ...`: each command parses, calls one library function, and prints."""

import typer

app = typer.Typer(help="Hand signs and an away card for video calls.", no_args_is_help=True)


@app.callback()
def _gesture() -> None:
    """Hand signs and an away card for video calls."""


@app.command()
def config() -> None:
    """Print all settings with their defaults and what they do, as TOML to save and change."""
    from triptych.gesture.config import Config
    from triptych.gesture.config_words import as_toml

    typer.echo(as_toml(Config()), nl=False)
