"""`mini_av` as SUPERB's tasks have their corpora: classes, slots, phones, two voices at once."""

from __future__ import annotations

from pathlib import Path

from espnet_av.corpora.labels import SEPARATOR
from espnet_av.corpora.mini_av.grammar import Meaning
from espnet_av.corpora.mini_av.mixtures import write_mixtures
from espnet_av.corpora.mini_av.prepare import prepare_mini_av
from espnet_av.corpora.spoken import SILENCE
from espnet_av.data.data_dir import DataDir, read_data_dir, write_data_dir
from espnet_av.errors import ConfigError

SLOTS = ("command", "colour", "digit")
"""What a label says, one value each: of keyword spotting the first alone."""
_SHARES = {"train": 0.5, "valid": 1.0, "test": 1.0}
"""Mixtures of a set, in utterances of it."""
_DROPPED = ("video.scp", "utt2num_frames")


def prepare_mini_superb(
    root: str | Path, out_dir: str | Path, *, config: Path | None = None, nj: int = 1, seed: int = 1
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test}` and `..._mix` of the sound of mini_av.

    `utt2label` says `<command>|<colour>|<digit>` in English, as `lay|green|two`; `text` has the
    phones without silence. The sets `..._mix` have two voices of different speakers, which overlap,
    and `rttm`; there are half as many in `train_mix` as in `train`.

    Args:
        root: the corpus.
        out_dir: receives the sets.
        config: YAML file of a `MiniAvConfig`; the corpus is first built by it, unless it is there.
        nj: processes that build.
        seed: of the mixtures.

    Returns:
        set -> number of utterances.

    Raises:
        ConfigError: the configuration is wrong, or the corpus has one speaker alone.
        DataDirError: the corpus is not complete; the message names file and line.
    """
    root, out_dir = Path(root), Path(out_dir)
    found = prepare_mini_av(root, out_dir, config=config, nj=nj)
    sizes = {}
    for place, (name, share) in enumerate(_SHARES.items()):
        if name not in found:
            continue
        data = _with_labels(read_data_dir(out_dir / name))
        if len(set(data.tables["utt2spk"].values())) == 1:
            msg = f"{out_dir / name}: one speaker alone cannot be mixed with another; give the "
            raise ConfigError(msg + "configuration two `speakers` at least")
        count = max(1, round(share * len(data.utt_ids)))
        mixed = f"{name}_mix"
        wavs = root.absolute() / "mixtures" / f"{name}_{count}_{seed}"
        sizes[name] = len(data.utt_ids)
        sizes[mixed] = write_mixtures(data, count, seed + place, wavs, out_dir / mixed)
    return sizes


def _with_labels(data: DataDir) -> DataDir:
    """The set with its new tables, written in place of the old ones."""
    places = [Meaning._fields.index(slot) for slot in SLOTS]
    words = {u: sentence.split() for u, sentence in data.tables["text.en"].items()}
    labels = {u: SEPARATOR.join(said[place] for place in places) for u, said in words.items()}
    phones = {
        u: " ".join(phone.label for phone in data.ctm[u] if phone.label != SILENCE)
        for u in data.utt_ids
    }
    kept = {
        name: rows
        for name, rows in data.tables.items()
        if name not in _DROPPED and name.split(".")[0] != "text"
    }
    return write_data_dir(data.path, {**kept, "text": phones, "utt2label": labels}, data.ctm)
