"""Hugging Face's other models of sound: converted where the encoder is the same, else named."""

import json

import pytest
import torch
import transformers
from oracles import fairseq_shape, hf_audio
from oracles.hf_audio import CONVERT, NO_DROPOUT, SIZES, as_checkpoint, build_converted, noise
from oracles.layer_features import features_of

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.foreign_checkpoint import (
    ForeignCheckpoint,
    read_foreign_checkpoint,
)
from espnet_av.models.conversion.foreign_relatives import unlike_ours

HEADS = {"use_weighted_layer_sum": True, "classifier_proj_size": 6}
SPEAKERS = {"tdnn_dim": (8,) * 5, "xvector_output_dim": 4}
QUANTIZER = {"codevector_dim": 8, "proj_codevector_dim": 8, "num_codevectors_per_group": 5}


def made(name, head="Model", norm="layer", **conf):
    """A small model of theirs, with random weights."""
    torch.manual_seed(3)
    kinds = {**SIZES, **NO_DROPOUT, "conv_bias": norm == "layer", **conf}
    config = getattr(transformers, f"{name}Config")(
        **kinds, feat_extract_norm=norm, do_stable_layer_norm=norm == "layer"
    )
    return hf_audio.randomise(getattr(transformers, name + head)(config)).eval()


def body(model):
    """The encoder of a model with a head."""
    return getattr(model, model.base_model_prefix, model)


@torch.no_grad()
def same_features(model, kind):
    converted = CONVERT[kind](as_checkpoint(model))
    ours = build_converted(converted)
    speech, lengths = noise((7, 7))
    wave = torch.nn.functional.pad(speech, (0, 80))
    expected = body(model)(wave).last_hidden_state
    assert torch.allclose(features_of(ours, speech, lengths)[0], expected, atol=1e-5, rtol=1e-5)
    return converted


@pytest.mark.parametrize("name", ["UniSpeech", "UniSpeechSat"])
@pytest.mark.parametrize("head", ["Model", "ForPreTraining", "ForCTC", "ForSequenceClassification"])
def test_unispeech_has_the_encoder_of_wav2vec2(name, head):
    converted = same_features(made(name, head, **HEADS, **QUANTIZER), "wav2vec2")
    assert "UniSpeech has the encoder of wav2vec 2.0; its own heads are left out" in converted.notes
    assert "mask_emb" not in converted.report.fresh
    assert "quantizer.vars" in converted.report.fresh


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("Wav2Vec2", "ForSequenceClassification"),
        ("Wav2Vec2", "ForAudioFrameClassification"),
        ("Wav2Vec2", "ForXVector"),
        ("Hubert", "ForSequenceClassification"),
        ("Hubert", "ForCTC"),
    ],
)
def test_heads_with_weights_of_the_layers_are_dropped_by_name(name, head):
    speakers = SPEAKERS if head == "ForXVector" else {}
    model = made(name, head, **HEADS, **speakers)
    converted = same_features(model, name.lower())
    dropped = dict(converted.report.dropped)
    assert set(dropped.values()) == {"head of a model that was trained further"}
    assert ("layer_weights" in dropped) == (head != "ForCTC")
    names = {name for name in model.state_dict() if not name.startswith(model.base_model_prefix)}
    assert dropped.keys() == names


@pytest.mark.parametrize("name", ["Wav2Vec2", "Hubert"])
def test_group_norm_with_biases(name):
    model = made(name, norm="group", conv_bias=True)
    assert model.feature_extractor.conv_layers[6].conv.bias.abs().sum() > 0
    converted = same_features(model, name.lower())
    assert converted.model_conf["audio_frontend_conf"]["biases"] is True
    without = same_features(made(name, norm="group"), name.lower())
    assert "biases" not in without.model_conf["audio_frontend_conf"]


OTHERS = {
    "WavLM": "WavLM, which cannot be converted: its attention has gated relative positions",
    "Data2VecAudio": "data2vec, which cannot be converted: several convolutions",
    "Wav2Vec2Conformer": "wav2vec2-conformer, which cannot be converted: its layers are Conformer",
    "SEW": "SEW, which cannot be converted: it makes the frames fewer",
}


@pytest.fixture(scope="module", params=OTHERS)
def other(request):
    sizes = {"Data2VecAudio": {"num_conv_pos_embeddings": 3}, "SEW": {"conv_dim": (8,) * 13}}
    return OTHERS[request.param], made(request.param, **sizes.get(request.param, {}))


