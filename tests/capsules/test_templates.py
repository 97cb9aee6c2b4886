"""Drawing with templates, and recovering each factor when the others are given away.

The picture is drawn by the model itself with strokes as templates; two of templates, poses and
presences are told, the third has to be found from the picture alone.
"""

import math

import pytest
import torch

from triptych.capsules.parts import Parts
from triptych.capsules.presets import preset
from triptych.capsules.settings import Settings
from triptych.capsules.templates import Templates

SIDE, TEMPLATE = 20, 7


def strokes() -> torch.Tensor:
    """Three strokes as template logits, [3, 1, T, T]: a bar, an angle, a ring."""
    ink = torch.full((3, 1, TEMPLATE, TEMPLATE), -4.0)
    ink[0, 0, :, 3] = 4
    ink[1, 0, :, 1] = ink[1, 0, 5, :] = 4
    ink[2, 0, 1:6, 1:6] = 4
    ink[2, 0, 2:5, 2:5] = -4
    return ink


def poses(count: int) -> torch.Tensor:
    """Known poses, [count, 3, 6]: turned by up to 0.5, scaled 0.35 to 0.5, within the canvas."""
    generator = torch.Generator().manual_seed(2)
    angle = torch.rand(count, 3, generator=generator) - 0.5
    scale = 0.35 + 0.15 * torch.rand(count, 3, generator=generator)
    shift = torch.rand(count, 3, 2, generator=generator) - 0.5
    cos, sin = scale * angle.cos(), scale * angle.sin()
    return torch.stack([cos, -sin, shift[..., 0], sin, cos, shift[..., 1]], -1)


def decoder(*changes: str) -> Templates:
    """Three templates on a small canvas with a dark background, sharp pixels."""
    base = ["data.place=resize", "parts.strides=2,1,1", "parts.count=3"]
    settings = Settings().changed(
        [f"data.canvas={SIDE}", f"parts.template={TEMPLATE}", *base, *changes]
    )
    templates = Templates(settings)
    with torch.no_grad():
        templates.logits.copy_(strokes())
        templates.log_scale.fill_(math.log(0.1))
        if templates.alpha is not None:
            templates.alpha.copy_(2 * strokes())
        if templates.background_value is not None:
            templates.background_value.fill_(-6.0)
        templates.background_raw.zero_()
    return templates


