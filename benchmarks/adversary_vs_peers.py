"""Our attacks against Foolbox, torchattacks, IBM ART and adv-lib: the same weights, the same task.

    python benchmarks/adversary_vs_peers.py [--json] [--out FILE] [--venv DIR] [--only TARGET]...
        [--examples N] [--rounds N] [--strength N]

Speed: L-infinity PGD from the clean picture, the same epsilon, step and number of steps, until it
is known which examples have been fooled. All sides run in one process on the same threads, in
turns, so that other work on the machine hits all alike; what counts is the median. Each network has
a process of its own, as whoever attacks one has: what large networks leave behind in the memory
allocator makes the passes of small ones two to three times as fast.
  1. early exit off: we do what the peers do, and the pictures must be the same
  2. early exit on, as by default: nothing is computed for what is solved or was wrong before
  3. the same with the search in bfloat16
  4. a curve of robust accuracy at ten epsilons against one of them
Beside them the floor of whoever does all steps: as many forward passes and gradients, and no more.
`ratio` is ours by default (2) over the fastest peer, on the adversarially trained network for
CIFAR-10: the case that papers report, and the largest network here. Without it, the adversarially
trained network that is worst for us; `ratios` holds all.

Strength, with --strength N: robust accuracy of N examples under our `standard` against AutoAttack
(torchattacks' version) and the peers' PGD of 100 steps.

The peers get a virtual environment of their own, made on the first run, which borrows this one's
torch: `pip install --no-deps`, because torchattacks asks for an old `requests`, and torchattacks
and adv-lib for torchvision, which their PGD does not use.
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

PACKAGES = (
    "foolbox==3.3.4",
    "torchattacks==3.5.1",
    "adversarial-robustness-toolbox==1.20.1",
    "adv-lib==0.2.8",
    "eagerpy==0.30.0",
    "GitPython==3.1.44",
    "gitdb==4.0.12",
    "smmap==5.0.2",
    "six==1.17.0",
    "tqdm==4.67.1",
)
"""The peers, and what they import that we do not have."""

OURS = "triptych"
BARE = "bare passes"
"""The floor: forward passes and gradients of the pictures, without an attack."""

STEPS = 40
CURVE = 10
"""Number of epsilons of a curve: tenths of the target's own."""


def python_of(venv: Path) -> Path:
    """The interpreter of the peers' environment, made and filled if it is not there.

    Raises Unavailable with one sentence if that fails.
    """
    from triptych.errors import Unavailable

    python = venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    test = [str(python), "-c", "import foolbox, torchattacks, art, tqdm, torch, triptych"]
    if python.exists() and subprocess.run(test, capture_output=True, check=False).returncode == 0:
        return python
    print(f"Installing the peers in {venv} (20 MB, once).", file=sys.stderr)
    _run([sys.executable, "-m", "venv", str(venv)], venv)
    where = ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(_run([str(python), *where], venv).strip())
    source = Path(__file__).resolve().parents[1] / "src"
    own = dict.fromkeys([str(source), *(sysconfig.get_path(k) for k in ("purelib", "platlib"))])
    (site / "triptych-and-torch.pth").write_text("\n".join(own) + "\n", encoding="utf-8")
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", *PACKAGES]
    for command in (install, test):
        _run(command, venv)
    if not python.exists():
        raise Unavailable(f"There is no Python in {venv}.")
    return python


def _run(command: Sequence[str], venv: Path) -> str:
    from triptych.errors import Unavailable

    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
        raise Unavailable(
            f"The peers could not be installed in {venv} ({words[-1].strip()}): that needs a "
            "connection; or name an environment that has them (--venv)."
        )
    return done.stdout


@dataclass(frozen=True)
class Timed:
    """What one side took for one call, and what it found."""

    seconds: float
    cpu_seconds: float
    robust: float


def timed(call: Callable[[], float]) -> Timed:
    """Run a call that returns a robust accuracy."""
    began, worked = time.perf_counter(), time.process_time()
    robust = call()
    return Timed(time.perf_counter() - began, time.process_time() - worked, robust)


def in_turns(sides: dict[str, Callable[[], float]], rounds: int) -> dict[str, dict[str, float]]:
    """Medians of `rounds` calls of each side, in turns after one call each to warm up."""
    seen: dict[str, list[Timed]] = {name: [] for name in sides}
    order = list(sides)
    for turn in range(rounds + 1):
        for name in order:
            one = timed(sides[name])
            if turn:
                seen[name].append(one)
        order = order[1:] + order[:1]  # nobody always comes first
    return {
        name: {
            "seconds": statistics.median(t.seconds for t in times),
            "cpu_seconds": statistics.median(t.cpu_seconds for t in times),
            "slowest_seconds": max(t.seconds for t in times),
            "robust_accuracy": times[-1].robust,
        }
        for name, times in seen.items()
    }


