"""Grounding learns which tone goes with which image, from its first weights on."""

import torch
from oracles import vgs

from espnet_av.models.abs_model import Sizes
from espnet_av.models.vgs import VGSModel
from espnet_av.modules.bert_layer import BertConfig
from espnet_av.modules.resdavenet import ResDavenetConfig

TONES = (200, 600, 1600, 4000)


def spoken(seed, frames=5):
    """The tone of each image, in noise of its own."""
    data = vgs.batch((frames,) * len(TONES), seed=seed)
    seconds = torch.arange(frames * 640) / 16000
    noise = torch.randn(len(TONES), len(seconds), generator=torch.Generator().manual_seed(seed))
    tones = torch.stack([torch.sin(2 * torch.pi * hz * seconds + seed) for hz in TONES])
    return {**data, "speech": tones + 0.1 * noise}


def test_matching_is_learned():
    torch.manual_seed(0)
    config = vgs.config(
        # Alone, and heard without masks: it is the matching that is to be seen to learn.
        alpha=1.0,
        similarity="cosine",
        matching_temperature=0.1,
        margin=0.0,
        audio_frontend_conf={"channels": 24},
        feature_size=32,
        encoder_conf={**vgs.SMALL["encoder_conf"], "num_layers": 1},
        grounding_layer=1,
        resdavenet=ResDavenetConfig(stem=16, widths=(16, 32), kernel=3),
        bert=BertConfig(
            attention_heads=2, linear_units=32, dropout_rate=0.0, attention_dropout_rate=0.0
        ),
    )
    model = VGSModel.from_config(config, Sizes(units=5))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    losses = []
    for step in range(50):
        model.set_step(step, 0, 0)
        loss, _, _ = model(**spoken(step))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    # Two directions of ln 4 are chance.
    assert losses[0] > 2.7
    assert max(losses[-5:]) < 2.2, "with weights as small as in a large model it stays there"
