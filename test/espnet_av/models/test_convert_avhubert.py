"""AV-HuBERT in from fairseq, pre-trained and fine-tuned, and its eyes for XLAVS-R."""

import pytest
import torch
from oracles import avhubert, fairseq_shape, hf_audio
from oracles.avhubert_fairseq import CONFIG, DECODER, MODEL, finetuned, pretrained
from oracles.layer_features import features_of
from transformers import Wav2Vec2Model

from espnet_av.config import build
from espnet_av.errors import CheckpointError
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avhubert.convert import convert
from espnet_av.models.avhubert.start_xlavsr import start_xlavsr
from espnet_av.models.avsr.convert import convert as convert_finetuned
from espnet_av.models.avsr.convert import token_order
from espnet_av.models.conversion.foreign_checkpoint import (
    ForeignCheckpoint,
    read_foreign_checkpoint,
)
from espnet_av.models.conversion.unit_rows import UNKNOWN, find_unit_rows


@pytest.mark.parametrize("masking", ["input", "feature"])
@pytest.mark.parametrize("kind", ["namespace", "dict"])
def test_pretrained(masking, kind, tmp_path):
    ours, path, _ = pretrained(
        tmp_path / "av.pt", model=avhubert.model(masking=masking).eval(), kind=kind
    )
    got = convert(read_foreign_checkpoint(path))
    state = ours.state_dict()
    assert got.weights.keys() == state.keys()
    assert all(torch.equal(got.weights[name], state[name]) for name in state)
    assert got.num_units == avhubert.NUM_UNITS
    assert got.model_conf["masking"] == masking
    assert got.model_conf["modality_dropout"] == {"drop_prob": 0.5, "audio_given_drop": 0.25}
    assert got.model_conf["video_mask"] == {"start_prob": pytest.approx(0.06), "span": 5}
    assert got.model_conf["unmasked_weight"] == 1.0
    model, data = hf_audio.build_converted(got), avhubert.batch()
    inputs = [data[name] for name in ("speech", "speech_lengths", "video", "video_lengths")]
    with torch.no_grad():
        assert torch.equal(features_of(model, *inputs)[0], features_of(ours, *inputs)[0])


def test_units_go_by_the_dictionary(tmp_path):
    """Rows in another order; a symbol that is no unit; unit 0 left out, so trained as <unk>."""
    symbols = ["3", "1", "2", "madeup", "6", "5", "4"]
    ours, path, rows = pretrained(tmp_path / "av.pt", symbols)
    got = convert(read_foreign_checkpoint(path), num_units=7)
    found, units = got.weights["units_head.label_embs"], ours.units_head.label_embs
    assert torch.equal(found[1:], units[1:])
    assert torch.equal(found[0], rows[UNKNOWN])
    assert "lacks 1 units (0), which were trained as <unk>" in " ".join(got.notes)
    with pytest.raises(CheckpointError, match="has units 0 to 6, not 8"):
        convert(read_foreign_checkpoint(path), num_units=8)


def test_a_unit_of_more_digits_than_python_reads(tmp_path):
    symbols = ("<s>", "<pad>", "</s>", "<unk>", "0", "9" * 5000)
    weights = {"label_embs_concat": torch.zeros(6, 2)}
    checkpoint = ForeignCheckpoint(tmp_path / "av.pt", "fairseq", weights, unit_symbols=symbols)
    with pytest.raises(CheckpointError, match=r"6 symbols up to unit 9+, but 6 rows"):
        find_unit_rows(checkpoint, None)


@pytest.mark.parametrize(
    ("num_rows", "asked", "first", "count"),
    [(2004, None, 4, 2000), (2003, None, UNKNOWN, 2000), (11, None, 4, 7), (11, 8, UNKNOWN, 8)],
)
def test_rows_without_a_dictionary(num_rows, asked, first, count, tmp_path):
    _, path, _ = pretrained(tmp_path / "av.pt", [str(i) for i in range(7)], task={})
    checkpoint = read_foreign_checkpoint(path)
    rows = torch.randn(num_rows, 5)
    checkpoint.weights["label_embs_concat"] = rows
    got = convert(checkpoint, num_units=asked)
    assert got.num_units == count
    assert torch.equal(got.weights["units_head.label_embs"][0], rows[first])
    assert torch.equal(got.weights["units_head.label_embs"][-1], rows[-1])
    with pytest.raises(CheckpointError, match=f"{num_rows} rows of vectors are"):
        convert(checkpoint, num_units=count + 5)


