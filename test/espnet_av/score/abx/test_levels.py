"""Scores of the small set equal those of fastabx 0.9.0, in both slices and all averages."""

from __future__ import annotations

import numpy as np
import pytest
from oracles.abx_set import HZ, features, items, write_set

from espnet_av.errors import DataDirError
from espnet_av.features.feature_files import find_features
from espnet_av.score.abx.levels import cell_rows, level_names
from espnet_av.score.abx.measure import measure, prepare_task
from espnet_av.score.abx.options import AbxOptions
from espnet_av.score.abx.spans import parse_rate
from espnet_av.score.bootstrap import Resampling

# context, speaker, distance: cells, triplets, correct slice, weighted, zerospeech2021
GOLDEN = {
    ("within", "within", "angular"): (36, 432, 0.4382716, 0.3888889, 0.3931327),
    ("within", "across", "angular"): (72, 1290, 0.4450231, 0.4379845, 0.4192708),
    ("any", "within", "angular"): (18, 2220, 0.5455555, 0.5427928, 0.5259259),
    ("any", "across", "angular"): (36, 5430, 0.5735494, 0.5727440, 0.5519506),
    ("within", "within", "euclidean"): (36, 432, 0.4429012, 0.3773148, 0.4263117),
    ("within", "across", "euclidean"): (72, 1290, 0.4510031, 0.4457364, 0.4325328),
    ("any", "within", "euclidean"): (18, 2220, 0.5434259, 0.5396396, 0.5398148),
    ("any", "across", "euclidean"): (36, 5430, 0.5660556, 0.5655617, 0.5409815),
}
# context, speaker: mean correct, mean zerospeech2021, hamming correct, hamming zerospeech2021
POOLED = {
    ("within", "within"): (0.4556327, 0.3966049, 0.3939043, 0.3433642),
    ("within", "across"): (0.4412937, 0.4594104, 0.4479649, 0.4232575),
    ("any", "within"): (0.4678704, 0.5006481, 0.4875926, 0.5120370),
    ("any", "across"): (0.5512592, 0.5402901, 0.5479198, 0.5431296),
}
POOLED_EUCLIDEAN = {
    ("within", "within"): (0.4560185, 0.4297840),
    ("any", "across"): (0.5546296, 0.5328148),
}
CELLS = """
s1 B: AA,IY 0/8 AA,UW .5/4 IY,AA 0/24 IY,UW 0/24 UW,AA .75/4 UW,IY 0/8
s1 K: AA,IY .75/12 AA,UW .7777778/18 IY,AA .1666667/6 IY,UW .1666667/6 UW,AA .8888889/18 UW,IY 1/12
s2 B: AA,IY .5/24 AA,UW .5833333/24 IY,AA .125/8 IY,UW .75/4 UW,AA .5/8 UW,IY .75/4
s2 K: AA,IY .8333333/6 AA,UW .6666667/6 IY,AA .3333333/12 IY,UW 0/18 UW,AA .3333333/12 UW,IY 0/18
s3 B: AA,IY .5/4 AA,UW 0/8 IY,AA .75/4 IY,UW .25/8 UW,AA .0833333/24 UW,IY .125/24
s3 K: AA,IY .6111111/18 AA,UW .6666667/12 IY,AA .5/18 IY,UW .75/12 UW,AA .5/6 UW,IY .6666667/6
"""


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    folder = tmp_path_factory.mktemp("abx")
    write_set(folder)
    return find_features(folder, features().keys())


def run(arrays, watch=None, **changes):
    options = {"max_size_group": None, "max_x_across": None} | changes
    speaker = options.pop("speaker")
    task = prepare_task(items(), {"x": arrays}, parse_rate(str(HZ)), speaker, AbxOptions(**options))
    return measure(task, {"x": arrays}, watch=watch)["x"]


def test_the_set_is_that_of_the_golden_values():
    values = features()
    first = [0.61161542, 0.92428792, 1.14569867, 1.24588084, 1.21127522]
    last = [1.06644046, -0.88799387, 0.70319259, -0.56302369, 0.48662907]
    np.testing.assert_allclose(values["f0"][0], first, atol=1e-7)
    np.testing.assert_allclose(values["f5"][59], last, atol=1e-7)


@pytest.mark.parametrize("case", GOLDEN, ids=" ".join)
def test_golden_scores(arrays, case):
    context, speaker, distance = case
    num_cells, num_triplets, correct, weighted, cut = GOLDEN[case]
    found = run(arrays, context=context, speaker=speaker, distance=distance)
    assert (found.num_cells, found.num_triplets) == (num_cells, num_triplets)
    assert found.error_rate == pytest.approx(correct, abs=1e-6)
    assert found.weighted == pytest.approx(weighted, abs=1e-6)
    options = {"context": context, "speaker": speaker, "distance": distance}
    assert run(arrays, slice="zerospeech2021", **options).error_rate == pytest.approx(cut, abs=1e-6)


