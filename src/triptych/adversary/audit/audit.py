"""The audit: check, probe, try every way round that applies, and weigh what was found."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from triptych.adversary.attacks.found import as_found
from triptych.adversary.attacks.method import nes, pgd
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.audit.checks import NO_GRADIENT, checks
from triptych.adversary.audit.finding import Finding, verdict
from triptych.adversary.audit.probes import Subject, probes
from triptych.adversary.audit.remedies import remedies
from triptych.adversary.gallery.measure import interval, share
from triptych.errors import BadInput

CHECKED = 64
"""Pictures that the checks look at."""


def audit(
    model: nn.Module,
    shown: Tensor,
    labels: Tensor,
    threat: Threat,
    learn_from: Tensor,
    *,
    steps: int = 40,
    queries: int = 500,
    seed: int = 0,
    say: Callable[[str], None] = lambda words: None,
) -> dict[str, Any]:
    """Audit a model on pictures [N, ...] with labels [N].

    learn_from: other pictures [L, ...], not looked at otherwise, to learn a smooth head or a copy
    from.
    Returns findings, remedies and verdict. Raises BadInput if the model gets no picture right.
    """
    began = time.process_time()
    subject = Subject(model, shown, labels, threat, seed)
    with as_found([model], seed), torch.no_grad():
        scores = torch.cat([model(part) for part in shown.split(128)])
    classes, right = int(labels.max()) + 1, scores.argmax(1) == labels
    if not bool(right.any()):
        raise BadInput("The model gets none of the pictures right; there is nothing to audit.")
    index = right.nonzero().squeeze(1)[:CHECKED]
    findings = checks(model, shown[index], labels[index])
    _tell(findings, say)

    gradient = not any(each.raised and each.check == NO_GRADIENT for each in findings)
    plain = pgd(steps) if gradient else nes(steps)
    straight = subject.attacked(plain)
    words = "PGD" if gradient else "PGD on an estimated gradient"
    say(f"plain attack, {steps} steps of {words}: {straight.robust_accuracy:.1%} left")
    probed = probes(subject, straight, steps, queries, gradient)
    _tell(probed, say)
    findings += probed

    raised = {each.check for each in findings if each.raised}
    withstood = straight.right & ~straight.success
    tried = list[dict[str, Any]]()
    for remedy in remedies(model, learn_from, scores.shape[1], raised, steps, threat, seed):
        found = subject.attacked(remedy.method)
        gained = int((withstood & found.success).sum())
        withstood &= ~found.success
        say(f"{remedy.name}: {found.robust_accuracy:.1%} left, {gained} fooled anew")
        tried.append(
            {
                "remedy": remedy.name,
                "because": remedy.because,
                "accuracy": found.robust_accuracy,
                "fooled_anew": gained,
                "backwards": found.work.backwards,
            }
        )
    weighed = verdict(
        share(right),
        straight.robust_accuracy,
        share(withstood),
        interval(withstood),
        findings,
        classes,
        len(labels),
    )
    say(weighed.sentence)
    return {
        "verdict": weighed.name,
        "sentence": weighed.sentence,
        "clean_accuracy": weighed.clean,
        "straight_accuracy": weighed.straight,
        "robust_accuracy": weighed.robust,
        "robust_accuracy_ci95": list(weighed.interval),
        "plain_attack": words,
        "threat": threat.describe(),
        "epsilon": threat.epsilon,
        "norm": threat.norm,
        "examples": len(labels),
        "findings": [finding.as_json() for finding in findings],
        "remedies": tried,
        "cpu_seconds": round(time.process_time() - began, 1),
    }


def _tell(findings: list[Finding], say: Callable[[str], None]) -> None:
    for finding in findings:
        say(f"{'RAISED ' if finding.raised else 'quiet  '}{finding.check}: {finding.evidence}")
