"""Use of codes over many batches: its figures, and when it is too little."""

import socket

import pytest
import torch
import torch.multiprocessing as mp
from oracles.ddp_bestrq import WINDOW, train

from espnet_av.errors import AVError, CodebookCollapseError
from espnet_av.modules.code_usage import CodeUsage
from espnet_av.ops.codebook import count_perplexity

EVEN, FEW = torch.full((1, 8), 20.0), torch.tensor([[150.0, 10, 0, 0, 0, 0, 0, 0]])


def test_counts_fade_and_are_saved():
    usage = CodeUsage(2, 8, window=10, min_perplexity=0.0)
    first = usage(torch.cat([EVEN, FEW]))
    assert first.codes.item() == 5.0, "mean of 8 and 2"
    alone = torch.tensor([150.0, 10.0]) / 160
    effective = torch.exp(-(alone * alone.log()).sum())
    assert first.perplexity.item() == pytest.approx((8 + effective.item()) / 2)
    other = CodeUsage(2, 8, window=10, min_perplexity=0.0)
    other.load_state_dict(usage.state_dict())
    late = torch.zeros(2, 8)
    late[:, 0] = 100.0
    for _ in range(60):
        assert usage(late).codes == other(late).codes
    assert usage.counts[0, 0].item() == pytest.approx(1000.0, rel=0.01)
    assert usage(late).codes.item() == 1.0, "what was given long ago no longer counts"


def test_too_little_use_is_an_error_once_a_window_has_passed():
    usage = CodeUsage(1, 8, window=3, min_perplexity=4.0)
    usage(FEW)
    usage(FEW)
    message = r"last 3 batches codebook 0 gave 2 of its 8 codes .* 1\.3, below min_perplexity 4"
    with pytest.raises(CodebookCollapseError, match=message) as error:
        usage(FEW)
    assert isinstance(error.value, AVError)
    assert "dither" in str(error.value)


def test_the_worst_codebook_decides():
    usage = CodeUsage(2, 8, window=1, min_perplexity=4.0)
    with pytest.raises(CodebookCollapseError, match="codebook 1 gave 2"):
        usage(torch.cat([EVEN, FEW]))


def test_good_use_no_check_and_too_few_codes_to_tell():
    usage = CodeUsage(1, 8, window=1, min_perplexity=4.0)
    usage(EVEN)
    CodeUsage(1, 8, window=1, min_perplexity=0.0)(FEW)
    CodeUsage(1, 8, window=1, min_perplexity=4.0)(FEW / 10)
    CodeUsage(1, 8, window=1, min_perplexity=4.0)(FEW * 0)


@pytest.mark.timeout(120)
def test_two_processes_count_what_both_of_them_saw(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(train, args=(port, str(tmp_path)), nprocs=2)
    one, two = (torch.load(tmp_path / f"{rank}.pth", weights_only=True) for rank in range(2))
    assert not torch.equal(one["given"], two["given"])
    expected = torch.zeros_like(one["counts"])
    for given in one["given"] + two["given"]:
        expected = expected * (1.0 - 1.0 / WINDOW) + given
    for seen in (one, two):
        torch.testing.assert_close(seen["counts"], expected)
        perplexity = seen["running_perplexity"].item()
        assert perplexity == pytest.approx(count_perplexity(expected).mean().item(), rel=1e-5)
    for name, weight in one["weights"].items():
        assert torch.equal(weight, two["weights"][name]), name


def test_the_device_is_asked_once_in_a_window(monkeypatch):
    asked, original = [], torch.Tensor.tolist
    monkeypatch.setattr(torch.Tensor, "tolist", lambda self: asked.append(1) or original(self))
    usage = CodeUsage(1, 8, window=5, min_perplexity=4.0)
    for _ in range(11):
        usage(EVEN)
    assert len(asked) == 2