@pytest.mark.parametrize("case", POOLED, ids=" ".join)
def test_golden_scores_of_means(arrays, case):
    context, speaker = case
    found = [
        run(arrays, context=context, speaker=speaker, pooling=pooling, slice=name).error_rate
        for pooling in ("mean", "hamming")
        for name in ("correct", "zerospeech2021")
    ]
    assert found == pytest.approx(POOLED[case], abs=1e-6)


@pytest.mark.parametrize("case", POOLED_EUCLIDEAN, ids=" ".join)
def test_golden_scores_of_means_euclidean(arrays, case):
    options = {"context": case[0], "speaker": case[1], "distance": "euclidean"}
    found = [run(arrays, pooling=pooling, **options).error_rate for pooling in ("mean", "hamming")]
    assert found == pytest.approx(POOLED_EUCLIDEAN[case], abs=1e-6)


def test_golden_cells(arrays):
    rows = []
    run(arrays, lambda name, plan, chunk: rows.extend(cell_rows(plan, chunk)), speaker="within")
    found = {
        (row["speaker"], row["context"], row["a"], row["b"]): (row["error"], row["triplets"])
        for row in rows
    }
    expected = {}
    for line in CELLS.split("\n"):
        if line:
            head, _, rest = line.partition(":")
            speaker, before = head.split()
            for pair, cell in zip(rest.split()[::2], rest.split()[1::2], strict=True):
                error, size = cell.split("/")
                key = (speaker, {"B": "B D", "K": "K T"}[before], *pair.split(","))
                expected[key] = (pytest.approx(float(error), abs=1e-6), int(size))
    assert len(expected) == 36
    assert found == expected


@pytest.mark.parametrize(
    ("distance", "expected"), [("angular", 0.4809027778), ("euclidean", 0.4913194)]
)
def test_a_second_set(tmp_path, distance, expected):
    """36 vectors of one frame, as files of one item each."""
    from espnet_av.score.abx.items import AbxItem, parse_time

    values = np.random.default_rng(2026).normal(size=(36, 6)).astype(np.float32)
    vectors = []
    for n, vector in enumerate(values):
        np.save(tmp_path / f"v{n}.npy", vector[None])
        times = parse_time("0"), parse_time("0.02")
        around = f"c{1 + n % 2}"
        vectors.append(AbxItem(f"v{n}", *times, "abc"[n % 3], around, around, f"s{1 + n // 12}"))
    layers = {"x": find_features(tmp_path, {item.file for item in vectors})}
    options = AbxOptions(max_size_group=None, max_x_across=None, distance=distance)
    task = prepare_task(vectors, layers, parse_rate("50"), "across", options)
    found = measure(task, layers)["x"]
    assert found.num_cells == 72
    assert found.error_rate == pytest.approx(expected, abs=1e-6)


def test_equal_features_are_at_chance(tmp_path):
    for name in features():
        np.save(tmp_path / f"{name}.npy", np.ones((60, 3), np.float32))
    arrays = find_features(tmp_path, features().keys())
    for speaker in ("within", "across"):
        assert run(arrays, speaker=speaker).error_rate == 0.5


def test_scale_and_order_of_numbers_change_nothing(arrays, tmp_path):
    expected = run(arrays, speaker="across").error_rate
    for name, values in features().items():
        np.save(tmp_path / f"{name}.npy", (8 * values[:, ::-1]).astype(np.float64))
    found = run(find_features(tmp_path, features().keys()), speaker="across")
    assert found.error_rate == pytest.approx(expected, abs=1e-6)


def test_intervals_draw_talkers(arrays):
    found = run(arrays, speaker="within")
    low, high = found.interval(Resampling(200, 0))
    assert low < found.error_rate < high
    assert found.interval(Resampling(200, 0)) == [low, high]
    rates = found.by_speaker()
    assert list(rates) == ["s1", "s2", "s3"]
    assert min(rates.values()) <= low + 1e-9 and high <= max(rates.values()) + 1e-9


def test_one_talker_has_no_interval(arrays):
    options = AbxOptions(max_size_group=None)
    own = [item for item in items() if item.speaker == "s1"]
    task = prepare_task(own, {"x": arrays}, parse_rate("50"), "within", options)
    assert measure(task, {"x": arrays})["x"].interval(Resampling()) is None
    with pytest.raises(DataDirError, match="no triplet across talkers: of 16 items"):
        prepare_task(own, {"x": arrays}, parse_rate("50"), "across", options)


def test_pairs_are_worst_first(arrays):
    pairs = run(arrays, speaker="within").pairs()
    assert [pair[:2] for pair in pairs] == [("AA", "UW"), ("AA", "IY"), ("IY", "UW")]
    assert pairs[0][2] == pytest.approx(0.520833, abs=1e-6)


def test_levels_are_told():
    assert level_names("within", AbxOptions()) == ["context", "speaker", "ordered pair of phones"]
    assert level_names("across", AbxOptions(context="any")) == [
        "speaker of X",
        "speaker of A and B",
        "ordered pair of phones",
    ]
