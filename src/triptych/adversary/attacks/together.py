"""For models whose answer for a picture depends on the others in its batch.

Batch statistics, or a defence that compares pictures, forbid taking solved examples out. Here a
batch is attacked as a whole: examples keep their places, those that have fallen stay there as they
are, and what counts is a final pass over the whole batch.
"""

import time

import torch
from torch import Tensor

from triptych.adversary.attacks.case import Case, Jobs, Tally
from triptych.adversary.attacks.method import Method
from triptych.adversary.attacks.result import Stage, Work
from triptych.adversary.attacks.rows import where_rows
from triptych.adversary.attacks.rules import Seen
from triptych.errors import BadInput


def carry_out_together(
    case: Case, method: Method, number: int, todo: Tensor, tally: Tally
) -> Stage:
    """Like `engine.carry_out`, but in batches of `case.slots` examples that stay together.

    Raises BadInput for an infinite epsilon: the least distance of one is no notion of its own here.
    """
    if bool(case.epsilon.isinf().any()):
        raise BadInput(
            "This model's answers depend on the rest of the batch, so there is no least distance "
            "for an example; give a finite epsilon."
        )
    began, work = time.perf_counter(), Work()
    before = int(tally.success.sum())
    wanted = torch.zeros_like(tally.success)
    wanted[todo] = True
    everybody = torch.arange(len(case.labels), device=todo.device)
    count = 0
    for batch in everybody.split(case.slots):
        jobs = Jobs.of(case, method, batch)
        for turn in torch.arange(len(jobs), device=todo.device).split(len(batch)):
            active = wanted[batch] & ~tally.success[batch]
            if not bool(active.any()):
                break
            count += int(active.sum())
            _attack_batch(case, method, number, jobs.pick(turn), active, tally, work)
    work.seconds = time.perf_counter() - began
    return Stage(method.name, count, int(tally.success.sum()) - before, work)


def _attack_batch(
    case: Case, method: Method, number: int, jobs: Jobs, active: Tensor, tally: Tally, work: Work
) -> None:
    rows = case.rows(jobs)
    source, rule = case.source(method), method.rule
    placed = tally.adversarial[jobs.example]  # what stands in each place once it has fallen
    best, score = placed.clone(), torch.full_like(rows.epsilon, -torch.inf)
    moving = active.clone()
    points, state = rule.start(rows, case.threat)
    for step in range(rule.steps + 1):
        shown = where_rows(moving, case.shown(points, rows), placed)
        look = source.look(shown, rows)
        logits = look.logits
        work.forwards += look.forwards
        if logits is None:
            with torch.no_grad():
                logits = case.search(shown)
            work.forwards += len(rows)
        reached, lead = case.reached(logits, rows)
        distance = case.threat.geometry.length(shown - rows.clean).double()
        allowed = distance <= rows.epsilon * (1 + 1e-6)
        better = moving & allowed & (lead.double() > score)
        best, score = where_rows(better, shown, best), torch.where(better, lead.double(), score)
        fallen = moving & reached & allowed
        placed = where_rows(fallen, shown, placed)
        moving &= ~fallen
        if step == rule.steps or not bool(moving.any()):
            break
        slope = look.slope()
        work.forwards += slope.forwards
        work.backwards += slope.backwards
        gradient = None if slope.gradient is None else slope.gradient.nan_to_num(0, 0, 0)
        points, state = rule.next(
            rows, Seen(points, slope.values, gradient, reached), state, case.threat
        )
        rows.step.add_(1)
    final = where_rows(moving, best, placed)
    settled, holds, lead = case.check(final, rows, work)
    attacked = active | tally.success[jobs.example]
    success = holds & attacked
    # The batch counts as a whole: a new one must not lose more than it wins.
    if int(success.sum()) < int(tally.success[jobs.example].sum()):
        return
    tally.adversarial[jobs.example] = settled
    tally.margin[jobs.example] = lead.double()
    tally.success[jobs.example] = success
    fresh = success & (tally.found_by[jobs.example] < 0)
    tally.found_by[jobs.example[fresh]] = number
    tally.found_by[jobs.example[~success]] = -1
