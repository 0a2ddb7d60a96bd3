"""Weights that a run starts from, with a report of what matched."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from espnet_av.errors import CheckpointError, VocabularyError
from espnet_av.models.abs_model import AVModel
from espnet_av.train.experiment import is_done
from espnet_av.train.loading import default_checkpoint, read_train_config, read_weights
from espnet_av.train.vocabulary import TOKENS, Vocabulary, token_rows, tokens_beside

logger = logging.getLogger(__name__)

_SHOWN = 8


@dataclass(frozen=True)
class LoadReport:
    """What a file gave to a model, by parameter name of the model."""

    matched: list[str]
    missing: list[str]
    """In the model's part asked for, but not in the file."""
    unexpected: list[str]
    """In the file's part asked for, but not in the model."""
    mismatched: list[str]
    """In both, with different shapes."""

    def text(self) -> str:
        """One line of counts and one for each kind of difference."""
        lines = [
            f"{len(self.matched)} matched, {len(self.missing)} missing, "
            f"{len(self.unexpected)} unexpected, {len(self.mismatched)} of another shape"
        ]
        for kind in ("missing", "unexpected", "mismatched"):
            names = getattr(self, kind)
            if names:
                more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
                lines.append(f"  {kind}: {', '.join(names[:_SHOWN])}{more}")
        return "\n".join(lines)


def load_weights(
    model: AVModel,
    path: str | Path,
    source: str = "",
    destination: str = "",
    exclude: Sequence[str] = (),
    ignore_mismatch: bool = False,
    tokens: tuple[str, ...] | None = None,
) -> LoadReport:
    """Copy the weights below `source` in a file to the parameters below `destination` in a model.

    Args:
        model: changed in place.
        path: as `read_weights` takes it.
        source: dotted prefix in the file; empty = all.
        destination: dotted prefix in the model; empty = all.
        exclude: prefixes of names in the file to leave out.
        ignore_mismatch: leave out weights of another shape, or of other tokens; otherwise they are
            an error.
        tokens: of the model; None: not known.

    Raises:
        VocabularyError: the file has layers for other tokens than the model.
        CheckpointError: nothing matched, or shapes differ.
    """
    weights = _renamed(read_weights(path), source, destination, exclude)
    state = model.state_dict()
    wanted = [key for key in state if _is_below(key, destination)]
    common = [key for key in wanted if key in weights]
    differing = {key for key in common if weights[key].shape != state[key].shape}
    rows = token_rows(common, model.token_layers)
    if difference := _vocabulary_difference(weights, state, rows, path, tokens):
        if not ignore_mismatch:
            raise VocabularyError(_vocabulary_message(path, difference, rows))
        differing |= set(rows)
    report = LoadReport(
        matched=[key for key in common if key not in differing],
        missing=[key for key in wanted if key not in weights],
        unexpected=sorted(set(weights) - set(wanted)),
        mismatched=[
            f"{key} {tuple(weights[key].shape)} -> {tuple(state[key].shape)}"
            for key in sorted(differing)
        ],
    )
    _check(report, path, source, destination, ignore_mismatch)
    model.load_state_dict({key: weights[key] for key in report.matched}, strict=False)
    return report


def initialise(
    model: AVModel,
    init_param: Sequence[str],
    ignore_mismatch: bool,
    tokens: tuple[str, ...] | None = None,
) -> None:
    """Apply ESPnet's `init_param` entries `path[:source[:destination[:excluded,..]]]` in order.

    A path that is the folder of an experiment stands for its final model (`default_checkpoint`).

    Raises:
        CheckpointError: that experiment is not finished, or see `load_weights`.
    """
    for entry in init_param:
        path, source, destination, exclude = [*entry.split(":"), "", "", ""][:4]
        if Path(path).is_dir():
            path = str(final_model(Path(path)))
        report = load_weights(
            model,
            path,
            source,
            destination,
            [name for name in exclude.split(",") if name],
            ignore_mismatch,
            tokens,
        )
        logger.info("init_param %s: %s", entry, report.text())


def final_model(exp_dir: Path) -> Path:
    """File of the model that a finished experiment has made.

    Raises:
        CheckpointError: it is not finished, or nothing was trained there.
    """
    config = read_train_config(exp_dir)
    # What was converted has no inputs, and nothing more to come.
    if (exp_dir / "inputs.yaml").is_file() and not is_done(exp_dir):
        msg = (
            f"{exp_dir}: its training is not finished, so it has no final model; wait, or give its "
            "command again if it was stopped; to start from it as it is, name a file, as "
            f"{exp_dir / 'latest.pth'}"
        )
        raise CheckpointError(msg)
    return exp_dir / default_checkpoint(config)


def _vocabulary_difference(
    weights: Mapping[str, Tensor],
    state: Mapping[str, Tensor],
    rows: Sequence[str],
    path: str | Path,
    tokens: tuple[str, ...] | None,
) -> str | None:
    if not rows:
        return None
    here, there = len(state[rows[0]]), len(weights[rows[0]])
    return Vocabulary(here, tokens).difference(Vocabulary(there, tokens_beside(path)))


def _vocabulary_message(path: str | Path, difference: str, rows: Sequence[str]) -> str:
    layers = sorted({name.rpartition(".")[0] for name in rows})
    beside = Path(path).parent / TOKENS
    cure = f"with its tokens (--token_dir {beside})" if beside.is_dir() else "with its tokens"
    return (
        f"{path}: {difference}. Train {cure}, or start without the layers that spell them, "
        f"{', '.join(layers)}: exclude them (path:::{','.join(layers)}) or set "
        "ignore_init_mismatch: true"
    )


def _renamed(
    weights: dict[str, Tensor], source: str, destination: str, exclude: Collection[str]
) -> dict[str, Tensor]:
    source, destination = source.rstrip("."), destination.rstrip(".")
    renamed = {}
    for key, value in weights.items():
        if _is_below(key, source) and not any(_is_below(key, prefix) for prefix in exclude):
            rest = key[len(source) :].lstrip(".")
            renamed[f"{destination}.{rest}".strip(".")] = value
    return renamed


def _is_below(name: str, prefix: str) -> bool:
    prefix = prefix.rstrip(".")
    return not prefix or name == prefix or name.startswith(prefix + ".")


def _check(
    report: LoadReport, path: str | Path, source: str, destination: str, ignore_mismatch: bool
) -> None:
    where = f"{path} ('{source}' -> '{destination}')" if source or destination else str(path)
    if report.mismatched and not ignore_mismatch:
        msg = (
            f"{where}: weights of another shape: {', '.join(report.mismatched[:_SHOWN])}; "
            "change model_conf, exclude them, or set ignore_init_mismatch: true"
        )
        raise CheckpointError(msg)
    if not report.matched:
        msg = (
            f"{where}: no weight matched the model; {report.text()}; check the two prefixes of "
            "path:source:destination"
        )
        raise CheckpointError(msg)
