"""Choice of the search for a batch of encoded utterances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from espnet_av.errors import ConfigError
from espnet_av.search.attention_beam import AttentionBeam
from espnet_av.search.ctc_greedy import ctc_greedy
from espnet_av.search.ctc_prefix import ctc_prefix
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.hypothesis import Hypothesis
from espnet_av.search.joint import JointSearch
from espnet_av.search.lexicon import Lexicon
from espnet_av.search.ngram_lm import NGramLM
from espnet_av.search.transducer_beam import TransducerBeam
from espnet_av.search.transducer_greedy import TransducerGreedy


class EncodedFrames(Protocol):
    """What a search needs of an encoder's result."""

    out: Tensor
    """(B, T, D) float encoder output."""
    lengths: Tensor
    """(B,) int64, valid frames, on any device."""


@torch.inference_mode()
def decode_batch(
    model: Any,
    encoded: EncodedFrames,
    config: DecodeConfig,
    lexicon: Lexicon | None = None,
    lm: NGramLM | None = None,
    given: Sequence[Sequence[int]] | None = None,
) -> list[list[Hypothesis]]:
    """Search every utterance of a batch.

    Args:
        model: has `ctc`, `decoder`, `blank_id`, `sos`, `eos` and `vocab_size` as ESPnet models do,
            `predictor`, and with it `joiner`; None for parts that it lacks.
        encoded: the model's encoder output.
        config: which search, and its settings.
        lexicon: the words that `ctc_prefix` may spell; None: any text.
        lm: what `transducer_beam` adds to the scores; None: nothing.
        given: tokens that the output of each utterance begins with in `attention`, as many for
            each; None: none.

    Returns:
        per utterance up to `config.nbest` hypotheses, best first.

    Raises:
        ConfigError: the method needs a part that the model lacks.
    """
    check_search(model, config)
    lengths = encoded.lengths.to(encoded.out.device)
    if config.method == "attention":
        first = torch.tensor(given or [[]] * len(lengths), dtype=torch.long)
        return AttentionBeam(model, config).search(encoded.out, lengths, first)
    if config.method == "joint":
        return JointSearch(model, config).search(encoded.out, lengths)
    if config.method == "transducer_greedy":
        greedy = TransducerGreedy(model, config.max_symbols)
        return [[found] for found in greedy.search(encoded.out, lengths)]
    if config.method == "transducer_beam":
        beam = TransducerBeam(model, config, lm and lm.to(encoded.out.device))
        return beam.search(encoded.out, lengths)
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


def default_search(model: Any) -> DecodeConfig:
    """The best search that a model has the parts for."""
    if is_told_its_language(model):
        return DecodeConfig(method="attention", length_penalty=1.0, maxlenratio=-200)
    if model.predictor is not None:
        return DecodeConfig(method="transducer_beam")
    if model.decoder is None:
        return DecodeConfig(method="ctc_prefix")
    if model.ctc is None:
        return DecodeConfig(method="joint", ctc_weight=0.0)
    return DecodeConfig(method="joint")


def check_search(model: Any, config: DecodeConfig) -> None:
    """Check that a model has what a search needs.

    Raises:
        ConfigError: it lacks a part; what would do is named.
    """
    method = config.method
    is_transducer = method.startswith("transducer")
    is_joint = method == "joint"
    is_attention = method == "attention"
    wants_ctc = not (is_transducer or is_attention) and (not is_joint or config.ctc_weight > 0)
    wants = (
        (model.predictor, "a transducer's predictor", is_transducer),
        (
            model.decoder,
            "an attention decoder",
            is_attention or (is_joint and config.ctc_weight < 1),
        ),
        (model.ctc, "a CTC layer", wants_ctc),
    )
    for part, name, is_wanted in wants:
        if is_wanted and part is None:
            msg = f"method: {method} needs {name} and this model has none; use {_cure(model)}"
            raise ConfigError(msg)
    if is_told_its_language(model) and not is_attention:
        msg = (
            f"method: {method} would have to guess the language, which this model was always told; "
            f"use {_cure(model)}"
        )
        raise ConfigError(msg)


def is_told_its_language(model: Any) -> bool:
    """Whether outputs of a model have to begin with the tag of their language."""
    return bool(getattr(getattr(model, "config", None), "tag_is_given", False))


def _cure(model: Any) -> str:
    """Settings that fit the model."""
    config = default_search(model)
    if config.ctc_weight == 0.0:
        return f"'method: {config.method}' with 'ctc_weight: 0.0'"
    return f"'method: {config.method}'"
