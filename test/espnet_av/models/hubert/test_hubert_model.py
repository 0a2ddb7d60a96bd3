"""HuBERT: its loss against a loop over frames, its statistics, and that it learns."""

import math

import pytest
import torch
from oracles import masked_audio
from oracles.masked_audio import batch

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.models.abs_model import NO_SIZES
from espnet_av.models.hubert import HubertModel
from espnet_av.models.hubert.model import STATS


@pytest.mark.parametrize("unmasked_weight", [0.0, 0.5])
def test_loss_is_that_of_a_loop(unmasked_weight):
    model = masked_audio.model("hubert", unmasked_weight=unmasked_weight, features_penalty=2.0)
    model.eval()
    data = batch()
    data["units"][0, 3:6] = -1
    loss, stats, weight = model(**data)
    encoded = model.encode_masked(data["speech"], data["speech_lengths"], data["utt_id"])
    sums, counts, hits = [0.0, 0.0], [0, 0], [0, 0]
    projected = model.units_head.final_proj(encoded.hidden)
    for b, length in enumerate((24, 18, 10)):
        for t in range(length):
            label = int(data["units"][b, t])
            if label < 0:
                continue
            logits = [
                torch.cosine_similarity(projected[b, t], unit, dim=0).item() / 0.1
                for unit in model.units_head.label_embs
            ]
            kind = 0 if encoded.mask[b, t] else 1
            sums[kind] += math.log(sum(map(math.exp, logits))) - logits[label]
            counts[kind] += 1
            hits[kind] += logits[label] == max(logits)
    used = counts[0] + (counts[1] if unmasked_weight else 0)
    expected = (sums[0] + unmasked_weight * sums[1]) / used + 2.0 * encoded.penalty.item()
    assert loss.item() == pytest.approx(expected, rel=1e-4)
    assert weight.item() == used
    assert stats["acc_masked"].item() == pytest.approx(hits[0] / counts[0])
    assert stats["acc_unmasked"].item() == pytest.approx(hits[1] / counts[1])
    assert stats["masked"].item() == pytest.approx(encoded.mask.sum().item() / 52)
    assert tuple(stats) == tuple(STATS)


def test_units_are_needed():
    with pytest.raises(ConfigError, match=r"hubert predicts units.*--units_dir"):
        HubertModel.from_config(masked_audio.hubert_config(), NO_SIZES)
    data = batch()
    del data["units"]
    with pytest.raises(DataDirError, match="no units"):
        masked_audio.model("hubert")(**data)


def test_it_learns_units_from_their_surroundings():
    """Utterances of one pitch each: the visible frames tell the unit of the masked ones."""
    times = torch.arange(640 * 10) / 16000
    pitches = torch.tensor([200.0, 700.0, 1900.0])
    data = batch((10, 10, 10))
    data["speech"] = torch.sin(2 * torch.pi * pitches[:, None] * times)
    data["units"] = torch.arange(3)[:, None].expand(3, 20).clone()
    model = masked_audio.model("hubert", features_penalty=0.0, feature_size=16)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    history = []
    for step in range(40):
        model.set_step(step, 0, 0)
        loss, stats, _ = model(**data)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(stats["acc_masked"].item())
    assert max(history[:2]) < 0.8
    assert min(history[-5:]) > 0.9
