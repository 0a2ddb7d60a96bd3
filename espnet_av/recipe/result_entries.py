"""What `conf/experiments.yaml` may say of several experiments' results: tables."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class TableEntry:
    """Experiments compared, each over its seeds."""

    rows: dict[str, str]
    """Experiment, or translation, and its title; shown is its first test, differences are to the
    first row."""


@dataclass(frozen=True, kw_only=True)
class GapEntry:
    """What models of one language and of all lose and gain, by `espnet-av gap`."""

    sets: dict[str, tuple[str, ...]]
    """Language -> its test sets, of ABX and of retrieval."""
    layer: str
    """Of the features, as layer12."""
    without: dict[str, str]
    """Language, and `all` -> experiment that learned it without pictures."""
    with_pictures: dict[str, str]
    """The same, with pictures."""
    titles: tuple[str, str] = ("SSL", "VGS+")
    """Names of both."""
    published: dict[str, float] = field(default_factory=dict)
    """Figures to be shown beside them, in percent: y, w, x, z."""


@dataclass(frozen=True, kw_only=True)
class EffectsEntry:
    """Two choices crossed, and what each is worth on average, by `espnet-av effects`."""

    of: tuple[str, str]
    """What rows and columns are, as pre-training and mid-training."""
    cells: dict[str, dict[str, str]]
    """Row -> column -> experiment, whose first test is shown; first stands what others are compared
    with. Not every row has every column."""


@dataclass(frozen=True, kw_only=True)
class ProbesEntry:
    """Frozen models by the heads on them, by `espnet-av probes`."""

    tasks: dict[str, str]
    """Title of a task -> how the names of its experiments begin."""
    models: dict[str, str]
    """How they end, behind a `_` -> title of the model. Some may not be there."""
    changes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Title -> some of the models, by the ends of their names: that before, and those after."""
    expected: str = ""
    """File with what is published of the changes."""

    def cells(self, experiments: Collection[str]) -> dict[tuple[str, str], str]:
        """Titles of task and model -> experiment, of those that are there."""
        named = {
            (task, title): f"{begin}_{end}"
            for task, begin in self.tasks.items()
            for end, title in self.models.items()
        }
        return {titles: name for titles, name in named.items() if name in experiments}
