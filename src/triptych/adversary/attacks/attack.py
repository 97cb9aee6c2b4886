"""`attack`: run one method, or a sequence of them, on a model, and say what it found."""

from collections.abc import Sequence

import torch
from torch import Tensor

from triptych.adversary.attacks.case import Case, Tally
from triptych.adversary.attacks.checks import (
    checked_classes,
    checked_device,
    checked_logits,
    checked_pictures,
)
from triptych.adversary.attacks.engine import carry_out
from triptych.adversary.attacks.found import (
    Forward,
    as_found,
    depends_on_batch,
    judge,
    searcher,
)
from triptych.adversary.attacks.gradients import modules_of
from triptych.adversary.attacks.lean import lean
from triptych.adversary.attacks.method import Method, standard
from triptych.adversary.attacks.options import Options
from triptych.adversary.attacks.result import Result, Stage, Work, predicted
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.attacks.together import carry_out_together
from triptych.errors import BadInput


def attack(
    model: Forward,
    pictures: Tensor,
    labels: Tensor,
    threat: Threat,
    method: Method | Sequence[Method] | None = None,
    *,
    targets: Tensor | None = None,
    options: Options | None = None,
) -> Result:
    """Look for pictures near the given ones that the model gets wrong.

    model: pictures [B, ...] -> logits [B, K]; any callable, a torch module is put in evaluation
    mode meanwhile and left as found. pictures: [N, ...], inside the threat model's box. labels:
    [N]. method: one, or several of which each works on what those before have left; None means
    the `standard` sequence. targets: [N], only these wrong answers count as success.
    Examples that the model gets wrong without attack are not attacked and not counted as success.
    Raises BadInput, in a sentence, for what cannot be attacked.
    """
    options = Options() if options is None else options
    pictures = checked_pictures(pictures, threat)
    epsilon = threat.epsilons(len(pictures)).to(pictures.device)
    labels = checked_classes("labels", labels, pictures)
    checked_device(model, pictures)
    methods = [method] if isinstance(method, Method) else method
    judging, copies = judge(model)
    inside = [*modules_of(model), *copies]
    for each in methods or ():
        if each.gradient is not None:
            inside.extend(each.gradient.modules())
        if not each.minimum and not bool(epsilon.isfinite().all()):
            raise BadInput(
                f"epsilon is infinite, but {each.name} needs a finite one; fmn and cw do not."
            )
    if len(pictures) == 0:
        return _empty(pictures, labels, threat)
    with as_found(inside, options.seed):
        return _attack(model, judging, pictures, labels, epsilon, threat, methods, targets, options)


def _attack(
    model: Forward,
    judging: Forward,
    pictures: Tensor,
    labels: Tensor,
    epsilon: Tensor,
    threat: Threat,
    methods: Sequence[Method] | None,
    targets: Tensor | None,
    options: Options,
) -> Result:
    slots = options.places(pictures)
    with torch.no_grad():
        logits = torch.cat(
            [checked_logits(judging(part), len(part)) for part in pictures.split(slots)]
        )
    classes = logits.shape[1]
    checked_classes("labels", labels, pictures, classes)
    goals = torch.full_like(labels, -1)
    if targets is not None:
        goals = checked_classes("targets", targets, pictures, classes)
        if bool((goals == labels).any()):
            where = int((goals == labels).nonzero()[0])
            raise BadInput(f"Example {where} is to become {int(goals[where])}, its own label.")
    if methods is None:
        methods = standard(classes, norm=threat.norm)
        if not bool(epsilon.isfinite().all()):
            raise BadInput("epsilon is infinite, but the standard sequence needs a finite one.")
    dependent = options.batch_dependent
    if dependent is None:
        dependent = depends_on_batch(judging, pictures)
    right = predicted(logits) == labels
    search = None if dependent or not options.lean else lean(model, pictures)
    case = Case(
        searcher(model) if search is None else search,
        judging, pictures, labels, goals, epsilon, logits, threat, options, slots, targets is None,
    )  # fmt: skip
    tally = Tally.empty(case)
    work, stages = Work(forwards=len(pictures)), list[Stage]()
    run = carry_out_together if dependent else carry_out
    for number, each in enumerate(methods):
        unbounded = epsilon.isinf() & right  # the next may come nearer
        todo = ((right & ~tally.success) | unbounded).nonzero().squeeze(1)
        stages.append(run(case, each, number, todo, tally))
        work = work.plus(stages[-1].work)
    return Result(
        tally.adversarial,
        right,
        tally.success,
        threat.geometry.length(tally.adversarial.double() - pictures.double()),
        tally.margin,
        tally.found_by,
        tuple(stages),
        work,
        threat.describe(),
        dependent,
    )


def _empty(pictures: Tensor, labels: Tensor, threat: Threat) -> Result:
    none = labels.bool()
    number = pictures.new_zeros(0, dtype=torch.float64)
    return Result(pictures, none, none, number, number, labels, (), Work(), threat.describe())