def measure(order: argparse.Namespace) -> dict[str, Any]:
    """All numbers; runs in the peers' environment."""
    from adversary_targets import targets
    from triptych.errors import Unavailable
    from triptych.results import write_result

    found: dict[str, Any] = {}
    result: dict[str, Any] = {}
    load = [os.getloadavg()[0]]
    names = [target.name for target in targets(order.examples, order.only)]
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as fresh:
        for name in names:
            print(f"{name} ...", file=sys.stderr, flush=True)
            found[name] = fresh.submit(measure_one, name, order).result()
            about = {"threads": order.threads, "load_average": [*load, os.getloadavg()[0]]}
            result = summary(found) | {**about, "peers": list(PACKAGES[:4]), "targets": found}
            if order.out is not None:  # as it goes, for AutoAttack may take hours
                write_result(order.out, result, 0)
    if not found:
        raise Unavailable("None of the targets is on this machine.")
    return result


def measure_one(name: str, order: argparse.Namespace) -> dict[str, Any]:
    """The numbers of one target, in a process of its own."""
    import torch

    from adversary_targets import targets

    torch.set_num_threads(order.threads)
    (target,) = targets(order.examples, [name])
    entry: dict[str, Any] = {
        "epsilon": target.epsilon,
        "step": target.step,
        "steps": STEPS,
        "examples": len(target.labels),
        "defended": target.defended,
    }
    with redirect_stdout(sys.stderr):  # some peers print
        if order.rounds and target.timed:
            entry["iterates"] = iterates(target)
            entry["speed"] = speed(target, order.rounds)
            entry["curve"] = curve(target, order.rounds)
        if order.strength:
            entry["strength"] = strength(target, order.strength)
    return entry


def iterates(target: Any) -> dict[str, Any]:
    """The last picture of each side after `STEPS` steps with early exit off, against ours.

    In float32 as all are used, and in float64, where the order of summation does not matter: what
    is left there are pixels whose gradient is zero or nearly so. ART computes in float32 only.
    """
    import torch

    from adversary_peers import PEERS, Budget, Counting

    answer: dict[str, Any] = {}
    for precision, dtype in {"float32": torch.float32, "float64": torch.float64}.items():
        model, pictures = target.model.to(dtype), target.pictures[:64].to(dtype)
        budget = Budget(target.epsilon, target.step, STEPS)
        with torch.no_grad():
            labels = model(pictures).argmax(1)  # we would not attack what is wrong already
        ours = our_pgd(model, pictures, labels, budget, early_exit=False).adversarial
        sides = answer[precision] = {}
        for name, peer in PEERS.items():
            if (name, precision) == ("art", "float64") or name.endswith("frozen"):
                continue
            counting = Counting(model)
            theirs = peer(counting, pictures, labels, budget)
            if name == "adv-lib":  # it returns its last success, but was shown its last picture
                theirs = counting.last
            gap = (theirs.to(dtype) - ours).abs()
            sides[name] = {
                "pixels_equal": float((gap < 1e-5).double().mean()),
                "largest_gap": float(gap.max()),
            }
    target.model.to(torch.float32)
    return answer


def our_pgd(
    model: Any, pictures: Any, labels: Any, budget: Any, early_exit: bool, precision: Any = "full"
) -> Any:
    """Our PGD on the same task."""
    from triptych.adversary import Options, Threat, attack
    from triptych.adversary.attacks.method import pgd

    options = Options(
        early_exit=early_exit,
        keep="best" if early_exit else "last",
        precision=precision,
        slots=None if early_exit else len(pictures),
    )
    threat = Threat("linf", budget.epsilon)
    method = pgd(budget.steps, budget.step, random=False)
    return attack(model, pictures, labels, threat, method, options=options)


