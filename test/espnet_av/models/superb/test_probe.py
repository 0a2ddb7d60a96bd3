"""What all heads have: a model below that does not move, and a mixture of all of its states."""

import pytest
import torch
import torch.nn.functional as F
from oracles import masked_audio, superb

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.models.upstream import UpstreamConfig

TASKS = ("superb_ks", "superb_ic", "superb_pr", "superb_sd")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("below", superb.UPSTREAMS)
def test_every_head_on_every_model(task, below):
    model = superb.model(task, below)
    assert len(model.states) == len(model.upstream.layers()) + 1
    before = {name: value.clone() for name, value in model.upstream.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    model.train()
    assert not any(part.training for part in model.upstream.modules())
    rate = int(model.feature_rate)
    loss, stats, weight = model(**superb.batch(rate=rate))
    loss.backward()
    optimizer.step()
    assert loss.isfinite() and stats["loss"] == loss.detach() and weight > 0
    learning = {name for name, p in model.named_parameters() if p.grad is not None}
    assert learning == {n for n, _ in model.named_parameters() if not n.startswith("upstream.")}
    after = model.upstream.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before), "frozen means frozen"
    assert model.feature_rate == model.upstream.feature_rate


@pytest.mark.parametrize("task", TASKS)
def test_an_utterance_gives_alone_what_it_gives_in_a_batch(task):
    model, data = superb.model(task).eval(), superb.batch()
    model.state_weights.data.normal_()
    whole = model(**data)[1].totals
    parts = sum(model(**superb.take(data, row))[1].totals for row in range(3))
    for index, stat in enumerate(model.stats.values()):
        rows = slice(0, 1 if stat.is_count else 2)
        assert torch.allclose(whole[rows, index], parts[rows, index], rtol=1e-4)


def test_all_states_count_alike_at_first_and_by_softmax_then():
    model, data = superb.model("superb_ks").eval(), superb.batch()
    states, lengths = model.upstream.extract_features(data, [0, 1, None])
    mixed, found = model.mix(data)
    assert torch.equal(found, lengths)
    assert torch.allclose(mixed, sum(states) / 3, atol=1e-6)
    model.state_weights.data = torch.tensor([0.0, 1.0, -1.0])
    shares = torch.tensor([0.0, 1.0, -1.0]).softmax(0)
    expected = sum(share * state for share, state in zip(shares, states, strict=True))
    assert torch.allclose(model.mix(data)[0], expected, atol=1e-6)
    norm = superb.model("superb_ks", normalise_states=True).eval()
    normal = [F.layer_norm(state, state.shape[-1:]) for state in states]
    assert torch.allclose(norm.mix(data)[0], sum(normal) / 3, atol=1e-5)


def test_the_last_state_is_behind_the_norm_or_before_it():
    """They differ where the norm is in front of each block, as in XLS-R."""
    pre_norm = {**masked_audio.ENCODER, "pre_norm": True}
    values = {"upstream": None, "projection_size": 5}
    below = superb.upstream()
    below = UpstreamConfig(
        model=below.model,
        model_conf={**below.model_conf, "encoder_conf": pre_norm},
        sizes=below.sizes,
    )
    made = {}
    for last in ("output", "layer"):
        torch.manual_seed(0)
        config = superb.config("superb_ks", last_state=last)
        config = type(config)(**{**vars(config), **values, "upstream": below})
        model = superb.MODELS["superb_ks"][1].from_config(config, superb.SIZES).eval()
        torch.nn.init.constant_(model.upstream.encoder.layer_norm.weight, 3.0)
        assert model.states == [0, 1, None if last == "output" else 2]
        made[last] = model.mix(superb.batch())[0]
    assert not torch.allclose(made["output"], made["layer"])


def test_states_of_theirs():
    """As HF's `hidden_states` of 4.57: 13 of base, 17 of a Conformer of 16 layers."""
    conf = {**superb.av_mae.CONFORMER, "num_blocks": 16}
    below = superb.upstream("av_mae")
    below = UpstreamConfig(
        model="av_mae", model_conf={**below.model_conf, "encoder_conf": conf}, sizes=below.sizes
    )
    config = superb.config("superb_ks", "av_mae")
    config = type(config)(**{**vars(config), "upstream": below})
    model = superb.MODELS["superb_ks"][1].from_config(config, superb.SIZES)
    assert len(model.state_weights) == 17
    assert not model.state_weights.any() and model.feature_rate == 25


@pytest.mark.parametrize("task", TASKS)
def test_what_is_to_be_learnt_is_not_there(task):
    model, data = superb.model(task), superb.batch()
    (field,) = model.reads - {"speech"}
    del data[field]
    with pytest.raises(DataDirError, match=f"s0-u: has no {field}"):
        model(**data)


@pytest.mark.parametrize(
    ("task", "changes", "reason"),
    [
        ("superb_ks", {"projection_size": 0}, "projection_size is 0"),
        ("superb_pr", {"projection_size": 0}, "projection_size is 0"),
        ("superb_ic", {"slot_sizes": ()}, "every slot has values"),
        ("superb_ic", {"slot_sizes": (3, 3)}, "make 9 classes, but the data have 6"),
        ("superb_sd", {"hidden_size": 0}, "hidden_size is 0"),
        ("superb_sd", {"median_frames": 10}, "median_frames is 10; it is odd"),
    ],
)
def test_configurations_that_make_no_sense(task, changes, reason):
    with pytest.raises(ConfigError, match=reason):
        superb.model(task, **changes)
