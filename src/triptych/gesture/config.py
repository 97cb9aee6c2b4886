"""All settings of the gesture panel, checked at the door.

One TOML file; each section is a table, each key has a default, a range and a sentence that
`triptych gesture config` prints as a comment. Whatever does not fit becomes one sentence.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from triptych.errors import BadConfig
from triptych.gesture.config_file import default_path, may_be_there, read_toml
from triptych.gesture.config_signs import Section, Sign, Signs, TaughtSign, no_such_sign
from triptych.gesture.config_words import sentence


class Camera(Section):
    """The camera to open when the command names no other source."""

    device: int = Field(
        default=0, ge=0, le=99, description="Number of the camera; 0 is the first one."
    )
    width: int = Field(
        default=1280, ge=160, le=7680, description="Pixels to ask the camera for, across."
    )
    height: int = Field(
        default=720, ge=120, le=4320, description="Pixels to ask the camera for, down."
    )
    fps: int = Field(
        default=30, ge=1, le=120, description="Pictures a second to ask the camera for."
    )


class Perceive(Section):
    """How a picture is read."""

    faces: Literal["network", "haar"] = Field(
        default="network",
        description="How faces are found. haar is the old way: frontal, uncovered faces only.",
    )
    classifier: Literal["both", "shape", "appearance"] = Field(
        default="both",
        description="What a sign is read from: the hand's shape (21 points), its looks, or both. "
        "both measured best on people kept aside for choosing.",
    )
    hands: int = Field(
        default=2, ge=1, le=2, description="Hands looked for; 1 costs a little less."
    )


class Decide(Section):
    """When a sign counts. All times are seconds."""

    hold_seconds: float = Field(
        default=0.5,
        ge=0.3,
        le=2.0,
        description="How long a sign is held, while the ring fills, before others see it. "
        "Longer if signs fire by accident.",
    )
    cooldown_seconds: float = Field(
        default=1.0,
        ge=0.0,
        le=10.0,
        description="Pause after a sign before the next one can start.",
    )
    enter: float = Field(
        default=0.7,
        ge=0.5,
        le=0.99,
        description="How sure a sign must be to start. Lower if your signs are missed, higher if "
        "other movements are taken for signs.",
    )
    leave: float = Field(
        default=0.6,
        ge=0.1,
        le=0.9,
        description="A sign ends when it is less sure than this; below enter.",
    )
    smooth_seconds: float = Field(
        default=0.05,
        ge=0.0,
        le=0.5,
        description="Time constant of the averaging that irons out flicker.",
    )
    fastest: float = Field(
        default=4.0,
        ge=0.5,
        le=50.0,
        description="A hand that moves faster than this many of its widths a second is not read.",
    )

    @model_validator(mode="after")
    def _leave_below_enter(self) -> Self:
        if self.leave >= self.enter:
            raise ValueError(
                f"leave = {self.leave:g} is not allowed: "
                f"it must be less than decide.enter = {self.enter:g}."
            )
        return self


class Motion(Section):
    """Movements of the hand, besides held signs: a wave says what peace says, a hand raised from
    below what palm says, a swipe takes the icon off the picture."""

    on: bool = Field(
        default=False,
        description="true: read movements, too. The network that reads them has learnt from drawn "
        "movements alone.",
    )
    sure: float = Field(
        default=0.9,
        ge=0.5,
        le=0.999,
        description="How sure a movement must be. Higher if they fire by accident.",
    )


class Presence(Section):
    """When the picture is covered because nobody is there. All times are seconds."""

    away_seconds: float = Field(
        default=0.8,
        ge=0.3,
        le=0.8,  # with 5 pictures a second the card is there within 1.0 s
        description="The picture is covered this long after the last sign of a person.",
    )
    return_seconds: float = Field(
        default=0.5,
        ge=0.3,
        le=5.0,
        description="How long a face must be clearly there before the picture is shown again.",
    )
    face_enter: float = Field(
        default=0.55,
        ge=0.3,
        le=0.99,
        description="How sure a face must be to show the picture again.",
    )
    face_stay: float = Field(
        default=0.35,
        ge=0.1,
        le=0.99,
        description="How sure a face must be to keep the picture shown; at most face_enter. "
        "Lower if you are covered while you sit there.",
    )

    @model_validator(mode="after")
    def _stay_at_most_enter(self) -> Self:
        if self.face_stay > self.face_enter:
            raise ValueError(
                f"face_stay = {self.face_stay:g} is not allowed: "
                f"it must be at most presence.face_enter = {self.face_enter:g}."
            )
        return self


class Show(Section):
    """How signs look on the picture."""

    labels: bool = Field(default=True, description="Write the sign's text beside its icon.")
    place: Literal["top-left", "top-right", "bottom-left", "bottom-right"] = Field(
        default="top-right", description="Corner of the picture, as others see it."
    )
    badge_seconds: float = Field(
        default=1.5,
        ge=0.5,
        le=10.0,
        description="An icon stays at least this long, also after letting go.",
    )
    size: float = Field(
        default=0.16,
        ge=0.05,
        le=0.5,
        description="Height of the icon as a share of the picture's height.",
    )


class Away(Section):
    """The card that covers the picture."""

    text: str = Field(default="Back soon", max_length=120, description="What the card says.")
    picture: str = Field(
        default="",
        max_length=1000,
        description="Path of a picture for the card; empty: the built-in card.",
    )


class Publish(Section):
    """What other programs get."""

    virtual_device: str = Field(
        default="",
        max_length=200,
        description="Virtual camera to use, such as /dev/video10 or OBS Virtual Camera; "
        "empty: the first one.",
    )
    fps: int = Field(default=30, ge=5, le=60, description="Pictures a second on live outputs.")
    lease_seconds: float = Field(
        default=0.5,
        ge=0.1,
        le=1.0,
        description="The card is shown when the newest analysed picture is older than this.",
    )


class Config(Section):
    """Everything that can be set; attribute names are TOML tables, all of them optional."""

    camera: Camera = Camera()
    perceive: Perceive = Perceive()
    decide: Decide = Decide()
    motion: Motion = Motion()
    presence: Presence = Presence()
    signs: Signs = Signs()
    show: Show = Show()
    away: Away = Away()
    publish: Publish = Publish()

    @classmethod
    def load(
        cls, path: Path | None = None, taught: Mapping[str, TaughtSign | None] | None = None
    ) -> Self:
        """Read a TOML file (UTF-8); None: the user's own file, or the defaults if there is none.

        taught: the signs that were taught, by name; their tables in the file change them. None for
        one that cannot be read: its table is passed over.
        Raises BadConfig with one sentence that names the file, the key, the value and what is
        allowed.
        """
        known = {name: sign for name, sign in (taught or {}).items() if sign is not None}
        if path is None:
            path = default_path()
            if not may_be_there(path):
                return cls().with_taught(known)
        tables = read_toml(path)
        signs = tables.get("signs")
        if not isinstance(signs, dict):
            return cls._checked(tables, f"{path}: ").with_taught(known)
        for name in signs.keys() - Signs.model_fields.keys() - known.keys():
            if name in (taught or {}):
                del signs[name]
            else:
                raise BadConfig(f"{path}: {no_such_sign(name, known)}")
        for name, sign in known.items():
            changed = signs.get(name, {})
            signs[name] = sign.model_dump() | changed if isinstance(changed, dict) else changed
        return cls._checked(tables, f"{path}: ")

    @property
    def names(self) -> tuple[str, ...]:
        """All signs: `types.SIGNS`, then those that were taught."""
        return (*Signs.model_fields, *(self.signs.model_extra or {}))

    def sign(self, name: str) -> Sign:
        """The settings of one of `names`."""
        taught = self.signs.model_extra or {}
        return taught[name] if name in taught else getattr(self.signs, name)

    def with_taught(self, taught: Mapping[str, TaughtSign]) -> Self:
        """A copy whose taught signs are exactly these."""
        own = {name: getattr(self.signs, name) for name in Signs.model_fields}
        signs = Signs.model_validate({**own, **taught})
        return self.model_copy(update={"signs": signs})

    def tuned(self, setting: str, value: float | int | bool | str) -> Self:
        """A copy with one setting changed: `tuned("decide.hold_seconds", 0.7)`.

        Raises BadConfig if the key is unknown or the value is not allowed.
        """
        tables = self.model_dump()
        table: Any = tables
        *parents, key = setting.split(".")
        for name in parents:
            table = table.setdefault(name, {}) if isinstance(table, dict) else None
        if not isinstance(table, dict):
            raise BadConfig(f"{setting} is not a setting.")
        table[key] = value
        return self._checked(tables, "")

    @classmethod
    def _checked(cls, tables: dict[str, Any], where: str) -> Self:
        try:
            return cls.model_validate(tables)
        except ValidationError as error:
            raise BadConfig(where + sentence(cls, error)) from None
