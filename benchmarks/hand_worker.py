"""One hand tracker in a process of its own; `gesture_vs_mediapipe.py` talks to it.

Runs in either side's virtual environment, so it imports nothing but NumPy and the side itself.
MediaPipe's hands get their signs from a small head on its landmarks, which an order brings.
Reads orders as JSON lines on standard input and answers each with one. Pictures come in a file of
raw BGR bytes. Only the tracker's own call is timed: reading the file, and turning BGR into the RGB
that MediaPipe wants, are not.
"""

import json
import re
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np

Seen = list[dict[str, Any]]
"""Hands, each with `box` [x0, y0, x1, y1] in fractions and, once signs are known, `scores`."""

Look = Callable[[np.ndarray, float], Seen]
PALM = [0, 5, 9, 13, 17]


class Ours:
    """Perceiver with its shipped settings: hands, landmarks, signs and faces."""

    package = "triptych"

    def __init__(self) -> None:
        from triptych.gesture.config import Config
        from triptych.gesture.perceive.perceiver import Perceiver

        self._perceiver = Perceiver(Config())
        self.faces: list[list[float]] = []

    def prepare(self, picture: np.ndarray) -> np.ndarray:
        """Ours wants what a camera gives."""
        return picture

    def look(self, picture: np.ndarray, t: float) -> Seen:
        """The hands of a video's next picture."""
        return self._told(self._perceiver.look(picture, t))

    def look_still(self, picture: np.ndarray, t: float) -> Seen:
        """The hands of a single picture."""
        del t
        return self._told(self._perceiver.look_still(picture))

    def learn(self, head: dict[str, np.ndarray]) -> None:
        """Ours reads signs itself."""

    def forget(self) -> None:
        """The next picture is the first of another clip."""
        self.__init__()

    def _told(self, scene: Any) -> Seen:
        self.faces = [[*face.box.as_list(), face.score] for face in scene.faces]
        return [
            {"box": hand.box.as_list(), "scores": dict(hand.scores), "track": hand.track}
            for hand in scene.hands
        ]


class MediaPipe:
    """mp.solutions.hands with its default thresholds: hands and landmarks."""

    package = "mediapipe"

    def __init__(self, most_hands: int, complexity: int) -> None:
        from mediapipe.python.solutions.hands import Hands  # pyright: ignore

        options = {"max_num_hands": most_hands, "model_complexity": complexity}
        self._new_video = lambda: Hands(static_image_mode=False, **options)
        self._video = self._new_video()
        self._still = Hands(static_image_mode=True, **options)
        self._head: dict[str, np.ndarray] = {}
        self.faces: list[list[float]] = []

    def prepare(self, picture: np.ndarray) -> np.ndarray:
        """MediaPipe wants RGB."""
        return np.ascontiguousarray(picture[..., ::-1])

    def look(self, picture: np.ndarray, t: float) -> Seen:
        """The hands of a video's next picture; boxes are around the landmarks."""
        del t
        return self._told(self._video.process(picture), picture)

    def look_still(self, picture: np.ndarray, t: float) -> Seen:
        """The hands of a single picture."""
        del t
        return self._told(self._still.process(picture), picture)

    def learn(self, head: dict[str, np.ndarray]) -> None:
        """Read signs with this head from now on; see `hand_accuracy.train_head`."""
        self._head = head

    def forget(self) -> None:
        """The next picture is the first of another clip."""
        self._video.close()
        self._video = self._new_video()

    def _told(self, result: Any, picture: np.ndarray) -> Seen:
        hands: Seen = []
        for hand in result.multi_hand_landmarks or ():
            points = np.array([[point.x, point.y] for point in hand.landmark])
            told: dict[str, Any] = {"box": [*points.min(axis=0), *points.max(axis=0)]}
            if self._head:
                told["scores"] = scores_of(points * picture.shape[1::-1], self._head)
            hands.append(told)
        return hands


def normalised(points: np.ndarray) -> np.ndarray:
    """Landmarks [21, 2] in pixels -> [42]: centred on the palm, in units of its size."""
    palm = points[PALM]
    centre = palm.mean(axis=0)
    size = np.linalg.norm(palm - centre, axis=1).mean()
    return ((points - centre) / max(size, 1e-6)).ravel()


def scores_of(points: np.ndarray, head: dict[str, np.ndarray]) -> dict[str, float]:
    """Probability of each sign by the head: two hidden layers with ReLU, softmax."""
    x = normalised(points)
    for layer in range(3):
        x = x @ head[f"weight{layer}"] + head[f"bias{layer}"]
        if layer < 2:
            x = np.maximum(x, 0)
    e = np.exp(x - x.max())
    return dict(zip(head["names"].tolist(), (e / e.sum()).tolist(), strict=True))


def answer(side: Ours | MediaPipe, order: dict[str, Any]) -> dict[str, Any]:
    """Do one order.

    `video` or `still`: look at pictures. `costs`: memory and disk. `head`: learn to read signs.
    `forget`: another clip begins.
    """
    if order["do"] == "costs":
        return {"peak_rss_mb": peak_rss_mb(), "install_mb": install_mb(side.package)}
    if order["do"] == "head":
        with np.load(order["file"]) as head:
            side.learn(dict(head))
        return {}
    if order["do"] == "forget":
        side.forget()
        return {}
    look: Look = side.look if order["do"] == "video" else side.look_still
    height, width = order["shape"]
    found: dict[str, list[Any]] = {"ms": [], "cpu_ms": [], "hands": [], "faces": []}
    with Path(order["file"]).open("rb", buffering=0) as file:
        for t in order["times"]:
            raw = np.frombuffer(file.read(height * width * 3), np.uint8)
            picture = side.prepare(raw.reshape(height, width, 3))
            cpu, wall = time.process_time(), time.perf_counter()
            hands = look(picture, t)
            found["ms"].append((time.perf_counter() - wall) * 1000)
            found["cpu_ms"].append((time.process_time() - cpu) * 1000)
            found["hands"].append(hands)
            found["faces"].append(side.faces)
    return found


def peak_rss_mb() -> float:
    """The most memory this process ever had resident."""
    try:  # not ru_maxrss, which on Linux counts what the parent had before the exec
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024 / 1e6
    except (OSError, IndexError):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def install_mb(package: str) -> float:
    """Bytes on disk of a package and all that it needs, without extras."""
    from packaging.requirements import Requirement

    paths: set[Path] = set()
    seen: set[str] = set()
    names = [package]
    while names:
        name = re.sub(r"[-_.]+", "-", names.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            dist = distribution(name)
        except PackageNotFoundError:
            continue
        paths.update(Path(str(dist.locate_file(file))) for file in dist.files or ())
        for line in dist.requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                names.append(requirement.name)
    # A package that is installed from a checkout lists no files of its own.
    paths.update(Path(sys.modules[package].__file__ or "").parent.rglob("*"))
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def main() -> None:
    """Serve one side: `ours`, or `mediapipe HANDS COMPLEXITY`."""
    side = Ours() if sys.argv[1] == "ours" else MediaPipe(*map(int, sys.argv[2:]))
    black = side.prepare(np.zeros((720, 1280, 3), np.uint8))
    for _ in range(3):  # loads the models; no time of it counts
        side.look(black, 0.0)
        side.look_still(black, 0.0)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(side, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
