"""`triptych adversary audit`."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from triptych.errors import Unavailable
from triptych.results import check_writable, to_json


def audit(
    target: Annotated[
        str,
        typer.Argument(
            help="A defence of the gallery by its name, or the folder of a gallery run."
        ),
    ],
    data: Annotated[str, typer.Option(help="For a name: cifar10, mnist or digits.")] = "cifar10",
    epsilon: Annotated[
        str | None, typer.Option(help="A number or a/b; the usual one of the data if not given.")
    ] = None,
    norm: Annotated[str, typer.Option(help="linf, l2 or l1.")] = "linf",
    examples: Annotated[int, typer.Option(help="Of the test pictures, the first.", min=10)] = 100,
    steps: Annotated[int, typer.Option(help="Of each gradient attack.", min=20)] = 40,
    queries: Annotated[int, typer.Option(help="Of the attack without gradient.", min=1)] = 500,
    seed: Annotated[int, typer.Option(help="Decides every draw.", min=0)] = 0,
    report: Annotated[Path | None, typer.Option(help="Folder for audit.md and audit.json.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Find out whether a defence is robust, or only hides its gradient."""
    for module in ("lightning_fabric", "safetensors.torch", "scipy.stats"):
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            raise Unavailable(
                f"An audit needs {error.name}, which is not installed: "
                "pip install 'triptych[train]'."
            ) from error
    from triptych.adversary.audit.order import Order, carry_out
    from triptych.adversary.audit.report import FILE, write_report

    if report is not None:
        check_writable(report / FILE)
    order = Order(target, data, norm, epsilon, examples, steps, queries, seed)
    numbers = carry_out(order, lambda words: typer.echo(words, err=True))
    if report is not None:
        write_report(report, numbers, seed)
    if as_json:
        typer.echo(to_json(numbers))
    else:
        typer.echo(f"{numbers['verdict']}: {numbers['sentence']}")
