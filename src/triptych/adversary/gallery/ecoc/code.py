"""Code matrices: one row of bits for each class."""

from typing import Literal

import numpy as np
import torch
from scipy.linalg import hadamard
from torch import Tensor

from triptych.errors import BadInput

CodeName = Literal["hadamard", "random", "identity"]
_SEED = 59  # the one that was published


def code(name: CodeName, bits: int) -> Tensor:
    """Code words [rows, bits] float32; the classes are the rows 0 to 9, others are wrong answers.

    hadamard: `bits` rows of -1 and 1, any two of which differ in half the bits but for the first
    column, which would be constant and is made to alternate; rows and columns are shuffled.
    random: 10 rows of -1 and 1, drawn until any two differ in at least a quarter of the bits.
    identity: 10 rows of 0 and 1, the usual one-hot code. Raises BadInput for bits that will not do.
    """
    draw = np.random.RandomState(_SEED)
    if name == "hadamard":
        if bits < 16 or bits & (bits - 1):
            raise BadInput(f"bits is {bits}, but must be a power of 2 from 16 for a Hadamard code.")
        words = hadamard(bits).astype(np.float32)
        words[::2, 0] = -1
        words = words[draw.permutation(bits)][:, draw.permutation(bits)]
    elif name == "random":
        if bits < 8:
            raise BadInput(f"bits is {bits}, but must be at least 8 for a random code.")
        while True:
            words = draw.choice(np.array([-1, 1], np.float32), size=(10, bits))
            if distances(torch.from_numpy(words)).min() >= bits / 4:
                break
    else:
        if bits != 10:
            raise BadInput(f"bits is {bits}, but must be 10 for the identity code.")
        words = np.eye(10, dtype=np.float32)
    return torch.from_numpy(np.ascontiguousarray(words))


def distances(words: Tensor) -> Tensor:
    """The number of bits in which each two of the code words [R, L] differ, [R (R - 1) / 2]."""
    differ = (words[:, None] != words[None]).sum(2)
    row, column = torch.triu_indices(len(words), len(words), 1)
    return differ[row, column]
