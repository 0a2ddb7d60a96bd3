"""Weights of the best validations: files, ranking, links, averages, in ESPnet's names."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from espnet_av.atomic import atomic_path
from espnet_av.errors import TrainingError
from espnet_av.train.averaging import average_checkpoints
from espnet_av.train.frozen_base import BASE
from espnet_av.train.weights import write_weights

logger = logging.getLogger(__name__)


class BestModels:
    """Keeps `<step>step.pth` of the n best steps for each criterion.

    Files are only removed by `prune`, to be called once the ranking is safe in a checkpoint:
    a run killed in between finds every file that its last checkpoint speaks of.
    """

    def __init__(self, exp_dir: Path, criteria: Sequence[tuple[str, str, str]], keep: int) -> None:
        self._exp_dir = exp_dir
        self._criteria = list(criteria)
        self._keep = keep
        self.scores: dict[int, dict[str, float]] = {}
        """Step -> `phase.key` -> value."""
        self.frozen: Collection[str] = ()
        """Names of weights that are written once, to `frozen.pth`."""

    def begin(self) -> None:
        """Of a new run: nothing of one that was here before is taken for its own."""
        (self._exp_dir / BASE).unlink(missing_ok=True)

    def add(
        self, step: int, weights: Mapping[str, Tensor], stats: Mapping[str, Mapping[str, float]]
    ) -> None:
        """Write the weights of `step` and point `latest.pth` and `*.best.pth` to the right files.

        Args:
            step: finished optimiser steps.
            weights: state dict of the model.
            stats: phase -> key -> value at this step.

        Raises:
            CheckpointError: the file system refuses, e.g. it is full.
        """
        self.scores[step] = {
            f"{phase}.{key}": stats[phase][key] for phase, key, _ in self._criteria
        }
        write_weights(weights, self._path(step), self.frozen)
        _link(self._exp_dir / "latest.pth", self._path(step).name)
        for phase, key, mode in self._criteria:
            best = self.ranking(phase, key, mode)
            if best:
                _link(self._exp_dir / f"{phase}.{key}.best.pth", self._path(best[0]).name)

    def ranking(self, phase: str, key: str, mode: str) -> list[int]:
        """Steps from best to worst, earlier first among equals; only those with a finite score."""
        name, sign = f"{phase}.{key}", 1.0 if mode == "min" else -1.0
        scored = [
            (sign * s[name], step) for step, s in self.scores.items() if math.isfinite(s[name])
        ]
        return [step for _, step in sorted(scored)]

    def figures(self) -> dict[str, float]:
        """`phase.key` of each criterion -> its best value; none where no value was finite."""
        best = {f"{c[0]}.{c[1]}": self.ranking(*c)[:1] for c in self._criteria}
        return {name: self.scores[step][name] for name, steps in best.items() for step in steps}

    def kept(self) -> set[int]:
        """Steps whose files stay: the n best of each criterion and the newest."""
        best = {step for c in self._criteria for step in self.ranking(*c)[: self._keep]}
        return best | ({max(self.scores)} if self.scores else set())

    def prune(self) -> None:
        """Remove the files of steps that are no longer among the kept ones."""
        kept = self.kept()
        for step in [step for step in self.scores if step not in kept]:
            self._path(step).unlink(missing_ok=True)
            del self.scores[step]

    def finish(self, count: int) -> None:
        """Point `*.best.pth` to what is there, and average the best ones if `count` is not 0.

        Writes `<phase>.<key>.ave_<n>best.pth` of each criterion, and links `<phase>.<key>.ave.pth`.

        Raises:
            TrainingError: a criterion has no best model; those of the others are made.
            CheckpointError: a file to be averaged is damaged, or the file system refuses.
        """
        lacking = []
        for phase, key, mode in self._criteria:
            steps = [step for step in self.ranking(phase, key, mode) if self._path(step).is_file()]
            if not steps:
                lacking.append(f"{phase}.{key}")
                continue
            _link(self._exp_dir / f"{phase}.{key}.best.pth", self._path(steps[0]).name)
            if count:
                self._average(phase, key, steps[:count], count)
        if lacking:
            msg = (
                f"{self._exp_dir}: no best model by {', '.join(lacking)}, which was NaN or "
                "infinite at every validation; the weights are kept (latest.pth, last.ckpt). Look "
                "at the utterances that train.log names, or train again under another --tag, with "
                "a lower optim_conf.lr or another best_model_criterion"
            )
            raise TrainingError(msg)

    def _average(self, phase: str, key: str, steps: Sequence[int], count: int) -> None:
        path = self._exp_dir / average_name(phase, key, count)
        average_checkpoints([self._path(step) for step in steps], path, self.frozen)
        _link(self._exp_dir / f"{phase}.{key}.ave.pth", path.name)
        logger.info("%s: mean of the steps %s", path.name, " ".join(map(str, steps)))

    def state_dict(self) -> dict[str, Any]:
        """The scores, loadable with `torch.load(weights_only=True)`."""
        return {"scores": self.scores}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.scores = {int(step): dict(scores) for step, scores in state["scores"].items()}

    def _path(self, step: int) -> Path:
        return self._exp_dir / f"{step}step.pth"


def average_name(phase: str, key: str, count: int) -> str:
    """File name of the averaged model, as ESPnet calls it."""
    return f"{phase}.{key}.ave_{count}best.pth"


def _link(link: Path, target: str) -> None:
    """Point the symbolic link at `target` without a moment in which it is missing."""
    with atomic_path(link) as temporary:
        temporary.symlink_to(target)
