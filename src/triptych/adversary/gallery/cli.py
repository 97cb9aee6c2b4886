"""`triptych adversary gallery`: list, train, claim, break."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from triptych.adversary.gallery.catalogue import CATALOGUE
from triptych.errors import Unavailable
from triptych.results import check_writable, to_json, write_result

app = typer.Typer(
    help="Published defences, what their authors claim of them, and how they break.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help=f"{', '.join(CATALOGUE)}.", show_default=False)]
Data = Annotated[str, typer.Option(help="cifar10, mnist or digits; digits need no data.")]
Variant = Annotated[
    str, typer.Option(help="small, published (the full size), or another; a wrong one lists them.")
]
Runs = Annotated[
    list[Path] | None,
    typer.Option("--run", help="Folder of a training of your own; several give mean and spread."),
]
Examples = Annotated[int, typer.Option(help="Of the test pictures, the first.", min=1)]
Seed = Annotated[int, typer.Option(help="Decides every draw.", min=0)]
Out = Annotated[Path | None, typer.Option(help="Also write the numbers, and how they came about.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """What the gallery holds, and which data sets have trained weights in this package."""
    from importlib.resources import files

    rows = list[dict[str, Any]]()
    for name, entry in CATALOGUE.items():
        weights = Path(str(files("triptych.adversary.gallery"))) / name / "weights"
        shipped = sorted(folder.name for folder in weights.glob("*-*")) if weights.is_dir() else []
        rows.append({"name": name, "idea": entry.idea, "source": entry.source, "weights": shipped})
    if as_json:
        typer.echo(to_json({"defences": rows}))
        return
    for row in rows:
        typer.echo(f"{row['name']:<12} {row['idea']} ({row['source']})")
        typer.echo(f"{'':<12} weights: {', '.join(row['weights']) or 'none'}")


@app.command()
def train(
    name: Name,
    data: Data = "cifar10",
    variant: Variant = "small",
    seed: Seed = 0,
    run: Annotated[
        Path | None,
        typer.Option(help="Folder of the run [default: runs/adversary/NAME-DATA-VARIANT-SEED]."),
    ] = None,
    accelerator: Annotated[str, typer.Option(help="cpu, cuda, mps or auto.")] = "auto",
    as_json: Json = False,
) -> None:
    """Train a defence; goes on where it was interrupted."""
    _needs_torch()
    from triptych.adversary.gallery.train import train as train_it

    folder = run or Path("runs/adversary") / f"{name}-{data}-{variant}-{seed}"
    card = train_it(name, data, variant, folder, seed, accelerator, echo=sys.stderr)
    if as_json:
        typer.echo(to_json({"run": str(folder), **card}))
        return
    typer.echo(
        f"{name} for {data}: {card['held_out_accuracy']:.1%} right on held-out pictures. Now: "
        f"triptych adversary gallery break {name} --data {data} --variant {variant} --run {folder}"
    )


@app.command()
def claim(
    name: Name,
    data: Data = "cifar10",
    variant: Variant = "small",
    run: Runs = None,
    examples: Examples = 200,
    seed: Seed = 0,
    curve: Annotated[
        bool, typer.Option("--curve", help="Also over epsilon, against what is possible at all.")
    ] = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Measure a defence as its authors did."""
    _needs_torch()
    from triptych.adversary.gallery.show import Order, claim_it

    if out is not None:
        check_writable(out)
    order = Order(name, data, variant, tuple(run or ()), examples, seed)
    numbers = claim_it(order, curve, lambda words: typer.echo(words, err=True))
    if out is not None:
        write_result(out, numbers, seed)
    if as_json:
        typer.echo(to_json(numbers))
        return
    typer.echo(
        f"{name} for {data}, {numbers['examples']} examples: {numbers['clean_accuracy']:.1%} right "
        f"without attack, {numbers['claimed_accuracy']:.1%} under the authors' "
        f"({numbers['norm']} {numbers['epsilon']:.3g})."
    )
    for point in numbers["runs"][0]["curve"]["points"] if curve else ():
        verdict = "impossible: more than" if point["impossible"] else "at most"
        typer.echo(
            f"  epsilon {point['epsilon']:.3g}: {point['accuracy']:.1%} claimed, {verdict} "
            f"{point['most_possible']:.1%} can be right"
        )


@app.command("break")
def break_(
    name: Name,
    data: Data = "cifar10",
    variant: Variant = "small",
    run: Runs = None,
    examples: Examples = 200,
    seed: Seed = 0,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Break a defence: clean, claimed and broken accuracy side by side."""
    _needs_torch()
    from triptych.adversary.gallery.show import Order, break_it

    if out is not None:
        check_writable(out)
    order = Order(name, data, variant, tuple(run or ()), examples, seed)
    numbers = break_it(order, lambda words: typer.echo(words, err=True))
    if out is not None:
        write_result(out, numbers, seed)
    if as_json:
        typer.echo(to_json(numbers))
        return
    runs = len(numbers["runs"])
    typer.echo(
        f"{name} for {data}, {numbers['examples']} examples"
        + (f", mean of {runs} trainings" if runs > 1 else "")
    )
    for words, key, epsilon in (
        ("without attack", "clean_accuracy", None),
        (f"claimed, under {numbers['claimed_by']}", "claimed_accuracy", "claimed_epsilon"),
        ("broken", "broken_accuracy", "epsilon"),
    ):
        where = "" if epsilon is None else f" ({numbers['norm']} {numbers[epsilon]:.3g})"
        if runs > 1:
            spread = f" ± {numbers[f'{key}_std']:.1%}"
        else:
            low, high = numbers[f"{key}_ci95"]
            spread = f" [{low:.1%}, {high:.1%}]"
        typer.echo(f"  {numbers[key]:6.1%}{spread} right {words}{where}")


def _needs_torch() -> None:
    """Raises Unavailable, in a sentence, without the extra."""
    for module in ("lightning_fabric", "safetensors.torch", "scipy.stats"):
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            raise Unavailable(
                f"The gallery needs {error.name}, which is not installed: "
                "pip install 'triptych[train]'."
            ) from error