@pytest.mark.parametrize("family", CONVERT)
def test_other_models_are_named_by_configuration_or_weights(other, family):
    message, model = other
    for checkpoint in (as_checkpoint(model), as_checkpoint(model, config={})):
        with pytest.raises(CheckpointError, match=f"their_model: is a checkpoint of {message}"):
            CONVERT[family](checkpoint)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["encoder.layers.0.self_attn.grep_a"], "WavLM"),
        (["encoder.pos_conv.0.0.weight"], "data2vec"),
        (["encoder.pos_conv.4.0.bias"], "data2vec"),
        (["encoder.layers.0.conv_module.depthwise_conv.weight"], "wav2vec2-conformer"),
        (["w2v_encoder.w2v_model.mask_emb"], "fairseq's recogniser, .* take that file, or Hugging"),
    ],
)
def test_other_models_of_fairseq(names, message, tmp_path):
    weights = dict.fromkeys(names, torch.zeros(1))
    checkpoint = ForeignCheckpoint(tmp_path / "m.pt", "fairseq", weights)
    with pytest.raises(CheckpointError, match=f"is a checkpoint of {message}"):
        checkpoint.check_family("wav2vec2")


def test_types_that_nobody_knows_and_those_that_are_ours():
    assert unlike_ours({"model_type": "w2v-3"}, []).startswith("a checkpoint of model_type w2v-3,")
    for model in (made("Wav2Vec2"), made("Hubert"), made("UniSpeech"), made("UniSpeechSat")):
        assert unlike_ours(model.config.to_dict(), model.state_dict()) is None
    assert unlike_ours({}, ["encoder.pos_conv.0.weight_g", "encoder.w2v_model.x"]) is None


@pytest.fixture
def folder(tmp_path):
    made("Wav2Vec2").save_pretrained(tmp_path / "hf")
    return tmp_path / "hf"


def write(folder, name, content):
    (folder / name).write_text(json.dumps(content))


def normalises(folder):
    converted = CONVERT["wav2vec2"](read_foreign_checkpoint(folder))
    told = not any("nothing says whether waves" in note for note in converted.notes)
    return told, converted.model_conf["audio_frontend_conf"]["normalise_wave"]


@pytest.mark.parametrize("do_normalize", [True, False])
@pytest.mark.parametrize("of_the_file", [False, True])
def test_processors_of_every_age(folder, do_normalize, of_the_file):
    source = folder / "model.safetensors" if of_the_file else folder
    assert normalises(source) == (False, True)
    flat, other = {"do_normalize": do_normalize, "sampling_rate": 16000}, not do_normalize
    write(folder, "preprocessor_config.json", flat)
    assert normalises(source) == (True, do_normalize)
    # Without the part it is the file of a processor of version 4.
    write(folder, "processor_config.json", {"processor_class": "Wav2Vec2Processor"})
    assert normalises(source) == (True, do_normalize)
    for part in ("feature_extractor", "audio_processor"):
        write(folder, "preprocessor_config.json", {"do_normalize": other})
        write(folder, "processor_config.json", {"tokenizer": {"do_normalize": other}, part: flat})
        assert normalises(source) == (True, do_normalize)


def test_what_transformers_itself_writes(folder):
    extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=False)
    write(folder, "vocab.json", {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "|": 4, "a": 5})
    tokenizer = transformers.Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    transformers.Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    assert normalises(folder) == (True, False)


@pytest.mark.parametrize("rate", [8000, 44100, "16000", 16000.5])
@pytest.mark.parametrize("nested", [True, False])
def test_sound_of_another_rate(folder, rate, nested):
    content = {"do_normalize": True, "sampling_rate": rate}
    name = "processor_config.json" if nested else "preprocessor_config.json"
    write(folder, name, {"feature_extractor": content} if nested else content)
    with pytest.raises(
        CheckpointError, match=f"trained on sound of {rate} Hz, here sound is 16000"
    ):
        normalises(folder)


@pytest.mark.parametrize("value", ["false", 0, [True], {}])
def test_flags_that_are_none(folder, value):
    write(folder, "preprocessor_config.json", {"do_normalize": value})
    with pytest.raises(CheckpointError, match="where true or false is expected, whether waves are"):
        normalises(folder)


def test_sound_of_another_rate_in_fairseq(tmp_path):
    weights = fairseq_shape.from_hf(made("Wav2Vec2").state_dict(), False)
    for rate in (8000, 16000):
        config = {"task": {"sample_rate": rate, "normalize": False}}
        checkpoint = ForeignCheckpoint(tmp_path / "m.pt", "fairseq", weights, config)
        if rate == 16000:
            conf = CONVERT["wav2vec2"](checkpoint).model_conf["audio_frontend_conf"]
            assert conf["normalise_wave"] is False
            continue
        with pytest.raises(CheckpointError, match="trained on sound of 8000 Hz, here sound is"):
            CONVERT["wav2vec2"](checkpoint)


@pytest.mark.parametrize("groups", ["2", 3, -1, 2.0, [2]])
def test_groups_that_the_codebook_cannot_have(groups):
    model = made("Wav2Vec2", "ForPreTraining", **QUANTIZER)
    config = {**model.config.to_dict(), "num_codevector_groups": groups}
    with pytest.raises(CheckpointError, match=r"its 10 codebook vectors cannot be in .* groups"):
        CONVERT["wav2vec2"](as_checkpoint(model, config=config))
