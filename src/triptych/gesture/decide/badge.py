"""How long the icon of a sign that has fired stays on the picture."""

from typing import Final

from triptych.gesture.types import Badge

FADE_SECONDS: Final = 0.3
"""From full to gone."""


class BadgeTimer:
    """Shows a badge while its sign is held, at least `badge_seconds`, then fades it out."""

    def __init__(self) -> None:
        self._sign: str | None = None
        self._until = 0.0

    def dismiss(self) -> None:
        """Take the badge off at once."""
        self._sign = None

    def step(self, t: float, fired: str | None, held: bool, badge_seconds: float) -> Badge | None:
        """The badge at time `t`.

        fired: the sign that has just fired. held: the sign that fired last is still up.
        """
        if fired is not None:
            self._sign, self._until = fired, t + badge_seconds
        if self._sign is None:
            return None
        if held:
            self._until = max(self._until, t)
        opacity = 1.0 - max(t - self._until, 0.0) / FADE_SECONDS
        if opacity <= 0.0:
            self._sign = None
            return None
        return Badge(self._sign, opacity)
