"""The audit, on models whose fault is known because it was put there."""

import json

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from triptych.adversary.attacks.attack import attack
from triptych.adversary.attacks.pipeline import Pipeline
from triptych.adversary.attacks.remedies import bpda
from triptych.adversary.attacks.threat import Threat
from triptych.adversary.audit.audit import audit
from triptych.adversary.audit.checks import checks
from triptych.adversary.audit.copied import learn_copy
from triptych.adversary.audit.finding import Finding, verdict
from triptych.adversary.audit.remedies import Readout
from triptych.adversary.gallery.empir.quantise import to_levels
from triptych.cli import app
from triptych.errors import BadInput, TriptychError

FAULTS = {
    "random answers": lambda scores: scores + 0.1 * torch.randn_like(scores),
    "answers depend on the batch": lambda scores: scores - scores.mean(0),
    "probabilities in the place of logits": lambda scores: scores.softmax(1),
    "gradients of zero": lambda scores: 1e4 * scores,
    "no gradient at all": lambda scores: scores.detach(),
    "gradient that is not that of the values": lambda scores: to_levels(scores, 3),
}


class Changed(nn.Module):
    """A model whose scores are changed."""

    def __init__(self, inner, change):
        super().__init__()
        self.inner, self.change = inner, change

    def forward(self, shown):
        """Pictures -> changed scores."""
        return self.change(self.inner(shown))


@pytest.fixture
def case(make):
    """A small sound network, pictures, and its own answers as labels."""
    model, pictures = make.network(), make.pictures(30)
    return model, pictures, make.answers(model, pictures)


def raised(model, pictures, labels):
    return {finding.check for finding in checks(model, pictures, labels) if finding.raised}


def test_a_sound_network_raises_nothing(case):
    """No false alarm on the network that the faults are put into."""
    assert raised(*case) == set()


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(case, fault):
    """The check that is meant for it is raised."""
    model, pictures, labels = case
    assert fault in raised(Changed(model, FAULTS[fault]), pictures, labels)


def test_a_saturated_loss_is_seen_through(case):
    """Scaled scores stop cross-entropy, not the margin; the verdict says by how much."""
    model, pictures, labels = case
    threat = Threat("linf", 0.08)
    sound = audit(model, pictures, labels, threat, pictures, steps=20, queries=20)
    hidden = Changed(model, lambda scores: 1e4 * scores)
    masked = audit(hidden, pictures, labels, threat, pictures, steps=20, queries=20)
    assert masked["verdict"] == "overstated"
    assert sound["verdict"] != "overstated"
    assert masked["straight_accuracy"] > sound["straight_accuracy"] + 0.1
    assert masked["robust_accuracy"] == pytest.approx(sound["robust_accuracy"], abs=0.04)


def test_a_gradient_that_leads_astray_is_noticed(case):
    """With the gradient's sign turned, even chance and a search without gradient find more."""
    model, pictures, labels = case
    turned = Changed(model, bpda(lambda scores: scores, lambda scores: -scores))
    numbers = audit(turned, pictures, labels, Threat("linf", 0.15), pictures, steps=20, queries=60)
    names = {each["check"] for each in numbers["findings"] if each["raised"]}
    assert "a search without gradient finds what the gradient does not" in names
    assert "chance finds what the gradient does not" in names
    assert "gradient that is not that of the values" in names
    assert numbers["verdict"] != "no evidence of masking"


def test_a_model_without_gradient_is_audited_all_the_same(make):
    """By values alone, and by a copy; not much is left beyond what the model itself keeps."""
    model, pictures = make.network(dtype=torch.float32), make.pictures(200, dtype=torch.float32)
    labels = make.answers(model, pictures)
    threat, few = Threat("linf", 0.08), slice(30)
    hidden = Changed(model, lambda scores: torch.nn.functional.one_hot(scores.argmax(1), 5).float())
    numbers = audit(
        hidden, pictures[few], labels[few], threat, pictures, steps=20, queries=20
    )  # fmt: skip
    names = {each["check"] for each in numbers["findings"] if each["raised"]}
    assert "no gradient at all" in names
    assert "a copy learnt from the answers" in [each["remedy"] for each in numbers["remedies"]]
    sound = attack(model, pictures[few], labels[few], threat).robust_accuracy
    assert sound <= numbers["robust_accuracy"] < sound + 0.2
    assert numbers["straight_accuracy"] > numbers["robust_accuracy"] + 0.2


@pytest.mark.parametrize("shape", [(1, 8, 8), (16,)], ids=["pictures", "vectors"])
def test_a_copy_answers_as_the_model_does(make, shape):
    """On pictures that it was not taught."""
    model, pictures = make.network(64 if shape[0] == 1 else 16, 3, dtype=torch.float32), make
    shown = pictures.pictures(1200, shape, dtype=torch.float32)
    copy = learn_copy(model, shown[:1000], 3, 0.05, 0)
    same = make.answers(model, shown[1000:]) == make.answers(copy, shown[1000:])
    assert float(same.double().mean()) > 0.75


def test_a_readout_answers_as_the_head_does(make):
    """Two members under a head that hides them: one linear layer tells the same classes."""
    members = [make.linear(dtype=torch.float32), make.linear(seed=7, dtype=torch.float32)]
    whole = Pipeline(members, head=lambda outputs: (outputs.sum(0) * 50).tanh())
    pictures = make.pictures(400, dtype=torch.float32)
    smooth = whole.with_head(Readout.learn(whole, pictures, 3))
    same = make.answers(whole.with_head(lambda o: o.sum(0)), pictures) == make.answers(
        smooth, pictures
    )
    assert float(same.double().mean()) > 0.9


@pytest.mark.parametrize(
    ("straight", "robust", "checks_raised", "name"),
    [
        (0.5, 0.1, 0, "overstated"),
        (0.12, 0.08, 1, "not robust"),
        (0.5, 0.48, 0, "no evidence of masking"),
        (0.5, 0.48, 1, "inconclusive"),
    ],
)
def test_verdicts(straight, robust, checks_raised, name):
    """A gap decides; then chance; then whether a check was raised."""
    findings = [Finding("a check", True, "", "")] * checks_raised
    assert verdict(0.9, straight, robust, (0, 1), findings, 10, 100).name == name


def test_a_model_that_is_never_right(case):
    """There is nothing to audit, and the sentence says so."""
    model, pictures, labels = case
    with pytest.raises(BadInput, match="none of the pictures right"):
        audit(model, pictures, (labels + 1) % 5, Threat("linf", 0.1), pictures)


def test_the_command_writes_a_report(tmp_path):
    """JSON on standard output, a page and a file in the folder."""
    words = ["adversary", "audit", "plain", "--data", "digits", "--examples", "12"]
    small = ["--steps", "20", "--queries", "20", "--json", "--report", str(tmp_path)]
    done = CliRunner().invoke(app, [*words, *small])
    assert done.exit_code == 0, done.output
    numbers = json.loads(done.stdout)
    assert numbers["verdict"] in ("not robust", "overstated", "no evidence of masking")
    assert json.loads((tmp_path / "audit.json").read_text())["verdict"] == numbers["verdict"]
    page = (tmp_path / "audit.md").read_text()
    assert numbers["sentence"] in page
    assert all(finding["check"] in page for finding in numbers["findings"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(("nowhere",), "There is no nowhere"), (("digits", "--norm", "l0"), "linf, l2 or l1")],
)
def test_mistakes_get_a_sentence(words, sentence):
    """It says what is wrong."""
    done = CliRunner().invoke(app, ["adversary", "audit", *words])
    assert isinstance(done.exception, TriptychError)
    assert sentence in str(done.exception)
