"""The folder of one decoded condition: written at once, and known by what made it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from espnet_av.atomic import atomic_dir
from espnet_av.config import to_dict
from espnet_av.data.data_dir import DataDir
from espnet_av.data.fields import find_table
from espnet_av.data.table import write_table
from espnet_av.data.tables import STRETCHES
from espnet_av.errors import ConfigError
from espnet_av.fingerprint import file_fingerprint, fingerprint
from espnet_av.predict.condition import Condition
from espnet_av.provenance import write_provenance
from espnet_av.temporary import sweep_once

if TYPE_CHECKING:  # scoring reads these folders, and needs no model for it
    from espnet_av.search.decode_config import DecodeConfig

DONE = ".done"
INFO = "decode.json"
TRANSCRIPTS = "transcripts"
"""In place of the results of a recogniser, where what was said was translated."""
_WITH_CTM = {"frames", "states"}
"""Kinds whose folders have the alignment of the set."""
_FREE_KEYS = ("batch_frames", "lm_file")
"""Settings that cannot change a result, or only by the content of their file."""
_COPIED = ("utt2lang", "utt2category", "utt2spk", "utt2target", "utt2gender")


class Writable(Protocol):
    """Predictions of a condition; see `prediction.Predictions`."""

    @property
    def utt_ids(self) -> list[str]:
        """Every utterance that has one."""

    def write(self, folder: Path, data: DataDir) -> None:
        """Write predictions and references."""


def is_done(folder: Path, key: str) -> bool:
    """Whether a folder holds finished results of exactly these inputs."""
    sweep_once(folder.parent)  # a run killed while it replaced the folder has put it elsewhere
    done = folder / DONE
    return done.is_file() and done.read_bytes().strip() == key.encode()


def condition_fingerprint(
    condition: Condition,
    config: DecodeConfig,
    *,
    checkpoint: Path,
    dump_dir: Path,
    noise_manifest: Path | None,
    seed: int,
    asked: tuple[Any, ...] = (None,),
) -> str:
    """Hash of everything that decides the results of a condition: settings, weights, data, noise.

    Of a dump its tables and the mark of its stage are hashed, which changes with all that the stage
    began from; of one that has no mark, the archives. `asked` is the kind of prediction, and its
    layers, where they were asked for; what a model gives unasked follows from its weights.

    Raises:
        ConfigError: one of the files is missing.
    """
    settings = {key: value for key, value in to_dict(config).items() if key not in _FREE_KEYS}
    noisy = condition.noise is not None
    record = {
        "condition": dataclasses.asdict(condition),
        "config": settings,
        "checkpoint": _input_fingerprint(checkpoint),
        "lm": _input_fingerprint(config.lm_file) if config.lm_file else None,
        "data": [_input_fingerprint(p) for p in _identifying(dump_dir, bool(_WITH_CTM & {*asked}))],
        "noise": _input_fingerprint(noise_manifest) if noisy and noise_manifest else None,
        "seed": seed if noisy or condition.missing_video else None,
    }
    if asked != (None,):
        record["asked"] = list(asked)
    return fingerprint([json.dumps(record, sort_keys=True)])


def write_results(
    folder: Path,
    predictions: Writable,
    *,
    data: DataDir,
    noises: Sequence[str],
    missing: Sequence[str],
    info: Mapping[str, Any],
    config: DecodeConfig,
    key: str,
) -> None:
    """Write predictions, references and records, replacing an earlier folder in one move.

    Files: those of the kind of prediction, `noise.tsv` (what was mixed into which utterance),
    `missing_video.tsv` (what was taken from which), `decode.json` (counts, times, model), tables
    for grouping, the configuration and its provenance, and last `.done` with `key`.
    """
    with atomic_dir(folder) as temporary:
        predictions.write(temporary, data)
        # Some are only then found to have none.
        known = set(predictions.utt_ids)
        utt_ids = [utt_id for utt_id in data.utt_ids if utt_id in known]
        for table in _COPIED:
            rows = data.tables.get(table, {})
            if rows:
                write_table(temporary / table, {u: rows[u] for u in utt_ids if u in rows})
        for name, header, lines in (
            ("noise.tsv", "utt_id\tnoise_id\tcategory\tsnr_db\tsha256", noises),
            ("missing_video.tsv", "utt_id\tkind\tshare\tmissing\tframes", missing),
        ):
            if lines:
                content = "\n".join([header, *lines]) + "\n"
                (temporary / name).write_text(content, encoding="utf-8")
        (temporary / INFO).write_text(json.dumps(dict(info), indent=1) + "\n", encoding="utf-8")
        write_provenance(temporary, config, info["seed"])
        (temporary / DONE).write_text(key + "\n", encoding="utf-8")


def _identifying(dump_dir: Path, with_alignment: bool) -> list[Path]:
    """The files that tell one dump from another; alignments go along with features of frames."""
    marked = (dump_dir / DONE).is_file()
    return [
        path
        for path in sorted(dump_dir.iterdir())
        if path.name == DONE
        or (
            (table := find_table(path.name)) is not None
            and (with_alignment or table is not STRETCHES)
        )
        or (path.suffix == ".ark" and not marked)
    ]


def _input_fingerprint(path: Path) -> str:
    try:
        state = path.stat()
    except FileNotFoundError as error:
        msg = f"{path}: no such file, but the results are to be made with it; check the options"
        raise ConfigError(msg) from error
    return _fingerprint_once(path, state.st_mtime_ns, state.st_size)


@cache
def _fingerprint_once(path: Path, mtime_ns: int, num_bytes: int) -> str:
    """Of a file in this state: weights are large, and every condition asks for them."""
    return file_fingerprint(path)
