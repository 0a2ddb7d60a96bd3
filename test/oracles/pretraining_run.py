"""Dumps without text, some of their utterances without video, and unit labels for them."""

from __future__ import annotations

import numpy as np
from oracles.tiny_run import write_tiny_dump

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.unit_set import label_crc, write_units

NUM_UNITS = 5


def label(units_dir, dump_dir, rate_hz=50, checksum="0"):
    """Random unit labels of a dump."""
    data, rng, tables = read_data_dir(dump_dir), np.random.default_rng(0), ({}, {})
    with ArkWriter(units_dir / dump_dir.name / "units.0.ark") as ark:
        for utt_id in data.utt_ids:
            count = int(data.get("utt2num_samples", utt_id)) * rate_hz // 16000
            labels = rng.integers(NUM_UNITS, size=count - 1)
            tables[0][utt_id] = ark.write_ints(utt_id, labels)
            tables[1][utt_id] = label_crc(labels)
    info = {"num_units": NUM_UNITS, "rate_hz": rate_hz, "checksum": checksum, "source": {}}
    write_units(units_dir, {dump_dir.name: tables}, **info)


def write_pretraining_folders(root):
    """`dump/train`, `dump/valid` and `units` below `root`: every third utterance is sound alone."""
    for name, count in (("train", 12), ("valid", 3)):
        dump = root / "dump" / name
        write_tiny_dump(dump, count, seed=len(name) + count)
        data = read_data_dir(dump)
        tables = {key: dict(rows) for key, rows in data.tables.items() if key != "text"}
        for utt_id in data.utt_ids[::3]:
            del tables["video.scp"][utt_id], tables["utt2num_frames"][utt_id]
        (dump / "text").unlink()
        write_data_dir(dump, tables)
        label(root / "units", dump)
    return root


def train_arguments(root, config_path, units=True):
    """Options of bin.train but for the output folder."""
    options = ["--config", str(config_path), "--train_dir", str(root / "dump/train")]
    options += ["--valid_dir", str(root / "dump/valid")]
    return [*options, "--units_dir", str(root / "units")] if units else options
