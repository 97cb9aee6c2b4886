"""All settings of a capsule network and its training, checked at the door.

`sections.py` says what can be set, and what each quirk of the official code is called; `presets.py`
holds the settings that have names.
"""

from collections.abc import Sequence
from typing import Any, Self

from pydantic import ValidationError, model_validator

from triptych.capsules.sections import Data, Loss, Objects, Parts, Section, Train
from triptych.errors import BadConfig


class Settings(Section):
    """Everything that can be set."""

    preset: str = "mnist-official"
    data: Data = Data()
    parts: Parts = Parts()
    objects: Objects = Objects()
    loss: Loss = Loss()
    train: Train = Train()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.parts.strides or self.grid_side < 1:
            raise ValueError(
                f"parts.strides = {','.join(map(str, self.parts.strides)) or 'none'} leaves nothing"
                f" of a canvas of {self.data.canvas} pixels; take fewer or smaller strides"
            )
        if self.data.place != "resize" and self.data.canvas < self.picture_side:
            raise ValueError(
                f"data.canvas = {self.data.canvas} is smaller than {self.data.name}'s pictures of "
                f"{self.picture_side} pixels; enlarge it or set data.place=resize"
            )
        if self.objects.output % self.objects.heads or self.objects.width % self.objects.heads:
            raise ValueError(
                f"objects.heads = {self.objects.heads} does not divide objects.width and "
                "objects.output"
            )
        return self

    @property
    def grid_side(self) -> int:
        """Side of the encoder's last feature map."""
        side = self.data.canvas
        for stride in self.parts.strides:
            side = (side - 3) // stride + 1 if side >= 3 else 0
        return side

    @property
    def picture_side(self) -> int:
        """Side of the data's own pictures in pixels."""
        return {
            "mnist": 28,
            "usps": 16,
            "svhn": 32,
            "cifar10": 32,
            "digits": 8,
            "constellation": 1,
        }[self.data.name]

    @property
    def of_points(self) -> bool:
        """Whether it reads constellations of points, which have neither pixels nor parts."""
        return self.data.name == "constellation"

    @property
    def channels(self) -> int:
        """Of a picture: 1 grey, 3 colour."""
        return 3 if self.data.name in ("svhn", "cifar10") else 1

    def changed(self, assignments: Sequence[str]) -> "Settings":
        """A copy with some settings changed: `changed(["parts.count=16"])`.

        Raises BadConfig, naming the key, the value and what is allowed.
        """
        tables: dict[str, Any] = self.model_dump()
        for assignment in assignments:
            key, equals, value = assignment.partition("=")
            section, _, name = key.partition(".")
            if not equals:
                raise BadConfig(f"--set {assignment} is no key=value, such as parts.count=16.")
            if not isinstance(tables.get(section), dict) or name not in tables[section]:
                raise BadConfig(
                    f"{key} is not a setting; `triptych capsules presets {self.preset}` lists them."
                )
            tables[section][name] = value
        return Settings.checked(tables)

    @classmethod
    def checked(cls, tables: dict[str, Any]) -> "Settings":
        """Settings from plain tables. Raises BadConfig with one sentence."""
        try:
            return cls.model_validate(tables)
        except ValidationError as error:
            first = error.errors()[0]
            what = first["msg"].removeprefix("Value error, ")
            if first["loc"]:
                key = ".".join(map(str, first["loc"][:2]))
                what = f"{key} = {first['input']!r} is not allowed: {what[0].lower()}{what[1:]}"
            raise BadConfig(f"{what}.") from None
