"""Our convolutions are ESPnet's to the last bit, from the same seed or the same weights."""

import pytest
import torch

from espnet_av import compat
from espnet_av.modules.frontend.conv_subsampling import ConvSubsampling, lasting_names
from espnet_av.modules.frontend.espnet_frontend import SUBSAMPLINGS

subsampling = compat._import_moved("espnet.nets.pytorch_backend.transformer.subsampling")
THEIRS = {
    "conv2d": "Conv2dSubsampling",
    "conv2d1": "Conv2dSubsampling1",
    "conv2d2": "Conv2dSubsampling2",
    "conv2d6": "Conv2dSubsampling6",
    "conv2d8": "Conv2dSubsampling8",
}


@pytest.mark.parametrize("kind", SUBSAMPLINGS)
def test_same_weights_and_outputs(kind):
    torch.manual_seed(0)
    ours = ConvSubsampling(23, 6, SUBSAMPLINGS[kind])
    torch.manual_seed(0)
    theirs = getattr(subsampling, THEIRS[kind])(23, 6, 0.0, torch.nn.Identity())
    weights = {name.removeprefix("audio.embed."): value for name, value in lasting_names(
        {f"audio.embed.{name}": value for name, value in theirs.state_dict().items()}
    ).items()}  # fmt: skip
    assert list(ours.state_dict()) == list(weights)
    assert all(torch.equal(value, weights[name]) for name, value in ours.state_dict().items())
    features = torch.randn(2, 40, 23)
    assert torch.equal(ours(features), theirs(features, None)[0])
