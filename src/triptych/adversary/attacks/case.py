"""One call of `attack`, made ready: the model, the examples, and what has been found so far."""

from dataclasses import dataclass

import torch
from torch import Tensor

from triptych.adversary.attacks.found import Forward
from triptych.adversary.attacks.gradients import Direct, Source, Values
from triptych.adversary.attacks.inside import enforce, on_grid
from triptych.adversary.attacks.method import Method
from triptych.adversary.attacks.noise import mix
from triptych.adversary.attacks.objectives import margin
from triptych.adversary.attacks.options import Options
from triptych.adversary.attacks.remedies import Estimated
from triptych.adversary.attacks.result import Work, predicted
from triptych.adversary.attacks.rows import Rows
from triptych.adversary.attacks.threat import Threat


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What does not change during an attack.

    search: the model as attacks ask it. judge: the model as it decides, in float32 or better.
    pictures: [N, ...]. labels, goals: [N], a goal is -1 for any wrong answer. epsilon: [N]
    float64. logits: [N, K], the judge's, of the clean pictures. slots: jobs worked on at once.
    untargeted: it is known that no example has a goal.
    """

    search: Forward
    judge: Forward
    pictures: Tensor
    labels: Tensor
    goals: Tensor
    epsilon: Tensor
    logits: Tensor
    threat: Threat
    options: Options
    slots: int
    untargeted: bool = False

    def source(self, method: Method) -> Source:
        """Where the method's directions come from."""
        if method.gradient is not None:
            return method.gradient
        if method.samples:
            return Estimated(self.search, method.objective, method.samples)
        if method.rule.uses_gradient:
            return Direct(self.search, method.objective, judged=True)
        return Values(self.search, method.objective)

    def rows(self, jobs: "Jobs") -> Rows:
        """The rows for jobs that begin."""
        i = jobs.example
        keys = torch.full_like(i, self.options.seed)
        for salt in (i + self.options.first_example, jobs.restart, jobs.aim + 1):
            keys = mix(keys, salt)
        return Rows(
            self.pictures[i],
            self.labels[i],
            # Without an aim, attacks with a goal climb to the goal.
            torch.where(jobs.aim >= 0, jobs.aim, self.goals[i]),
            self.goals[i],
            self.epsilon[i],
            keys,
            torch.zeros_like(i),
            jobs.restart.clone(),
            i.clone(),
        )

    def shown(self, points: Tensor, rows: Rows) -> Tensor:
        """The pictures that the model sees: on the 8-bit grid, where the threat model is."""
        if not self.threat.grid:
            return points
        return on_grid(self.threat, points, rows.clean, rows.epsilon)

    def reached(self, logits: Tensor, rows: Rows) -> tuple[Tensor, Tensor]:
        """Whether the goal is reached [B], and the margin by which the goal leads [B]."""
        answer = predicted(logits)
        wrong = (answer != rows.labels) & (answer >= 0)
        lead = margin(logits, rows.labels, rows.goals)
        return (
            torch.where(rows.goals >= 0, answer == rows.goals, wrong),
            torch.where(lead.isnan(), -torch.inf, lead),
        )

    def check(self, points: Tensor, rows: Rows, work: Work) -> tuple[Tensor, Tensor, Tensor]:
        """Clean forward of pictures put exactly inside the threat model.

        Returns those pictures, whether the goal is reached [B], and the margins [B].
        """
        settled = enforce(self.threat, points, rows.clean, rows.epsilon)
        with torch.no_grad(), torch.autocast(points.device.type, enabled=False):
            logits = self.judge(settled)
        work.forwards += len(points)
        return settled, *self.reached(logits, rows)


@dataclass(frozen=True, slots=True, eq=False)
class Jobs:
    """Work to be done: example, restart and aimed class (or -1) of each job, [J] int64 each."""

    example: Tensor
    restart: Tensor
    aim: Tensor

    def __len__(self) -> int:
        return len(self.example)

    def pick(self, index: Tensor) -> "Jobs":
        """The jobs at `index`."""
        return Jobs(self.example[index], self.restart[index], self.aim[index])

    @classmethod
    def of(cls, case: Case, method: Method, todo: Tensor) -> "Jobs":
        """All jobs of a method on the examples `todo` [M]: every example's first job comes first.

        Aimed methods aim at the classes with the largest clean logits but the true one.
        """
        aims = torch.full((1, len(todo)), -1, dtype=torch.int64, device=todo.device)
        if method.aims:
            others = case.logits[todo].scatter(1, case.labels[todo][:, None], -torch.inf)
            count = min(method.aims, others.shape[1] - 1)
            aims = others.topk(count, dim=1).indices.T
        rounds = method.restarts * len(aims)
        restart = torch.arange(method.restarts, device=todo.device)
        return cls(
            todo.repeat(rounds),
            restart.repeat_interleave(len(aims) * len(todo)),
            aims.repeat(method.restarts, 1).flatten(),
        )


@dataclass(slots=True, eq=False)
class Tally:
    """What has been found so far, for each example; see `Result`."""

    adversarial: Tensor
    margin: Tensor
    success: Tensor
    found_by: Tensor

    @classmethod
    def empty(cls, case: Case) -> "Tally":
        """Nothing found: the clean pictures with their margins."""
        none = torch.full_like(case.labels, -1)
        lead = margin(case.logits, case.labels, case.goals)
        return cls(
            case.pictures.clone(),
            torch.where(lead.isnan(), -torch.inf, lead).double(),
            torch.zeros_like(none, dtype=torch.bool),
            none,
        )

    def won(self, example: Tensor, pictures: Tensor, margins: Tensor, method: int) -> None:
        """Examples [B] have been fooled by pictures [B, ...]. The first of several jobs stays."""
        row = self._first(example)
        at = example[row]
        self.adversarial[at] = pictures[row]
        self.margin[at] = margins[row]
        self.success[at] = True
        self.found_by[at] = method

    def came_near(
        self, example: Tensor, pictures: Tensor, margins: Tensor, last: bool = False
    ) -> None:
        """Examples [B] have not been fooled; pictures that come nearer than before are kept.

        last: whatever came last is kept. Of several jobs of an example, each is held against those
        before it.
        """
        if len(set(example.tolist())) < len(example):
            for row in range(len(example)):
                one = slice(row, row + 1)
                self.came_near(example[one], pictures[one], margins[one], last)
            return
        keep = ~self.success[example]
        if not last:
            keep &= margins > self.margin[example]
        self.adversarial[example[keep]] = pictures[keep]
        self.margin[example[keep]] = margins[keep]

    def _first(self, example: Tensor) -> Tensor:
        """The rows of examples not fooled before, and of each the first."""
        rows = {number: row for row, number in reversed(list(enumerate(example.tolist())))}
        index = torch.tensor(list(rows.values()), dtype=torch.int64, device=example.device)
        return index[~self.success[example[index]]]

    def nearer(
        self, case: Case, example: Tensor, pictures: Tensor, margins: Tensor, method: int
    ) -> None:
        """Examples [B] have been fooled in the search for the least distance: keep the nearest."""
        for row, number in enumerate(example.tolist()):
            one = slice(number, number + 1)
            clean, new = case.pictures[one].double(), pictures[row : row + 1].double()
            now = case.threat.geometry.length(new - clean)
            before = case.threat.geometry.length(self.adversarial[one].double() - clean)
            if not self.success[number] or bool(now < before):
                self.success[number] = False
                self.won(example[row : row + 1], pictures[row : row + 1], margins[row:], method)
