"""What the best models are chosen by, against what a model reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from espnet_av.errors import ConfigError
from espnet_av.models.abs_model import AVModel
from espnet_av.modules.statistics import PLAIN, Stat

_OF_THE_STEP = {"lr": PLAIN, "grad_norm": PLAIN}
"""Logged for the training beside the statistics of the model."""


def check_criteria(criteria: Sequence[tuple[str, str, str]], model: AVModel) -> None:
    """Check that the model reports what the best models are chosen by.

    Args:
        criteria: [phase, key, min|max] of `best_model_criterion`.
        model: with its statistics and validators.

    Raises:
        ConfigError: a key is misspelt, or the worst models would be kept.
    """
    whole_set = {name: stat for part in model.validators() for name, stat in part.stats.items()}
    reported = {"train": {**model.stats, **_OF_THE_STEP}, "valid": {**model.stats, **whole_set}}
    for phase, key, mode in criteria:
        known: Mapping[str, Stat] = reported[phase]
        if key not in known:
            raise ConfigError(_unknown(phase, key, sorted(known)))
        best = known[key].best
        if best not in (None, mode):
            better = "higher" if best == "max" else "lower"
            msg = (
                f"best_model_criterion: [{phase}, {key}, {mode}] would keep the worst models: "
                f"{key} is better when {better}; write [{phase}, {key}, {best}]"
            )
            raise ConfigError(msg)


def _unknown(phase: str, key: str, reported: Sequence[str]) -> str:
    near = get_close_matches(key, reported, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return (
        f"best_model_criterion: the model reports no '{key}' in {phase}; {hint}"
        f"choose among {', '.join(reported)}"
    )
