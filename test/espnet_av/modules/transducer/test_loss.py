"""The losses of a transducer: each calls the joiner in its own way, and the results agree."""

import copy
import importlib.util
import sys
import types

import pytest
import torch

from espnet_av.errors import ConfigError
from espnet_av.modules.transducer.joiner import Joiner
from espnet_av.modules.transducer.loss import (
    LOSS_STATS,
    TRANSDUCER_LOSSES,
    build_transducer_loss,
)
from espnet_av.ops.rnnt_loss import rnnt_loss
from espnet_av.ops.rnnt_pruned import Band, choose_band, pruned_loss
from espnet_av.ops.rnnt_simple import simple_score

SIZES = {"encoder_size": 5, "predictor_size": 4, "vocab_size": 7}
LENGTHS, TEXT_LENGTHS = torch.tensor([6, 4, 5]), torch.tensor([3, 2, 0])
OWN = ("full", "pruned", "torchaudio")
HAS_K2 = importlib.util.find_spec("k2") is not None


def build(name, **conf):
    torch.manual_seed(0)
    joiner = Joiner(5, 4, 8, 7)
    torch.nn.init.normal_(joiner.lin_out.weight)
    return build_transducer_loss(name, conf, **SIZES), joiner


def batch():
    generator = torch.Generator().manual_seed(1)
    encoded = torch.randn(3, 6, 5, generator=generator).requires_grad_()
    predicted = torch.randn(3, 4, 4, generator=generator).requires_grad_()
    text = torch.tensor([[3, 1, 6], [2, 2, -1], [-1, -1, -1]])
    return [encoded, LENGTHS, predicted, text, TEXT_LENGTHS]


def gradients(losses, inputs, joiner):
    wanted = [inputs[0], inputs[2], *joiner.parameters()]
    return torch.autograd.grad(losses.mean(), wanted, retain_graph=False)


def full_losses(joiner, inputs):
    encoded, lengths, predicted, text, text_lengths = inputs
    frames, rows = joiner.project_encoder(encoded), joiner.project_predictor(predicted)
    logits = joiner(frames[:, :, None], rows[:, None])
    return rnnt_loss(logits, text, lengths, text_lengths)


@pytest.mark.parametrize("name", ["full", "torchaudio"])
def test_loss_of_the_whole_lattice(name):
    loss, joiner = build(name)
    losses, stats = loss(joiner, *batch())
    wanted = full_losses(joiner, batch())
    assert losses.dtype == torch.float32
    assert torch.allclose(losses, wanted, rtol=1e-5)
    assert set(stats) == {"transducer_impossible"}
    inputs = batch()
    losses, _ = loss(joiner, *inputs)
    found = gradients(losses, inputs, joiner)
    inputs = batch()
    expected = gradients(full_losses(joiner, inputs), inputs, joiner)
    for one, two in zip(found, expected, strict=True):
        assert torch.allclose(one, two, atol=1e-4)


def test_pruned_is_both_losses():
    loss, joiner = build("pruned", prune_range=3, simple_scale=0.4, am_scale=0.1)
    inputs = batch()
    losses, stats = loss(joiner, *inputs)
    encoded, lengths, predicted, text, text_lengths = inputs
    am, lm = loss.simple_am_proj(encoded), loss.simple_lm_proj(predicted)
    score = simple_score(am, lm, text, lengths, text_lengths, lm_only_scale=0.25, am_only_scale=0.1)
    band = choose_band(score, lengths, text_lengths, 3)
    logits = joiner(
        joiner.project_encoder(encoded)[:, :, None], joiner.project_predictor(predicted)[:, None]
    )
    index = band.rows().clamp(max=3)[..., None].expand(-1, -1, -1, 7)
    pruned = pruned_loss(logits.gather(2, index), text, band, lengths, text_lengths)
    assert torch.allclose(losses, pruned - 0.4 * score.log_likelihood.float(), rtol=1e-5)
    assert stats["loss_simple"].mean == pytest.approx(-score.log_likelihood.mean().item(), rel=1e-5)
    assert stats["loss_pruned"].mean == pytest.approx(pruned.mean().item(), rel=1e-5)


def test_pruned_with_the_widest_band_is_the_full_loss():
    loss, joiner = build("pruned", prune_range=9)
    _, stats = loss(joiner, *batch())
    wanted = full_losses(joiner, batch()).mean().item()
    assert stats["loss_pruned"].mean == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(
    ("update", "simple", "pruned"),
    [(0, 1.0, 0.1), (500, 0.875, 0.325), (2000, 0.5, 1.0), (9000, 0.5, 1.0), (None, 0.5, 1.0)],
)
def test_warm_up_moves_the_weights(update, simple, pruned):
    loss, joiner = build("pruned")
    losses, stats = loss(joiner, *batch(), update=update)
    expected = simple * stats["loss_simple"].mean + pruned * stats["loss_pruned"].mean
    assert losses.mean().item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("name", OWN)
