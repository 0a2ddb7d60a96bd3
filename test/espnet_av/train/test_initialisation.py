"""Weights that a run starts from: which go where, and what is said of the rest."""

from __future__ import annotations

import pytest
import torch
from oracles.two_parts import make_model

from espnet_av.errors import CheckpointError
from espnet_av.train.initialisation import LoadReport, final_model, initialise, load_weights


def test_part_of_a_file_goes_to_part_of_a_model(pretrained):
    model = make_model()
    head = model["head"].weight.clone()
    report = load_weights(model, pretrained, "old", "encoder")
    assert report.matched == ["encoder.weight", "encoder.bias"]
    assert report.missing == report.unexpected == report.mismatched == []
    assert torch.equal(model["encoder"].weight, torch.ones(3, 2))
    assert torch.equal(model["head"].weight, head)


def test_report_of_everything_that_differs(pretrained):
    model = make_model()
    initialise(model, [f"{pretrained}:old:encoder:old.bias"], False)
    assert not torch.equal(model["encoder"].bias, torch.ones(3))
    state = {
        "encoder.weight": torch.ones(3, 2),
        "head.weight": torch.ones(2, 3),
        "x": torch.ones(1),
    }
    torch.save(state, pretrained)
    with pytest.raises(CheckpointError, match=r"another shape: head\.weight \(2, 3\) -> \(1, 3\)"):
        load_weights(model, pretrained)
    report = load_weights(model, pretrained, ignore_mismatch=True)
    assert report.text().splitlines() == [
        "1 matched, 2 missing, 1 unexpected, 1 of another shape",
        "  missing: encoder.bias, head.bias",
        "  unexpected: x",
        "  mismatched: head.weight (2, 3) -> (1, 3)",
    ]


def test_prefix_is_a_whole_name(tmp_path):
    torch.save({"encoder2.weight": torch.ones(3, 2)}, tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match="no weight matched the model"):
        load_weights(make_model(), tmp_path / "w.pth", "encoder", "encoder")


def test_nothing_matched_is_an_error(pretrained):
    with pytest.raises(
        CheckpointError, match=r"no weight matched .* 0 matched, 4 missing, 3 unexp"
    ):
        load_weights(make_model(), pretrained)


def test_an_unfinished_experiment_has_no_final_model(tmp_path):
    model = make_model()
    (tmp_path / "config.yaml").write_text("average: 0\n")
    (tmp_path / "inputs.yaml").write_text("num_processes: 1\n")
    for name in ("valid.loss.best.pth", "latest.pth"):
        torch.save(model.state_dict(), tmp_path / name)
    with pytest.raises(CheckpointError, match=r"is not finished.* name a file, as .*latest\.pth"):
        initialise(model, [str(tmp_path)], False)
    initialise(model, [str(tmp_path / "latest.pth")], False)
    (tmp_path / ".done").touch()
    initialise(model, [str(tmp_path)], False)


def test_a_file_that_was_converted_has_nothing_more_to_come(tmp_path):
    (tmp_path / "config.yaml").write_text("average: 3\n")
    assert final_model(tmp_path).name == "valid.loss.ave_3best.pth"
    (tmp_path / "inputs.yaml").touch()
    with pytest.raises(CheckpointError, match="its training is not finished"):
        final_model(tmp_path)


def test_entries_are_applied_in_order(tmp_path, caplog):
    model = make_model()
    torch.save({"encoder.weight": torch.zeros(3, 2)}, tmp_path / "w.pth")
    names = [tmp_path / f"{name}.pth" for name in ("w", "1", "2")]
    torch.save({"bias": torch.full((3,), 1.0)}, names[1])
    torch.save({"x.bias": torch.full((3,), 2.0)}, names[2])
    with caplog.at_level("INFO"):
        initialise(model, [str(names[0]), f"{names[1]}::encoder", f"{names[2]}:x:encoder"], False)
    assert model["encoder"].bias.tolist() == [2.0] * 3
    assert not model["encoder"].weight.any()
    assert f"init_param {names[0]}: 1 matched, 3 missing" in caplog.text
    assert f"init_param {names[2]}:x:encoder: 1 matched, 1 missing" in caplog.text


@pytest.mark.parametrize("source", ["a.b", "a.b."])
@pytest.mark.parametrize("destination", ["encoder", "encoder."])
def test_a_dot_at_the_end_of_a_prefix_changes_nothing(tmp_path, source, destination):
    torch.save({"a.b.bias": torch.ones(3), "a.bc.bias": torch.zeros(3)}, tmp_path / "w.pth")
    model = make_model()
    report = load_weights(model, tmp_path / "w.pth", source, destination)
    assert report.matched == ["encoder.bias"] and report.missing == ["encoder.weight"]
    assert report.unexpected == [] and model["encoder"].bias.tolist() == [1.0] * 3


def test_what_is_excluded_is_neither_loaded_nor_unexpected(pretrained):
    model = make_model()
    bias = model["encoder"].bias.clone()
    found = load_weights(model, pretrained, "old", "encoder", ["old.bias"])
    assert found.matched == ["encoder.weight"] and found.missing == ["encoder.bias"]
    assert found.unexpected == [] and torch.equal(model["encoder"].bias, bias)


def test_a_refused_file_changes_no_weight(tmp_path):
    model = make_model()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    weights = {"encoder.weight": torch.ones(3, 2), "encoder.bias": torch.ones(4)}
    torch.save(weights, tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match="set ignore_init_mismatch: true"):
        load_weights(model, tmp_path / "w.pth")
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_a_report_of_many_names_is_cut():
    names = [f"n{i}" for i in range(11)]
    report = LoadReport(matched=names, missing=names[:8], unexpected=names[:9], mismatched=[])
    assert report.text().splitlines() == [
        "11 matched, 8 missing, 9 unexpected, 0 of another shape",
        "  missing: n0, n1, n2, n3, n4, n5, n6, n7",
        "  unexpected: n0, n1, n2, n3, n4, n5, n6, n7 and 1 more",
    ]
