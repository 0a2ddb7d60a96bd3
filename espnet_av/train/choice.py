"""The best of several trainings, by what each was to be best in on the validation set."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from espnet_av.atomic import atomic_path, atomic_write
from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.text_file import read_json
from espnet_av.train.experiment import is_done
from espnet_av.train.loading import read_train_config
from espnet_av.train.summary import SUMMARY

TABLE = "choice.tsv"
_OWN = re.compile(r"\.(done|begun)\..*|logdir|choice\.tsv")
"""What is a folder's own: marks of its steps, and logs."""


def choose(candidates: Sequence[Path], out_dir: Path) -> Path:
    """Make a folder stand for the best of several trainings: links to all that is in its own.

    Args:
        candidates: finished trainings with the same first criterion; the first wins among equals.
        out_dir: gets the links and `choice.tsv`; links to an earlier choice go.

    Returns:
        The best.

    Raises:
        CheckpointError: a training is not finished, or left no figure.
        ConfigError: their criteria differ.
    """
    criteria = {path: read_train_config(path).best_model_criterion[0] for path in candidates}
    (first, (phase, key, mode)) = next(iter(criteria.items()))
    other = next((path for path in candidates if criteria[path] != criteria[first]), None)
    if other is not None:
        msg = (
            f"{other}: is to be best in {' '.join(criteria[other])}, but {first} in "
            f"{phase} {key} {mode}; train all with one best_model_criterion"
        )
        raise ConfigError(msg)
    name = f"{phase}.{key}"
    figures = {path: _figure(path, name) for path in candidates}
    best = (max if mode == "max" else min)(candidates, key=lambda path: figures[path])
    _link_all(best, out_dir)
    _write_table(out_dir / TABLE, figures, best, name)
    return best


def _figure(path: Path, name: str) -> float:
    if not is_done(path):
        msg = f"{path}: is not finished, so nobody knows how good it gets; train it to its end"
        raise CheckpointError(msg)
    cure = "remove its .done* files and run again, which writes it"
    found = read_json(path / SUMMARY, CheckpointError, cure).get("best", {}).get(name)
    if found is None:
        msg = f"{path / SUMMARY}: does not tell the best {name}; {cure}"
        raise CheckpointError(msg)
    return float(found)


def _link_all(best: Path, out_dir: Path) -> None:
    out_dir.mkdir(parents=True, exist_ok=True)
    wanted = [path for path in sorted(best.iterdir()) if not _OWN.fullmatch(path.name)]
    for link in (out_dir / path.name for path in wanted):
        if link.exists() and not link.is_symlink():
            msg = (
                f"{link}: is there, and no link: the folder is that of a training of its own; "
                "remove it, or choose into another"
            )
            raise ConfigError(msg)
    for path in out_dir.iterdir():
        if path.is_symlink():
            path.unlink()
    for path in wanted:
        with atomic_path(out_dir / path.name) as temporary:
            temporary.symlink_to(os.path.relpath(path, out_dir))


def _write_table(path: Path, figures: Mapping[Path, float], best: Path, name: str) -> None:
    with atomic_write(path) as stream:
        stream.write(f"training\t{name}\tchosen\n")
        for candidate, figure in figures.items():
            mark = "yes" if candidate == best else ""
            stream.write(f"{candidate.name}\t{figure:.6g}\t{mark}\n")
