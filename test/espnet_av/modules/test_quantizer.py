"""The Gumbel quantiser: entries, gradients, temperature, and what it refuses."""

import pytest
import torch

from espnet_av.config import build
from espnet_av.errors import ConfigError
from espnet_av.modules.quantizer import GumbelQuantizer, QuantizerConfig
from espnet_av.ops.codebook import draw_gumbel

MASK = torch.ones(2, 5, dtype=torch.bool)


def make(**conf):
    torch.manual_seed(0)
    values = {"num_groups": 2, "num_entries": 4, "size": 6, **conf}
    return GumbelQuantizer(3, QuantizerConfig(**values))


def test_vectors_are_the_best_entries_of_each_group():
    quantizer, features = make(), torch.randn(2, 5, 3)
    got = quantizer(features, MASK, None)
    logits = quantizer.weight_proj(features)
    seen = {}
    for b in range(2):
        for t in range(5):
            best = [logits[b, t, g * 4 : g * 4 + 4].argmax().item() for g in range(2)]
            entries = [quantizer.vars[0, g * 4 + best[g]] for g in range(2)]
            assert torch.equal(got.vectors[b, t], torch.cat(entries))
            assert seen.setdefault(tuple(best), got.ids[b, t].item()) == got.ids[b, t].item()
    assert len(set(seen.values())) == len(seen) > 1


def test_sampling_follows_the_distribution():
    quantizer = make(num_groups=1, size=2)
    features = torch.randn(1, 1, 3).expand(1, 20_000, 3)
    noise = draw_gumbel((1, 20_000, 1, 4), features.device, torch.Generator().manual_seed(0))
    got = quantizer(features, torch.ones(1, 20_000, dtype=torch.bool), noise)
    shares = got.ids.flatten().bincount(minlength=4) / 20_000
    expected = quantizer.weight_proj(features[0, 0]).softmax(dim=0)
    assert (shares - expected).abs().max() < 0.015
    assert got.prob_perplexity.item() > got.code_perplexity.item() == pytest.approx(1.0)


def test_everything_learns_through_the_sampled_distribution():
    quantizer = make()
    noise = torch.zeros(2, 5, 2, 4)
    features = torch.randn(2, 5, 3, requires_grad=True)
    quantizer(features, MASK, noise).vectors.square().sum().backward()
    for value in (*quantizer.parameters(), features):
        assert value.grad.abs().sum() > 0
    hard, soft = (quantizer(features, MASK, gumbel).vectors for gumbel in (None, noise))
    assert torch.allclose(hard, soft, atol=1e-6), "without noise the sample is the best entry"


def test_temperature_falls_with_the_updates():
    quantizer = make(start_temperature=2.0, end_temperature=0.5, temperature_decay=0.5)
    temperatures = []
    for update in (0, 1, 2, 3, 10_000_000):
        quantizer.set_update(update)
        temperatures.append(quantizer.temperature)
    assert temperatures == [2.0, 1.0, 0.5, 0.5, 0.5]
    base = make()
    base.set_update(100_000)
    assert base.temperature == pytest.approx(2.0 * 0.999995**100_000)


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ({"size": 7}, "a size that num_groups divides"),
        ({"num_groups": 0}, "0 groups"),
        ({"end_temperature": 3.0}, "start_temperature 2.0 down to end_temperature 3.0"),
        ({"temperature_decay": 2.0}, "temperature_decay is 2.0"),
    ],
)
def test_bad_settings_say_what_to_do(conf, message):
    with pytest.raises(ConfigError, match=message):
        build(QuantizerConfig, conf)
