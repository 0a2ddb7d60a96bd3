"""Features of layers: an archive each, of the length of each utterance."""

import numpy as np
from oracles.toy_predictions import predict

from espnet_av.data.ark import read_array
from espnet_av.data.table import read_table


def test_layers_and_lengths(tmp_path):
    folder = predict(tmp_path, "frames", [None] * 3, {}, layers=(3, 7))
    for layer in (3, 7):
        rows = read_table(folder / f"layer{layer}.scp")
        assert list(rows) == ["u0", "u1", "u2"]
        for number, (utt_id, pointer) in enumerate(rows.items()):
            frames = read_array(f"{folder}/{pointer}", utt_id, num_axes=2)
            assert (frames == np.full((4 * (number + 1), 2), number + layer)).all()


def test_the_output_where_no_layer_is_named(tmp_path):
    folder = predict(tmp_path, "frames", [None] * 2, {})
    assert len(read_table(folder / "output.scp")) == 2
