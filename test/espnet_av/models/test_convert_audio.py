"""wav2vec 2.0, XLS-R and HuBERT in from Hugging Face and fairseq, back out, and into XLAVS-R."""

import dataclasses
import re

import pytest
import torch
from oracles import fairseq_shape, hf_audio
from oracles.avhubert_fairseq import pretrained
from oracles.hf_audio import CONVERT, QUANTIZER, as_checkpoint, build_converted, noise
from oracles.layer_features import features_of
from transformers import (
    HubertModel,
    Wav2Vec2Config,
    Wav2Vec2ForCTC,
    Wav2Vec2ForPreTraining,
    Wav2Vec2Model,
)

from espnet_av.config import build
from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.models import MODELS
from espnet_av.models.avhubert.start_xlavsr import start_xlavsr
from espnet_av.models.conversion.foreign_checkpoint import (
    ForeignCheckpoint,
    read_foreign_checkpoint,
)
from espnet_av.models.hubert.convert import to_hf as hubert_to_hf
from espnet_av.models.wav2vec2.convert import to_hf as wav2vec2_to_hf

STYLES = [("layer", True), ("group", False)]
CLASSES = {"wav2vec2": Wav2Vec2ForPreTraining, "hubert": HubertModel}
FAIRSEQ_MODEL = {
    "_name": "wav2vec2",
    "encoder_layers": 3,
    "encoder_embed_dim": 16,
    "encoder_attention_heads": 2,
    "encoder_ffn_embed_dim": 24,
    "conv_feature_layers": "[(8, 10, 5)] + [(8, 3, 2)] * 4 + [(8,2,2)] + [(8,2,2)]",
    "latent_groups": 2,
    "latent_temp": "(2.0, 0.1, 0.999995)",
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "activation_dropout": 0.0,
    "dropout_input": 0.0,
    "dropout_features": 0.0,
    "encoder_layerdrop": 0.0,
    "feature_grad_mult": 1.0,
    "logit_temp": 0.1,
    "mask_prob": 0.65,
    "mask_length": 10,
    "num_negatives": 4,
}


def theirs(kind, norm="layer", pre_norm=True, their_class=None):
    torch.manual_seed(1)
    config = hf_audio.their_config(kind, norm, pre_norm)
    return hf_audio.randomise((their_class or CLASSES[kind])(config)).eval()


def fairseq_file(path, model, norm="layer", pre_norm=True, **saving):
    """The weights of a model of theirs as fairseq saves them, with its configuration."""
    mode = {"layer": "layer_norm", "group": "default"}[norm]
    config = {
        "model": {**FAIRSEQ_MODEL, "extractor_mode": mode, "layer_norm_first": pre_norm},
        "task": {"normalize": False},
        "criterion": {"loss_weights": [0.1, 10.0]},
    }
    weights = fairseq_shape.from_hf(model.state_dict(), norm == "group")
    extra = saving.pop("extra", {})
    return fairseq_shape.save(path, {**weights, **extra}, config, **saving)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(("norm", "pre_norm"), STYLES)
def test_there_and_back_is_bit_exact(kind, norm, pre_norm):
    model = theirs(kind, norm, pre_norm)
    converted = CONVERT[kind](as_checkpoint(model))
    config = build(MODELS[kind][0], converted.model_conf)
    back = {"wav2vec2": wav2vec2_to_hf, "hubert": hubert_to_hf}[kind](config, converted.weights)
    expected = model.state_dict()
    assert back.weights.keys() == expected.keys()
    assert all(torch.equal(back.weights[name], expected[name]) for name in expected)
    back.report.check("x", kind)
    again = type(model)(type(model.config)(**back.config))
    again.load_state_dict(back.weights)
    kept = {*hf_audio.SIZES, "feat_extract_norm", "conv_bias", "do_stable_layer_norm"}
    kept |= {*QUANTIZER} if kind == "wav2vec2" else set()
    for name in kept:
        assert list(flat(getattr(again.config, name))) == list(flat(getattr(model.config, name)))
    assert back.preprocessor["do_normalize"] is False


