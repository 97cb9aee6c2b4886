"""What can go wrong because of what a person gave us, as opposed to a bug of ours.

TriptychError
├── BadInput            a file, picture, video or value that cannot be used
│   └── BadConfig       a key or value of the configuration
├── Unavailable         a device, driver, extra or data set that is not there
└── BrokenModel         model weights that cannot be loaded or do not fit

Each message is one sentence or two: what was wrong, where, and what to do. The command line prints
it on stderr and exits with status 2; a traceback is reserved for our own bugs.
"""


class TriptychError(Exception):
    """Base of all errors that a person can mend; the message is meant for them."""


class BadInput(TriptychError):
    """A file, picture, video or value that cannot be used."""


class BadConfig(BadInput):
    """A key or value of the configuration that is not allowed."""


class Unavailable(TriptychError):
    """A device, driver, optional extra or data set that is not there."""


class BrokenModel(TriptychError):
    """Model weights that cannot be loaded or do not fit the code."""
