"""An evaluation on disk goes on where it stopped, and never mixes two."""

import json

import pytest
import torch

from triptych.adversary import Options, Threat, attack
from triptych.adversary.attacks.evaluation import evaluate
from triptych.adversary.attacks.method import pgd
from triptych.errors import BadInput

THREAT = Threat("linf", 0.04)


def test_chunks_equal_one_attack(make, tmp_path):
    """Chunk by chunk gives the flags of one attack on all, and the file says so."""
    model, pictures = make.network(), make.pictures(20)
    labels = make.answers(model, pictures)
    file = tmp_path / "run.json"
    state = evaluate(model, pictures, labels, THREAT, file, pgd(10), chunk=7)
    whole = attack(model, pictures, labels, THREAT, pgd(10))
    assert state["success"] == whole.success.int().tolist()
    assert state["robust_accuracy"] == pytest.approx(whole.robust_accuracy)
    written = json.loads(file.read_text())
    assert written["success"] == state["success"]
    assert written["done"] == written["examples"] == 20


def test_a_stopped_evaluation_goes_on(make, tmp_path):
    """Stopped in the third chunk, the second call attacks only what was left."""
    inner, pictures = make.network(), make.pictures(20)
    labels, file, budget = make.answers(inner, pictures), tmp_path / "run.json", [10**9]

    class Mortal(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            budget[0] -= len(x)
            if budget[0] < 0:
                raise KeyboardInterrupt
            return self.inner(x)

    def run(path):
        return evaluate(Mortal(), pictures, labels, THREAT, path, pgd(10), chunk=5)

    reference = run(tmp_path / "other.json")
    used = 10**9 - budget[0]
    budget[0] = used * 2 // 3
    with pytest.raises(KeyboardInterrupt):
        run(file)
    done = json.loads(file.read_text())["done"]
    assert 0 < done < 20
    budget[0] = 10**9
    assert run(file)["success"] == reference["success"]
    assert 10**9 - budget[0] < used
    budget[0] = 0  # a third call has nothing left to do
    assert run(file)["done"] == 20


def test_another_evaluation_is_refused(make, tmp_path):
    """Other weights, data, threat model, method or seed must not end up in the same file."""
    model, pictures = make.network(), make.pictures(6)
    labels, file = make.answers(model, pictures), tmp_path / "run.json"
    evaluate(model, pictures, labels, THREAT, file, pgd(3))
    other = [
        (make.network(seed=4), pictures, THREAT, pgd(3), Options()),
        (model, pictures * 0.9, THREAT, pgd(3), Options()),
        (model, pictures, Threat("linf", 0.05), pgd(3), Options()),
        (model, pictures, Threat("linf", 0.04, grid=True), pgd(3), Options()),
        (model, pictures, THREAT, pgd(4), Options()),
        (model, pictures, THREAT, pgd(3), Options(seed=1)),
    ]
    for network, given, threat, method, options in other:
        with pytest.raises(BadInput, match="holds another evaluation"):
            evaluate(network, given, labels, threat, file, method, options=options)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"done": 3}'])
def test_a_file_of_something_else_is_refused(make, tmp_path, text):
    """A file that is no evaluation is not overwritten."""
    file = tmp_path / "run.json"
    file.write_text(text)
    model, pictures = make.network(), make.pictures(2)
    with pytest.raises(BadInput, match="not an evaluation's file"):
        evaluate(model, pictures, make.answers(model, pictures), THREAT, file, pgd(1))
    assert file.read_text() == text
