"""The front end `espnet` equals ESPnet's own modules, run on each utterance alone."""

import numpy as np
import pytest
import torch

from espnet_av.modules.frontend.espnet_frontend import (
    SUBSAMPLINGS,
    EspnetFrontend,
    EspnetFrontendConfig,
)

SIZE, LENGTHS = 16, (16000, 9100, 12345)


def sounds():
    torch.manual_seed(1)
    speech = torch.randn(len(LENGTHS), max(LENGTHS)) * 0.1
    return speech, torch.tensor(LENGTHS)


def espnets(config, stats_file):
    """ESPnet's front end, normalisation and encoder that ends after its input layer."""
    from espnet2.asr.encoder.conformer_encoder import ConformerEncoder
    from espnet2.asr.frontend.default import DefaultFrontend
    from espnet2.layers.global_mvn import GlobalMVN
    from espnet2.layers.utterance_mvn import UtteranceMVN

    names = ("n_fft", "win_length", "hop_length", "window", "center", "n_mels", "fmin", "htk")
    frontend = DefaultFrontend(fs="16k", **{name: getattr(config, name) for name in names})
    flags = {"norm_means": config.norm_means, "norm_vars": config.norm_vars}
    if config.normalize == "global_mvn":
        normalize = GlobalMVN(str(stats_file), **flags)
    else:
        normalize = UtteranceMVN(**flags)
    encoder = ConformerEncoder(
        config.n_mels, SIZE, 2, 8, 1, input_layer=config.input_layer, rel_pos_type="latest"
    )
    return frontend, normalize, encoder.embed.eval()


@pytest.mark.parametrize(
    "values",
    [
        {"input_layer": name, "normalize": "utterance_mvn", "norm_vars": name != "conv2d"}
        for name in SUBSAMPLINGS
    ]
    + [
        {"normalize": "global_mvn", "norm_vars": True, "hop_length": 160, "win_length": 400},
        {"normalize": "global_mvn", "norm_means": False, "norm_vars": True, "htk": True},
        {"center": False, "window": None, "fmin": 60, "hop_length": 256},
        {"n_fft": 400, "hop_length": 100, "window": "hamming"},
    ],
    ids=str,
)
def test_features_equal_espnets(values, tmp_path):
    config = EspnetFrontendConfig(**{"n_mels": 40, **values})
    count, total = 50, np.linspace(-400.0, -300.0, 40, dtype=np.float32)
    squares = total**2 / count + 70.0
    np.savez(tmp_path / "feats_stats.npz", count=count, sum=total, sum_square=squares)
    torch.manual_seed(0)
    frontend, normalize, embed = espnets(config, tmp_path / "feats_stats.npz")
    ours = EspnetFrontend(config, SIZE).eval()
    conv = {k: v for k, v in embed.state_dict().items() if not k.startswith("out.1")}
    ours.embed.load_state_dict(conv)
    if config.normalize == "global_mvn":
        ours.normalise.load_state_dict(normalize.state_dict())
    speech, lengths = sounds()
    with torch.no_grad():
        found, frames = ours(speech, lengths)
        for row, length in enumerate(LENGTHS):
            one = torch.tensor([length])
            theirs = normalize(*frontend(speech[row : row + 1, :length], one))[0]
            # ESPnet's positional encoding multiplies by the root of the size.
            (expected, _), _ = embed(theirs, None)
            expected = expected[0] / SIZE**0.5
            assert len(expected) == int(frames[row])
            assert torch.allclose(found[row, : len(expected)], expected, atol=1e-5)


def test_an_utterance_alone_is_equal_to_the_last_bit():
    config = EspnetFrontendConfig(n_mels=40)
    frontend, normalize, embed = espnets(config, None)
    ours = EspnetFrontend(config, SIZE).eval()
    speech, lengths = sounds()
    with torch.no_grad():
        ours.embed.conv.load_state_dict(embed.conv.state_dict())
        # Later releases have the layer itself, earlier ones a sequence that begins with it.
        layer = embed.out if isinstance(embed.out, torch.nn.Linear) else embed.out[0]
        ours.embed.out[0].load_state_dict(layer.state_dict())
        theirs = normalize(*frontend(speech[:1], lengths[:1]))[0]
        assert torch.equal(ours(speech[:1], lengths[:1])[0] * SIZE**0.5, embed(theirs, None)[0][0])
