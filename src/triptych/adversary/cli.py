"""`triptych adversary attack`."""

from pathlib import Path
from typing import Annotated

import typer

from triptych.adversary.audit.cli import audit
from triptych.adversary.gallery.cli import app as gallery

app = typer.Typer(help="Attacks on image classifiers.", no_args_is_help=True)
app.add_typer(gallery, name="gallery")
app.command()(audit)


@app.callback()
def _adversary() -> None:
    """Attacks on image classifiers."""


@app.command()
def attack(
    target: Annotated[
        str,
        typer.Argument(
            help="A defence of the gallery by its name, the folder of a gallery run, or an ONNX "
            "file; `digits` is `plain` on scikit-learn's digits, which need no data.",
        ),
    ] = "digits",
    data: Annotated[
        str, typer.Option(help="For a name or an ONNX file: cifar10, mnist or digits.")
    ] = "cifar10",
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="A .npz file with arrays `pictures` (uint8, or 0 to 1) and `labels`, in the place "
            "of the data set's test pictures."
        ),
    ] = None,
    surrogate: Annotated[
        str | None,
        typer.Option(
            help="Follow the gradients of this model, a name or a folder as above, and ask the "
            "target only for its answers."
        ),
    ] = None,
    norm: Annotated[str, typer.Option(help="linf, l2, l1 or l0.")] = "linf",
    epsilon: Annotated[
        str, typer.Option(help="How far, pixel values being 0 to 1: a number or a/b.")
    ] = "0.1",
    method: Annotated[
        str,
        typer.Option(
            help="standard, or one of fgsm, pgd, apgd, apgd-targeted, fmn, cw, ddn, sigma-zero, "
            "square, nes, hop-skip-jump, noise, black-box. standard is the strongest and slowest; "
            "for an ONNX file, which gives no gradients, it is black-box."
        ),
    ] = "standard",
    examples: Annotated[int, typer.Option(help="Of the test pictures, the first.", min=1)] = 200,
    grid: Annotated[bool, typer.Option("--grid", help="Allow 8-bit pictures only.")] = False,
    seed: Annotated[int, typer.Option(help="Decides every draw.", min=0)] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the result to this file as it goes; goes on if it is there."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look for small changes of test pictures that a model gets wrong."""
    try:
        from triptych.adversary.report import Order, carry_out
    except ModuleNotFoundError as error:
        from triptych.errors import Unavailable

        raise Unavailable(
            f"Attacks need {error.name}, which is not installed: pip install 'triptych[train]'."
        ) from error
    from triptych.results import check_writable, to_json

    if out is not None:
        check_writable(out)
    order = Order(target, data, norm, epsilon, method, examples, grid, seed, surrogate, pictures)
    numbers = carry_out(order, out)
    if as_json:
        typer.echo(to_json(numbers))
    else:
        typer.echo(
            f"{numbers['threat']}: {numbers['examples']} examples, "
            f"{numbers['clean_accuracy']:.1%} right without attack, "
            f"{numbers['robust_accuracy']:.1%} under it"
        )
