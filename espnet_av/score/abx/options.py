"""How an ABX error is measured: everything that moves the figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from espnet_av.errors import ConfigError
from espnet_av.ops.frame_distance import DistanceName

TalkerOfX = Literal["within", "across"]
Context = Literal["within", "any"]
SliceName = Literal["correct", "zerospeech2021"]
Pooling = Literal["none", "mean", "hamming"]
ItemKind = Literal["triphone", "phoneme"]
SPEAKERS: tuple[TalkerOfX, ...] = get_args(TalkerOfX)
CONTEXTS: tuple[Context, ...] = get_args(Context)
SLICES: tuple[SliceName, ...] = get_args(SliceName)
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)
KINDS: tuple[ItemKind, ...] = get_args(ItemKind)


@dataclass(frozen=True, kw_only=True)
class AbxOptions:
    """The part `abx` of `scoring`, and the options of `espnet-av abx`."""

    speaker: tuple[TalkerOfX, ...] = ("within", "across")
    """X is by the talker of A and B, or by another one; or both, one after the other."""
    context: Context = "within"
    """A, B and X stand between the same phones, or anywhere."""
    distance: DistanceName = "angular"
    """Of two frames."""
    slice: SliceName = "correct"
    """Frames whose centres lie in an item; `zerospeech2021`: without the last of them, as in most
    figures that were published from 2021 to 2024."""
    pooling: Pooling = "none"
    """Items as sequences that are aligned, or as one mean, plain or under a Hamming window."""
    max_size_group: int | None = 10
    """Items that are drawn of each phone, context and talker; null: all."""
    max_x_across: int | None = 5
    """Talkers that are drawn as X for an A, across talkers; null: all."""
    seed: int = 0
    """Of the draws."""
    max_dropped: float = 0.05
    """Share of items that may be without a frame."""
    kind: ItemKind = "triphone"
    """Items that are made of an alignment (`ctm`): a phone with its neighbours, or alone."""
    items: str = ""
    """Item file instead; {set} stands for the name of the test set."""

    def __post_init__(self) -> None:
        for name in ("max_size_group", "max_x_across"):
            value, least = getattr(self, name), 2 if name == "max_size_group" else 1
            if value is not None and value < least:
                msg = f"{name} is {value}; at least {least}, or null for all"
                raise ConfigError(msg)
        if not self.speaker or len(set(self.speaker)) < len(self.speaker):
            msg = f"speaker is {list(self.speaker)}; within, across, or each once"
            raise ConfigError(msg)
        if self.seed < 0:
            msg = f"seed is {self.seed}; at least 0"
            raise ConfigError(msg)
        if not 0 <= self.max_dropped <= 1:
            msg = f"max_dropped is {self.max_dropped}; a share, from 0 to 1"
            raise ConfigError(msg)
