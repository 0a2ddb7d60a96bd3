"""Mirror images at the ends of each sound, against torch's padding of one sound."""

import torch

from espnet_av.ops.reflection import reflect_ends


def test_each_sound_is_reflected_at_its_own_ends():
    torch.manual_seed(0)
    speech, lengths = torch.randn(3, 12), torch.tensor([12, 9, 6])
    for row, length in enumerate(lengths.tolist()):
        speech[row, length:] = float("nan")
    found = reflect_ends(speech, lengths, 5)
    assert found.shape == (3, 22)
    for row, length in enumerate(lengths.tolist()):
        alone = torch.nn.functional.pad(speech[row : row + 1, :length], (5, 5), mode="reflect")
        assert torch.equal(found[row, : length + 10], alone[0])
        assert not found[row, length + 10 :].any()
