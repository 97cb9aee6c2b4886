"""The data sets that the project knows: what they are, whose they are, and where they come from.

SHA-256 values: of MNIST, CIFAR-10 and SVHN as published beside several public loaders; of USPS as
computed from a copy of the files. `content_sha256` is of the unpacked file, so that a copy that was
packed again by someone else is still recognised.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from triptych.errors import BadInput


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file as its authors publish it; `sha256` is None where no trusted value is known."""

    name: str
    urls: tuple[str, ...]
    size: int | None = None
    sha256: str | None = None
    content_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set; `counts` are the canonical numbers of pictures in each split.

    `files` is empty where nothing can be downloaded: `remedy` then says how it is come by.
    """

    name: str
    what: str
    licence: str
    files: tuple[DataFile, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    remedy: str = ""


_MNIST = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/")
_USPS = (
    "https://hastie.su.domains/ElemStatLearn/datasets/",
    "https://web.stanford.edu/~hastie/ElemStatLearn/datasets/",
)
_SVHN = ("http://ufldl.stanford.edu/housenumbers/",)
_AFFNIST = ("https://www.cs.toronto.edu/~tijmen/affNIST/32x/transformed/",)


def _file(
    bases: tuple[str, ...],
    name: str,
    size: int | None = None,
    sha256: str | None = None,
    content_sha256: str | None = None,
) -> DataFile:
    return DataFile(name, tuple(base + name for base in bases), size, sha256, content_sha256)


DATA_SETS: Mapping[str, DataSet] = {
    data.name: data
    for data in (
        DataSet(
            "mnist",
            "handwritten digits, 28x28 grey (LeCun, Cortes, Burges 1998)",
            "free to distribute",
            (
                _file(
                    _MNIST,
                    "train-images-idx3-ubyte.gz",
                    9_912_422,
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                ),
                _file(
                    _MNIST,
                    "train-labels-idx1-ubyte.gz",
                    28_881,
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                ),
                _file(
                    _MNIST,
                    "t10k-images-idx3-ubyte.gz",
                    1_648_877,
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                ),
                _file(
                    _MNIST,
                    "t10k-labels-idx1-ubyte.gz",
                    4_542,
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                ),
            ),
            {"train": 60_000, "test": 10_000},
        ),
        DataSet(
            "usps",
            "handwritten digits from envelopes, 16x16 grey (Le Cun et al. 1990)",
            "research use",
            (
                _file(
                    _USPS,
                    "zip.train.gz",
                    1_829_071,
                    "66ebf231ab51f2cf6ac1a892d0f98ccffee1079d7a5db638c1f11f366046ca16",
                    "abc9f5c75b997cabe66b5d01727d5a681c69298e1641a8d37b55433a52129dc0",
                ),
                _file(
                    _USPS,
                    "zip.test.gz",
                    439_208,
                    "8dacc3c6e136af6c3488de9e5113a7daf140c8c2f1f0b61c54ee02f03f1a962f",
                    "6bde17b4f1cd68e0630cd2751d6495b5795d9165ab2dc4a0be8b7002b732f4cc",
                ),
            ),
            {"train": 7_291, "test": 2_007},
        ),
        DataSet(
            "cifar10",
            "ten kinds of objects, 32x32 colour (Krizhevsky 2009)",
            "research use",
            (
                _file(
                    ("https://www.cs.toronto.edu/~kriz/",),
                    "cifar-10-python.tar.gz",
                    170_498_071,
                    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                ),
            ),
            {"train": 50_000, "test": 10_000},
        ),
        DataSet(
            "svhn",
            "house numbers, 32x32 colour, cropped digits (Netzer et al. 2011)",
            "non-commercial use",
            (
                _file(
                    _SVHN,
                    "train_32x32.mat",
                    182_040_794,
                    "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
                ),
                _file(
                    _SVHN,
                    "test_32x32.mat",
                    64_275_384,
                    "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
                ),
                _file(
                    _SVHN,
                    "extra_32x32.mat",
                    1_329_278_602,
                    "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3",
                ),
            ),
            {"train": 73_257, "test": 26_032, "extra": 531_131},
        ),
        DataSet(
            "affnist",
            "MNIST digits under affine transformations, 40x40 grey (Tieleman 2013)",
            "free",
            (_file(_AFFNIST, "test_batches.zip"), _file(_AFFNIST, "training_batches.zip")),
            {"train": 1_600_000, "test": 320_000},
        ),
        DataSet(
            "hands",
            "hands, people, faces and rooms as webcams see them, labelled by sign and person",
            "per picture, see labels.jsonl",
            remedy="It is not published as one file: set TRIPTYCH_DATA to a folder with hands/.",
        ),
        DataSet(
            "digits",
            "handwritten digits, 8x8 grey, shipped inside scikit-learn (Alpaydin, Kaynak 1998)",
            "CC BY 4.0",
            counts={"train": 1_797},
            remedy="It comes with scikit-learn: pip install triptych[train].",
        ),
    )
}
"""All data sets by name."""


def data_set(name: str) -> DataSet:
    """The data set called `name`. Raises BadInput, naming those there are."""
    if name not in DATA_SETS:
        raise BadInput(f"There is no data set {name!r}; there are {', '.join(DATA_SETS)}.")
    return DATA_SETS[name]
