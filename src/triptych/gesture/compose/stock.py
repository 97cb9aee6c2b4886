"""What there is to compose from: the pictures of one split, by the part that they can play."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from triptych.data.hands import HandPicture, read_clips, read_hands
from triptych.errors import BadInput
from triptych.gesture.types import SIGNS

SURE_FACE = 0.65
"""Teacher score from which a face is one beyond doubt."""

HELPERS = {"val": ("train",), "test": ("wild",), "train": (), "wild": ()}
"""Splits that lend a split people who do nothing, rooms and idle hands: it has too few of its own.

The signs themselves are always made by people of the split.
"""

ByPerson = dict[str, list[HandPicture]]


@dataclass
class Stock:
    """Pictures by part and person.

    bystanders: a face, no hand. signers: a face and a raised hand, as a webcam sees them. cutouts:
    a hand before a plain wall. idle: hands that make no sign. rooms: nobody. clips: films of people
    who talk, files in the hands' folder.
    """

    split: str
    bystanders: ByPerson = field(default_factory=lambda: defaultdict(list))
    signers: ByPerson = field(default_factory=lambda: defaultdict(list))
    cutouts: ByPerson = field(default_factory=lambda: defaultdict(list))
    idle: ByPerson = field(default_factory=lambda: defaultdict(list))
    rooms: list[HandPicture] = field(default_factory=list[HandPicture])
    clips: list[str] = field(default_factory=list[str])


def stock_of(hands: Path, split: str) -> Stock:
    """Sort the pictures of a split and of its helpers.

    Raises BadInput if a part that every take needs cannot be played.
    """
    if split not in HELPERS:
        raise BadInput(f"There is no split {split}: it is one of {', '.join(HELPERS)}.")
    stock = Stock(split)
    for picture in read_hands(hands):
        if picture.split == split or picture.split in HELPERS[split]:
            _sort(picture, stock)
    stock.clips = [
        clip.file
        for clip in read_clips(hands)
        if clip.split == split and clip.label == "none" and clip.what.startswith("talking")
    ]
    for part in ("bystanders", "signers", "cutouts", "idle", "rooms"):
        if not getattr(stock, part):
            raise BadInput(f"{hands} has no pictures of split {split} to play the {part}.")
    return stock


def _sort(picture: HandPicture, stock: Stock) -> None:
    own, label, person = picture.split == stock.split, picture.label, picture.person
    faces = [face for face in picture.faces if face.score >= SURE_FACE]
    tall = max((face.box_xyxy[3] - face.box_xyxy[1] for face in faces), default=0.0)
    large = max(picture.width, picture.height) >= 300
    if picture.context in ("frame", "face") and large and 0.12 < tall < 0.65:
        if picture.hands and picture.context == "frame" and (own or label == "other"):
            if label in (*SIGNS, "other") and "FIST_LIKE" not in picture.flags:
                stock.signers[person].append(picture)
        elif not picture.hands and label == "none":
            stock.bystanders[_someone(picture)].append(picture)
    if picture.context in ("frame", "face") and picture.hands and label == "none" and large:
        stock.idle[_someone(picture)].append(picture)
    if own and picture.context == "crop" and picture.source == "ardamavi" and picture.hands:
        stock.cutouts[person].append(picture)
    empty = not picture.hands and not picture.faces and picture.person_share < 0.03
    if picture.context in ("room", "roi", "frame") and label == "none" and empty:
        stock.rooms.append(picture)


def _someone(picture: HandPicture) -> str:
    """Faces from the web share a `person` but are somebody else in each picture."""
    return picture.file if picture.context == "face" else picture.person
