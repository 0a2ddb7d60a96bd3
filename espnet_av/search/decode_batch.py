"""Choice of the search for a batch of encoded utterances."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from espnet_av.errors import ConfigError
from espnet_av.search.ctc_greedy import ctc_greedy
from espnet_av.search.ctc_prefix import ctc_prefix
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.hypothesis import Hypothesis
from espnet_av.search.joint import JointSearch
from espnet_av.search.lexicon import Lexicon


class EncodedFrames(Protocol):
    """What a search needs of an encoder's result."""

    out: Tensor
    """(B, T, D) float encoder output."""
    lengths: Tensor
    """(B,) int64, valid frames, on any device."""


@torch.inference_mode()
def decode_batch(
    model: Any, encoded: EncodedFrames, config: DecodeConfig, lexicon: Lexicon | None = None
) -> list[list[Hypothesis]]:
    """Search every utterance of a batch.

    Args:
        model: has `ctc`, `decoder`, `blank_id`, `sos`, `eos` and `vocab_size` as ESPnet models do.
        encoded: the model's encoder output.
        config: which search, and its settings.
        lexicon: the words that `ctc_prefix` may spell; None: any text.

    Returns:
        per utterance up to `config.nbest` hypotheses, best first.

    Raises:
        ConfigError: the method needs a part that the model lacks.
    """
    _check_model(model, config)
    lengths = encoded.lengths.to(encoded.out.device)
    if config.method == "joint":
        return JointSearch(model, config).search(encoded.out, lengths)
    log_probs = model.ctc.log_softmax(encoded.out).float()
    if config.method == "ctc_greedy":
        return [[found] for found in ctc_greedy(log_probs, lengths, model.blank_id)]
    return ctc_prefix(
        log_probs,
        lengths,
        config.beam_size,
        length_penalty=config.length_penalty,
        nbest=config.nbest,
        blank=model.blank_id,
        lexicon=lexicon and lexicon.to(log_probs.device),
    )


def _check_model(model: Any, config: DecodeConfig) -> None:
    wants_ctc = config.method != "joint" or config.ctc_weight > 0
    wants_decoder = config.method == "joint" and config.ctc_weight < 1
    if wants_decoder and getattr(model, "decoder", None) is None:
        msg = (
            "method: joint needs an attention decoder and this model has none; "
            "use 'method: ctc_prefix' or 'ctc_weight: 1.0'"
        )
        raise ConfigError(msg)
    if wants_ctc and getattr(model, "ctc", None) is None:
        msg = (
            f"method: {config.method} needs a CTC layer and this model has none; "
            "use 'method: joint' with 'ctc_weight: 0.0'"
        )
        raise ConfigError(msg)
