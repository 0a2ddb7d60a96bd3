"""The folder of a run: what it was started with, whether it is done, whether it may go on."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from espnet_av.atomic import atomic_dir, atomic_write
from espnet_av.config import load_config, to_dict
from espnet_av.data.fields import known_tables
from espnet_av.data.unit_set import SUMMARY, read_summary
from espnet_av.errors import ConfigError
from espnet_av.fingerprint import SHORT, file_fingerprint, fingerprint
from espnet_av.provenance import write_provenance
from espnet_av.text_file import read_text
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import TOKENS, default_checkpoint, read_train_config
from espnet_av.yaml_file import read_yaml_keys

logger = logging.getLogger(__name__)

FREE_KEYS = frozenset(
    {"num_workers", "num_threads", "prefetch_batches", "log_interval_steps", "save_interval_steps"}
)
"""Keys that do not change the trained weights and may differ when a run goes on."""
_OTHERS = ("tokens.txt", "units.txt", "noise.tsv")
"""Files of the other folders that a run reads, hashed with the tables of its data."""
_GONE = "gone"
"""Instead of the hash of what was deleted; a run that needs it no more does not ask for it."""


@dataclass(frozen=True, kw_only=True)
class TrainInputs:
    """Folders that a run reads."""

    train_dir: Path
    valid_dir: Path
    token_dir: Path | None = None
    """Tokenizer, for models that learn from text."""
    units_dir: Path | None = None
    """Unit labels, one folder in it for each set, for models that predict them."""
    noise_dir: Path | None = None

    def check(self) -> None:
        """Check that the folders are there.

        Raises:
            ConfigError: one is not.
        """
        for name, path in vars(self).items():
            if path is not None and not path.is_dir():
                stage = {"token_dir": 8, "units_dir": 5}.get(name, 3)
                msg = f"--{name} {path}: no such folder; stage {stage} makes it, or check the path"
                raise ConfigError(msg)

    def fingerprints(self, *, noisy: bool = True) -> dict[str, dict[str, str]]:
        """Kind of fingerprint -> role -> hash of the folder's tables, and of what they point to.

        `data`, `labels` (languages and categories: younger than `data`), `media` (pointers to sound
        and clips), and `kinds` (tables and pointers of every other kind of data, if there are any).

        Offsets into archives move with the sizes of sounds and clips, so pointers tell new ones
        from old ones of the same length. Folders do not count: a copy is the same data. Noises do
        only where they are heard (`noisy`).
        """
        folders = {name: path for name, path in vars(self).items() if path is not None}
        units_dir = folders.pop("units_dir", None)
        data = {name: _tables_fingerprint(path) for name, path in folders.items()}
        if "noise_dir" in data and not noisy:
            data["noise_dir"] = _GONE
        if units_dir is not None:
            data["units_dir"] = self._units_fingerprint(units_dir)
        sets = {"train_dir": self.train_dir, "valid_dir": self.valid_dir}
        found = {
            kind: {name: _marked_fingerprint(path, kind) for name, path in sets.items()}
            for kind in ("labels", "media", "kinds")
        }
        return {"data": data, **found}

    def _units_fingerprint(self, units_dir: Path) -> str:
        """Of the units and of the labels of these sets; other sets may come and go."""
        if not units_dir.is_dir():
            return _GONE
        summary = read_summary(units_dir)
        sets = [summary["sets"].get(path.name) for path in (self.train_dir, self.valid_dir)]
        told = [summary["checksum"], summary["rate_hz"], *sets]
        return fingerprint([repr(told)], SHORT)


def is_done(exp_dir: Path) -> bool:
    """Whether the run in this folder has reached its last step."""
    return (exp_dir / ".done").exists()


def mark_done(exp_dir: Path) -> None:
    """Write `.done`."""
    with atomic_write(exp_dir / ".done"):
        pass


def open_experiment(exp_dir: Path, config: TrainConfig, inputs: TrainInputs, world: int) -> None:
    """Record what a new run is started with, or check that an existing one goes on with the same.

    A finished run may be asked for with any number of processes, and without what it was made of.

    Raises:
        ConfigError: the folder holds a run with another configuration, other data, other weights to
            start from or another number of processes; the differing keys are named. Or a folder of
            the inputs is not there.
    """
    if not is_done(exp_dir):
        inputs.check()
    record = {
        "num_processes": world,
        **inputs.fingerprints(noisy=config.dataset.noise_prob > 0),
        "start": _start_fingerprints(config.init_param),
    }
    # A run that stopped before its first checkpoint, over a mistyped key say, binds nobody.
    if (exp_dir / "inputs.yaml").exists() and (is_done(exp_dir) or any(exp_dir.glob("*.ckpt"))):
        _check_same(exp_dir, config, record)
        return
    exp_dir.mkdir(parents=True, exist_ok=True)
    if inputs.token_dir is not None:
        with atomic_dir(exp_dir / TOKENS) as token_dir:
            shutil.copytree(inputs.token_dir, token_dir, dirs_exist_ok=True)
    if inputs.units_dir is not None:
        with atomic_write(exp_dir / SUMMARY) as stream:
            stream.write(read_text(inputs.units_dir / SUMMARY, ConfigError, "run stage 5 again"))
    write_provenance(exp_dir, config, config.seed)
    with atomic_write(exp_dir / "inputs.yaml") as stream:
        yaml.safe_dump(record, stream, sort_keys=False)


@contextmanager
def log_to_file(path: Path) -> Iterator[None]:
    """Copy the log to `path`, unless a job runner already sends standard error there."""
    if _is_standard_error(path):
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def _is_standard_error(path: Path) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(sys.stderr.fileno()))
    except (OSError, ValueError):  # no such file yet, or standard error is closed or no file
        return False


def _check_same(exp_dir: Path, config: TrainConfig, record: Mapping[str, Any]) -> None:
    cure = f"restore it from a copy, or remove {exp_dir} to train from the start"
    recorded = read_yaml_keys(exp_dir / "inputs.yaml", ConfigError, cure)
    # Read as a configuration: keys that are younger than the run have their defaults. Kinds of
    # fingerprints that are younger are not compared.
    old = _flatten(to_dict(load_config(TrainConfig, exp_dir / "config.yaml")) | recorded)
    new = _flatten(to_dict(config) | {kind: record.get(kind) for kind in recorded})
    free = FREE_KEYS | {"num_processes"} if is_done(exp_dir) else FREE_KEYS
    differing = sorted(
        key
        for key in set(old) | set(new)
        if key.split(".")[0] not in free and new.get(key) not in (old.get(key), _GONE)
    )
    if not differing:
        return
    state = "is finished" if is_done(exp_dir) else "is half trained"
    kinds = {key.split(".")[0] for key in differing}
    is_input = kinds <= {"data", "labels", "media", "kinds", "start"}
    what = "other data or weights to start from" if is_input else "another configuration"
    changes = "; ".join(f"{key}: {old.get(key)} there, {new.get(key)} now" for key in differing[:8])
    msg = (
        f"{exp_dir} {state} with {what} ({changes}); go back to that, choose another --tag, or "
        "remove the folder to train it again"
    )
    raise ConfigError(msg)


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            flat |= _flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _tables_fingerprint(folder: Path) -> str:
    if not folder.is_dir():
        return _GONE
    names = [table.name for table in known_tables() if table.mark == "data"]
    translations = sorted(path.name for path in folder.glob("text.*"))
    return _files_fingerprint(folder, (*names, *_OTHERS, *translations))


def _marked_fingerprint(folder: Path, mark: str) -> str:
    """Of the tables of a kind; of pointers what follows the last slash."""
    if not folder.is_dir():
        return _GONE
    tables = [table for table in known_tables() if table.mark == mark]
    return _files_fingerprint(
        folder, [t.name for t in tables], {t.name for t in tables if t.is_file}
    )


def _files_fingerprint(folder: Path, names: Sequence[str], pointers: Collection[str] = ()) -> str:
    found = (name for name in names if (folder / name).is_file())
    return fingerprint(
        (
            part
            for name in found
            for part in (f"{name}\0", _content(folder / name, is_pointer=name in pointers))
        ),
        SHORT,
    )


def _content(path: Path, *, is_pointer: bool) -> bytes:
    content = path.read_bytes()
    return re.sub(rb"\S*/", b"", content) if is_pointer else content


def _start_fingerprints(init_param: Sequence[str]) -> dict[str, str]:
    """Entry of `init_param` -> hash of the file that it means."""
    found = {}
    for entry in init_param:
        path = Path(entry.split(":")[0])
        if (path / "config.yaml").is_file():
            path /= default_checkpoint(read_train_config(path))
        found[entry] = _GONE
        if path.is_file():
            found[entry] = file_fingerprint(path, SHORT)
    return found