def test_padding_and_neighbours_change_nothing(name):
    loss, joiner = build(name)
    inputs = batch()
    losses, _ = loss(joiner, *inputs)
    wide = [
        torch.nn.functional.pad(inputs[0], (0, 0, 0, 3), value=7.0),
        LENGTHS,
        torch.nn.functional.pad(inputs[2], (0, 0, 0, 2), value=7.0),
        torch.nn.functional.pad(inputs[3], (0, 2), value=-1),
        TEXT_LENGTHS,
    ]
    assert torch.equal(loss(joiner, *wide)[0], losses)
    for b in range(3):
        alone, _ = loss(joiner, *(value[b : b + 1] for value in wide))
        assert torch.allclose(alone[0], losses[b], rtol=1e-5)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("lengths", [[6, 0, 5], [0, 0, 0]])
def test_an_utterance_without_frames_is_counted(name, lengths):
    loss, joiner = build(name)
    inputs = batch()
    usual, _ = loss(joiner, *batch())
    inputs[1] = torch.tensor(lengths)
    losses, stats = loss(joiner, *inputs)
    assert stats["transducer_impossible"].total == lengths.count(0)
    for b in range(3):
        expected = usual[b].item() if lengths[b] == LENGTHS[b] else 0.0
        assert losses[b].item() == pytest.approx(expected, rel=1e-5)
    found = gradients(losses, inputs, joiner)
    assert all(grad.isfinite().all() for grad in found)
    assert found[0][1].abs().sum() == found[1][1].abs().sum() == 0.0


@pytest.mark.parametrize("name", OWN)
def test_only_empty_texts(name):
    loss, joiner = build(name)
    inputs = batch()
    inputs[3], inputs[4] = torch.full((3, 1), -1), torch.zeros(3).long()
    losses, _ = loss(joiner, *inputs)
    blanks = joiner(
        joiner.project_encoder(inputs[0]), joiner.project_predictor(inputs[2][:, :1])
    ).log_softmax(2)[:, :, 0]
    for b in range(3):
        pure = -blanks[b, : LENGTHS[b]].sum().item()
        if name == "pruned":  # 0.5 of the additive joiner's loss is in it
            pure += 0.5 * simple_empty(loss, inputs, b)
        assert losses[b].item() == pytest.approx(pure, rel=1e-4)


def simple_empty(loss, inputs, b):
    am, lm = loss.simple_am_proj(inputs[0][b]), loss.simple_lm_proj(inputs[2][b, :1])
    joint = (am + lm).log_softmax(1)[: LENGTHS[b], 0].sum()
    return -(0.75 * joint + 0.25 * LENGTHS[b] * lm.log_softmax(1)[0, 0]).item()


@pytest.mark.parametrize("name", OWN)
def test_under_autocast_sums_keep_their_precision(name):
    loss, joiner = build(name)
    wanted, _ = loss(joiner, *batch())
    inputs = batch()
    with torch.autocast("cpu", torch.bfloat16):
        losses, stats = loss(joiner, *inputs)
    assert losses.dtype == torch.float32
    sums = [figure.total for name, figure in stats.items() if not LOSS_STATS[name].is_count]
    assert all(total.dtype == torch.float32 for total in sums)
    assert torch.allclose(losses, wanted, rtol=0.03)
    assert all(grad.isfinite().all() for grad in gradients(losses, inputs, joiner))


def test_statistics_are_listed():
    for name in OWN:
        loss, joiner = build(name)
        _, stats = loss(joiner, *batch())
        assert set(stats) <= set(LOSS_STATS)
        assert all(f.total.shape == () and not f.total.requires_grad for f in stats.values())


def test_the_additive_joiner_starts_small_and_learns():
    loss, joiner = build("pruned")
    bound = 0.25 * 5**-0.5
    assert loss.simple_am_proj.weight.abs().max() <= bound
    losses, _ = loss(joiner, *batch())
    losses.mean().backward()
    for parameter in [*loss.parameters(), *joiner.parameters()]:
        assert parameter.grad.abs().sum() > 0.0


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ({"prune_rang": 3}, "did you mean 'prune_range'"),
        ({"prune_range": 1}, "prune_range is 1"),
        ({"lm_scale": 0.8, "am_scale": 0.3}, "together at most 1"),
        ({"simple_scale": 0.0}, "simple_scale is 0"),
        ({"warmup_steps": -1}, "warmup_steps -1"),
    ],
)
def test_wrong_settings(conf, message):
    with pytest.raises(ConfigError, match=message):
        build("pruned", **conf)