def flat(value):
    return value if isinstance(value, (list, tuple)) else [value]


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize(("norm", "pre_norm"), STYLES)
def test_fairseq_gives_the_model_that_hugging_face_gives(kind, norm, pre_norm, tmp_path):
    model = theirs(kind, norm, pre_norm)
    extra, task = {}, {}
    if kind == "hubert":
        extra = {
            "label_embs_concat": torch.randn(8, 5),
            "final_proj.weight": torch.randn(5, 16),
            "final_proj.bias": torch.randn(5),
        }
        task = {"dictionaries": lambda: [fairseq_shape.Dictionary("0123")]}
    path = fairseq_file(tmp_path / "m.pt", model, norm, pre_norm, extra=extra, task=task)
    got = CONVERT[kind](read_foreign_checkpoint(path))
    expected = CONVERT[kind](as_checkpoint(model))
    body = [name for name in expected.weights if not name.startswith("units_head.")]
    assert all(torch.equal(got.weights[name], expected.weights[name]) for name in body)
    for key in ("audio_frontend_conf", "encoder_conf"):
        theirs_conf = {"feature_grad_mult": 1.0} if key == "audio_frontend_conf" else {}
        assert got.model_conf[key] == {**expected.model_conf[key], **theirs_conf}
    speech, lengths = noise()
    with torch.no_grad():
        features = features_of(build_converted(got), speech, lengths)[0]
        assert torch.equal(features, features_of(build_converted(expected), speech, lengths)[0])
    if kind == "hubert":
        assert got.num_units == 4
        assert torch.equal(got.weights["units_head.label_embs"], extra["label_embs_concat"][4:])
        assert not got.report.fresh
        assert "4 rows of other symbols are left out" in got.notes[0]
    else:
        assert got.model_conf["mask"] == {"start_prob": pytest.approx(0.065), "span": 10}
        # As fairseq's recipes: of the base model alone.
        assert got.model_conf["features_penalty"] == (0.0 if norm == "layer" else 10.0)
        assert got.model_conf["quantizer"]["end_temperature"] == pytest.approx(0.1)


@pytest.mark.parametrize("kind", ["namespace", "omegaconf", "dataclass"])
def test_fairseq_configurations_of_every_age(kind, tmp_path):
    if kind == "omegaconf":
        pytest.importorskip("omegaconf")
    path = fairseq_file(
        tmp_path / "m.pt", theirs("wav2vec2"), kind=kind, zipped=kind != "namespace"
    )
    got = CONVERT["wav2vec2"](read_foreign_checkpoint(path))
    assert got.model_conf["encoder_conf"]["attention_heads"] == 2
    assert got.model_conf["audio_frontend_conf"]["normalise_wave"] is False
    assert not got.notes


def test_names_that_older_torch_gave_the_weight_norm():
    checkpoint = as_checkpoint(theirs("wav2vec2"))
    tap = "pos_conv_embed.conv."
    renamed = {
        name.replace(f"{tap}parametrizations.weight.original0", f"{tap}weight_g").replace(
            f"{tap}parametrizations.weight.original1", f"{tap}weight_v"
        ): value
        for name, value in checkpoint.weights.items()
    }
    assert renamed.keys() != checkpoint.weights.keys()
    old = CONVERT["wav2vec2"](dataclasses.replace(checkpoint, weights=renamed))
    new = CONVERT["wav2vec2"](checkpoint)
    assert all(torch.equal(old.weights[name], new.weights[name]) for name in new.weights)


def test_heads_that_the_source_does_not_have_are_new_and_reported():
    bare = CONVERT["wav2vec2"](as_checkpoint(theirs("wav2vec2", their_class=Wav2Vec2Model)))
    heads = {"quantizer", "project_q", "final_proj"}
    assert {name.split(".")[0] for name in bare.report.fresh} == heads
    assert "fresh: quantizer.vars" in bare.report.text()
    build_converted(bare)
    recogniser = CONVERT["wav2vec2"](as_checkpoint(theirs("wav2vec2", their_class=Wav2Vec2ForCTC)))
    assert [name for name, _ in recogniser.report.dropped] == ["lm_head.weight", "lm_head.bias"]
    hubert = CONVERT["hubert"](as_checkpoint(theirs("hubert")), num_units=7)
    assert hubert.weights["units_head.label_embs"].shape == (7, 256)


def test_folders_of_hugging_face(tmp_path):
    model = theirs("hubert")
    model.save_pretrained(tmp_path / "whole")
    model.save_pretrained(tmp_path / "shards", max_shard_size="20KB")
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 1
    expected = CONVERT["hubert"](as_checkpoint(model)).weights
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    (tmp_path / "config.json").write_text((tmp_path / "whole/config.json").read_text())
    for place in ("whole", "shards", "", "pytorch_model.bin", "whole/model.safetensors"):
        checkpoint = read_foreign_checkpoint(tmp_path / place)
        assert checkpoint.config["num_attention_heads"] == 2, place
        got = CONVERT["hubert"](checkpoint)
        assert all(torch.equal(got.weights[name], expected[name]) for name in expected)
        assert "nothing says whether waves are normalised" in got.notes[0]
    index = tmp_path / "shards/model.safetensors.index.json"
    index.write_text(re.sub(r"model-00001", "../model-00001", index.read_text()))
    with pytest.raises(CheckpointError, match="does not list files of this folder"):
        read_foreign_checkpoint(tmp_path / "shards")


