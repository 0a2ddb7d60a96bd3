"""FaST-VGS+, FaST-VGS and VG-HuBERT come in whole, and give what an independent copy gives."""

import argparse
import pickle

import numpy as np
import pytest
import torch
from oracles import fast_vgs

from espnet_av.bin import convert as convert_bin
from espnet_av.config import build
from espnet_av.errors import CheckpointError
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.models.vgs.bundle import read_bundle
from espnet_av.models.vgs.convert import convert_fast_vgs, convert_vg_hubert
from espnet_av.train.loading import load_experiment

CONVOLUTIONS = "[(8, 10, 5)] + [(8, 3, 2)] * 4 + [(8,2,2)] + [(8,2,2)]"
OPTIONS = {
    "encoder_layers": 12,
    "encoder_attention_heads": 2,
    "num_attention_heads": 2,
    "conv_feature_layers": CONVOLUTIONS,
    "layer_norm_first": False,
    "extractor_mode": "default",
    "feature_grad_mult": 0.0,
    "layer_use": 1,
    "margin": 0.5,
    "normalize": False,
    "fine_matching_weight": 1.0,
    "coarse_matching_weight": 0.1,
    "topk": 100.0,
    "mask_prob": 0.65,
    "mask_length": 10,
    "hidden_dropout_prob": 0.2,
}


def publish(folder, dual, cross=None, options=OPTIONS, parallel=""):
    """A folder as they publish it, optimiser and sampler included."""
    folder.mkdir(exist_ok=True)
    named = {parallel + name: value for name, value in dual.items()}
    bundle = {
        "dual_encoder": named,
        "optimizer": {"state": {0: {"step": 3, "next_m": torch.zeros(2)}}, "param_groups": []},
        "indices": np.arange(5),
        "libri_indices": None,
    }
    if cross is not None:
        bundle["cross_encoder"] = {parallel + name: value for name, value in cross.items()}
    torch.save(bundle, folder / "best_bundle.pth")
    if options is not None:
        with (folder / "args.pkl").open("wb") as stream:
            pickle.dump(argparse.Namespace(**options), stream)
    return folder


def build_model(converted):
    """The model in evaluation."""
    assert converted.model == "vgs"
    config_class, model_class = MODELS["vgs"]
    config = build(config_class, converted.model_conf, "model_conf")
    model = model_class.from_config(config, Sizes(units=converted.num_units)).eval()
    model.load_state_dict(converted.weights)
    return model


def sound(frames=40, rows=2):
    """Waves, and the same as the original hears them to give as many frames."""
    wave = torch.randn(rows, frames * 640, generator=torch.Generator().manual_seed(9)) * 0.3
    fields = {"speech": wave, "speech_lengths": torch.full((rows,), frames * 640)}
    return fields, lambda heard: torch.nn.functional.pad(heard, (0, 80))


def normalised(wave):
    """What numpy's mean and standard deviation make of it."""
    return (wave - wave.mean(1, keepdim=True)) / wave.std(1, correction=0, keepdim=True)


def pictures(rows=2):
    generator = torch.Generator().manual_seed(8)
    features = torch.randn(rows, 4, 9, generator=generator)
    boxes = torch.rand(rows, 4, 4, generator=generator)
    count = torch.full((rows,), 4)
    return {"image": features, "image_lengths": count, "boxes": boxes, "boxes_lengths": count}


