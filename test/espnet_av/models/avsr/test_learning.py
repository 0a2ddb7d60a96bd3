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
    # Most need 40 steps; how kernels round decides whether a token takes some more.
    for _ in range(10):
        errors, correct = learn(model, batch, optimizer, num_steps=20)
        if errors == 0.0 and correct == 1.0:
            return
    pytest.fail(f"after 200 steps {errors:.0%} of the CTC's tokens are wrong, {correct:.0%} right")


def learn(model, batch, optimizer, num_steps):
    """CTC's error rate and the decoder's accuracy after more steps."""
    model.train()
    for _ in range(num_steps):
        loss, _, _ = model(**batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        stats = model.eval()(**batch)[1]
    return float(stats["cer_ctc"]), float(stats["acc"])
