"""`espnet-av items` is read by `espnet-av abx`."""

import json

import numpy as np

from espnet_av.bin import abx, items
from espnet_av.data.table import Segment, write_ctm, write_table


def test_from_alignment_to_errors(tmp_path):
    names = ["b", "a", "d", "b", "o", "d"] * 4
    rows = [Segment(0.06 * n, 0.06, name) for n, name in enumerate(names)]
    draw = np.random.default_rng(0)
    sounds = {name: draw.normal(size=8) for name in names}
    write_ctm(tmp_path / "ctm", {"u": rows, "v": rows})
    write_table(tmp_path / "utt2spk", {"u": "s", "v": "t"})
    for name in "uv":
        frames = np.repeat([sounds[n] for n in names], 3, axis=0)
        np.save(tmp_path / f"{name}.npy", frames + 0.01 * draw.normal(size=frames.shape))
    items.main([str(tmp_path), str(tmp_path / "x.item")])
    abx.main(
        ["--features", str(tmp_path), "--items", str(tmp_path / "x.item"), "--frame_hz", "50",
         "--speaker", "across", "--output", str(tmp_path / "s.json")]
    )  # fmt: skip
    scores = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert scores["error_rate"] == 0.0, "phones that are far apart are told apart"
