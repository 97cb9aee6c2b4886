"""The slot engine: a fixed number of slots, filled from a queue of jobs.

Each pass shows the pictures in all slots to the model at once. A slot whose example has fallen, or
whose job has used up its steps, takes the next job. An example's next job (another restart, another
aim) joins the queue when the one before it has failed, so none is begun for an example that has
fallen. The batch keeps its size until the queue is empty, and from then on it shrinks to what is
still being worked on.

A job that claims success is checked at once (`Case.check`): its picture is put exactly inside the
threat model, and a clean forward pass in full precision decides. A claim that fails goes on.

A pass costs a small network little, so what the engine does besides must cost less: nothing is
asked of the tensors that is known already, such as when the next job can have used up its steps.
"""

import math
import time
from collections import deque
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from triptych.adversary.attacks.case import Case, Jobs, Tally
from triptych.adversary.attacks.circles import Circles
from triptych.adversary.attacks.gradients import Slope
from triptych.adversary.attacks.method import Method
from triptych.adversary.attacks.norms import spread
from triptych.adversary.attacks.objectives import margin_without_aim
from triptych.adversary.attacks.result import Stage, Work
from triptych.adversary.attacks.rows import Rows, State, pick_state, put_state
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
    run.settle()
    run.work.seconds = time.perf_counter() - began
    return Stage(method.name, len(jobs), int(tally.success.sum()) - before, run.work)


