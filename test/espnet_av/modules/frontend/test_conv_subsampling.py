"""Names of the subsampling's weights, whichever release of ESPnet a model was made with."""

import pytest
import torch

from espnet_av.modules.frontend.conv_subsampling import ConvSubsampling, lasting_names


def later(weights):
    return {name.replace("out.0.", "out."): value for name, value in weights.items()}


def test_weights_of_later_releases_are_loaded():
    made, other = (ConvSubsampling(9, 4, [(3, 2), (3, 1)]) for _ in range(2))
    whole, copy = torch.nn.ModuleDict({"embed": made}), torch.nn.ModuleDict({"embed": other})
    for weights in (whole.state_dict(), later(whole.state_dict())):
        copy["embed"].out[0].weight.data.zero_()
        copy.load_state_dict(weights)
        assert torch.equal(other.out[0].weight, made.out[0].weight)
        assert torch.equal(other.out[0].bias, made.out[0].bias)
    assert list(later(whole.state_dict())) != list(whole.state_dict())
    with pytest.raises(RuntimeError, match=r"Missing key.*embed\.out\.0\.weight"):
        copy.load_state_dict({k: v for k, v in whole.state_dict().items() if "weight" not in k})


@pytest.mark.parametrize("prefix", ["", "model.", "student.frontend."])
def test_names_that_moved_and_no_others(prefix):
    before = {f"{prefix}audio.embed.out.0.weight": 1, f"{prefix}audio.embed.out.0.bias": 2}
    assert lasting_names(later(before)) == lasting_names(before) == before
    others = {
        "embed.out.weight": 1,
        f"{prefix}audio.embed.out.weight_g": 2,
        "xaudio.embed.out.bias": 3,
    }
    assert lasting_names(others) == others
