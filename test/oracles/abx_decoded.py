"""A set of frames as the decode stage leaves it, and a recipe that scores it."""

from __future__ import annotations

import json

import numpy as np
from oracles import abx_set

from espnet_av.bin import score as score_bin
from espnet_av.data.ark import ArkWriter
from espnet_av.data.table import Segment, write_ctm, write_table

INFO = {
    "set": "test", "mode": "A", "noise": "clean", "snr_db": None, "missing_video": None,
    "kind": "frames", "exp_dir": "exp/x", "checkpoint": "x.pth", "train_seed": 1, "seed": 0,
    "config": {}, "num_parameters": 1000, "decode_sec": 1.0, "audio_sec": 9.0, "num_utts": 6,
    "device": "cpu", "frame_hz": 50.0,
}  # fmt: skip
LANGS = {f"f{f}": ("en", "fr")[f % 2] for f in range(6)}


def decoded(root, layers=(3, 12), langs=None):
    """A folder as the decode stage leaves it: layer n has n times the features, to a power."""
    folder = root / "d" / "test" / "A_clean"
    folder.mkdir(parents=True)
    found = abx_set.features()
    for layer in layers:
        with ArkWriter(folder / f"layer{layer}.ark") as ark:
            rows = {
                n: ark.write_array(n, np.sign(v) * abs(v) ** (layer / 3)) for n, v in found.items()
            }
        write_table(folder / f"layer{layer}.scp", rows)
    write_table(folder / "utt2spk", {f"f{f}": f"s{1 + f // 2}" for f in range(6)})
    write_table(folder / "utt2num_samples", dict.fromkeys(found, "19200"))
    if langs:
        write_table(folder / "utt2lang", langs)
    info = INFO | {"layers": [f"layer{n}" for n in layers]}
    (folder / "decode.json").write_text(json.dumps(info))
    (folder / ".done").write_text("key\n")
    (folder / "provenance.yaml").write_text("command: decode\n")
    return folder


def phones(folder):
    """An alignment: b, then in turn a and o, then d, six times in each file."""
    names = ["b", "a", "d", "b", "o", "d"] * 3
    rows = [Segment(0.06 * n, 0.06, name) for n, name in enumerate(names)]
    write_ctm(folder / "ref.ctm", dict.fromkeys(LANGS, rows))


def run(root, scoring, *targets):
    expected = root / "expected_scores.yaml"
    lines = [f"scoring: {scoring}", "targets:", *(f"- {t}" for t in targets)]
    expected.write_text("\n".join(lines if targets else lines[:1]) + "\n")
    arguments = ["--expected", str(expected), "--num_resamples", "20", str(root / "d")]
    assert score_bin.main(arguments) == 0
    return json.loads((root / "d" / "scores.json").read_text(encoding="utf-8"))
