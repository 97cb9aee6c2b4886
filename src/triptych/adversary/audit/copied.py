"""A copy of a model, learnt from nothing but its answers, for its gradient.

Papernot et al. 2017 attack a model that they can only ask through a substitute that is taught its
answers; what fools the substitute often fools the model. Here it is the way round whatever hides a
gradient, when no part of the model is known that does not.
"""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from triptych.adversary.attacks.found import as_found

STEPS: Final = 400
BATCH: Final = 64
RATE: Final = 3e-3


def learn_copy(
    model: nn.Module, shown: Tensor, classes: int, radius: float, seed: int
) -> nn.Module:
    """A small network that answers as the model does on pictures [L, C, H, W] and near them.

    radius: half of each batch gets noise of up to so much in each value, and the model is asked
    about it as it then is.
    """
    draw = torch.Generator().manual_seed(seed)
    with as_found([model], seed), torch.enable_grad():
        copy = _network(shown[:1], classes).to(shown)
        optimizer = torch.optim.Adam(copy.parameters(), lr=RATE)
        for _ in range(STEPS):
            index = torch.randint(len(shown), (BATCH,), generator=draw)
            pictures = shown[index.to(shown.device)]
            noise = (2 * torch.rand(pictures.shape, generator=draw) - 1).to(pictures)
            noise[::2] = 0
            low, high = float(shown.min()), float(shown.max())
            pictures = (pictures + radius * noise).clamp(low, high)
            with torch.no_grad():
                answers = model(pictures).argmax(1)
            loss = F.cross_entropy(copy(pictures), answers)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return copy.eval()


def _network(picture: Tensor, classes: int) -> nn.Module:
    if picture.ndim != 4:
        size = picture[0].numel()
        return nn.Sequential(nn.Flatten(), nn.Linear(size, 128), nn.ReLU(), nn.Linear(128, classes))
    body = nn.Sequential(
        *(nn.Conv2d(picture.shape[1], 32, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(32, 32, 3, stride=2, padding=1), nn.ReLU()),
        *(nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten()),
    )
    with torch.no_grad():
        size = body(torch.zeros(picture.shape)).shape[1]
    return nn.Sequential(*body, nn.Linear(size, classes))
