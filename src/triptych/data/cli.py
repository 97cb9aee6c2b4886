"""`triptych data list|fetch|check`."""

import json as json_module
from typing import Annotated

import typer

app = typer.Typer(help="Data sets: list, fetch, check.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A data set, as `triptych data list` names it.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]


@app.callback()
def _data() -> None:
    """Data sets: list, fetch, check."""


@app.command("list")
def list_command(json: Json = False) -> None:
    """Show which data sets there are, and which are on this machine."""
    from triptych.data.check import present
    from triptych.data.registry import DATA_SETS

    found = present()
    if json:
        rows = {
            name: {
                "what": data.what,
                "licence": data.licence,
                "path": None if found[name] is None else str(found[name]),
            }
            for name, data in DATA_SETS.items()
        }
        typer.echo(json_module.dumps(rows))
        return
    for name, data in DATA_SETS.items():
        typer.echo(f"{name:<9} {data.what} ({data.licence})")
        typer.echo(f"{'':<9} {found[name] or 'not here'}")


@app.command()
def fetch(
    name: Name,
    unverified: Annotated[
        bool,
        typer.Option(
            "--unverified", help="Also take files whose SHA-256 is not known; nobody vouches."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Download a data set from where its authors publish it, and verify its SHA-256."""
    from triptych.data.place import fetch as fetch_data

    folder = fetch_data(name, unverified)
    typer.echo(json_module.dumps({"name": name, "path": str(folder)}) if json else str(folder))


@app.command()
def check(name: Name, json: Json = False) -> None:
    """Verify hashes, counts and labels of a data set; exit status 2 if something is wrong."""
    from triptych.data.check import check as check_data

    report = check_data(name)
    if json:
        typer.echo(json_module.dumps(report.as_json()))
    else:
        typer.echo(f"{name}: {report.path}")
        for split, count in report.counts.items():
            typer.echo(f"  {split}: {count:,}")
        for note in report.notes:
            typer.echo(f"  note: {note}")
        for problem in report.problems:
            typer.echo(f"  wrong: {problem}")
        if not report.problems:
            typer.echo("  all is well" if report.complete else "  what is here is well")
    if report.problems:
        raise typer.Exit(2)
