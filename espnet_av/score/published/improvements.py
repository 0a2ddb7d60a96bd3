"""What a paper says of relative improvements, where it gives no figures that they are made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Improvement:
    """By how much a task is better after a change."""

    about: str
    """The change, by the title that a recipe gives it."""
    task: str
    """By its title."""
    percent: float | None = None
    """Gained of an accuracy, saved of an error; below 0: worse. None: the paper tells no number."""
    better: bool | None = None
    """Without a number: which way it points."""
    note: str = ""
    """Where it is from."""

    def told(self) -> str:
        """In few words."""
        if self.percent is not None:
            return f"{self.percent:+.2f} %"
        return {True: "better", False: "worse", None: "-"}[self.better]
