"""Layers of one measurement, and what the figures are told to depend on."""

import dataclasses

import numpy as np
import pytest
from oracles.abx_set import features, items, write_set

from espnet_av.errors import DataDirError
from espnet_av.features.feature_files import find_features
from espnet_av.score.abx.items import Time
from espnet_av.score.abx.measure import figures, hash_items, measure, prepare_task
from espnet_av.score.abx.options import AbxOptions
from espnet_av.score.abx.spans import parse_rate
from espnet_av.score.bootstrap import Resampling


def test_layers_in_one_pass_equal_each_alone(tmp_path):
    layers = {}
    for n in (1, 2):
        write_set(tmp_path / str(n))
        for name, values in features().items():
            np.save(tmp_path / str(n) / f"{name}.npy", values**n)
        layers[f"layer{n}"] = find_features(tmp_path / str(n), features().keys())
    rate, options = parse_rate("50"), AbxOptions()
    task = prepare_task(items(), layers, rate, "across", options)
    both = measure(task, layers)
    for name, arrays in layers.items():
        alone = prepare_task(items(), {name: arrays}, rate, "across", options)
        found = measure(alone, {name: arrays})[name]
        assert figures(found, Resampling(9, 0)) == figures(both[name], Resampling(9, 0))
    assert both["layer1"].error_rate != both["layer2"].error_rate
    facts = task.facts()
    assert facts["frame_hz"] == "50" and facts["num_speakers"] == 3
    assert facts["options"]["speaker"] == "across"
    with pytest.raises(DataDirError, match="a and b are the same features"):
        prepare_task(
            items(), {"a": layers["layer1"], "b": layers["layer1"]}, rate, "within", options
        )


def test_items_that_are_left_out_are_counted(tmp_path):
    write_set(tmp_path)
    arrays = find_features(tmp_path, features().keys())
    rate, options = parse_rate("50"), AbxOptions()
    whole = prepare_task(items(), {"a": arrays}, rate, "within", options).facts()
    first = items()[0]
    short = dataclasses.replace(first, onset=Time(311, 1000), offset=Time(312, 1000))
    facts = prepare_task([short, *items()[1:]], {"a": arrays}, rate, "within", options).facts()
    assert whole["num_items"] == facts["num_items"] == len(items())
    assert whole["num_compared"] == len(items()) == facts["num_compared"] + 1


def test_items_are_known_again_in_any_order():
    assert hash_items(items()) == hash_items(items()[::-1])
    assert hash_items(items()) != hash_items(items()[1:])
