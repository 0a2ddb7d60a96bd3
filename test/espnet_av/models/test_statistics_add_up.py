"""Statistics of parts of a batch add up to those of the whole, each by what it counts."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from oracles import av_batch, av_mae, avhubert, bestrq, masked_audio, samu, superb, transducer, vgs

from espnet_av.models import MODELS

LENGTHS = (12, 7, 9)
# The penalty is a mean over all frames, whichever of them are predicted.
FREE = {"features_penalty": 0.0}
MODEL = {
    "av_mae": av_mae.model,
    "avhubert": lambda: avhubert.model(**FREE),
    "avsr": lambda: av_batch.model(frontend_units_weight=0.5),
    "bestrq": bestrq.model,
    "hubert": lambda: masked_audio.model("hubert", **FREE),
    "samu": samu.model,
    **{task: partial(superb.model, task) for task in superb.SMALL},
    "transducer": transducer.model,
    "vgs": lambda: vgs.model(**FREE),
    "wav2vec2": lambda: masked_audio.model("wav2vec2", **FREE),
}
OF_A_BATCH = {
    # Of all pairs at once, and of the mean of all that is hidden.
    "av_mae": {"loss", "loss_clr", "clr_of_chance", "acc_clr", "speech_of_mean", "film_of_mean"},
    # Of all codes that are used at once.
    "bestrq": {"target_codes", "target_perplexity", "predicted_perplexity"},
    # Of all pairs at once.
    "vgs": {"loss", "loss_matching", "masked_negatives", "without_negatives"},
    "wav2vec2": {"loss", "loss_diversity", "code_perplexity", "prob_perplexity"},
}


def parts_of(batch):
    for row, length in enumerate(LENGTHS):
        part = {key: value[row : row + 1] for key, value in batch.items()}
        part["speech"], part["video"] = part["speech"][:, : length * 640], part["video"][:, :length]
        yield part


@pytest.mark.parametrize("name", MODELS)
def test_parts_add_up_to_the_whole(name):
    model = MODEL[name]().eval()
    batch = av_batch.batch(LENGTHS)
    if name == "av_mae":
        batch = {**av_mae.batch(LENGTHS), **batch}
    if name == "vgs":
        batch = {**vgs.batch(LENGTHS), **batch}
    if name in superb.SMALL:
        heads = superb.batch(LENGTHS)
        batch |= {field: heads[field] for field in superb.TARGETS}
    if name == "samu":
        batch["teacher"] = samu.batch(LENGTHS)["teacher"]
    if name in ("hubert", "vgs", "wav2vec2"):
        batch["units"] = batch["units"].repeat_interleave(2, dim=1)
    with torch.no_grad():
        whole = model(**batch)[1]
        parts = sum(model(**part)[1].totals for part in parts_of(batch))
    assert whole.totals[1, list(whole).index("loss")] > 0
    for index, (key, stat) in enumerate(model.stats.items()):
        if key not in OF_A_BATCH.get(name, ()):
            rows = slice(0, 1 if stat.is_count else 2)
            expected = whole.totals[rows, index].tolist()
            assert parts[rows, index].tolist() == pytest.approx(expected, rel=1e-3, abs=1e-3), key


def test_a_front_end_counts_the_utterances_that_it_sees():
    """The nats of a stream are divided by those who have it, whoever shares the batch."""
    model = av_batch.model(frontend_units_weight=0.5).eval()
    batch = av_batch.batch(LENGTHS)
    batch["speech_lengths"][1] = 0
    with torch.no_grad():
        whole = model(**batch)[1]
        parts = sum(model(**part)[1].totals for part in parts_of(batch))
    index = list(whole).index("loss_audio_units")
    assert whole.totals[1, index] == 2
    assert parts[:, index].tolist() == pytest.approx(whole.totals[:, index].tolist(), rel=1e-3)