def test_folders_of_the_hub_and_of_git(tmp_path):
    snapshot = tmp_path / "models--x--y/snapshots/4f2a"
    theirs("hubert").save_pretrained(snapshot)
    with pytest.raises(CheckpointError, match=r"give the snapshot in it, .*/snapshots/4f2a"):
        read_foreign_checkpoint(tmp_path / "models--x--y")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
    (snapshot / "model.safetensors").unlink()
    for name in ("model.safetensors", "pytorch_model.bin"):
        (snapshot / name).write_text(pointer)
        with pytest.raises(CheckpointError, match="'git lfs pull' fetches it"):
            read_foreign_checkpoint(snapshot)
        (snapshot / name).unlink()


def test_large_models_without_biases_compute_the_same():
    model = theirs("hubert")
    for layer in model.feature_extractor.conv_layers:
        torch.nn.init.zeros_(layer.conv.bias)
    checkpoint = as_checkpoint(model)
    bare = {
        k: v for k, v in checkpoint.weights.items() if not k.endswith("conv.bias") or "pos" in k
    }
    got = CONVERT["hubert"](dataclasses.replace(checkpoint, weights=bare))
    assert "7 convolutions had no bias" in got.notes[0]
    expected = CONVERT["hubert"](checkpoint).weights
    assert all(torch.equal(got.weights[name], expected[name]) for name in expected)


def lacking(weights, *names):
    return {name: x for name, x in weights.items() if not name.startswith(names)}


def test_incomplete_checkpoints_are_refused_with_every_name():
    checkpoint = as_checkpoint(theirs("wav2vec2"))
    layer = "wav2vec2.encoder.layers.1."
    half = lacking(checkpoint.weights, layer + "attention", "project_q.weight")
    with pytest.raises(CheckpointError, match=r"not a complete wav2vec2 checkpoint") as refused:
        CONVERT["wav2vec2"](dataclasses.replace(checkpoint, weights=half))
    assert "9 missing" in str(refused.value)
    assert "missing: encoder.layers.1.self_attn.q_proj.weight" in str(refused.value)
    assert "missing: project_q.weight" in str(refused.value)
    more = {**checkpoint.weights, "wav2vec2.adapter.proj.weight": torch.ones(1)}
    with pytest.raises(CheckpointError, match=r"unused: wav2vec2\.adapter\.proj\.weight"):
        CONVERT["wav2vec2"](dataclasses.replace(checkpoint, weights=more))
    without = lacking(checkpoint.weights, "wav2vec2.encoder.layer_norm")
    with pytest.raises(CheckpointError, match=r"nothing in it is encoder\.layer_norm\.weight"):
        CONVERT["wav2vec2"](dataclasses.replace(checkpoint, weights=without))
    other = {**checkpoint.weights, "project_q.bias": torch.ones(3)}
    with pytest.raises(
        CheckpointError, match=r"another shape: project_q\.bias \(3,\) -> project_q"
    ):
        CONVERT["wav2vec2"](dataclasses.replace(checkpoint, weights=other))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_size": 768}, "says hidden_size 768, its weights have 16"),
        ({"num_hidden_layers": 12}, "says num_hidden_layers 12, its weights have 3"),
        ({"feat_extract_norm": "group"}, "says feat_extract_norm group, its weights have layer"),
        ({"hidden_act": "relu"}, "has hidden_act: relu, but our model has gelu always"),
        ({"conv_stride": [5] * 7}, "has conv_stride"),
        ({"model_type": "hubert"}, "is a checkpoint of hubert, not of wav2vec2; use --family hub"),
    ],
)
def test_configurations_that_do_not_fit(changes, message):
    checkpoint = as_checkpoint(theirs("wav2vec2"))
    changed = dataclasses.replace(checkpoint, config={**checkpoint.config, **changes})
    with pytest.raises(CheckpointError, match=message):
        CONVERT["wav2vec2"](changed)


def test_strides_of_fairseq_are_checked(tmp_path):
    checkpoint = read_foreign_checkpoint(fairseq_file(tmp_path / "m.pt", theirs("wav2vec2")))
    model = {**FAIRSEQ_MODEL, "conv_feature_layers": "[(8,10,4)] + [(8,3,2)] * 4 + [(8,2,2)] * 2"}
    with pytest.raises(CheckpointError, match="its convolutions are"):
        CONVERT["wav2vec2"](dataclasses.replace(checkpoint, config={"model": model}))


def test_base_models_are_no_xlsr():
    checkpoint = as_checkpoint(theirs("wav2vec2", "group", False))
    with pytest.raises(CheckpointError, match="is no XLS-R"):
        CONVERT["wav2vec2"](checkpoint, is_xlsr=True)
    CONVERT["wav2vec2"](as_checkpoint(theirs("wav2vec2")), is_xlsr=True)


