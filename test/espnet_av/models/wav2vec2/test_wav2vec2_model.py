"""wav2vec 2.0: the parts of its loss against loops, temperature, statistics, and that it learns."""

import pytest
import torch
from oracles import masked_audio
from oracles.contrastive import loop_contrastive, loop_perplexity
from oracles.masked_audio import batch

from espnet_av.models.wav2vec2.model import NEGATIVES, STATS
from espnet_av.ops.contrastive import draw_negatives


def test_loss_is_that_of_loops():
    model, data = masked_audio.model("wav2vec2").eval(), batch()
    loss, stats, weight = model(**data)
    assert tuple(stats) == tuple(STATS)
    encoded = model.encode_masked(data["speech"], data["speech_lengths"], data["utt_id"])
    noise = model.step_noise(encoded.hidden.device, data["utt_id"])
    negatives = draw_negatives(
        encoded.mask, noise.frames(NEGATIVES, encoded.conv.lengths, encoded.mask.size(1), 5)
    )
    logits = model.quantizer.weight_proj(encoded.conv.normed).unflatten(2, (2, 3))
    best = logits.argmax(dim=3)
    entries = model.quantizer.vars.view(2, 3, 3)
    vectors = torch.cat([entries[group][best[:, :, group]] for group in range(2)], dim=2)
    ids = best[:, :, 0] * 3 + best[:, :, 1]
    contrastive, correct = loop_contrastive(
        model.final_proj(encoded.hidden),
        model.project_q(vectors),
        ids,
        negatives,
        encoded.mask,
        0.1,
    )
    count = encoded.mask.sum().item()
    distributions = logits.softmax(dim=3)[encoded.mask]
    used = sum(loop_perplexity(distributions[:, group].tolist()) for group in range(2))
    assert weight.item() == count
    assert stats["loss_contrastive"].item() == pytest.approx(contrastive / count, rel=1e-4)
    assert stats["acc"].item() == pytest.approx(correct / count)
    assert stats["prob_perplexity"].item() == pytest.approx(used, rel=1e-4)
    assert stats["loss_diversity"].item() == pytest.approx(1 - used / 6, abs=1e-4)
    raw = torch.cat([encoded.conv.raw[b, :n].flatten() for b, n in enumerate((24, 18, 10))])
    penalty = raw.square().mean().item()
    assert stats["features_penalty"].item() == pytest.approx(penalty, rel=1e-4)
    expected = contrastive / count + 0.1 * (1 - used / 6) + 10.0 * penalty
    assert loss.item() == pytest.approx(expected, rel=1e-4)


def test_temperature_is_reported():
    model = masked_audio.model("wav2vec2")
    model.set_update(1000)
    stats = model(**batch())[1]
    assert stats["temperature"].item() == pytest.approx(2.0 * 0.999995**1000)


def test_it_learns_to_tell_frames_apart():
    times = torch.arange(640 * 10) / 16000
    data = batch((10, 10, 10))
    sweep = torch.linspace(100, 2500, 6400)
    data["speech"] = torch.stack([torch.sin(2 * torch.pi * sweep * times * k) for k in (1, 2, 3)])
    sizes = {"feature_size": 32, "projection_size": 16, "audio_frontend_conf": {"channels": 24}}
    sizes["encoder_conf"] = {**masked_audio.ENCODER, "num_layers": 1}
    model = masked_audio.model("wav2vec2", features_penalty=0.0, **sizes)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    shares = []
    for step in range(120):
        model.set_step(step, 0, 0)
        loss, stats, _ = model(**data)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        shares.append(stats["acc"].item())
    # Not the loss: it is small at first, while most frames share a code and few are negatives.
    assert sum(shares[-20:]) / 20 > 0.75
    assert stats["prob_perplexity"].item() > 3.0
