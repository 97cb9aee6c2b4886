"""The slot engine: a fixed number of slots, filled from a queue of jobs.

Each pass shows the pictures in all slots to the model at once. A slot whose example has fallen, or
whose job has used up its steps, takes the next job. An example's next job (another restart, another
aim) joins the queue when the one before it has failed, so none is begun for an example that has
fallen. The batch keeps its size until the queue is empty, and from then on it shrinks to what is
still being worked on.

A job that claims success is checked at once (`Case.check`): its picture is put exactly inside the
threat model, and a clean forward pass in full precision decides. A claim that fails goes on.
"""

import time
from collections import deque

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
        self._finished = 0
        self._source = case.source(method)
        # Job j + stride is the same example's next one; see Jobs.of.
        self._stride = len(set(jobs.example.tolist())) * case.options.abreast
        self._queue = deque(range(min(self._stride, len(jobs))))
        first, self._job = self._take(case.slots)
        self._rows, self._points, self._state = self._begin(first)
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
        if self.method.roams(case.threat):
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

    def _take(self, count: int) -> tuple[Jobs, Tensor]:
        """The next jobs whose example has not fallen, at most `count`, and their numbers."""
        chosen = list[int]()
        while len(chosen) < count and self._queue:
            job = self._queue.popleft()
            example = int(self.jobs.example[job])
            if self._over(example):
                self._finished += len(range(job, len(self.jobs), self._stride))
            else:
                chosen.append(job)
        numbers = torch.tensor(chosen, dtype=torch.int64, device=self.jobs.aim.device)
        return self.jobs.pick(numbers), numbers

    def _over(self, example: int) -> bool:
        """Nothing more is to be done for an example."""
        searching_on = not self.case.options.early_exit or bool(self.case.epsilon[example].isinf())
        return bool(self.tally.success[example]) and not searching_on

    def _begin(self, jobs: Jobs) -> tuple[Rows, Tensor, State]:
        rows = self.case.rows(jobs)
        points, state = self.method.rule.start(rows, self.case.threat)
        return rows, points, state

    def _refill(self, done: Tensor) -> None:
        """Put the next jobs into the slots that are done; drop slots when there are none left."""
        free = done.nonzero().squeeze(1)
        if len(free) == 0:
            return
        for job in self._job[free].tolist():
            following = range(job + self._stride, len(self.jobs), self._stride)
            self._finished += 1
            if self._over(int(self.jobs.example[job])):
                self._finished += len(following)
            elif following:
                self._queue.append(following[0])
        jobs, numbers = self._take(len(free))
        if self.case.options.progress is not None:
            self.case.options.progress(self._finished, len(self.jobs))
        if len(jobs):
            rows, points, state = self._begin(jobs)
            slots = free[: len(jobs)]
            self._rows.put(slots, rows)
            self._points[slots] = points
            put_state(self._state, slots, state)
            self._best[slots] = points
            self._score[slots] = -torch.inf
            self._job[slots] = numbers
        if len(jobs) < len(free):
            keep = torch.ones_like(done)
            keep[free[len(jobs) :]] = False
            index = keep.nonzero().squeeze(1)
            self._rows = self._rows.pick(index)
            self._points = self._points[index]
            self._state = pick_state(self._state, index)
            self._best, self._score = self._best[index], self._score[index]
            self._job = self._job[index]
