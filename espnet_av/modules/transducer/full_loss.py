"""Transducer losses over the whole lattice: ours and torchaudio's."""

import importlib
from typing import Any

import torch
from torch import Tensor
from typeguard import typechecked

from espnet_av.errors import ConfigError
from espnet_av.modules.statistics import Weighted
from espnet_av.modules.transducer.abs_loss import (
    BLANK,
    AbsTransducerLoss,
    NoLossConfig,
    Paths,
    all_logits,
)
from espnet_av.modules.transducer.joiner import Joiner
from espnet_av.ops.precision import full_precision
from espnet_av.ops.rnnt_loss import rnnt_loss


class WholeLatticeLoss(AbsTransducerLoss):
    """Over all nodes, without settings or weights of its own.

    Args:
        conf: empty.
        encoder_size: D.
        predictor_size: P.
        vocab_size: V, blank included.
    """

    @typechecked
    def __init__(
        self, conf: NoLossConfig, encoder_size: int, predictor_size: int, vocab_size: int
    ) -> None:
        super().__init__()


class FullLoss(WholeLatticeLoss):
    """All nodes, on any device and in any precision; see `espnet_av.ops.rnnt_loss`."""

    def utterance_losses(
        self, joiner: Joiner, paths: Paths, update: int | None
    ) -> tuple[Tensor, dict[str, Weighted]]:
        """See the base class; `update` makes no difference."""
        logits = all_logits(joiner, paths)
        with full_precision(logits.device):
            # Nobody else reads these logits.
            losses = rnnt_loss(
                logits,
                paths.text,
                paths.lengths,
                paths.text_lengths,
                BLANK,
                overwrite_logits=True,
            )
        return losses, {}


class TorchaudioLoss(WholeLatticeLoss):
    """All nodes by `torchaudio.functional.rnnt_loss`, as a second opinion; logits in float32.

    Where torchaudio is not, such a model decodes all the same.
    """

    def utterance_losses(
        self, joiner: Joiner, paths: Paths, update: int | None
    ) -> tuple[Tensor, dict[str, Weighted]]:
        """See the base class; `update` makes no difference.

        Raises:
            ConfigError: torchaudio is not installed, or cannot be loaded beside this torch.
        """
        logits = all_logits(joiner, paths).float()
        # It takes int32 on the device of the logits, and no utterance without frames.
        targets, lengths, text_lengths = (
            values.to(logits.device, torch.int32, non_blocking=True)
            for values in (paths.text.clamp(min=0), paths.lengths.clamp(min=1), paths.text_lengths)
        )
        losses = _torchaudio().functional.rnnt_loss(
            logits, targets, lengths, text_lengths, blank=BLANK, reduction="none"
        )
        return losses, {}


def _torchaudio() -> Any:
    """The one door to torchaudio; not kept in the model, which is copied without modules."""
    try:
        return importlib.import_module("torchaudio")
    except (ImportError, OSError) as error:
        msg = (
            f"transducer_loss: torchaudio cannot be loaded beside torch {torch.__version__} "
            f"({error}); pip install --no-deps 'torchaudio==2.11.*', or set transducer_loss: full, "
            "the same loss without it"
        )
        raise ConfigError(msg) from error
