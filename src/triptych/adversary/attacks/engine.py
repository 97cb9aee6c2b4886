"""The slot engine: a fixed number of slots, filled from a queue of jobs.

Each pass shows the pictures in all slots to the model at once. A slot whose example has fallen, or
whose job has used up its steps, takes the next job; jobs of examples that have fallen meanwhile
are never begun. So restarts, aims and epsilons are all just jobs, the batch keeps its size until
the queue is empty, and from then on it shrinks to what is still being worked on.

A job that claims success is checked at once (`Case.check`): its picture is put exactly inside the
threat model, and a clean forward pass in full precision decides. A claim that fails goes on.
"""

import time

import torch
from torch import Tensor

from triptych.adversary.attacks.case import Case, Jobs, Tally
from triptych.adversary.attacks.gradients import Slope
from triptych.adversary.attacks.method import Method
from triptych.adversary.attacks.norms import spread
from triptych.adversary.attacks.result import Stage, Work
from triptych.adversary.attacks.rows import Rows, State, pick_state, put_state, where_rows
from triptych.adversary.attacks.rules import Seen


def carry_out(case: Case, method: Method, number: int, todo: Tensor, tally: Tally) -> Stage:
    """Run a method on the examples `todo` [M], and write what it finds into `tally`.

    number: the method's index, noted beside what it finds.
    """
    began = time.perf_counter()
    before = int(tally.success.sum())
    jobs = Jobs.of(case, method, todo)
    run = _Run(case, method, number, jobs, tally)
    while run.live:
        run.step()
    run.work.seconds = time.perf_counter() - began
    return Stage(method.name, len(jobs), int(tally.success.sum()) - before, run.work)


