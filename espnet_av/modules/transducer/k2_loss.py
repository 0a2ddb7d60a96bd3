"""Pruned transducer loss by k2, where k2 is installed."""

import importlib
import importlib.util
import platform
from typing import Any

import torch
from torch import Tensor
from typeguard import typechecked

from espnet_av.errors import ConfigError
from espnet_av.modules.transducer.abs_loss import BLANK, Paths
from espnet_av.modules.transducer.joiner import Joiner
from espnet_av.modules.transducer.pruned_loss import PrunedLoss, PrunedLossConfig
from espnet_av.ops.precision import full_precision


class K2Loss(PrunedLoss):
    """As `PrunedLoss`, with the same parameters, but computed by k2's kernels.

    Args:
        conf: see `PrunedLossConfig`.
        encoder_size: D.
        predictor_size: P.
        vocab_size: V, blank included.

    Raises:
        ConfigError: k2 is not installed or cannot be loaded, or `am_scale` is set, by which k2
            means another loss.
    """

    @typechecked
    def __init__(
        self, conf: PrunedLossConfig, encoder_size: int, predictor_size: int, vocab_size: int
    ) -> None:
        _k2()
        if conf.am_scale > 0.0:
            msg = (
                f"transducer_loss: am_scale is {conf.am_scale}; with it, k2 lets the loss of an "
                "utterance depend on the texts of the batch. Set am_scale: 0, or transducer_loss: "
                "pruned"
            )
            raise ConfigError(msg)
        super().__init__(conf, encoder_size, predictor_size, vocab_size)

    def both_losses(
        self, joiner: Joiner, paths: Paths, am: Tensor, lm: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See the base class."""
        k2 = _k2()
        common = {
            "symbols": paths.text.clamp(min=0),
            "termination_symbol": BLANK,
            "boundary": _boundary(paths).to(am.device, non_blocking=True),
            "reduction": "none",
        }
        with full_precision(am.device):
            simple, (by_emit, by_blank) = k2.rnnt_loss_smoothed(
                lm=lm.float(),
                am=am.float(),
                lm_only_scale=self.conf.lm_scale,
                am_only_scale=0.0,
                return_grad=True,
                **common,
            )
            ranges = k2.get_rnnt_prune_ranges(
                by_emit, by_blank, common["boundary"], self.conf.prune_range
            )
        logits = joiner(
            *k2.do_rnnt_pruning(
                joiner.project_encoder(paths.encoded),
                joiner.project_predictor(paths.predicted),
                ranges,
            )
        )
        with full_precision(am.device):
            pruned = k2.rnnt_loss_pruned(logits=logits.float(), ranges=ranges, **common)
        return simple, pruned


def _k2() -> Any:
    """The one door to k2; not kept in the model, which is copied without modules."""
    if importlib.util.find_spec("k2") is None:
        fault = "k2 is not installed"
    else:
        try:
            return importlib.import_module("k2")
        except (ImportError, OSError) as error:
            fault = f"k2 is installed but cannot be loaded ({error})"
    msg = (
        f"transducer_loss: {fault}; wheels for each torch, CUDA and Python are at "
        f"https://k2-fsa.github.io/k2 (here torch is {torch.__version__} and Python "
        f"{platform.python_version()}; PyPI's wheel is for torch 1.13 and Python 3.9 alone, "
        "whatever pip says). Or set transducer_loss: pruned, the same loss without k2"
    )
    raise ConfigError(msg)


def _boundary(paths: Paths) -> Tensor:
    """(B, 4) int64: first token, first frame, tokens, frames, as k2 wants them."""
    # An utterance without frames is left out afterwards; k2 gets one for it.
    lengths = torch.stack([paths.text_lengths, paths.lengths.clamp(min=1)], dim=1)
    return torch.cat([torch.zeros_like(lengths), lengths], dim=1)