def test_weights_alone_say_what_was_assumed(tmp_path):
    weights = fairseq_shape.from_hf(theirs("wav2vec2").state_dict(), False)
    torch.save(weights, tmp_path / "only.pt")
    got = CONVERT["wav2vec2"](read_foreign_checkpoint(tmp_path / "only.pt"))
    assert [note.split(":")[0] for note in got.notes].count("no configuration") == 2


def test_hugging_face_has_one_rate():
    config = build(MODELS["hubert"][0], {"frame_rate": 25})
    with pytest.raises(ConfigError, match="50 Hz only"):
        hubert_to_hf(config, {})


@pytest.fixture
def audio():
    return noise((7, 7))


@pytest.fixture(scope="module")
def eyes(tmp_path_factory):
    """A small AV-HuBERT; a new ResNet would be of full size."""
    path = pretrained(tmp_path_factory.mktemp("av") / "av.pt")[1]
    return read_foreign_checkpoint(path)


@pytest.mark.parametrize("style", ["hf", "fairseq"])
@pytest.mark.parametrize("kind", CLASSES)
def test_xlavsr_starts_as_the_audio_only_model(kind, style, audio, eyes, tmp_path):
    """The output is the same with sound, and with sound and lips."""
    model = theirs(kind)
    checkpoint = as_checkpoint(model)
    if style == "fairseq":
        checkpoint = read_foreign_checkpoint(fairseq_file(tmp_path / "m.pt", model))
    ours = build_converted(CONVERT[kind](as_checkpoint(model)))
    xlavsr = start(checkpoint, frame_rate=50, visual=eyes)
    video = torch.randint(0, 256, (2, 7, 24, 24), dtype=torch.uint8)
    with torch.no_grad():
        expected, frames = features_of(ours, *audio)
        for seen in ((None, None), (video, torch.tensor([7, 7]))):
            got, lengths = features_of(xlavsr, *audio, *seen)
            assert lengths.tolist() == frames.tolist() == [14, 14]
            assert torch.equal(got, expected)
    assert torch.equal(xlavsr.mask_emb, ours.mask_emb)
    assert xlavsr.units_head.label_embs.shape == (9, 256)


def start(checkpoint, **options):
    converted = start_xlavsr(checkpoint, num_units=9, **options)
    assert converted.report.missing == converted.report.unused == []
    return build_converted(converted)


def test_at_25_hz_the_transformer_gets_the_mean_of_two_frames(audio, eyes):
    checkpoint = as_checkpoint(theirs("wav2vec2"))
    ours = build_converted(CONVERT["wav2vec2"](checkpoint))
    xlavsr = start(checkpoint, frame_rate=25, visual=eyes)
    with torch.no_grad():
        projected = ours.audio(*audio)[0]
        means = 0.5 * (projected[:, 0::2] + projected[:, 1::2])
        lengths = torch.tensor([7, 7])
        expected = ours.encoder(means, lengths)[0]
        got, frames = features_of(xlavsr, *audio)
    assert frames.tolist() == [7, 7]
    assert torch.allclose(got, expected, atol=1e-5)


XLSR = {
    "feat_extract_norm": "layer",
    "conv_bias": True,
    "do_stable_layer_norm": True,
    "num_attention_heads": 16,
}
PUBLISHED = {
    "300m": ({"hidden_size": 1024, "num_hidden_layers": 24, "intermediate_size": 4096}, 768, 317),
    "2b": ({"hidden_size": 1920, "num_hidden_layers": 48, "intermediate_size": 7680}, 1024, 2162),
}
"""Sizes, size of the projections, millions of parameters."""


@pytest.mark.parametrize("size", PUBLISHED)
def test_every_name_of_the_published_sizes(size):
    """Built without memory: names and shapes only."""
    sizes, projection, millions = PUBLISHED[size]
    heads = {"codevector_dim": projection, "proj_codevector_dim": projection}
    with torch.device("meta"):
        model = Wav2Vec2ForPreTraining(Wav2Vec2Config(**XLSR, **sizes, **heads))
    got = CONVERT["wav2vec2"](as_checkpoint(model), is_xlsr=True)
    assert len(got.report.used) == len(model.state_dict())
    assert sum(x.numel() for x in got.weights.values()) / 1e6 == pytest.approx(millions, abs=1.0)
    if size == "300m":
        report = start_xlavsr(as_checkpoint(model), frame_rate=25).report
        assert len(report.dropped) == 7
        assert not [
            name for name in report.fresh if name.startswith(("encoder.", "frontend.audio"))
        ]


def test_xlavsr_starts_from_sound_alone():
    weights = {"feature_extractor_video.proj.weight": torch.ones(1)}
    with pytest.raises(CheckpointError, match="XLAVS-R starts from sound alone"):
        start_xlavsr(ForeignCheckpoint(path="av.pt", style="fairseq", weights=weights))
