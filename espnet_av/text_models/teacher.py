"""A small text encoder: translations get vectors that are alike, other sentences others."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from espnet_av import hf
from espnet_av.text_models.config import TextModelsConfig
from espnet_av.text_models.parallel import Parallel
from espnet_av.text_models.training import learn


def train_teacher(
    parallel: Parallel, held_out: Parallel, tokenizer: Any, config: TextModelsConfig, folder: Path
) -> dict[str, float]:
    """Train by telling a sentence's translation from those of the others in the batch, and save.

    The vector of a sentence is the mean over its tokens, of length 1 (`pooling: mean`).

    Args:
        parallel: what it learns from.
        held_out: what it is judged with.
        tokenizer: of `pieces.save_tokenizer`; it tells the model no language.
        config: sizes and steps.
        folder: receives the model, as `save_pretrained` writes it.

    Returns:
        R@1 of translations among the sentences held out, in percent: mean over pairs of languages.
    """
    torch.manual_seed(config.seed)
    model = hf.BertModel(
        hf.BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=config.size,
            num_hidden_layers=config.teacher_layers,
            num_attention_heads=config.attention_heads,
            intermediate_size=config.linear_units,
            max_position_embeddings=config.max_pieces,
            pad_token_id=tokenizer.pad_token_id,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        ),
        add_pooling_layer=False,
    )

    def loss_of(generator: np.random.Generator) -> Tensor:
        size = min(config.teacher.batch_size, len(parallel))
        sides: tuple[list[str], list[str]] = ([], [])
        for row in generator.choice(len(parallel), size, replace=False):
            for side, lang in zip(sides, generator.choice(parallel.langs, 2, False), strict=True):
                side.append(parallel.texts[lang][row])
        one, other = (embed(model, tokenizer, texts) for texts in sides)
        scores = one @ other.T / config.temperature
        labels = torch.arange(size)
        return (F.cross_entropy(scores, labels) + F.cross_entropy(scores.T, labels)) / 2

    learn(model, loss_of, config.teacher, config.seed, "teacher")
    model.save_pretrained(folder)
    return {"r1_of_translations": recall(model, tokenizer, held_out)}


def embed(model: nn.Module, tokenizer: Any, texts: list[str]) -> Tensor:
    """(N, D) of length 1."""
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(2)
    return F.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)


@torch.inference_mode()
def recall(model: nn.Module, tokenizer: Any, parallel: Parallel) -> float:
    """R@1 in percent over all pairs of languages, each sentence among all the others."""
    vectors = {lang: embed(model, tokenizer, texts) for lang, texts in parallel.texts.items()}
    own = torch.arange(len(parallel))
    hits = [
        (vectors[a] @ vectors[b].T).argmax(1).eq(own).float().mean().item()
        for a, b in permutations(vectors, 2)
    ]
    return 100 * sum(hits) / len(hits)
