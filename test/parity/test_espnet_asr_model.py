"""Losses and scores equal ESPnetASRModel's on the same features and weights."""

import pytest
import torch
from oracles import av_batch

from espnet_av import compat


def espnet_model(model, config):
    """ESPnetASRModel around the encoder, decoder and CTC of `model`, without a front end."""
    from espnet2.asr.espnet_model import ESPnetASRModel

    return ESPnetASRModel(
        vocab_size=model.vocab_size,
        token_list=["<blank>", *map(str, range(model.vocab_size - 2)), "<sos/eos>"],
        frontend=None,
        specaug=None,
        normalize=None,
        preencoder=None,
        encoder=model.encoder,
        postencoder=None,
        decoder=model.decoder,
        ctc=model.ctc,
        joint_network=None,
        ctc_weight=config.ctc_weight,
        interctc_weight=config.interctc_weight if config.interctc_layers else 0.0,
        lsm_weight=config.lsm_weight,
        report_cer=False,
        report_wer=False,
    )


@pytest.mark.parametrize("interctc_layers", [[], [1]])
@pytest.mark.parametrize("training", [True, False])
def test_losses_equal_espnets(interctc_layers, training):
    assert compat.espnet_version()
    changes = {"interctc_layers": interctc_layers, "units_weight": 0.0}
    model = av_batch.model(**changes).train(training)
    batch = av_batch.batch((9, 8, 5), tokens=4)
    batch["text"][2, 2:] = -1
    batch["text_lengths"] = torch.tensor([4, 4, 2])
    feats = model.eval().collect_feats(**batch)
    model.train(training)
    reference = espnet_model(model, model.config).train(training)
    expected, expected_stats, _ = reference(
        speech=feats["feats"],
        speech_lengths=feats["feats_lengths"],
        text=batch["text"],
        text_lengths=batch["text_lengths"],
    )
    # The front end in evaluation mode, as it was for the reference; batch norm would differ.
    model.frontend.eval()
    loss, stats, weight = model(**batch)
    assert torch.allclose(loss, expected.squeeze(), rtol=1e-5)
    for key in ("loss_ctc", "loss_att", "acc"):
        assert torch.allclose(stats[key], torch.as_tensor(expected_stats[key]), rtol=1e-5), key
    assert float(weight) == 3
    if interctc_layers:
        inner = torch.as_tensor(expected_stats["loss_interctc_layer1"])
        assert torch.allclose(stats["loss_interctc"], inner, rtol=1e-5)
