"""Decoder input and target equal ESPnet's."""

import torch

from espnet_av.compat import add_sos_eos
from espnet_av.ops.sentence_ends import add_sentence_ends


def test_equals_espnet():
    text = torch.tensor([[3, 4, 5], [6, -1, -1], [-1, -1, -1]])
    got = add_sentence_ends(text, torch.tensor([3, 1, 0]), 9)
    expected = add_sos_eos(text, 9, 9, -1)
    assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))
