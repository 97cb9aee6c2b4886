"""A data set and a split by name -> pictures and labels."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from triptych.data.affnist import has_affnist, make_affnist, read_affnist
from triptych.data.cifar10 import read_cifar10
from triptych.data.digits import read_digits
from triptych.data.labelled import Labelled
from triptych.data.mnist import read_mnist
from triptych.data.place import locate
from triptych.data.registry import data_set
from triptych.data.svhn import read_svhn
from triptych.data.usps import read_usps
from triptych.errors import BadInput, Unavailable

READERS: dict[str, Callable[[Path, str], Labelled]] = {
    "mnist": read_mnist,
    "usps": read_usps,
    "cifar10": read_cifar10,
    "svhn": read_svhn,
    "affnist": read_affnist,
    "digits": read_digits,
}
"""The reader of each data set of ten classes."""

_AFFNIST_SEEDS = {"train": 2013, "test": 2014}


def load(name: str, split: str) -> Labelled:
    """The pictures and labels of one split; see the readers for shapes.

    `affnist` is made from MNIST, one version of each digit and always the same, where the
    published files are not on this machine; `note` says so.
    Raises BadInput for unknown names and damaged files, Unavailable if the data is not here.
    """
    data_set(name)
    if name not in READERS:
        raise BadInput(f"{name} has no classes to load; it has a reader of its own.")
    if name == "affnist" and split in _AFFNIST_SEEDS:
        try:
            folder = locate(name)
            published = has_affnist(folder, split)
        except Unavailable:
            published = False
        if not published:
            digits = load("mnist", split)
            images = make_affnist(digits.images, np.random.default_rng(_AFFNIST_SEEDS[split]))
            return Labelled(images, digits.labels, "Made from MNIST by affNIST's published ranges.")
    return READERS[name](locate(name), split)