def told(count: int) -> tuple[Templates, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Templates, poses, log presences, features, and the pictures they draw."""
    templates = decoder()
    pose, feature = poses(count), torch.zeros(count, 3, 16)
    presence = torch.tensor([[(i >> m) & 1 for m in range(3)] for i in range(count)])
    log_presence = torch.where(presence == 1, -0.01, -12.0)
    with torch.no_grad():
        pictures = templates.draw_at(pose, log_presence, feature).mode()
    return templates, pose, log_presence, feature, pictures


def climb(
    weights: list[torch.Tensor] | dict[float, list], likelihood, steps: int, rate=0.0
) -> None:
    """Maximise a likelihood over some tensors, all at one rate or by rate."""
    rates = weights if isinstance(weights, dict) else {rate: weights}
    optimizer = torch.optim.Adam([{"params": some, "lr": lr} for lr, some in rates.items()])
    for _ in range(steps):
        optimizer.zero_grad()
        (-likelihood()).backward()
        optimizer.step()


def test_true_templates_and_presences_recover_the_poses():
    """From poses off by up to a tenth of the canvas, to well within a pixel."""
    templates, pose, _, feature, _ = told(8)
    present = torch.full((8, 3), -0.01)
    with torch.no_grad():
        pictures = templates.draw_at(pose, present, feature).mode()
    generator = torch.Generator().manual_seed(0)
    guess = pose + 0.1 * (torch.rand(pose.shape, generator=generator) - 0.5)
    off = (guess - pose)[..., [2, 5]].abs().mean()
    guess.requires_grad_()
    climb(
        [guess],
        lambda: templates.draw_at(guess, present, feature).log_likelihood(pictures).sum(),
        200,
        0.005,
    )
    shift = (guess - pose)[..., [2, 5]].detach().abs() * (SIDE - 1) / 2
    assert off * (SIDE - 1) / 2 > 0.2
    assert shift.median() < 0.1


def test_true_poses_and_presences_recover_the_templates():
    """From blank templates, the strokes."""
    templates, pose, log_presence, feature, pictures = told(16)
    truth = strokes().sigmoid()
    with torch.no_grad():
        templates.logits.zero_()
    climb(
        [templates.logits],
        lambda: templates.draw_at(pose, log_presence, feature).log_likelihood(pictures).sum(),
        150,
        0.1,
    )
    found, colour = templates.pixels().detach(), templates.colours(feature)[0].detach()
    shown = truth > 0.5  # opaque where there is ink, so only there the picture tells
    gap = ((found - truth) * colour[:, :, None, None]).abs()[shown]
    assert gap.mean() < 0.05


def test_true_templates_and_poses_recover_the_presences():
    """From one half everywhere, who is there and who is not, in every picture."""
    templates, pose, log_presence, feature, pictures = told(16)
    logit = torch.zeros(16, 3, requires_grad=True)
    climb(
        [logit],
        lambda: (
            templates.draw_at(pose, torch.nn.functional.logsigmoid(logit), feature)
            .log_likelihood(pictures)
            .sum()
        ),
        150,
        0.1,
    )
    assert torch.equal(logit > 0, log_presence > -1)


def drawn_alone(templates: Templates, pose, feature) -> torch.Tensor:
    """What each part draws by itself where it is sure to be, [B, 3, S, S]."""
    with torch.no_grad():
        drawing = templates.draw_at(pose, torch.full(pose.shape[:2], -0.01), feature)
        return (drawing.means[:, 0] * drawing.logits.sigmoid()).transpose(0, 1)


def alike(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Cosine of pictures [..., S, S]."""
    return torch.cosine_similarity(one.flatten(-2), other.flatten(-2), dim=-1)


def test_true_templates_alone_recover_poses_and_presences():
    """One factor is told: from poses off by up to a tenth and presences of one half."""
    templates, pose, log_presence, feature, pictures = told(16)
    generator = torch.Generator().manual_seed(0)
    guess = pose + 0.1 * (torch.rand(pose.shape, generator=generator) - 0.5)
    guess.requires_grad_()
    logit = torch.zeros(16, 3, requires_grad=True)
    climb(
        {0.005: [guess], 0.1: [logit]},
        lambda: (
            templates.draw_at(guess, torch.nn.functional.logsigmoid(logit), feature)
            .log_likelihood(pictures)
            .sum()
        ),
        200,
    )
    there = log_presence > -1
    # A part that others hide may or may not be there: the picture is the same.
    assert ((logit > 0) == there).float().mean() > 0.95
    off = (guess - pose)[..., [2, 5]].detach().abs() * (SIDE - 1) / 2
    assert off[there].median() < 0.1


def test_true_poses_alone_recover_templates_and_presences():
    """One factor is told: from blank templates and presences of one half."""
    templates, pose, log_presence, feature, pictures = told(32)
    alone = drawn_alone(templates, pose, feature)
    with torch.no_grad():
        templates.logits.zero_()
        assert templates.alpha is not None
        templates.alpha.zero_()
    logit = torch.zeros(32, 3, requires_grad=True)
    climb(
        {0.1: [templates.logits, templates.alpha], 0.05: [logit]},
        lambda: (
            templates.draw_at(pose, torch.nn.functional.logsigmoid(logit), feature)
            .log_likelihood(pictures)
            .sum()
        ),
        300,
    )
    assert ((logit > 0) == (log_presence > -1)).float().mean() > 0.9
    assert alike(drawn_alone(templates, pose, feature), alone).mean() > 0.98


def test_true_presences_alone_recover_templates_and_poses():
    """One factor is told: from faint, blurred templates and poses off by up to a tenth.

    A template may sit elsewhere in its frame if its pose makes up for it, so what each part draws
    is compared, not the numbers.
    """
    templates, pose, log_presence, feature, pictures = told(32)
    alone = drawn_alone(templates, pose, feature)
    generator = torch.Generator().manual_seed(0)
    guess = pose + 0.1 * (torch.rand(pose.shape, generator=generator) - 0.5)
    guess.requires_grad_()
    with torch.no_grad():
        assert templates.alpha is not None
        for blurred in (templates.logits, templates.alpha):
            blurred.copy_(0.3 * torch.nn.functional.avg_pool2d(blurred, 3, 1, 1))
    before = alike(drawn_alone(templates, guess.detach(), feature), alone)
    climb(
        {0.1: [templates.logits, templates.alpha], 0.005: [guess]},
        lambda: templates.draw_at(guess, log_presence, feature).log_likelihood(pictures).sum(),
        300,
    )
    there = log_presence > -1
    after = alike(drawn_alone(templates, guess.detach(), feature), alone)
    assert after[there].mean() > 0.95 > before[there].mean()


def test_a_part_that_is_not_there_draws_nothing():
    """Presence 0 leaves the background."""
    templates = decoder()
    parts = Parts(poses(2), torch.full((2, 3), -50.0), torch.zeros(2, 3, 16))
    drawing = templates.draw(parts)
    assert torch.allclose(drawing.mean(), torch.full((2, 1, SIDE, SIDE), 0.0025), atol=1e-3)
    assert drawing.mixing()[-1].min() > 0.999


def test_open_templates_spill_black_ink_and_closed_ones_do_not():
    """Q3: far from every template, the background is all there is only if they are closed."""
    parts = Parts(poses(1) * 0.2, torch.full((1, 3), 9.0), torch.zeros(1, 3, 16))
    corner = {
        outside: decoder(f"parts.outside={outside}").draw(parts).mixing()[-1, 0, 0, 0].item()
        for outside in ("open", "closed")
    }
    assert corner["closed"] > 0.999
    assert corner["open"] < 0.5


def test_coupled_templates_are_as_opaque_as_bright():
    """parts.opacity=coupled: no alpha; the brighter of two parts wins a pixel."""
    templates = decoder("parts.opacity=coupled")
    assert templates.alpha is None
    drawing = templates.draw(Parts(poses(1), torch.full((1, 3), 20.0), torch.zeros(1, 3, 16)))
    brightest = drawing.means[:, 0, 0].amax(0)
    assert torch.allclose(drawing.mode()[0, 0][brightest > 0.1], brightest[brightest > 0.1])


def test_a_brush_lets_no_chequers_through_and_leaves_wide_things():
    """parts.brush: what changes from pixel to pixel goes, a flat template stays; 0 does nothing."""
    flat = torch.full((TEMPLATE, TEMPLATE), 1.5)
    across = torch.arange(TEMPLATE)
    chequers = 3.0 * (-1.0) ** (across + across[:, None])
    brushed, plain = decoder("parts.brush=1"), decoder()
    for templates in (brushed, plain):
        with torch.no_grad():
            templates.logits[:2, 0] = torch.stack([flat, chequers])
            assert templates.alpha is not None
            templates.alpha.copy_(templates.logits)
    opacity = brushed.opacity()
    assert opacity is not None and plain.opacity() is not None
    for drawn in (brushed.pixels().logit(), opacity):
        assert torch.allclose(drawn[0, 0], flat, atol=1e-5)
        assert drawn[1, 0, 1:-1, 1:-1].abs().max() < 1e-5
    assert torch.equal(plain.pixels()[1, 0], chequers.sigmoid())


def test_a_brush_is_one_binomial_filter_a_time():
    """A lone pixel becomes (1 2 1) x (1 2 1) / 16, twice brushed its square."""
    lone = torch.zeros(3, 1, TEMPLATE, TEMPLATE)
    lone[..., 3, 3] = 1
    row = torch.tensor([1.0, 2.0, 1.0]) / 4
    twice = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    for brush, wanted in ((1, row), (2, twice)):
        templates = decoder(f"parts.brush={brush}")
        with torch.no_grad():
            assert templates.alpha is not None
            templates.alpha.copy_(lone)
        opacity = templates.opacity()
        assert opacity is not None
        half = len(wanted) // 2
        middle = opacity[0, 0, 3 - half : 4 + half, 3 - half : 4 + half]
        assert torch.allclose(middle, wanted[:, None] * wanted)
        assert opacity[0].sum().item() == pytest.approx(1)


def test_templates_start_orthogonal_and_in_range():
    """The start is an orthogonal matrix's rows, stretched to 0..1 together."""
    templates = Templates(preset("mnist-official"))
    rows = templates.logits.detach().flatten(1)
    assert rows.min().item() == pytest.approx(0) and rows.max().item() == pytest.approx(1)
    # Stretching is affine: r = (q - low) / range, so rows minus their common offset are orthogonal.
    assert templates.pixels().min() >= 0.5
    assert torch.linalg.matrix_rank(rows) == 40


def test_colour_tints_each_channel():
    """Of an RGB network each part has three tints, one template of three channels."""
    templates = Templates(preset("cifar10"))
    feature = torch.randn(2, 32, 16)
    coloured = templates.coloured(feature)
    assert coloured.shape == (2, 32, 3, 14, 14)
    tint = templates.colours(feature)
    assert torch.allclose(coloured[1, 5, 2], templates.pixels()[5, 2] * tint[1, 5, 2])
