"""`triptych adversary attack`."""

from pathlib import Path
from typing import Annotated

import typer

from triptych.adversary.gallery.cli import app as gallery

app = typer.Typer(help="Attacks on image classifiers.", no_args_is_help=True)
app.add_typer(gallery, name="gallery")


@app.callback()
def _adversary() -> None:
    """Attacks on image classifiers."""


@app.command()
def attack(
    target: Annotated[
        Path,
        typer.Argument(
            help="`digits`, a small network on scikit-learn's digits, or the folder of its run.",
        ),
    ] = Path("digits"),
    norm: Annotated[str, typer.Option(help="linf, l2 or l1.")] = "linf",
    epsilon: Annotated[
        str, typer.Option(help="How far, pixel values being 0 to 1: a number or a/b.")
    ] = "0.1",
    method: Annotated[
        str,
        typer.Option(
            help="standard, or one of fgsm, pgd, apgd, apgd-targeted, fmn, cw, square, noise. "
            "standard is the strongest and slowest."
        ),
    ] = "standard",
    examples: Annotated[int, typer.Option(help="Of the test pictures, the first.", min=1)] = 200,
    grid: Annotated[bool, typer.Option("--grid", help="Allow 8-bit pictures only.")] = False,
    seed: Annotated[int, typer.Option(help="Decides every draw.", min=0)] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the result to this file as it goes; goes on if it is there."),
    ] = None,
    run: Annotated[
        Path, typer.Option(help="Where `digits` is trained, or found if it was before.")
    ] = Path("runs/adversary/digits"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look for small changes that a model gets wrong; trains it first if it is not there."""
    try:
        from triptych.adversary.report import Order, carry_out
    except ModuleNotFoundError as error:
        from triptych.errors import Unavailable

        raise Unavailable(
            f"Attacks need {error.name}, which is not installed: pip install 'triptych[train]'."
        ) from error
    from triptych.results import to_json

    folder = run if target == Path("digits") else target
    order = Order(folder, target == Path("digits"), norm, epsilon, method, examples, grid, seed)
    numbers = carry_out(order, out, lambda words: typer.echo(words, err=True))
    if as_json:
        typer.echo(to_json(numbers))
    else:
        typer.echo(
            f"{numbers['threat']}: {numbers['examples']} examples, "
            f"{numbers['clean_accuracy']:.1%} right without attack, "
            f"{numbers['robust_accuracy']:.1%} under it"
        )
