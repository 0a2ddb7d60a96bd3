"""Fitting the codebook: a share of the training set's frames -> k-means."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from espnet_av.data.shard_fingerprint import work_fingerprint
from espnet_av.errors import ArkError, DataDirError
from espnet_av.features.set_features import SetFeatures
from espnet_av.fingerprint import number_of, place_of
from espnet_av.ops.kmeans import Clustering, fit_kmeans
from espnet_av.ops.seeding import mix_seed
from espnet_av.progress import ProgressBar, progress
from espnet_av.rates import FRAME_HZ
from espnet_av.units.codebook import Codebook, FitRecord, load_codebook
from espnet_av.units.config import UnitsConfig

logger = logging.getLogger(__name__)

_SLACK = 2
"""Feature frames that an utterance may have beyond those of its video frames."""


def fit_codebook(
    train: SetFeatures, config: UnitsConfig, folder: Path, given: Path | None = None
) -> Codebook:
    """Fit and write the codebook, unless just this one is there.

    Args:
        train: features of the training set.
        config: sampling and k-means.
        folder: where it goes.
        given: one that was fitted on the same, to be taken in place of a new one.

    Raises:
        DataDirError: the chosen utterances have no frame, or features are not finite; or what is
            given was fitted on something else.
        ConfigError: they have fewer distinct frames than there are units.
    """
    wanted = codebook_fingerprint(train, config)
    codebook = _fitted_before(folder)
    if codebook is not None and codebook.record.fingerprint == wanted:
        logger.info("%s: fitted before", folder)
        return codebook
    if given is not None:
        return fitted_codebook(train, config, given).save(folder)
    chosen = choose_utterances(
        [utt_id for utt_id in train.data.utt_ids if utt_id not in train.lacking],
        config.sample_share,
        config.seed,
    )
    frames, share = collect_frames(train, chosen, config.max_memory, config.seed)
    logger.info(
        "k-means on %d frames of %d of %d utterances",
        *(len(frames), len(chosen), len(train.data.utt_ids)),
    )
    result = _fit(frames, config)
    record = FitRecord(
        fingerprint=wanted,
        rate_hz=train.source.rate_hz,
        source=dict(train.source.origin),
        utterances=len(chosen),
        frames=len(frames),
        frame_share=round(share, 6),
        inertia=result.inertia,
        num_batches=result.num_batches,
    )
    return Codebook(result.centres.cpu(), record).save(folder)


def _fit(frames: Tensor, config: UnitsConfig) -> Clustering:
    settings = config.kmeans
    # Its end is not known before: it stops when nothing improves.
    limit = max(1, settings.max_iter * len(frames) // min(settings.batch_size, len(frames)))
    bar = ProgressBar(limit, "k-means", "batch")
    result = fit_kmeans(
        frames,
        config.num_units,
        torch.Generator().manual_seed(config.seed),
        batch_size=settings.batch_size,
        max_iter=settings.max_iter,
        n_init=settings.n_init,
        tol=settings.tol,
        max_no_improvement=settings.max_no_improvement,
        full_passes=settings.full_passes,
        advance=bar.update,
    )
    bar.close()
    logger.info("mean squared distance %.5g after %d batches", result.inertia, result.num_batches)
    return result


def _fitted_before(folder: Path) -> Codebook | None:
    """The codebook of an earlier fit; None = there is none, or it is damaged, which is logged."""
    if not folder.is_dir():
        return None
    try:
        return load_codebook(folder)
    except (ArkError, DataDirError) as error:
        logger.warning("fitted anew: %s", error)
        return None


def fitted_codebook(train: SetFeatures, config: UnitsConfig, folder: Path) -> Codebook:
    """Read the codebook that `fit_codebook` made from these inputs.

    Raises:
        DataDirError: there is none, or it was made from other inputs.
    """
    codebook = load_codebook(folder)
    if codebook.record.fingerprint != codebook_fingerprint(train, config):
        msg = (
            f"{folder}: fitted with another configuration, model or training set; run the units "
            "stage with --fit again, before the jobs that label"
        )
        raise DataDirError(msg)
    return codebook


def codebook_fingerprint(train: SetFeatures, config: UnitsConfig) -> str:
    """Digest of everything that decides the centres."""
    data = train.data
    rows = [
        (utt_id, *(data.get(table, utt_id) for table in ("utt2num_samples", "utt2num_frames")))
        for utt_id in data.utt_ids
    ]
    # How labels are packed does not change the centres.
    config = dataclasses.replace(config, shard_utts=1)
    made_from = train.made_from(data.utt_ids)
    return work_fingerprint(config, [tuple(sorted(train.source.origin.items())), *rows, made_from])


def choose_utterances(utt_ids: Sequence[str], share: float, seed: int) -> list[str]:
    """A share of the utterances, at least one, chosen by the hash of their names; kept in order.

    Raises:
        DataDirError: there is none to choose from.
    """
    if not utt_ids:
        msg = "no utterance to fit units on; look at the dropped.tsv of the dump"
        raise DataDirError(msg)
    ranked = sorted(utt_ids, key=lambda utt_id: (place_of(f"{seed} {utt_id}"), utt_id))
    chosen = set(ranked[: max(1, round(share * len(utt_ids)))])
    return [utt_id for utt_id in utt_ids if utt_id in chosen]


def collect_frames(
    features: SetFeatures, utt_ids: Sequence[str], max_memory: int, seed: int
) -> tuple[Tensor, float]:
    """Frames of the chosen utterances in one tensor; of each an even share if memory is short.

    Args:
        features: streams them.
        utt_ids: whose.
        max_memory: bytes.
        seed: of the choice of frames.

    Returns:
        (N, D) float32 on the source's device, and the share of frames that was kept.

    Raises:
        DataDirError: there is no frame at all.
    """
    per_frame = features.source.rate_hz / FRAME_HZ
    most = {u: int(features.num_frames(u) * per_frame) + _SLACK for u in utt_ids}
    frames: Tensor | None = None
    share, filled = 1.0, 0
    stream = features.stream(utt_ids)
    for utt_id, found in progress(stream, desc="features", total=len(utt_ids), unit="utt"):
        if frames is None:
            size = found.size(1) * found.element_size()
            share = min(1.0, max_memory / (sum(most.values()) * size))
            rows = sum(int(count * share) + 1 for count in most.values())
            frames = found.new_empty(rows, found.size(1))
        kept = _keep(found, share, mix_seed(seed, number_of(f"{seed} {utt_id}")))
        frames[filled : filled + len(kept)] = kept
        filled += len(kept)
    if frames is None or not filled:
        msg = f"{features.data.path}: the {len(utt_ids)} chosen utterances have no frame"
        raise DataDirError(msg)
    return frames[:filled], share


def _keep(frames: Tensor, share: float, seed: int) -> Tensor:
    """A share of the frames (T, D), in random positions; which of two numbers is random too."""
    if share == 1.0:
        return frames
    generator = np.random.default_rng(seed)
    count = int(len(frames) * share + generator.random())
    index = np.sort(generator.permutation(len(frames))[:count])
    return frames[torch.from_numpy(index).to(frames.device)]