def speed(target: Any, rounds: int) -> dict[str, Any]:
    """Seconds, examples a second and work of each side for the same attack."""
    import torch

    from adversary_peers import PEERS, Budget, Counting

    model, pictures, labels = target.model, target.pictures, target.labels
    budget = Budget(target.epsilon, target.step, STEPS)

    def theirs(peer: Any, asked: Any) -> float:
        found = peer(asked, pictures, labels, budget)
        with torch.no_grad():
            right = asked(pictures).argmax(1) == labels
            return float((right & (asked(found).argmax(1) == labels)).double().mean())

    def ours(asked: Any, **how: Any) -> float:
        return our_pgd(asked, pictures, labels, budget, **how).robust_accuracy

    def bare(asked: Any) -> float:
        for _ in range(STEPS):
            leaf = pictures.detach().requires_grad_(True)
            loss = torch.nn.functional.cross_entropy(asked(leaf), labels, reduction="sum")
            torch.autograd.grad(loss, leaf)
        return float("nan")

    sides: dict[str, Callable[[Any], float]] = {
        BARE: bare,
        **{name: lambda asked, peer=peer: theirs(peer, asked) for name, peer in PEERS.items()},
        f"{OURS}, early exit off": lambda asked: ours(asked, early_exit=False),
        OURS: lambda asked: ours(asked, early_exit=True),
        f"{OURS}, bfloat16": lambda asked: ours(asked, early_exit=True, precision="bfloat16"),
    }
    numbers: dict[str, Any] = in_turns(
        {name: lambda side=side: side(model) for name, side in sides.items()}, rounds
    )
    for name, side in sides.items():
        counting = Counting(model)
        counting.zero_grad(set_to_none=True)
        side(counting)
        row = numbers[name]
        row["examples_per_second"] = len(labels) / row["seconds"]
        row["forwards_per_example"] = counting.count.forwards / len(labels)
        row["backwards_per_example"] = counting.count.backwards / len(labels)
        row["weight_gradients"] = any(p.grad is not None for p in model.parameters())
        model.zero_grad(set_to_none=True)
    return numbers


def curve(target: Any, rounds: int) -> dict[str, Any]:
    """What ten epsilons cost, over what one of them costs alone.

    The smallest is the dearest, since most examples withstand it to the end; at the largest an
    undefended network falls in a few steps. A minimum-norm attack (FMN) gives all ten at once.
    """
    from triptych.adversary import Threat
    from triptych.adversary.attacks.curve import robust_curve
    from triptych.adversary.attacks.method import Method, fmn, pgd

    model, pictures, labels = target.model, target.pictures, target.labels
    epsilons = [target.epsilon * (i + 1) / CURVE for i in range(CURVE)]
    threat = Threat("linf", target.epsilon)
    last: dict[str, Any] = {}

    def call(name: str, asked: list[float], method: Method) -> Callable[[], float]:
        def run() -> float:
            last[name] = robust_curve(model, pictures, labels, threat, asked, method)
            return last[name][0][max(asked)]

        return run

    climb = pgd(STEPS, random=False)
    sides = {
        "ten": call("ten", epsilons, climb),
        "smallest": call("smallest", epsilons[:1], climb),
        "largest": call("largest", epsilons[-1:], climb),
        "ten_by_fmn": call("ten_by_fmn", epsilons, fmn(STEPS)),
    }
    times = in_turns(sides, rounds)
    found: dict[str, Any] = {"epsilons": CURVE}
    for side in ("ten", "ten_by_fmn"):
        found[side] = {
            "cpu_seconds": times[side]["cpu_seconds"],
            "robust_accuracy": {f"{size:.4g}": share for size, share in last[side][0].items()},
            **{
                f"{what}_over_{one}": mine / max(theirs, 1e-9)
                for one in ("smallest", "largest")
                for what, mine, theirs in (
                    ("time", times[side]["seconds"], times[one]["seconds"]),
                    ("backwards", last[side][1].backwards, last[one][1].backwards),
                )
            },
        }
    return found


