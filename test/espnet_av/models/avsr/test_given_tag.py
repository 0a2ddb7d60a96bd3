"""Targets in several languages in one batch: the tag is told, and costs nothing."""

from __future__ import annotations

import pytest
import torch
from oracles import av_batch

from espnet_av.errors import ConfigError

QUIET = {"ctc_weight": 0.0, "interctc_layers": [], "units_weight": 0.0}


def loss_of(model, text):
    batch = {**av_batch.batch(), "text": torch.tensor(text)}
    return model(**batch)


def test_the_tag_is_outside_the_loss_but_heard():
    model = av_batch.model(tag_is_given=True, lsm_weight=0.3, **QUIET).eval()
    text = [[7, 3, 2], [8, 1, 4], [7, 5, 5]]
    loss, stats, _ = loss_of(model, text)
    weights = model.decoder.embed[0].weight
    with torch.no_grad():
        model.decoder.output_layer.bias[[7, 8]] += 5.0
    changed = loss_of(model, text)[0].item()
    assert changed != pytest.approx(loss.item(), rel=1e-3), "they are wrong in the other places"
    # Written out: of each text its tokens but the first, and the end.
    with torch.no_grad():
        model.decoder.output_layer.bias[[7, 8]] -= 5.0
        encoded = model.encode(
            *(av_batch.batch()[k] for k in ("speech", "speech_lengths")),
            *(av_batch.batch()[k] for k in ("video", "video_lengths")),
        )
        given = torch.tensor([[11, *row] for row in text])
        logits, _ = model.decoder(encoded.out, encoded.lengths, given, torch.tensor([4, 4, 4]))
    logs, size, total = logits.log_softmax(2), 12, 0.0
    for row, tokens in enumerate(text):
        for place, token in enumerate([*tokens, 11]):
            if place:
                target = torch.full((size,), 0.3 / (size - 1))
                target[token] = 0.7
                total += float((target * (target.log() - logs[row, place])).sum())
    assert loss.item() == pytest.approx(total / 3, rel=1e-4)
    assert stats["acc"].item() * 9 == pytest.approx(round(stats["acc"].item() * 9), abs=1e-4)
    # The tag in front decides what comes behind it.
    other = loss_of(model, [[8, 3, 2], [7, 1, 4], [8, 5, 5]])[0].item()
    assert other != pytest.approx(loss.item(), rel=1e-4)
    assert weights.grad is None


def test_a_batch_of_several_targets_is_the_sum_of_its_parts():
    model = av_batch.model(tag_is_given=True, **QUIET).eval()
    text = [[7, 3, 2], [8, 1, 4], [9, 5, 5]]
    whole = loss_of(model, text)[0].item()
    batch, parts = av_batch.batch(), []
    for row, num_frames in enumerate((9, 6, 4)):
        part = {key: value[row : row + 1] for key, value in batch.items()}
        part["speech"] = part["speech"][:, : num_frames * 640]
        part["video"] = part["video"][:, :num_frames]
        parts.append(model(**{**part, "text": torch.tensor(text[row : row + 1])})[0].item())
    assert whole == pytest.approx(sum(parts) / 3, rel=1e-4)


def test_it_needs_attention():
    with pytest.raises(ConfigError, match="tag_is_given is for attention, and decoder is none"):
        av_batch.config(decoder="none", ctc_weight=1.0, tag_is_given=True)
