"""mBART's decoder of Hugging Face against ours, weights in through our converter's names."""

import pytest
import torch
from oracles.mbart import VOCAB_SIZE, our_decoder, our_ids, their_logits, their_model


@pytest.mark.parametrize("seed", [0, 1])
def test_logits_equal_theirs_with_padding(seed):
    theirs = their_model(seed)
    ours = our_decoder(theirs)
    torch.manual_seed(seed)
    memory, lengths = torch.randn(3, 7, 16), torch.tensor([7, 4, 1])
    tokens = torch.randint(0, VOCAB_SIZE, (3, 6))
    tokens[:, 0] = 2
    with torch.no_grad():
        expected = their_logits(theirs, memory, lengths, tokens)
        found, _ = ours(memory, lengths, our_ids(tokens), torch.full((3,), 6))
    assert torch.allclose(found[:, :, our_ids(torch.arange(VOCAB_SIZE))], expected, atol=1e-5)
