"""The recogniser learns a batch of noise by heart from either modality and from both."""

import pytest
import torch
from oracles import av_batch


@pytest.mark.parametrize("absent", ["video", "speech", None])
def test_learns_a_batch_by_heart(absent):
    model = av_batch.model(visual_frontend_conf={"width": 4, "image_pool": 2}, units_weight=0.0)
    batch = av_batch.batch((12, 12, 10, 8))
    if absent:
        batch[absent] = batch[f"{absent}_lengths"] = None
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(60):
        loss, _, _ = model(**batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        optimizer.zero_grad()
    stats = model.eval()(**batch)[1]
    assert float(stats["cer_ctc"]) == 0.0
    assert float(stats["acc"]) == 1.0