def test_torchaudio_is_asked_for_when_its_loss_is(monkeypatch):
    """A model that was trained with it decodes where it is not."""
    monkeypatch.setitem(sys.modules, "torchaudio", None)
    loss, joiner = build("torchaudio")
    with pytest.raises(ConfigError, match=r"torchaudio cannot be loaded.*transducer_loss: full"):
        loss(joiner, *batch())


def test_a_k2_for_another_python_is_told(monkeypatch, tmp_path):
    (tmp_path / "k2.py").write_text("import _k2")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "k2", raising=False)
    with pytest.raises(
        ConfigError, match=r"cannot be loaded \(No module named '_k2'\).*Python 3\.9"
    ):
        build("k2")


@pytest.mark.skipif(HAS_K2, reason="k2 is installed")
def test_without_k2_the_cure_is_named():
    with pytest.raises(ConfigError, match=r"k2-fsa\.github\.io.*transducer_loss: pruned"):
        build("k2")


@pytest.mark.skipif(not HAS_K2, reason="k2 is not installed; PyPI has none for this torch")
def test_k2_agrees():
    check_same_as_pruned()


@pytest.mark.skipif(HAS_K2, reason="k2 itself is tested")
def test_k2_is_called_as_its_manual_says(monkeypatch):
    """A stand-in with k2's names and shapes around our own functions."""
    module = types.ModuleType("k2")
    module.__spec__ = importlib.util.spec_from_loader("k2", loader=None)
    for function in (rnnt_loss_smoothed, get_rnnt_prune_ranges, do_rnnt_pruning, rnnt_loss_pruned):
        setattr(module, function.__name__, function)
    monkeypatch.setitem(sys.modules, "k2", module)
    check_same_as_pruned()
    with pytest.raises(ConfigError, match=r"am_scale is 0\.1.*Set am_scale: 0"):
        build("k2", am_scale=0.1)


def check_same_as_pruned():
    ours, joiner = build("pruned", prune_range=3)
    theirs = copy.deepcopy(build("k2", prune_range=3)[0])
    theirs.load_state_dict(ours.state_dict())
    for lengths in (LENGTHS, torch.tensor([6, 0, 5])):
        inputs = batch()
        inputs[1] = lengths
        wanted, stats = ours(joiner, *inputs)
        losses, found = theirs(joiner, *inputs)
        assert torch.allclose(losses, wanted, rtol=1e-4)
        for name, figure in stats.items():
            assert found[name].total == pytest.approx(figure.total.item(), rel=1e-4)
            assert found[name].weight == figure.weight


def rnnt_loss_smoothed(
    lm, am, symbols, termination_symbol, lm_only_scale, am_only_scale, boundary, reduction,
    return_grad,
):  # fmt: skip
    assert reduction == "none"
    assert return_grad
    assert boundary[:, :2].eq(0).all()
    score = simple_score(
        am,
        lm,
        symbols,
        boundary[:, 3],
        boundary[:, 2],
        termination_symbol,
        lm_only_scale=lm_only_scale,
        am_only_scale=am_only_scale,
    )
    return -score.log_likelihood.float(), (score.emit_occupation, score.blank_occupation)


def get_rnnt_prune_ranges(px_grad, py_grad, boundary, s_range):
    from espnet_av.ops.rnnt_lattice import LatticeScore

    score = LatticeScore(px_grad, px_grad, py_grad)
    return choose_band(score, boundary[:, 3], boundary[:, 2], s_range).rows()


def do_rnnt_pruning(am, lm, ranges):
    index = ranges.clamp(max=lm.size(1) - 1).flatten(1)[..., None].expand(-1, -1, lm.size(2))
    rows = lm.gather(1, index).view(*ranges.shape, -1)
    return am[:, :, None].expand_as(rows), rows


def rnnt_loss_pruned(logits, symbols, ranges, termination_symbol, boundary, reduction):
    assert reduction == "none"
    widths = torch.minimum(boundary[:, 2] + 1, torch.tensor(ranges.size(2)))
    band = Band(ranges[:, :, 0], widths, ranges.size(2))
    lengths = boundary[:, 3], boundary[:, 2]
    return pruned_loss(logits, symbols, band, *lengths, termination_symbol)


def test_every_loss_has_a_config_and_a_doc_line():
    for config_class, loss_class in TRANSDUCER_LOSSES.values():
        assert config_class().__doc__
        assert loss_class.__doc__
