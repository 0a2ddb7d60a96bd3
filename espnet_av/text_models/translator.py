"""Translation of texts by an mBART-50: a small one that is trained here, or the published ones."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from espnet_av import hf
from espnet_av.errors import CheckpointError
from espnet_av.text_models.config import TextModelsConfig
from espnet_av.text_models.parallel import Parallel
from espnet_av.text_models.pieces import code_of
from espnet_av.text_models.training import learn

logger = logging.getLogger(__name__)

_SMOOTHING = 0.1
_IGNORED = -100
"""What Hugging Face takes for padding of labels."""


class Translator:
    """Texts -> texts.

    Args:
        folder: of a model of Hugging Face with the tokenizer of mBART-50.
        device: where it runs.
        used_as: see `pieces.code_of`.

    Raises:
        CheckpointError: there is no such model.
    """

    def __init__(
        self, folder: Path, device: str = "cpu", used_as: Mapping[str, str] | None = None
    ) -> None:
        self._model = hf.load_translator(folder).to(device)
        self._tokenizer, self._device = hf.load_tokenizer(folder), device
        self._used_as = dict(used_as or {})
        if getattr(self._model.config, "model_type", "") != "mbart":
            msg = (
                f"{folder}: is no mBART (model_type {self._model.config.model_type}); give the "
                "folder of one, as facebook/mbart-large-50-many-to-one-mmt"
            )
            raise CheckpointError(msg)

    @property
    def num_parameters(self) -> int:
        """Of the model."""
        return sum(p.numel() for p in self._model.parameters())

    @torch.inference_mode()
    def translate(
        self,
        texts: Sequence[str],
        source: str,
        target: str,
        *,
        beam_size: int = 5,
        length_penalty: float = 1.0,
        max_tokens: int = 200,
        batch_size: int = 32,
    ) -> list[str]:
        """Beam search.

        Args:
            texts: in `source`; an empty one has an empty translation, and of one that is longer
                than the model can read only the beginning is, which the log tells.
            source: language, as data dirs name it.
            target: language.
            beam_size: hypotheses that are kept.
            length_penalty: scores are divided by tokens ** this.
            max_tokens: longest translation.
            batch_size: texts at once.

        Raises:
            ConfigError: mBART has no code for a language.
        """
        tokenizer, code = self._tokenizer, code_of(target, self._used_as)
        tokenizer.src_lang = code_of(source, self._used_as)
        found = [""] * len(texts)
        told = [place for place, text in enumerate(texts) if text.strip()]
        order = sorted(told, key=lambda place: (-len(texts[place]), place))
        most = self._model.config.max_position_embeddings
        self._tell_cut([texts[place] for place in order], most)
        for start in range(0, len(order), batch_size):
            part = order[start : start + batch_size]
            batch = tokenizer(
                [texts[i] for i in part],
                padding=True,
                truncation=True,
                max_length=most,
                return_tensors="pt",
            ).to(self._device)
            # What mBART's texts begin with; a fresh model has not all of it in its settings.
            out = self._model.generate(
                **batch,
                decoder_start_token_id=tokenizer.eos_token_id,
                forced_bos_token_id=tokenizer.convert_tokens_to_ids(code),
                num_beams=beam_size,
                length_penalty=length_penalty,
                max_new_tokens=min(max_tokens, most - 1),
                early_stopping=True,
            )
            written = tokenizer.batch_decode(out, skip_special_tokens=True)
            for i, text in zip(part, written, strict=True):
                found[i] = " ".join(text.split())
        return found

    def _tell_cut(self, texts: Sequence[str], most: int) -> None:
        lengths = [len(ids) for ids in self._tokenizer(list(texts))["input_ids"]] if texts else []
        cut = sum(length > most for length in lengths)
        if cut:
            logger.warning(
                "%d of %d texts have more than %d tokens, such as %.60s; what follows is left out",
                *(cut, len(texts), most, texts[lengths.index(max(lengths))]),
            )


def train_translator(
    parallel: Parallel, held_out: Parallel, tokenizer: Any, config: TextModelsConfig, folder: Path
) -> dict[str, float]:
    """Train on all pairs of a language and one of `target_langs`, and save.

    Args:
        parallel: what it learns from.
        held_out: what it is judged with.
        tokenizer: of `pieces.save_tokenizer`, in `folder` too.
        config: sizes and steps.
        folder: receives the model.

    Returns:
        Tokens that it gets right in sentences held out, in percent (teacher forcing).
    """
    torch.manual_seed(config.seed)
    model = hf.MBartForConditionalGeneration(
        hf.MBartConfig(
            vocab_size=len(tokenizer),
            d_model=config.size,
            encoder_layers=config.translator_layers,
            decoder_layers=config.translator_layers,
            encoder_attention_heads=config.attention_heads,
            decoder_attention_heads=config.attention_heads,
            encoder_ffn_dim=config.linear_units,
            decoder_ffn_dim=config.linear_units,
            activation_function="relu",
            scale_embedding=True,
            max_position_embeddings=config.max_pieces,
            dropout=0.1,
        )
    )

    def loss_of(generator: np.random.Generator) -> Tensor:
        batch, labels = _draw(parallel, tokenizer, config, generator)
        logits = model(**batch, labels=labels).logits
        # The tag, which stands first, is told in translation.
        return F.cross_entropy(
            logits[:, 1:].flatten(0, 1),
            labels[:, 1:].flatten(),
            ignore_index=_IGNORED,
            label_smoothing=_SMOOTHING,
        )

    learn(model, loss_of, config.translator, config.seed, "translator")
    model.save_pretrained(folder)
    return {"tokens_right": _accuracy(model, held_out, tokenizer, config)}


def _draw(
    parallel: Parallel, tokenizer: Any, config: TextModelsConfig, generator: np.random.Generator
) -> tuple[Any, Tensor]:
    """A batch of one pair of languages: texts, and labels with padding that counts nothing."""
    target = str(generator.choice(config.target_langs))
    source = str(generator.choice([lang for lang in parallel.langs if lang != target]))
    rows = generator.choice(
        len(parallel), min(config.translator.batch_size, len(parallel)), replace=False
    )
    tokenizer.src_lang, tokenizer.tgt_lang = code_of(source), code_of(target)
    batch = tokenizer(
        [parallel.texts[source][row] for row in rows],
        text_target=[parallel.texts[target][row] for row in rows],
        padding=True,
        return_tensors="pt",
    )
    labels = batch.pop("labels")
    return batch, labels.masked_fill(labels == tokenizer.pad_token_id, _IGNORED)


@torch.inference_mode()
def _accuracy(model: Any, parallel: Parallel, tokenizer: Any, config: TextModelsConfig) -> float:
    """Percent, over a few batches."""
    generator = np.random.default_rng(config.seed)
    right = total = 0
    for _ in range(10):
        batch, labels = _draw(parallel, tokenizer, config, generator)
        best, wanted = model(**batch, labels=labels).logits.argmax(2)[:, 1:], labels[:, 1:]
        right += int(((best == wanted) & (wanted != _IGNORED)).sum())
        total += int((wanted != _IGNORED).sum())
    return 100 * right / total