class _Run:
    """The slots of one method's run."""

    def __init__(self, case: Case, method: Method, number: int, jobs: Jobs, tally: Tally) -> None:
        self.case, self.method, self.number, self.tally = case, method, number, tally
        self.work = Work()
        self.jobs = jobs
        self._ahead = 0
        self._finished = 0
        self._source = case.source(method)
        self._examples = jobs.example.tolist()
        self._rows, self._points, self._state = self._begin(self._take(case.options.slots))
        self._best = self._points.clone()
        self._score = torch.full_like(self._rows.epsilon, -torch.inf)

    @property
    def live(self) -> bool:
        """True while a slot is at work."""
        return len(self._rows) > 0

    def step(self) -> None:
        """One look at all slots, and the next picture for each that goes on."""
        case, rows = self.case, self._rows
        shown = case.shown(self._points, rows)
        device = shown.device.type
        with torch.autocast(device, torch.bfloat16, case.options.precision == "bfloat16"):
            look = self._source.look(shown, rows)
            logits = look.logits
            if logits is None:
                with torch.no_grad():
                    logits = case.search(shown)
                self.work.forwards += len(rows)
        self.work.forwards += look.forwards
        reached, lead = case.reached(logits, rows)
        done = self._judge(shown, reached, lead.double())
        if not bool(done.all()):
            with torch.autocast(device, torch.bfloat16, case.options.precision == "bfloat16"):
                slope = look.slope()
            seen = Seen(self._points, slope.values, self._clean(slope), reached)
            self._points, self._state = self.method.rule.next(rows, seen, self._state, case.threat)
            rows.step.add_(1)
        self._refill(done)

    def _judge(self, shown: Tensor, reached: Tensor, lead: Tensor) -> Tensor:
        """Note what has been found; which slots are done [B]."""
        case, rows, options = self.case, self._rows, self.case.options
        unbounded = rows.epsilon.isinf()
        score, claims = lead, reached
        if self.method.minimum:
            distance = case.threat.geometry.length(shown - rows.clean).double()
            allowed = distance <= rows.epsilon
            claims = reached & allowed & ~unbounded
            # Without a bound the nearest picture that fools is the best.
            score = torch.where(allowed, lead, -torch.inf)
            score = torch.where(unbounded, torch.where(reached, -distance, -torch.inf), score)
        better = score > self._score
        if options.keep == "last":
            better = torch.ones_like(better)
        self._best = where_rows(better, shown, self._best)
        self._score = torch.where(better, score, self._score)

        done = torch.zeros_like(reached)
        if options.early_exit:
            if bool(claims.any()):
                index = claims.nonzero().squeeze(1)
                done[index] = self._verify(shown[index], index)
            done |= self.tally.success[rows.example] & ~unbounded  # by another job of the example
        spent = (rows.step >= self.method.rule.steps) & ~done
        if bool(spent.any()):
            self._retire(spent.nonzero().squeeze(1))
        return done | spent

    def _verify(self, pictures: Tensor, index: Tensor) -> Tensor:
        """Check claims in the slots `index`; which hold."""
        rows = self._rows.pick(index)
        settled, holds, lead = self.case.check(pictures, rows, self.work)
        self.tally.won(rows.example[holds], settled[holds], lead[holds].double(), self.number)
        return holds

    def _retire(self, index: Tensor) -> None:
        """Jobs in the slots `index` have used up their steps: keep the best they have seen."""
        rows = self._rows.pick(index)
        settled, holds, lead = self.case.check(self._best[index], rows, self.work)
        lead = lead.double()
        open_ended = rows.epsilon.isinf()
        holds = holds & (~open_ended | (self._score[index] > -torch.inf))
        bounded = holds & ~open_ended
        self.tally.won(rows.example[bounded], settled[bounded], lead[bounded], self.number)
        found = holds & open_ended
        self.tally.nearer(self.case, rows.example[found], settled[found], lead[found], self.number)
        missed = ~holds & (self._score[index] > -torch.inf)
        self.tally.came_near(rows.example[missed], settled[missed], lead[missed])

    def _clean(self, slope: Slope) -> Tensor | None:
        """The gradient, with zeros in the place of what is no number."""
        self.work.forwards += slope.forwards
        self.work.backwards += slope.backwards
        gradient = slope.gradient
        if gradient is None:
            return None
        largest = gradient.flatten(1).abs().amax(1)
        self.work.zero += int((largest == 0).sum())
        odd = ~largest.isfinite()
        if bool(odd.any()):
            self.work.nonfinite += int(odd.sum())
            gradient = torch.where(
                spread(odd, gradient) > 0, gradient.nan_to_num(0, 0, 0), gradient
            )
        return gradient

    def _take(self, count: int) -> Jobs:
        """The next jobs whose example has not fallen, at most `count`."""
        chosen = list[int]()
        skip = self.case.options.early_exit
        while len(chosen) < count and self._ahead < len(self._examples):
            example = self._examples[self._ahead]
            bounded = bool(self.case.epsilon[example].isfinite())
            if skip and bounded and bool(self.tally.success[example]):
                self._finished += 1
            else:
                chosen.append(self._ahead)
            self._ahead += 1
        return self.jobs.pick(torch.tensor(chosen, dtype=torch.int64, device=self.jobs.aim.device))

    def _begin(self, jobs: Jobs) -> tuple[Rows, Tensor, State]:
        rows = self.case.rows(jobs)
        points, state = self.method.rule.start(rows, self.case.threat)
        return rows, points, state

    def _refill(self, done: Tensor) -> None:
        """Put the next jobs into the slots that are done; drop slots when there are none left."""
        free = done.nonzero().squeeze(1)
        if len(free) == 0:
            return
        self._finished += len(free)
        jobs = self._take(len(free))
        if self.case.options.progress is not None:
            self.case.options.progress(self._finished, len(self.jobs))
        if len(jobs):
            rows, points, state = self._begin(jobs)
            slots = free[: len(jobs)]
            self._rows.put(slots, rows)
            self._points[slots] = points
            put_state(self._state, slots, state)
            self._score[slots] = -torch.inf
        if len(jobs) < len(free):
            keep = torch.ones_like(done)
            keep[free[len(jobs) :]] = False
            index = keep.nonzero().squeeze(1)
            self._rows = self._rows.pick(index)
            self._points = self._points[index]
            self._state = pick_state(self._state, index)
            self._best, self._score = self._best[index], self._score[index]
