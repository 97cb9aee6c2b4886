"""Run by try-wheel inside an environment that holds the wheel and nothing but what it asks for."""

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

TRIPTYCH = str(Path(sys.executable).with_name("triptych"))
HEAVY = ("numpy", "cv2", "onnxruntime", "av", "pydantic", "rich", "typer")
IMPORT_SECONDS = 0.3


def triptych(*words: str) -> str:
    """Standard output of the installed program; ends here if the program fails."""
    ended = subprocess.run([TRIPTYCH, *words], capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"triptych {' '.join(words)} ended with {ended.returncode}:\n{ended.stderr}")
    return ended.stdout


def check(holds: bool, otherwise: str) -> None:
    """End with a sentence unless it holds."""
    if not holds:
        sys.exit(f"The wheel is not well: {otherwise}")


def import_seconds() -> float:
    """Seconds of processor and waiting that `import triptych` takes in a fresh interpreter."""
    begin = "import sys, time; start = time.perf_counter(); import triptych; "
    heavy = f"print(time.perf_counter() - start, *[m for m in {HEAVY} if m in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", begin + heavy], capture_output=True, text=True, check=True
    )
    seconds, *loaded = ended.stdout.split()
    check(not loaded, f"`import triptych` also loads {', '.join(loaded)}.")
    return float(seconds)


def main() -> None:
    """Say what was tried, or end with a sentence."""
    print(triptych("--version").strip(), "on Python", sys.version.split()[0])
    extra = [name for name in ("torch", "scipy", "matplotlib") if importlib.util.find_spec(name)]
    check(not extra, f"it brings {', '.join(extra)}, which only training needs.")

    seconds = min(import_seconds() for _ in range(5))
    check(seconds < IMPORT_SECONDS, f"`import triptych` takes {seconds:.2f} s.")

    check("hold_seconds" in triptych("gesture", "config"), "`gesture config` prints no settings.")

    begin = time.monotonic()
    triptych("gesture", "run", "demo", "--to", "film.mp4", "--events", "events.jsonl")
    took = time.monotonic() - begin
    events = [json.loads(line) for line in Path("events.jsonl").read_text().splitlines()]
    names = [event.get("name", event["event"]) for event in events]
    check(Path("film.mp4").stat().st_size > 10_000, "the demo's film is empty.")
    check(set(names) != set(), "no event fired in the demo.")
    print(f"demo: {took:.1f} s, events {' '.join(names)}")

    import cv2
    import numpy as np

    cv2.imwrite("grey.png", np.full((480, 640, 3), 128, np.uint8))
    row = json.loads(triptych("gesture", "classify", "grey.png", "--json"))
    check(row["present"] is False, "it sees somebody in a grey picture.")
    print(f"well: no torch, `import triptych` in {seconds * 1000:.0f} ms")


if __name__ == "__main__":
    main()
