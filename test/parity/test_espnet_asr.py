"""A recogniser that ESPnet trained gives the same logits here, alone and with lips at step 0."""

import pytest
import torch
from oracles import espnet_asr

from espnet_av.bin.convert import main
from espnet_av.config import load_config
from espnet_av.train.config import TrainConfig
from espnet_av.train.initialisation import initialise
from espnet_av.train.loading import build_model, load_experiment

# A quarter, a sixth and an eighth of the windows.
KINDS = {
    "attention": {
        "encoder_conf": {**espnet_asr.ENCODER, "interctc_layer_idx": [1]},
        "model_conf": {"ctc_weight": 0.3, "lsm_weight": 0.1, "interctc_weight": 0.5},
        "specaug": "specaug",
        "specaug_conf": {"apply_time_warp": False, "time_mask_width_range": [0, 20]},
    },
    "ctc": {
        "normalize": "utterance_mvn",
        "frontend_conf": {**espnet_asr.FRONTEND, "hop_length": 160, "n_fft": 400},
        "encoder": "e_branchformer",
        "encoder_conf": {
            "output_size": 16,
            "attention_heads": 2,
            "num_blocks": 2,
            "cgmlp_linear_units": 16,
            "cgmlp_conv_kernel": 7,
            "input_layer": "conv2d6",
        },
        "model_conf": {"ctc_weight": 1.0},
    },
    # Not trained: ESPnet's loss for it cannot be installed from pip. Weights are random.
    "transducer": {
        "encoder_conf": {**espnet_asr.ENCODER, "input_layer": "conv2d8"},
        "decoder": "transducer",
        "decoder_conf": {"num_layers": 2, "hidden_size": 12, "dropout": 0.2},
        "joint_net_conf": {"joint_space_size": 14},
        "model_conf": {"ctc_weight": 0.3},
    },
}


@pytest.fixture(scope="module", params=KINDS)
def both(request, tmp_path_factory):
    """(Kind, ESPnet's model, folder of ours that the command made of it)."""
    folder = tmp_path_factory.mktemp(request.param)
    steps = 0 if request.param == "transducer" else 3
    theirs = espnet_asr.make(folder, steps, **KINDS[request.param])
    main(["--family", "espnet_asr", str(folder / "exp/asr"), str(folder / "ours")])
    return request.param, theirs, folder / "ours"


@torch.no_grad()
def test_every_logit_is_espnets(both):
    kind, theirs, folder = both
    ours, _, tokenizer = load_experiment(folder)
    assert tokenizer.vocab_size == len(espnet_asr.TOKENS)
    speech, lengths = espnet_asr.sounds(seed=1)
    encoded = ours.encode(speech, lengths, None, None)
    for row, length in enumerate(lengths.tolist()):
        # One at a time, as ESPnet decodes; in a batch its own results depend on the padding.
        alone = speech[row : row + 1, :length], lengths[row : row + 1]
        expected, frames = theirs.encode(*alone)
        expected = expected[0] if isinstance(expected, tuple) else expected
        assert int(encoded.lengths[row]) == int(frames)
        found = encoded.out[row : row + 1, : int(frames)]
        assert torch.allclose(found, expected, atol=1e-5)
        one = ours.encode(*alone, None, None).out
        assert torch.equal(one, expected)
        assert torch.allclose(ours.ctc.ctc_lo(found), theirs.ctc.ctc_lo(expected), atol=1e-5)
        text = espnet_asr.texts()[0][row : row + 1]
        text = text[text >= 0][None]
        logits = text_logits(kind, ours, found, text)
        assert torch.allclose(logits, espnet_logits(kind, theirs, expected, text), atol=1e-5)


def text_logits(kind, model, encoded, text):
    """Logits of our decoder or joiner for a text."""
    if kind == "transducer":
        frames = model.joiner.project_encoder(encoded).unsqueeze(2)
        return model.joiner(
            frames, model.joiner.project_predictor(model.predictor(text)).unsqueeze(1)
        )
    return attention_logits(model, encoded, text)