def test_checkpoints_of_another_kind_are_refused(tmp_path):
    _, path, _ = pretrained(tmp_path / "av.pt")
    checkpoint = read_foreign_checkpoint(path)
    with pytest.raises(CheckpointError, match="of avhubert, not of avhubert_finetuned"):
        convert_finetuned(checkpoint)
    half = {k: v for k, v in checkpoint.weights.items() if "trunk.layer3.1.conv" not in k}
    checkpoint.weights.clear()
    checkpoint.weights.update(half)
    with pytest.raises(CheckpointError, match=r"missing: frontend\.visual\.trunk\.2\.1\.conv1"):
        convert(checkpoint)
    config = {**CONFIG, "model": {**MODEL, "modality_fuse": "add"}}
    path = fairseq_shape.save(tmp_path / "add.pt", half, config)
    with pytest.raises(CheckpointError, match="modality_fuse: add, but our model has concat"):
        convert(read_foreign_checkpoint(path))


def test_finetuned(tmp_path):
    ours, path = finetuned(tmp_path / "ft.pt")
    got = convert_finetuned(read_foreign_checkpoint(path))
    state = ours.state_dict()
    assert got.weights.keys() == state.keys()
    assert all(torch.equal(got.weights[name], state[name]) for name in state)
    assert [name for name, _ in got.report.dropped] == ["decoder.embed_positions._float_tensor"]
    config_class, model_class = MODELS["avsr"]
    model = model_class.from_config(build(config_class, got.model_conf), Sizes(vocab=7))
    model.load_state_dict(got.weights)
    assert model.decoder.output_layer.weight is model.decoder.embed[0].weight
    assert got.model_conf["encoder_conf"]["layerdrop"] == 0.1
    assert got.model_conf["encoder_conf"]["attention_heads"] == 2
    assert torch.equal(logits_of(model.eval()), logits_of(ours))


def logits_of(model):
    """Output of the decoder for three tokens after the sound of a batch."""
    data = avhubert.batch()
    with torch.no_grad():
        encoded = model.encode(data["speech"], data["speech_lengths"], None, None)
        tokens, lengths = torch.tensor([[6, 2, 3]] * 3), torch.tensor([3] * 3)
        return model.decoder(encoded.out, encoded.lengths, tokens, lengths)[0]


def test_tokens_are_in_our_order():
    assert token_order(8) == [1, 3, 4, 5, 6, 7, 2]


def test_untied_decoders_are_refused(tmp_path):
    model = {**DECODER, "share_decoder_input_output_embed": False, "w2v_args": CONFIG}
    _, path = finetuned(tmp_path / "ft.pt", {"model": model})
    with pytest.raises(CheckpointError, match="share_decoder_input_output_embed: False"):
        convert_finetuned(read_foreign_checkpoint(path))


def test_weights_alone_of_a_recogniser(tmp_path):
    _, path = finetuned(tmp_path / "ft.pt", {})
    got = convert_finetuned(read_foreign_checkpoint(path))
    assert " ".join(got.notes).count("assumed") == 3


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("tuned", [True, False])
def test_xlavsr_takes_the_eyes_of_avhubert(size, tuned, tmp_path):
    """The projection is taken where its size fits."""
    make = finetuned if tuned else pretrained
    ours, path, *_ = make(tmp_path / "av.pt")
    sizes = {"hidden_size": size, "num_hidden_layers": 1}
    config = hf_audio.their_config("wav2vec2", "layer", True)
    config.update(sizes)
    audio = hf_audio.as_checkpoint(Wav2Vec2Model(config))
    got = start_xlavsr(audio, visual=read_foreign_checkpoint(path), num_units=9)
    eyes = {k: v for k, v in ours.state_dict().items() if k.startswith("frontend.visual.")}
    for name, value in eyes.items():
        if size == 8 or ".project." not in name:
            assert torch.equal(got.weights[name], value), name
    fresh = {name for name in got.report.fresh if ".visual." in name}
    project = {f"frontend.visual.project.{p}" for p in ("weight", "bias")}
    assert fresh == (set() if size == 8 else project)
    assert len(got.report.dropped) == (0 if size == 8 else 2)
    hf_audio.build_converted(got)
