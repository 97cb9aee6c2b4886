"""HopSkipJump: an attack that hears nothing but the answer (Chen, Jordan and Wainwright 2020).

From any picture that fools, come as near to the clean one as the answer stays; ask there on which
side of the boundary random neighbours lie, which estimates its normal; step that way, half as far
as long as that does not fool; and begin again from there, nearer than before. A job asks about one
picture at a time, so each row is in a phase of its own.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor

from triptych.adversary.attacks.noise import mix, normal, uniform
from triptych.adversary.attacks.norms import NORMS, spread
from triptych.adversary.attacks.rows import Rows, State, where_rows
from triptych.adversary.attacks.rules import Seen, positive, project
from triptych.adversary.attacks.threat import Threat
from triptych.errors import BadInput

SEARCH, NEARER, ASK, STEP = range(4)
"""The phases: random pictures until one fools, bisection, neighbours, the step."""

HALVINGS: Final = 20
"""Times that a step is halved before the normal is estimated anew."""


@dataclass(frozen=True, slots=True)
class HopSkipJump:
    """Algorithm 2 of the paper, for L-infinity and L2.

    queries: pictures that are looked at. neighbours: asked about in the first round; in round t
    it is sqrt(t) times as many.
    """

    uses_gradient: ClassVar[bool] = False
    queries: int
    neighbours: int = 100

    def __post_init__(self) -> None:
        positive("queries", self.queries)
        positive("neighbours", self.neighbours)

    @property
    def steps(self) -> int:
        """Updates of one job: the first query is the start."""
        return self.queries - 1

    def start(self, rows: Rows, threat: Threat) -> tuple[Tensor, State]:
        """A random picture. Raises BadInput for L1 and L0."""
        if threat.norm not in ("linf", "l2"):
            raise BadInput(f"hop-skip-jump is for linf and l2, not {threat.norm}; use nes.")
        whole, flat = torch.zeros_like(rows.step), torch.zeros_like(rows.epsilon)
        state = {
            "phase": whole + SEARCH,
            "count": whole,  # pictures asked about in this phase
            "round": whole.clone(),
            "fooling": rows.clean.clone(),  # the nearest that is known to fool
            "far": flat,  # its distance
            "near": flat.clone(),  # one that is known not to be enough
            "size": flat.clone(),  # of the step
            "sum": torch.zeros_like(rows.clean),  # of the neighbours' directions
            "normal": torch.zeros_like(rows.clean),  # the same, each with the sign of its answer
            "answers": flat.clone(),  # the sum of the signs
        }
        return self._anywhere(rows, threat), state

    def next(self, rows: Rows, seen: Seen, state: State, threat: Threat) -> tuple[Tensor, State]:
        """Take the answer for the phase that each row is in, and ask the next question."""
        phase, fooled, count = state["phase"], seen.fooled, state["count"] + 1
        asked = phase == ASK
        s = self._heard(state, seen, asked)
        # Whatever fools in the other phases is gone on from.
        taken = fooled & ~asked
        distance = threat.geometry.length(seen.points - rows.clean).double()
        s["fooling"] = where_rows(taken, seen.points, s["fooling"])
        s["far"] = torch.where(taken, distance, s["far"])
        middle = (state["near"] + state["far"]) / 2
        s["near"] = torch.where((phase == NEARER) & ~fooled, middle, s["near"])
        s["size"] = torch.where((phase == STEP) & ~fooled, s["size"] / 2, s["size"])

        found = fooled & ((phase == SEARCH) | (phase == STEP))
        close = (phase == NEARER) & (count >= _bisections(rows.clean))
        lost = (phase == STEP) & ~fooled & (count >= HALVINGS)
        wanted = self.neighbours * s["round"].clamp_min(1).sqrt()
        known = asked & (count >= wanted)
        s["near"] = torch.where(found, 0.0, s["near"])
        s["round"] = s["round"] + close
        s["size"] = torch.where(known, s["far"] / s["round"].clamp_min(1).sqrt(), s["size"])
        self._settle_normal(s, known, count)
        for name in ("sum", "normal"):
            s[name] = where_rows(close | lost, torch.zeros_like(s[name]), s[name])
        s["answers"] = torch.where(close | lost, 0.0, s["answers"])
        for begins, new in ((found, NEARER), (close | lost, ASK), (known, STEP)):
            s["phase"] = torch.where(begins, new, s["phase"])
        s["count"] = torch.where(found | close | lost | known, 0, count)
        return self._question(rows, s, threat), s

    def _heard(self, state: State, seen: Seen, asked: Tensor) -> State:
        """The memory with the neighbours added that have been asked about."""
        direction = seen.points - state["fooling"]
        length = spread(NORMS["l2"].length(direction), direction).clamp_min(1e-12)
        direction = where_rows(asked, direction / length, torch.zeros_like(direction))
        sign = torch.where(seen.fooled, 1.0, -1.0).to(state["answers"]) * asked
        return state | {
            "sum": state["sum"] + direction,
            "normal": state["normal"] + direction * spread(sign, direction),
            "answers": state["answers"] + sign,
        }

    def _settle_normal(self, s: State, known: Tensor, count: Tensor) -> None:
        """Take off the mean answer, for one side may be the larger (equation 16)."""
        mean = s["answers"] / count
        mean = torch.where(known & (mean.abs() < 1), mean, 0.0)
        s["normal"] = s["normal"] - spread(mean, s["sum"]) * s["sum"]

    def _question(self, rows: Rows, s: State, threat: Threat) -> Tensor:
        """The picture to ask about next, for each row by its phase."""
        clean, phase, geometry = rows.clean, s["phase"], threat.geometry
        reach = spread(s["far"] / math.prod(clean.shape[1:]), clean)
        points = {
            SEARCH: self._anywhere(rows, threat),
            NEARER: project(threat, s["fooling"], rows, (s["near"] + s["far"]) / 2),
            ASK: s["fooling"] + reach * self._direction(rows, threat),
            STEP: s["fooling"] + spread(s["size"], clean) * geometry.steepest(s["normal"]),
        }
        question = clean
        for which, there in points.items():
            question = where_rows(phase == which, there, question)
        return project(threat, question, rows, torch.full_like(rows.epsilon, torch.inf))

    def _anywhere(self, rows: Rows, threat: Threat) -> Tensor:
        """A picture of noise, of any brightness and contrast: plain noise has one answer often."""
        keys, shape = mix(rows.keys, 500 + rows.step), rows.clean.shape[1:]
        level, contrast = uniform(keys, (2,), salt=1).unbind(1)
        noise = uniform(keys, shape).to(rows.clean.dtype) - 0.5
        draw = spread(level, noise) + spread(2 * contrast, noise) * noise
        return threat.low + (threat.high - threat.low) * draw.clamp(0, 1)

    def _direction(self, rows: Rows, threat: Threat) -> Tensor:
        """Where to look for a neighbour: L2 length 1, or values from -1 to 1 for L-infinity."""
        keys, shape = mix(rows.keys, 600 + rows.step), rows.clean.shape[1:]
        if threat.norm == "linf":
            return (2 * uniform(keys, shape) - 1).to(rows.clean.dtype)
        return NORMS["l2"].steepest(normal(keys, shape).to(rows.clean.dtype))


def _bisections(clean: Tensor) -> int:
    """Halvings until what is left of the way is a d^1.5th of it, as in the paper."""
    return max(10, math.ceil(1.5 * math.log2(math.prod(clean.shape[1:]))))
