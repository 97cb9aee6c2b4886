"""How a run's clustering grew with processor time, from the logs of its seeds.

    python benchmarks/capsules_curve.py runs/mnist-small --out curve.json

Accuracies are those watched while training: clusters fitted on training pictures, scored on others
of the training set that are held for that. Processor minutes are the training process's own; a
process that trains several seeds counts on, so each seed's begin where the one before ended; seeds
that were trained by processes of their own and put into one run begin at nought.
"""

import argparse
import json
from pathlib import Path

from triptych.capsules.run import open_run
from triptych.results import write_result


def main() -> None:
    """Read the logs, write the curve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, default=Path("curve.json"))
    order = parser.parse_args()
    run = open_run(order.run)
    curve: dict[str, dict[str, dict[str, float]]] = {}
    spent = 0.0
    for seed in run.seeds:
        lines = (run.of_seed(seed) / "log.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [row for line in lines if "cpu_minutes" in (row := json.loads(line))]
        if rows[0]["cpu_minutes"] < spent:
            spent = 0.0
        for row in rows:
            point = {
                "cpu_minutes": row["cpu_minutes"] - spent,
                "clustering": row["clustering_presence"],
                "squared_error": row["squared_error"],
            }
            curve.setdefault(str(row["step"]), {})[str(seed)] = point
        spent = rows[-1]["cpu_minutes"]
    write_result(order.out, {"preset": run.settings.preset, "curve": curve})


if __name__ == "__main__":
    main()
