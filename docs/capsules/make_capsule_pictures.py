"""Makes the pictures of docs/capsules from the weights that are shipped.

    python docs/capsules/make_capsule_pictures.py [NAME]

NAME is the shipped network to show; by default `mnist-small` where it is shipped, else `digits`. It
needs the network's data set. The explained picture is the first test picture of its class 3.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from triptych.capsules.album import still_data
from triptych.capsules.explain import explain_picture
from triptych.capsules.pictures import read_pictures, target_of, to_canvas
from triptych.capsules.run import networks, open_run, shipped_names
from triptych.capsules.sheets import Sheet, reading_sheet, template_sheet

FOLDER = Path(__file__).with_name("pictures")
_READ = 10


def main() -> None:
    """Write them."""
    default = "mnist-small" if "mnist-small" in shipped_names() else "digits"
    run = open_run(Path(sys.argv[1] if len(sys.argv) > 1 else default))
    network = next(iter(networks(run).values()))
    test = read_pictures(run.settings.data.name, "test")
    labels = test.labels.numpy()
    first = [int(np.flatnonzero(labels == c)[0]) for c in np.unique(labels)]
    data = still_data(run.settings)
    canvas = to_canvas(test.images[first[:_READ]], data, np.random.default_rng(0))
    with torch.no_grad():
        reading = network(canvas, noise=False)
    write("templates", template_sheet(network))
    if "mnist" in shipped_names():
        large = next(iter(networks(open_run(Path("mnist"))).values()))
        write("templates-mnist", template_sheet(large, columns=10))
    write("readings", reading_sheet(reading, target_of(canvas, data)))
    print(explain_picture(run, f"test:{first[3]}", out=FOLDER / "explained.png").words)


def write(name: str, sheet: Sheet) -> None:
    """A sheet as a PNG."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.png"
    assert cv2.imwrite(str(path), sheet[..., ::-1])
    print(path)


if __name__ == "__main__":
    main()
