"""When does sampling which vote explains a part pay? Three ways to route, by time and accuracy.

    python benchmarks/capsules_routing.py --json [--largest 100000] [--repeats 5]

Each of 40 parts of a picture is a vote plus noise; all votes of all objects are candidates for
it, and the task is to find the vote it came from. `closed_form` sums over all candidates, `argmax`
takes the best, `metropolis` walks and keeps the best it met (the maximum a posteriori). `recovered`
is the share of parts for which the true vote was found; `short_nats` how far the likelihood of the
winner is below the best candidate's, a part. Times are of one core's processor (`process_time`),
forward and backward, medians over the repeats. The talk's claims: sampling needs less computation
(C18); the best candidate can drive the loss, and the closed form is not needed (C19).
"""

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable

import torch

from triptych.capsules.routing import Candidates, Routed, Routing, route
from triptych.results import provenance

PARTS, SCALE = 40, 0.05
WAYS: tuple[tuple[str, Routing, int], ...] = (
    ("closed_form", "closed_form", 0),
    ("argmax", "argmax", 0),
    ("metropolis_50", "metropolis", 50),
    ("metropolis_1000", "metropolis", 1000),
)


def problem(count: int, seed: int) -> tuple[Candidates, torch.Tensor]:
    """`count` votes, 40 parts, and which vote each part came from, [1, 40]."""
    generator = torch.Generator().manual_seed(seed)
    votes = torch.rand(1, count, 1, 6, generator=generator) * 2 - 1
    votes.requires_grad_()
    truth = torch.randint(count, (1, PARTS), generator=generator)
    noise = SCALE * torch.randn(1, PARTS, 6, generator=generator)
    parts = votes.detach()[0, truth[0], 0].unsqueeze(0) + noise
    log_presence = torch.rand(1, count, 1, generator=generator).log()
    log_scale = torch.full((1, count, 1), math.log(SCALE))
    return Candidates(log_presence, votes, log_scale, parts), truth


def measured(call: Callable[[], Routed], votes: torch.Tensor, repeats: int) -> tuple[float, Routed]:
    """Median milliseconds of a forward and a backward pass, and what was routed."""
    routed = call()  # warms up
    times: list[float] = []
    for _ in range(repeats):
        votes.grad = None
        began = time.process_time()
        call().log_likelihood.sum().backward()
        times.append(1000 * (time.process_time() - began))
    return statistics.median(times), routed


def compare(count: int, repeats: int) -> dict[str, dict[str, float]]:
    """All ways on one problem."""
    candidates, truth = problem(count, seed=count)
    best = route(candidates, "argmax").log_likelihood.detach()
    found: dict[str, dict[str, float]] = {}
    for name, routing, steps in WAYS:
        generator = torch.Generator().manual_seed(1)

        def call(
            routing: Routing = routing, steps: int = steps, generator: torch.Generator = generator
        ) -> Routed:
            return route(candidates, routing, steps=max(1, steps), generator=generator)

        milliseconds, routed = measured(call, candidates.poses, repeats)
        winner = candidates.score(routed.winner).detach()
        found[name] = {
            "milliseconds": milliseconds,
            "recovered": float((routed.winner == truth).float().mean()),
            "short_nats": float((best - winner).mean()),
        }
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=100_000, help="candidates, at most")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    counts = [
        count for count in (100, 1_000, 10_000, 100_000, 1_000_000) if count <= arguments.largest
    ]
    candidates = {str(count): compare(count, arguments.repeats) for count in counts}
    numbers = {
        **provenance(),
        "parts": PARTS,
        "repeats": arguments.repeats,
        "threads": 1,
        "time": "processor time of one core, medians; the machine was shared with other work",
        "candidates": candidates,
    }
    if arguments.json:
        print(json.dumps(numbers))
        return
    print(f"{'votes':>9}  " + "  ".join(f"{name:>28}" for name, _, _ in WAYS))
    for count, ways in candidates.items():
        cells = (
            f"{way['milliseconds']:9.2f} ms {way['recovered']:4.0%} {way['short_nats']:7.1f} nats"
            for way in ways.values()
        )
        print(f"{int(count):>9,}  " + "  ".join(f"{cell:>28}" for cell in cells))


if __name__ == "__main__":
    main()
