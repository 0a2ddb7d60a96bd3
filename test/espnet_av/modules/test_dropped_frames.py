"""A Conformer over the frames that are left: each keeps its own time, padding has no influence."""

import torch
from oracles.av_mae import CONFORMER

from espnet_av.modules.dropped_frames import encode_kept
from espnet_av.modules.encoder import build_encoder


def encoder():
    torch.manual_seed(0)
    return build_encoder("conformer", 8, CONFORMER, []).eval()


def test_nothing_hidden_is_as_without():
    frames, lengths = torch.randn(2, 9, 8), torch.tensor([9, 5])
    made = encoder()
    found = encode_kept(made, frames, lengths, torch.zeros(2, 9, dtype=torch.bool))
    whole = made(frames, lengths)[0]
    for row, length in enumerate(lengths.tolist()):
        assert torch.allclose(found[row, :length], whole[row, :length], atol=1e-6)
        assert not found[row, length:].any()
    assert torch.equal(made(frames, lengths)[0], whole), "no trace is left in the encoder"


def test_what_is_left_has_its_own_time_and_what_is_hidden_has_no_influence():
    frames, lengths, made = torch.randn(1, 9, 8), torch.tensor([9]), encoder()
    masked = torch.tensor([[0, 1, 1, 0, 1, 0, 0, 1, 0]], dtype=torch.bool)
    found = encode_kept(made, frames, lengths, masked)
    assert not found[masked].any() and found[~masked].any(dim=1).all()
    changed = torch.where(masked.unsqueeze(2), 7.0, frames)
    assert torch.equal(encode_kept(made, changed, lengths, masked), found)
    # Linear, norm, then the positions of the times; what follows is ESPnet's.
    linear, norm, _, positions = made.embed
    placed = norm(linear(frames)) * positions.xscale + positions.pe[:, :9]
    hidden = made.encoders(placed[:, ~masked[0]], torch.ones(1, 1, 5, dtype=torch.bool))[0]
    assert torch.allclose(found[~masked], made.after_norm(hidden)[0], atol=1e-6)
    # Elsewhere in time they are other frames.
    later = torch.cat([frames[:, 2:], torch.zeros(1, 2, 8)], dim=1)
    other = encode_kept(made, later, torch.tensor([7]), masked[:, 2:].logical_or(
        torch.tensor([[1, 0, 0, 0, 0, 0, 0]], dtype=torch.bool)))  # fmt: skip
    assert not torch.allclose(other[0, 1], found[0, 3], atol=1e-3)


def test_an_utterance_gives_alone_what_it_gives_in_a_batch():
    frames, lengths, made = torch.randn(2, 9, 8), torch.tensor([9, 6]), encoder()
    masked = torch.rand(2, 9) < 0.5
    masked[1, 6:] = False
    masked[:, 0] = False
    found = encode_kept(made, frames, lengths, masked)
    alone = encode_kept(made, frames[1:, :6], lengths[1:], masked[1:, :6])
    assert torch.allclose(found[1, :6], alone[0], atol=1e-6)
