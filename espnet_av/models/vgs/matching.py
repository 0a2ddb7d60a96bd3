"""Loss of pairs of speech and image among all pairs of a step, of every process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from espnet_av.models.vgs.config import VGSConfig
from espnet_av.modules.bert_layer import key_mask
from espnet_av.modules.global_batch import Share, gather_rows, share_of
from espnet_av.modules.image_branch import EncodedImage
from espnet_av.modules.speech_head import EncodedSpeech
from espnet_av.modules.statistics import Weighted, count_of
from espnet_av.ops.lengths import valid_mask
from espnet_av.ops.margin_softmax import margin_softmax, other_images
from espnet_av.ops.precision import full_precision


class Pairs(NamedTuple):
    """Pairs of speech and image of one image each."""

    speech: Tensor
    """(N, E)."""
    image: Tensor
    """(N, E)."""
    ids: Tensor
    """(N,) int64."""


class Matching(NamedTuple):
    """Loss of the pairs of this process."""

    loss: Tensor
    """() nats a pair, both directions added up."""
    stats: dict[str, Weighted]
    """`masked_negatives` and `without_negatives`."""


def match_vectors(own: Pairs, config: VGSConfig, is_shared: bool) -> Matching:
    """Loss of the pairs of this process among all.

    Args:
        own: pairs of this process, (N, E).
        config: similarity, its temperature, margin.
        is_shared: the pairs of all processes are negatives of each other; all must call it.
    """
    with full_precision(own.speech.device):
        speech, image = own.speech.float(), own.image.float()
        if config.similarity == "cosine":
            speech, image = F.normalize(speech, dim=1), F.normalize(image, dim=1)
        every, start = Pairs(speech, image, own.ids), 0
        if is_shared:
            share: Share = share_of(len(speech), speech.device)
            start = share.start
            every = Pairs(*(gather_rows(part, share) for part in every))
        scores = (image @ every.speech.T, speech @ every.image.T)
        divided = [score / config.matching_temperature for score in scores]
        return _match(divided, own.ids, every.ids, start, config.margin)


def match_parts(
    cross: Callable[..., Tensor],
    speech: EncodedSpeech,
    image: EncodedImage,
    ids: Tensor,
    margin: float,
) -> Matching:
    """The same by a finer score of every pair, of this process alone: it costs N x N pairs.

    Args:
        cross: a `CrossEncoder`.
        speech: N of them.
        image: N of them.
        ids: (N,) int64 images.
        margin: see `VGSConfig`.
    """
    count = len(ids)
    heard, seen = torch.arange(count, device=ids.device), torch.arange(count, device=ids.device)
    # (N images, N utterances) -> (N * N)
    heard, seen = heard.repeat(count), seen.repeat_interleave(count)
    flat = cross(*of_pairs(speech, heard), *of_pairs(image, seen))
    scores = flat.float().view(count, count)
    return _match((scores, scores.T), ids, ids, 0, margin)


def of_pairs(encoded: EncodedSpeech | EncodedImage, rows: Tensor) -> tuple[Tensor, Tensor | None]:
    """Parts and mask of some rows."""
    return encoded.parts[rows], None if encoded.mask is None else encoded.mask[rows]


def valid_parts(encoded: EncodedSpeech | EncodedImage) -> list[Tensor]:
    """(1 + L, D) of each row, without padding."""
    if encoded.mask is None:
        return list(encoded.parts)
    # (B, 1, 1, 1 + P) -> (B, 1 + P)
    return [row[mask] for row, mask in zip(encoded.parts, encoded.mask[:, 0, 0], strict=True)]


def padded_parts(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Rows (L_i, D) -> (N, max L, D) and (N, 1, 1, max L) bool, True = valid."""
    padded = pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return padded, key_mask(valid_mask(lengths, padded.size(1), padded.device))


def _match(
    scores: Sequence[Tensor], ids: Tensor, all_ids: Tensor, start: int, margin: float
) -> Matching:
    own = torch.arange(start, start + len(ids), device=ids.device)
    excluded = other_images(ids, all_ids, own)
    losses = [margin_softmax(score, own, excluded, margin) for score in scores]
    num_others = len(all_ids) - 1
    num_excluded = excluded.sum(dim=1)
    stats = {
        "masked_negatives": Weighted(num_excluded.sum(), float(len(ids) * num_others)),
        "without_negatives": count_of((num_excluded == num_others).sum()),
    }
    return Matching(torch.stack(losses).sum(dim=0).mean(), stats)