def strength(target: Any, examples: int) -> dict[str, Any]:
    """Robust accuracy of the first examples under each attack; one check decides on all."""
    import torch

    from adversary_peers import STRONG, auto_attack
    from triptych.adversary import Options, Threat, attack
    from triptych.adversary.attacks.inside import enforce
    from triptych.adversary.attacks.method import pgd

    model, pictures, labels = target.model, target.pictures[:examples], target.labels[:examples]
    threat = Threat("linf", target.epsilon)
    epsilon = threat.epsilons(len(labels))
    with torch.no_grad():
        right = model(pictures).argmax(1) == labels
    answer: dict[str, Any] = {
        "examples": len(labels),
        "clean_accuracy": float(right.double().mean()),
    }

    def check(found: Any) -> float:
        inside = enforce(threat, found.detach().float(), pictures, epsilon)
        with torch.no_grad():
            return float((right & (model(inside).argmax(1) == labels)).double().mean())

    def note(name: str, call: Callable[[], float]) -> None:
        torch.manual_seed(0)
        one = timed(call)
        answer[name] = {
            "robust_accuracy": one.robust,
            "seconds": one.seconds,
            "cpu_seconds": one.cpu_seconds,
        }

    options = Options(seed=0)
    note(f"{OURS} standard", lambda: attack(
        model, pictures, labels, threat, options=options).robust_accuracy)  # fmt: skip
    note(f"{OURS} pgd 100", lambda: attack(
        model, pictures, labels, threat, pgd(100), options=options).robust_accuracy)  # fmt: skip
    for peer in STRONG:
        note(f"{peer} pgd 100", lambda peer=peer: check(
            STRONG[peer](model, pictures, labels, target.epsilon)))  # fmt: skip
    note("autoattack", lambda: check(auto_attack(model, pictures, labels, target.epsilon)))
    model.zero_grad(set_to_none=True)
    ours = answer[f"{OURS} standard"]["robust_accuracy"]
    pgds = [answer[f"{peer} pgd 100"]["robust_accuracy"] for peer in STRONG]
    answer["points_above_best_pgd"] = 100 * (ours - min(pgds))
    answer["points_above_autoattack"] = 100 * (ours - answer["autoattack"]["robust_accuracy"])
    return answer


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """The ratio and what it is made of: ours over the fastest peer on each target."""
    rows: dict[str, Any] = {}
    for name, entry in found.items():
        if "speed" not in entry:
            continue
        sides = entry["speed"]
        peers = [side for side in sides if side != BARE and not side.startswith(OURS)]
        best = min(peers, key=lambda side: sides[side]["seconds"])

        def over(side: str, key: str, best: str = best, sides: Any = sides) -> float:
            return sides[best][key] / sides[side][key]

        rows[name] = {
            "defended": entry["defended"],
            "fastest_peer": best,
            "early_exit": over(OURS, "seconds"),
            "early_exit_cpu": over(OURS, "cpu_seconds"),
            "early_exit_off": over(f"{OURS}, early exit off", "seconds"),
            "bfloat16": over(f"{OURS}, bfloat16", "seconds"),
            "bare_share": 1 / over(BARE, "seconds"),
            "over_each": {peer: over(OURS, "seconds", peer) for peer in peers},
        }

    def headline(defended: bool) -> float | None:
        chosen = {n: r["early_exit"] for n, r in rows.items() if r["defended"] is defended}
        usual = [ratio for name, ratio in chosen.items() if name.startswith("cifar10")]
        return min(usual or chosen.values(), default=None)

    return {"ratio": headline(True), "ratio_undefended": headline(False), "ratios": rows}


def print_table(result: dict[str, Any]) -> None:
    """The same for people."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for name, entry in result["targets"].items():
        if "speed" in entry:
            table = Table(title=f"{name}: {entry['examples']} examples, {STEPS} steps")
            for column in ("", "examples/s", "CPU s", "forwards", "backwards", "robust"):
                table.add_column(column, justify="right" if column else "left")
            for side, row in entry["speed"].items():
                table.add_row(
                    side,
                    f"{row['examples_per_second']:.0f}",
                    f"{row['cpu_seconds']:.2f}",
                    f"{row['forwards_per_example']:.1f}",
                    f"{row['backwards_per_example']:.1f}"
                    + (" + weights" if row["weight_gradients"] else ""),
                    f"{row['robust_accuracy']:.1%}",
                )
            console.print(table)
            for side, row in entry["curve"].items():
                if isinstance(row, dict):
                    console.print(
                        f"{side} epsilons cost {row['time_over_smallest']:.1f}x the smallest "
                        f"({row['backwards_over_smallest']:.1f}x its backward passes), "
                        f"{row['time_over_largest']:.1f}x the largest"
                    )
        if "strength" in entry:
            cells = (
                f"{side} {row['robust_accuracy']:.1%} ({row['seconds']:.0f} s)"
                for side, row in entry["strength"].items()
                if isinstance(row, dict)
            )
            console.print(f"{name}, robust accuracy: {', '.join(cells)}")
    if result["ratio"] is not None:
        console.print(f"ratio {result['ratio']:.2f}; undefended {result['ratio_undefended']}")


def main() -> None:
    """Parse, make the environment, measure, print; status 2 with one sentence if that fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="write the result to this file, too")
    parser.add_argument("--venv", type=Path, default=Path(".venv-adversary-peers"))
    parser.add_argument("--only", action="append", help="this target; may be given again")
    parser.add_argument("--examples", type=int, help="of each data set [default: 64 of CIFAR-10, "
                        "256 of MNIST, 500 of the digits]")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=3, help="of each timing; 0: no timings")
    parser.add_argument("--strength", type=int, default=0, help="examples; 0: not measured")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    order = parser.parse_args()
    from triptych.errors import TriptychError

    try:
        if importlib.util.find_spec("foolbox") is None:
            python = python_of(order.venv)
            sys.exit(subprocess.run([str(python), *sys.argv], check=False).returncode)
        result = measure(order)
    except TriptychError as error:
        print(f"adversary_vs_peers: {error}", file=sys.stderr)
        sys.exit(2)
    from triptych.results import provenance, to_json

    if order.json:
        print(to_json({**provenance(0), **result}))
    else:
        print_table(result)


if __name__ == "__main__":
    main()
