"""How often utterances of rare groups, such as languages, are used: shares set by a temperature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from espnet_av.data.sampler import BucketBatchSampler
from espnet_av.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """Balance between groups of training utterances."""

    by: Literal["lang", "category", "label"] = "lang"
    """What makes a group: the table `utt2lang`, `utt2category` or `utt2label`."""
    temperature: float = 1.0
    """A group's share of the frames is proportional to its frames to the power of 1 / temperature:
    1 leaves the shares as they are, a large one makes them equal (XLM-R's alpha is its inverse)."""

    def __post_init__(self) -> None:
        if self.temperature < 1:
            msg = f"sampling: temperature is {self.temperature}; it is 1 (as is) or more (even)"
            raise ConfigError(msg)


def group_shares(amounts: Mapping[str, float], temperature: float) -> dict[str, float]:
    """Shares of groups, summing to 1, from what there is of each (frames, characters)."""
    largest = max(amounts.values())
    weights = {name: (amount / largest) ** (1 / temperature) for name, amount in amounts.items()}
    return {name: weight / sum(weights.values()) for name, weight in weights.items()}


class BalancedBatchSampler:
    """`BucketBatchSampler` over as many frames an epoch, but with the shares of a temperature.

    Each group is an endless row of its utterances, in another random order each time through;
    epoch e takes the places from e * r to (e + 1) * r of it, rounded down, where r is the group's
    share of the frames over its mean length. So over the epochs every group has its share to within
    one utterance, and no utterance is used twice more than another of its group. All follows from
    (seed, epoch).

    An utterance that comes again within an epoch has its number plus the number of all utterances
    (plus twice that, and so on), by which a dataset can augment it in another way.

    Args:
        num_frames: length of every utterance.
        groups: group of every utterance.
        temperature: see `SamplingConfig`.
        batch_frames, max_utts, seed, rank, world_size, utt_ids: see `BucketBatchSampler`.

    Raises:
        ConfigError: an utterance is longer than the budget (it is named), or there is none.
    """

    def __init__(
        self,
        num_frames: Sequence[int],
        groups: Sequence[str],
        temperature: float,
        batch_frames: int,
        max_utts: int,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        utt_ids: Sequence[str] | None = None,
    ) -> None:
        BucketBatchSampler(num_frames, batch_frames, max_utts, utt_ids=utt_ids)
        self._lengths = np.asarray(num_frames, dtype=np.int64)
        self._limits = (batch_frames, max_utts)
        self._seed, self._rank, self._world_size = seed, rank, world_size
        names = np.asarray(groups)
        self._members = {str(name): np.flatnonzero(names == name) for name in np.unique(names)}
        frames = {name: int(self._lengths[m].sum()) for name, m in self._members.items()}
        self.shares = group_shares({n: max(1, f) for n, f in frames.items()}, temperature)
        """Group -> its share of the frames of an epoch."""
        total = max(1, int(self._lengths.sum()))
        self._per_epoch = {
            name: self.shares[name] * total * len(members) / max(1, frames[name])
            for name, members in self._members.items()
        }

    def batches(self, epoch: int) -> list[list[int]]:
        """All batches of one epoch on this rank."""
        chosen = self._choose(epoch)
        lengths = self._lengths[chosen % len(self._lengths)]
        inner = BucketBatchSampler(
            lengths.tolist(),
            *self._limits,
            seed=self._seed,
            rank=self._rank,
            world_size=self._world_size,
        )
        return [chosen[batch].tolist() for batch in inner.batches(epoch)]

    def _choose(self, epoch: int) -> np.ndarray:
        """Numbers of the utterances of an epoch, sorted."""
        parts = []
        for order, (name, members) in enumerate(self._members.items()):
            # Rounded first: three utterances an epoch must not become 2.9999.
            first, last = (int(round((epoch + n) * self._per_epoch[name], 6)) for n in (0, 1))
            rounds = range(first // len(members), -(-last // len(members)))
            row = [
                np.random.default_rng([self._seed, order, turn]).permutation(members)
                for turn in rounds
            ]
            start = rounds.start * len(members)
            parts.append(np.concatenate([*row, members[:0]])[first - start : last - start])
        chosen = np.sort(np.concatenate(parts))
        # How often the same number came before: its place after the first of its run.
        before = np.arange(len(chosen)) - np.searchsorted(chosen, chosen)
        return chosen + before * len(self._lengths)