@pytest.mark.parametrize("parallel", ["", "module."])
def test_fast_vgs_plus_gives_the_same(parallel, tmp_path):
    dual, cross = fast_vgs.dual_encoder(), fast_vgs.cross_encoder()
    checkpoint = read_bundle(publish(tmp_path / "m", dual, cross, parallel=parallel), "fast_vgs")
    converted = convert_fast_vgs(checkpoint, num_units=7)
    model = build_model(converted)
    fields, padded = sound()
    batch = {**fields, **pictures()}
    with torch.no_grad():
        masked, speech, image = model.encode_pairs(batch)
        heard = padded(normalised(batch["speech"]))
        vector, parts = fast_vgs.speech_side(dual, heard, layer=1)
        seen, regions = fast_vgs.image_side(dual, batch["image"], batch["boxes"])
        for layer, expected in enumerate(
            fast_vgs.layers_of(fast_vgs.below(dual, "conv1_trm1_trm3."), heard), start=1
        ):
            found, lengths = model.extract_features(batch, [layer])
            assert lengths.tolist() == [80, 80]
            assert torch.allclose(found[0], expected[:, 1:], rtol=1e-3, atol=1e-3)
        assert torch.allclose(speech.vector, vector, rtol=1e-3, atol=1e-3)
        assert torch.allclose(image.vector, seen, rtol=1e-4, atol=1e-4)
        assert torch.allclose(speech.parts[:, :6], parts, rtol=1e-3, atol=1e-3)
        score = model.cross_encoder(speech.parts, speech.mask, image.parts, image.mask)
        expected = fast_vgs.fine_score(cross, parts, regions)
    assert torch.allclose(score, expected, rtol=1e-3, atol=1e-3)
    assert vector.std() > 0.1 < seen.std()
    assert not masked.mask.all()


def test_what_is_told_of_fast_vgs_plus(tmp_path):
    folder = publish(tmp_path / "m", fast_vgs.dual_encoder(), fast_vgs.cross_encoder())
    converted = convert_fast_vgs(read_bundle(folder, "fast_vgs"))
    conf = converted.model_conf
    assert conf["grounding_layer"] == 2
    assert conf["margin"] == 0.5
    assert conf["resdavenet"] == {"stem": 5, "widths": [5, 6, 7, 12], "kernel": 9}
    assert conf["image"] == {"feature_size": 9, "num_layers": 2}
    assert conf["bert"] == {"attention_heads": 2, "linear_units": 20, "dropout_rate": 0.2}
    assert conf["cross_encoder"] == {
        "num_layers": 2, "weight": 1.0, "coarse_weight": 0.1, "num_candidates": 100
    }  # fmt: skip
    assert conf["audio_frontend_conf"]["normalise_wave"] is True
    assert conf["mask"] == {"start_prob": 0.065, "span": 10}
    assert converted.num_units == 500
    report = converted.report
    assert {name.split(".")[0] for name in report.fresh} == {"units_head"}
    reasons = {name.split(".")[0]: reason for name, reason in report.dropped}
    assert reasons["audio_cls_token_proj_coarse"] == "its output was never used"
    assert {name.split(".")[1] for name, _ in report.dropped if name.startswith("conv1")} == {
        "quantizer",
        "project_q",
        "final_proj",
    }


def test_fast_vgs_ends_at_the_grounding_layer_and_masks_nothing(tmp_path):
    """Without options, as someone may have copied the weights alone."""
    folder = publish(tmp_path / "m", fast_vgs.dual_encoder(), options=None)
    checkpoint = read_bundle(folder / "best_bundle.pth", "fast_vgs")
    converted = convert_fast_vgs(checkpoint)
    conf = converted.model_conf
    assert conf["grounding_layer"] == conf["encoder_conf"]["num_layers"] == 3
    assert conf["alpha"] == 1.0
    assert conf["cross_encoder"] is None
    assert any("grounding_layer 3 assumed" in note for note in converted.notes)
    assert any("12 attention heads of BERT's layers assumed" in note for note in converted.notes)
    model = build_model(converted)
    assert "units" not in model.reads