class _Run:
    """The slots of one method's run."""

    def __init__(self, case: Case, method: Method, number: int, jobs: Jobs, tally: Tally) -> None:
        self.case, self.method, self.number, self.tally = case, method, number, tally
        self.work = Work()
        self.jobs = jobs
        self._example: list[int] = jobs.example.tolist()
        self._fallen = set[int]()
        self._finished = 0
        self._source = case.source(method)
        self._roams = method.roams(case.threat)
        # Job j + stride is the same example's next one; see Jobs.of.
        self._stride = len(set(self._example)) * case.options.abreast
        self._queue = deque(range(min(self._stride, len(jobs))))
        first, self._job = self._take(case.slots)
        self._rows, self._points, self._state = self._begin(first)
        self._best = self._points.clone()
        self._score = torch.full_like(self._rows.epsilon, -torch.inf)
        self._ended = list[tuple[Rows, Tensor, Tensor]]()
        self._due = method.rule.steps  # passes before some job has used up its steps
        watched = method.may_circle and case.options.early_exit
        self._circles = Circles() if watched else None

    @property
    def live(self) -> bool:
        """True while a slot is at work."""
        return len(self._rows) > 0

    def step(self) -> None:
        """One look at all slots, and the next picture for each that goes on."""
        case, rows = self.case, self._rows
        shown = case.shown(self._points, rows)
        with self._precision(shown):
            look = self._source.look(shown, rows)
            logits = look.logits
            if logits is None:
                with torch.no_grad():
                    logits = case.search(shown)
                self.work.forwards += len(rows)
        self.work.forwards += look.forwards
        reached, lead, any_reached = self._reached(logits)
        done = self._judge(shown, reached, lead.double(), any_reached)
        if done is None or not bool(done.all()):
            with self._precision(shown):
                slope = look.slope()
            seen = Seen(self._points, slope.values, self._clean(slope), reached)
            self._points, self._state = self.method.rule.next(rows, seen, self._state, case.threat)
            rows.step.add_(1)
            self._due -= 1
        if done is not None:
            self._refill(done)

    def _precision(self, shown: Tensor) -> AbstractContextManager[object]:
        if self.case.options.precision == "full":
            return nullcontext()
        return torch.autocast(shown.device.type, torch.bfloat16)

    def _reached(self, logits: Tensor) -> tuple[Tensor, Tensor, bool]:
        """Whether each slot's goal is reached [B], by how much it leads [B], and whether any is.

        Most looks reach nothing; where the true class leads everywhere, that is all to be known.
        """
        if self.case.untargeted:
            lead = margin_without_aim(logits, self._rows.labels)
            if float(lead.amax()) < 0:
                return lead > 0, lead, False
        reached, lead = self.case.reached(logits, self._rows)
        return reached, lead, bool(reached.any())

    def _judge(
        self, shown: Tensor, reached: Tensor, lead: Tensor, any_reached: bool
    ) -> Tensor | None:
        """Note what has been found; which slots are done [B], or None if none is."""
        case, rows, options = self.case, self._rows, self.case.options
        score, claims = lead, reached
        if self._roams:
            distance = case.threat.geometry.length(shown - rows.clean).double()
            allowed, unbounded = distance <= rows.epsilon, rows.epsilon.isinf()
            claims = reached & allowed & ~unbounded
            # Without a bound the nearest picture that fools is the best.
            score = torch.where(allowed, lead, -torch.inf)
            score = torch.where(unbounded, torch.where(reached, -distance, -torch.inf), score)
        if options.keep == "last":
            self._best, self._score = shown, score
        else:
            better = score > self._score
            index = better.nonzero().squeeze(1)
            self._best.index_copy_(0, index, shown.index_select(0, index))
            self._score = torch.where(better, score, self._score)

        done = torch.zeros_like(reached)
        some = False
        if options.early_exit:
            if any_reached and bool(claims.any()):
                index = claims.nonzero().squeeze(1)
                done[index] = self._verify(shown[index], index)
                some = True
            if options.abreast > 1:  # by another job of the example
                done |= self.tally.success[rows.example] & ~rows.epsilon.isinf()
                some = True
        over = None
        if self._due <= 0:
            over = rows.step >= self.method.rule.steps
        if self._circles is not None:
            back = self._circles.back(shown, lead)
            if back is not None:
                over = back if over is None else over | back
        if over is not None:
            spent = over & ~done
            self._retire(spent.nonzero().squeeze(1))
            done, some = done | spent, True
        return done if some else None

    def _verify(self, pictures: Tensor, index: Tensor) -> Tensor:
        """Check claims in the slots `index`; which hold."""
        rows = self._rows.pick(index)
        settled, holds, lead = self.case.check(pictures, rows, self.work)
        self._won(rows, settled, lead.double(), holds)
        return holds

    def _won(self, rows: Rows, settled: Tensor, lead: Tensor, holds: Tensor) -> None:
        """Jobs `holds` [B] of `rows` have fooled the model within epsilon."""
        example = rows.example[holds]
        self.tally.won(example, settled[holds], lead[holds], self.number)
        self._fallen.update(example.tolist())

    def _retire(self, index: Tensor) -> None:
        """Jobs in the slots `index` have nothing more to look at.

        What they have seen is checked now if further jobs depend on it, else with that of others.
        """
        if len(index):
            best = self._best.index_select(0, index)
            self._ended.append((self._rows.pick(index), best, self._score[index]))
            waiting = sum(len(rows) for rows, _, _ in self._ended)
            if self._stride < len(self.jobs) or waiting >= self.case.slots:
                self.settle()

    def settle(self) -> None:
        """Of jobs that have ended keep the best that they have seen."""
        if not self._ended:
            return
        every, best, score = zip(*self._ended, strict=True)
        self._ended.clear()
        rows, score = Rows.join(every), torch.cat(score)
        settled, holds, lead = self.case.check(torch.cat(best), rows, self.work)
        lead = lead.double()
        seen = score > -torch.inf
        open_ended = rows.epsilon.isinf()
        holds = holds & (~open_ended | seen)
        self._won(rows, settled, lead, holds & ~open_ended)
        found = holds & open_ended
        self.tally.nearer(self.case, rows.example[found], settled[found], lead[found], self.number)
        last = self.case.options.keep == "last"
        missed = ~holds & (seen | last)
        self.tally.came_near(rows.example[missed], settled[missed], lead[missed], last)

    def _clean(self, slope: Slope) -> Tensor | None:
        """The gradient, with zeros in the place of what is no number."""
        self.work.forwards += slope.forwards
        self.work.backwards += slope.backwards
        gradient = slope.gradient
        if gradient is None:
            return None
        largest = gradient.flatten(1).abs().amax(1)
        self.work.zero += len(largest) - int(largest.count_nonzero())
        if not math.isfinite(float(largest.sum(dtype=torch.float64))):
            odd = ~largest.isfinite()
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
            if self._over(self._example[job]):
                self._finished += len(range(job, len(self.jobs), self._stride))
            else:
                chosen.append(job)
        numbers = torch.tensor(chosen, dtype=torch.int64, device=self.jobs.aim.device)
        return self.jobs.pick(numbers), numbers

    def _over(self, example: int) -> bool:
        """Nothing more is to be done for an example."""
        return self.case.options.early_exit and example in self._fallen

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
            if self._over(self._example[job]):
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
            if self._circles is not None:
                self._circles.forget(slots)
        if len(jobs) < len(free):
            keep = torch.ones_like(done)
            keep[free[len(jobs) :]] = False
            index = keep.nonzero().squeeze(1)
            self._rows = self._rows.pick(index)
            self._points = self._points.index_select(0, index)
            self._state = pick_state(self._state, index)
            self._best, self._score = self._best.index_select(0, index), self._score[index]
            self._job = self._job[index]
            if self._circles is not None:
                self._circles.pick(index)
        if self._due <= 0 and self.live:
            self._due = self.method.rule.steps - int(self._rows.step.max())
