"""Clips -> what was seen in them, picture by picture; kept in a file, decided again from it.

A score file is gzipped JSON lines: `{"clip": {...}}` opens a clip, then one line a picture, a scene
as `decide/recording.py` writes it or `{"blind": t}` where the picture could not be read. It holds
no pictures and no embeddings. The same file gives the same events, bit for bit.
"""

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from triptych.data.hands import Clip
from triptych.errors import BadInput
from triptych.gesture.config import Config
from triptych.gesture.decide.decider import Decider
from triptych.gesture.decide.recording import scene_from_json, scene_to_json
from triptych.gesture.perceive.perceiver import Perceiver
from triptych.gesture.sources.video import VideoSource
from triptych.gesture.types import Decision, Scene

SUFFIX = ".jsonl.gz"
"""What the name of a score file ends with."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A clip and its scenes in order; a number stands for a picture that could not be read."""

    clip: Clip
    scenes: tuple[Scene | float, ...]

    @property
    def seconds(self) -> float:
        """The time of its last picture."""
        last = self.scenes[-1] if self.scenes else 0.0
        return last.t if isinstance(last, Scene) else last


def watch(path: Path, clip: Clip, config: Config) -> Recording:
    """One clip through perception, every picture, on the clip's own time."""
    perceiver = Perceiver(config)
    scenes: list[Scene | float] = []
    with VideoSource(path) as source:
        while (shot := source.read()) is not None:
            if shot.frame is None:
                scenes.append(shot.t)
                continue
            scene = perceiver.look(shot.frame, shot.t)
            hands = tuple(replace(hand, embedding=None) for hand in scene.hands)
            scenes.append(replace(scene, hands=hands))
    return Recording(clip, tuple(scenes))


def decisions(recording: Recording, config: Config) -> Iterator[Decision]:
    """What the decision makes of a recording, picture by picture."""
    decider = Decider(config)
    for scene in recording.scenes:
        if isinstance(scene, Scene):
            yield decider.step(scene)
        else:
            yield decider.blind(scene, "camera_lost")


def save(
    path: Path, recordings: Iterable[Recording], on_clip: Callable[[], None] = lambda: None
) -> None:
    """Write a score file; it appears under its name when it is complete.

    Raises BadInput if its name has another ending.
    """
    if not path.name.endswith(SUFFIX):
        raise BadInput(f"{path} is no name for a score file: it must end with {SUFFIX}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    # Without a time and a name in the header, the same scores are the same bytes.
    with beside.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        for recording in recordings:
            lines: list[dict[str, Any]] = [{"clip": asdict(recording.clip)}]
            for scene in recording.scenes:
                known = isinstance(scene, Scene)
                lines.append(scene_to_json(scene) if known else {"blind": scene})
            file.write("".join(json.dumps(line) + "\n" for line in lines).encode())
            on_clip()
    beside.replace(path)


def load(path: Path) -> Iterator[Recording]:
    """The recordings of a score file. Raises BadInput, naming the line, if it is not one."""
    clip: Clip | None = None
    scenes: list[Scene | float] = []
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for text in file:
                number += 1
                line = json.loads(text)
                if "clip" in line:
                    if clip is not None:
                        yield Recording(clip, tuple(scenes))
                    clip, scenes = Clip(**line["clip"]), []
                elif "blind" in line:
                    scenes.append(float(line["blind"]))
                else:
                    scenes.append(scene_from_json(line))
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.") from None
    except BadInput as error:
        raise BadInput(f"{path}, line {number}: {error}") from None
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise BadInput(f"{path} is not a score file (line {number}: {error}).") from None
    if clip is not None:
        yield Recording(clip, tuple(scenes))
