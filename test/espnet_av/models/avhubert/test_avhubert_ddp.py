"""Two processes: masks of their own in training; the loss and gradient of one process."""

import socket

import pytest
import torch
import torch.multiprocessing as mp
from oracles import avhubert
from oracles.ddp_pretraining import batch_of, gradients


def joined(first, second):
    """One padded batch of two."""
    longest = max(len(first["units"][0]), len(second["units"][0]))

    def pad(value, length):
        missing = [0, 0] * (value.dim() - 2) + [0, length - value.size(1)]
        return torch.nn.functional.pad(value, missing)

    lengths = {"speech": longest * 640, "video": longest, "units": longest}
    both = {"utt_id": first["utt_id"] + second["utt_id"]}
    for key in ("speech", "video", "units"):
        both[key] = torch.cat([pad(part[key], lengths[key]) for part in (first, second)])
    for key in ("speech_lengths", "video_lengths"):
        both[key] = torch.cat([first[key], second[key]])
    return both


@pytest.mark.timeout(300)
def test_two_processes_give_the_loss_and_gradient_of_one(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(gradients, args=(port, str(tmp_path)), nprocs=2)
    ranks = [torch.load(tmp_path / f"{rank}.pth", weights_only=True) for rank in range(2)]
    assert not torch.equal(ranks[0]["masked"], ranks[1]["masked"])
    model = avhubert.model(unmasked_weight=1.0).eval()
    model.set_step(5, 0, seed=1)
    # Batch norm moved its statistics in the training step of each rank, on the same clips.
    model.train()(**avhubert.batch((30, 30)))
    loss, _, _ = model.eval()(**joined(batch_of(0), batch_of(1)))
    loss.backward()
    for rank in ranks:
        assert torch.allclose(rank["loss"], loss.detach(), rtol=1e-4)
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(
                rank["grads"][name], parameter.grad, rtol=1e-3, atol=1e-5, msg=name
            )