def espnet_logits(kind, model, encoded, text):
    """The same of ESPnet's."""
    if kind == "transducer":
        model.decoder.set_device(encoded.device)
        predicted = model.decoder(torch.nn.functional.pad(text, (1, 0), value=0))
        return model.joint_network(encoded.unsqueeze(2), predicted.unsqueeze(1))
    return attention_logits(model, encoded, text)


def attention_logits(model, encoded, text):
    """Of ESPnet's decoder class, in either model; without a decoder nothing is compared."""
    if model.decoder is None:
        return torch.zeros(1)
    given = torch.nn.functional.pad(text, (1, 0), value=model.sos)
    lengths = torch.tensor([encoded.size(1)]), torch.tensor([given.size(1)])
    return model.decoder(encoded, lengths[0], given, lengths[1])[0]


@torch.no_grad()
def test_with_lips_it_starts_there(both):
    kind, _, folder = both
    heard, _, tokenizer = load_experiment(folder)
    changes = [f"init_param=[{folder}]", "model_conf.visual_frontend_conf={width: 2}"]
    config = load_config(TrainConfig, folder / "train_av.yaml", changes)
    torch.manual_seed(3)
    seen = build_model(config, tokenizer)
    initialise(seen, config.init_param, config.ignore_init_mismatch)
    seen.eval()
    assert seen.config.visual_frontend == "resnet"
    speech, lengths = espnet_asr.sounds(seed=1)
    frames = lengths // 640
    video = torch.randint(0, 256, (3, int(frames.max()), 24, 24), dtype=torch.uint8)
    before = heard.encode(speech, lengths, None, None)
    after = seen.encode(speech, lengths, video, frames)
    assert torch.equal(after.lengths, before.lengths)
    assert after.fused.streams["visual"].abs().sum() > 0
    inside = torch.arange(int(before.lengths.max())) < before.lengths[:, None]
    assert torch.equal(after.out[inside], before.out[inside])
    assert seen.feature_rate == heard.feature_rate
    text = torch.tensor([[2, 5]])
    row = before.out[:1, : int(before.lengths[0])]
    assert torch.equal(text_logits(kind, seen, row, text), text_logits(kind, heard, row, text))
    # Lips alone still have the frames of the sound, and can be trained.
    deaf = seen.encode(None, None, video, frames)
    assert (deaf.lengths - before.lengths).abs().max() <= 1


def test_the_report_accounts_for_every_weight(both):
    kind, theirs, folder = both
    report = (folder / "conversion.txt").read_text()
    names = set(theirs.state_dict()) - {"joint_network.lin_dec.bias"}
    assert f"{len(names)} used, 0 dropped, 0 fresh, 0 unused, 0 missing" in report
    assert all(f"used: {name} -> " in report for name in names)
    assert ("lin_dec.bias is added" in report) == (kind == "transducer")


def test_one_utterance_with_old_positions(tmp_path):
    """ESPnet's default until 2021; its positions depend on the length of the batch."""
    legacy = {**espnet_asr.ENCODER, "rel_pos_type": "legacy", "normalize_before": False}
    theirs = espnet_asr.make(tmp_path, 1, encoder_conf=legacy, model_conf={"ctc_weight": 1.0})
    main(["--family", "espnet_asr", str(tmp_path / "exp/asr"), str(tmp_path / "ours")])
    assert "rel_pos_type: legacy" in (tmp_path / "ours/conversion.txt").read_text()
    ours, _, _ = load_experiment(tmp_path / "ours")
    speech, lengths = espnet_asr.sounds()
    with torch.no_grad():
        alone = speech[1:2, : int(lengths[1])], lengths[1:2]
        assert torch.equal(ours.encode(*alone, None, None).out, theirs.encode(*alone)[0])
