"""What each choice of a small capsule network is worth: the same short training without it.

    python benchmarks/capsules_ablation.py [--preset mnist-small] [--steps 500] [--seeds 2]
        [--runs runs/ablation] [--out ablation.json] [--only NAME,...]

The rate falls along the same cosine, over fewer steps. Each variant is a run of its own under
--runs, every seed of it; one that was interrupted goes on where it was, one that is done is only
read. The file is written anew after each variant. Accuracies are of clusters fitted on training
pictures and scored on others of the training set that are held for that; test pictures are not
looked at.
"""

import argparse
import json
import statistics
from pathlib import Path

from triptych.capsules.presets import preset
from triptych.capsules.run import create, train
from triptych.results import write_result

MEASURED = ("clustering_presence", "clustering_posterior", "squared_error")

VARIANTS: dict[str, tuple[str, ...]] = {
    "as the preset has it": (),
    "drawn without inverting poses": ("parts.inverse=false",),
    "mean pooling": ("parts.pooling=mean",),
    "one special feature": ("parts.features=1",),
    "no noise on parts' presences": ("parts.noise=0",),
    "no sparsity of presences": ("loss.presence_within=0", "loss.presence_between=0"),
    "no sparsity of posteriors": ("loss.posterior_within=0", "loss.posterior_between=0"),
    "mixed attention maps (Q1)": ("parts.mixed_attention=true",),
    "hard presence mask (Q6)": ("objects.presence_mask=hard",),
    "normalised part mixture (Q7)": ("objects.normalised=true",),
    "TensorFlow's RMSProp": ("train.optimiser=rmsprop_tf", "train.rate=0.0003"),
    "24 parts and 24 objects": ("parts.count=24",),
    "40 parts and 32 objects": ("parts.count=40", "objects.layers=32"),
    "one view without agreement": ("data.views=1", "loss.agreement=0"),
    "templates without a brush": ("parts.brush=0",),
    "templates turn freely": ("parts.largest_turn=0",),
    "views agree by presences as they are": ("loss.agreement_power=1",),
    "pictures not warped": ("data.warp=0",),
    "objects not standardised": ("objects.standardise=false",),
    "noise on objects' presences": ("objects.noise=4",),
    "16 objects": ("objects.layers=16",),
    "black outside templates (Q3)": ("parts.outside=open",),
    "parts start as the paper's": ("parts.start=paper",),
    "features pass no gradient (Q5)": ("objects.feature_gradient=false",),
}
"""What the paper and its code are about, then what this preset does of its own."""


def main() -> None:
    """Train what is missing, variant by variant, and write the table after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--preset", default="mnist-small")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--out", type=Path, default=Path("ablation.json"))
    parser.add_argument("--only", default="", help="names of variants, with commas between")
    order = parser.parse_args()
    wanted = [name for name in order.only.split(",") if name] or list(VARIANTS)
    unknown = [name for name in wanted if name not in VARIANTS]
    if unknown:
        parser.error(f"{unknown[0]!r} is none of: {', '.join(VARIANTS)}")
    table: dict[str, dict[str, object]] = {}
    for name in wanted:
        short = [f"train.{key}={order.steps}" for key in ("steps", "evaluate_every", "save_every")]
        folder = order.runs / f"{list(VARIANTS).index(name):02d}"
        settings = preset(order.preset).changed([*VARIANTS[name], *short])
        run = create(folder, settings, range(order.seeds))
        if not all((run.of_seed(seed) / "result.json").exists() for seed in run.seeds):
            train(run, order.threads)
        found = [json.loads((run.of_seed(s) / "result.json").read_text()) for s in run.seeds]
        table[name] = {
            "changed": ", ".join(VARIANTS[name]) or "nothing",
            **{key: _spread([result[key] for result in found]) for key in MEASURED},
        }
        numbers = {"preset": order.preset, "steps": order.steps, "seeds": order.seeds}
        write_result(order.out, {**numbers, "variants": table})


def _spread(values: list[float]) -> dict[str, float | list[float] | None]:
    std = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.fmean(values), "std": std, "values": values}


if __name__ == "__main__":
    main()