@pytest.mark.parametrize("normalize", [False, True])
def test_vg_hubert_gives_the_same(normalize, tmp_path):
    weights = fast_vgs.vg_hubert()
    options = {**OPTIONS, "layer_use": 2, "normalize": normalize}
    checkpoint = read_bundle(publish(tmp_path / "m", weights, options=options), "vg_hubert")
    converted = convert_vg_hubert(checkpoint)
    model = build_model(converted)
    fields, padded = sound()
    tokens = torch.randn(2, 3, 6)
    batch = {**fields, "image": tokens, "image_lengths": torch.tensor([3, 3])}
    heard = padded(normalised(batch["speech"]) if normalize else batch["speech"])
    with torch.no_grad():
        vectors = model.vectors(batch)
        stream = fast_vgs.layers_of(fast_vgs.below(weights, "audio_encoder."), heard)
        expected = fast_vgs.mlp(weights, "audio_cls_token_proj", stream[-1][:, 0])
        seen = fast_vgs.mlp(weights, "visual_cls_token_proj", tokens[:, 0])
        frames, _ = model.extract_features(batch, [2])
    assert torch.allclose(vectors["speech"], expected, rtol=1e-3, atol=1e-3)
    assert torch.allclose(vectors["image"], seen, rtol=1e-4, atol=1e-4)
    assert torch.allclose(frames[0], stream[1][:, 1:], rtol=1e-3, atol=1e-3)
    assert expected.std() > 0.1
    conf = converted.model_conf
    assert (conf["alpha"], conf["grounding_layer"], conf["vector_size"]) == (1.0, 3, 10)
    assert {name.split(".")[0] for name in converted.report.fresh} == {"mask_emb", "units_head"}
    assert all(name.startswith("trm.") for name, _ in converted.report.dropped)
    assert any("vision transformer learned too" in note for note in converted.notes)


def test_the_program_writes_an_experiment(tmp_path, capsys):
    folder = publish(tmp_path / "m", fast_vgs.dual_encoder(), fast_vgs.cross_encoder())
    out = tmp_path / "exp"
    convert_bin.main(["--family", "fast_vgs", "--num_units", "6", str(folder), str(out)])
    assert "0 unused, 0 missing, 0 of another shape" in capsys.readouterr().out
    model, config, tokenizer = load_experiment(out)
    assert config.model == "vgs"
    assert tokenizer is None
    assert model.sizes.units == 6
    with pytest.raises(SystemExit, match="takes xlsr, wav2vec2, hubert, not fast_vgs"):
        convert_bin.main(["--family", "fast_vgs", "--to", "hf", str(folder), str(tmp_path / "x")])


class Intruder:
    """Would run something if a pickle of it were loaded."""

    def __reduce__(self):
        return print, ("run",)


def test_what_is_no_such_checkpoint(tmp_path, capsys):
    vg = publish(tmp_path / "vg", fast_vgs.vg_hubert())
    with pytest.raises(CheckpointError, match="is a checkpoint of vg_hubert, not of fast_vgs; use"):
        read_bundle(vg, "fast_vgs")
    torch.save({"model": {"a": torch.zeros(1)}}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"has no dual_encoder, .* give the folder with"):
        read_bundle(tmp_path / "other.pth", "fast_vgs")
    with pytest.raises(CheckpointError, match="has none of its weights, not of vg_hubert"):
        read_bundle(publish(tmp_path / "none", {"a": torch.zeros(1)}), "vg_hubert")
    with pytest.raises(CheckpointError, match=r"best_bundle\.pth: no such file"):
        (tmp_path / "empty").mkdir()
        read_bundle(tmp_path / "empty", "fast_vgs")
    dual = fast_vgs.dual_encoder()
    lacking = {name: value for name, value in dual.items() if not name.startswith("trm2_proj")}
    folder = publish(tmp_path / "lacking", lacking)
    with pytest.raises(CheckpointError, match=r"nothing in it is speech_head\.project\.weight"):
        convert_fast_vgs(read_bundle(folder, "fast_vgs"))
    del dual["conv2.layer2.1.bn1.running_var"]
    dual["conv3.weight"] = torch.zeros(1)
    folder = publish(tmp_path / "broken", dual)
    with pytest.raises(CheckpointError, match=r"1 unused, 1 missing(.|\n)*norm1\.running_var"):
        convert_fast_vgs(read_bundle(folder, "fast_vgs"))
    odd = publish(tmp_path / "odd", fast_vgs.dual_encoder(), options={"layer_use": "seven"})
    with pytest.raises(CheckpointError, match=r"layer_use: 'seven', where a number is expected"):
        convert_fast_vgs(read_bundle(odd, "fast_vgs"))
    with (vg / "args.pkl").open("wb") as stream:
        pickle.dump(Intruder(), stream)
    with pytest.raises(CheckpointError, match=r"builtins\.print, .* nothing was run"):
        read_bundle(vg, "vg_hubert")
    assert "run" not in capsys.readouterr().out
