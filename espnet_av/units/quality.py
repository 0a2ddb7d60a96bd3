"""How good units are: how evenly they are used, how long they last, what they say of the phones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from espnet_av.data.readers.frame_labels import frame_labels
from espnet_av.data.table import Segment


@dataclass
class UnitCounts:
    """Counts over the utterances of a set, added one at a time."""

    num_units: int
    rate_hz: int
    names: tuple[str, ...] = ()
    """Labels of the alignment (phones or words); empty without one."""
    frames: np.ndarray = field(init=False)
    """(K,) frames of each unit."""
    joint: np.ndarray = field(init=False)
    """(K, P) frames of each unit that the alignment gives each label."""
    runs: int = 0
    """Stretches of one unit."""
    utterances: int = 0

    def __post_init__(self) -> None:
        self.frames = np.zeros(self.num_units, dtype=np.int64)
        self.joint = np.zeros((self.num_units, len(self.names)), dtype=np.int64)
        self._ids = {name: number for number, name in enumerate(self.names)}

    def add(self, utt_id: str, labels: np.ndarray, segments: Sequence[Segment] = ()) -> None:
        """Count the labels (T,) of an utterance, and what its alignment says of the same frames."""
        self.utterances += 1
        self.frames += np.bincount(labels, minlength=self.num_units)
        self.runs += int((np.diff(labels) != 0).sum()) + (len(labels) > 0)
        if not segments:
            return
        aligned = frame_labels(segments, self._ids, len(labels), utt_id, frame_hz=self.rate_hz)
        known = aligned >= 0
        np.add.at(self.joint, (labels[known], aligned[known]), 1)


def count_names(ctm: Mapping[str, Sequence[Segment]]) -> tuple[str, ...]:
    """Every label of an alignment, sorted."""
    return tuple(sorted({segment.label for segments in ctm.values() for segment in segments}))


def usage(counts: UnitCounts) -> dict[str, float | int]:
    """Perplexity (K if all units are used equally), unused units, mean run in frames and ms."""
    total = int(counts.frames.sum())
    run = total / max(1, counts.runs)
    return {
        "utterances": counts.utterances,
        "frames": total,
        "perplexity": float(np.exp(entropy(counts.frames))),
        "unused": int((counts.frames == 0).sum()),
        "mean_run_frames": run,
        "mean_run_ms": 1000 * run / counts.rate_hz,
    }


def agreement(joint: np.ndarray) -> dict[str, float | int] | None:
    """What units tell of the labels of an alignment, as HuBERT's paper measures it.

    Args:
        joint: (K, P) frames of each unit with each label.

    Returns:
        - `phone_purity`: share of frames whose label is the commonest one of their unit;
        - `unit_purity`: share of frames whose unit is the commonest one of their label, which falls
          as units grow in number;
        - `pnmi`: share of the label's entropy that the unit takes away, I(phone; unit) / H(phone);
        - `nmi`: I over the mean of both entropies, symmetric;
        - `chance_purity`: phone purity without units, the share of the commonest label.

        None without an aligned frame.
    """
    total = int(joint.sum())
    if not total:
        return None
    of_phone, of_unit = entropy(joint.sum(0)), entropy(joint.sum(1))
    information = of_phone + of_unit - entropy(joint)
    mean = (of_phone + of_unit) / 2
    return {
        "aligned_frames": total,
        "labels": int((joint.sum(0) > 0).sum()),
        "phone_purity": float(joint.max(1).sum() / total),
        "unit_purity": float(joint.max(0).sum() / total),
        "chance_purity": float(joint.sum(0).max() / total),
        # Without any entropy there is nothing left to tell: both agree.
        "pnmi": information / of_phone if of_phone > 0 else 1.0,
        "nmi": information / mean if mean > 0 else 1.0,
    }


def entropy(counts: np.ndarray) -> float:
    """Entropy in nats of the distribution that counts of any shape stand for; 0 of no counts."""
    some = counts[counts > 0].astype(np.float64)
    if not len(some):
        return 0.0
    shares = some / some.sum()
    # Rounding must not leave a constant less than nothing.
    return max(0.0, float(-(shares * np.log(shares)).sum()))
