"""SUPERB's heads on tiny pre-trained models, and batches for them."""

import torch
from oracles import av_batch, av_mae, avhubert, bestrq, masked_audio, samu, vgs

from espnet_av.config import build, to_dict
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.models.upstream import UpstreamConfig

NUM_LABELS, VOCAB_SIZE, SLOTS = 6, 9, (3, 2)
UPSTREAMS = {
    "av_mae": av_mae.config,
    "avhubert": avhubert.config,
    "avsr": av_batch.config,
    "bestrq": bestrq.config,
    "hubert": masked_audio.hubert_config,
    "samu": samu.config,
    "vgs": vgs.config,
    "wav2vec2": masked_audio.wav2vec2_config,
}
TARGETS = ("label", "activity", "activity_lengths")
SIZES = Sizes(labels=NUM_LABELS, vocab=VOCAB_SIZE)
SMALL = {
    "superb_ks": {"projection_size": 5},
    "superb_ic": {"projection_size": 5, "slot_sizes": SLOTS},
    "superb_pr": {"projection_size": 5},
    "superb_sd": {"hidden_size": 4},
}


def upstream(name="hubert"):
    """Configuration of the model below."""
    values = {"model": name, "model_conf": to_dict(UPSTREAMS[name]())}
    return build(UpstreamConfig, {**values, "sizes": {"units": masked_audio.NUM_UNITS, "vocab": 7}})


def config(task, below="hubert", **changes):
    """A tiny head."""
    config_class = MODELS[task][0]
    return config_class(upstream=upstream(below), **{**SMALL[task], **changes})


def model(task, below="hubert", seed=0, **changes):
    """The tiny model with fixed random weights."""
    torch.manual_seed(seed)
    return MODELS[task][1].from_config(config(task, below, **changes), SIZES)


def batch(lengths=(12, 9, 5), seed=0, rate=50):
    """Noise with a label, phones, and two talkers for each of `lengths` frames at 25 Hz."""
    generator = torch.Generator().manual_seed(seed)
    made, count = masked_audio.batch(lengths, seed=seed), len(lengths)
    frames = torch.tensor(lengths) * rate // 25
    text = torch.randint(2, VOCAB_SIZE - 1, (count, 3), generator=generator)
    phones = torch.tensor([3, 2, 1] * count)[:count]
    text[torch.arange(3) >= phones[:, None]] = -1
    shape = (count, int(frames.max()), 2)
    return {
        **{key: made[key] for key in ("utt_id", "speech", "speech_lengths")},
        "label": torch.randint(0, NUM_LABELS, (count,), generator=generator),
        "text": text,
        "text_lengths": phones,
        "activity": (torch.rand(shape, generator=generator) < 0.5).float(),
        "activity_lengths": frames,
    }


def take(data, row):
    """One row of a batch without padding."""
    made = {key: value[row : row + 1] for key, value in data.items()}
    made["speech"] = made["speech"][:, : int(made["speech_lengths"])]
    made["text"] = made["text"][:, : int(made["text_lengths"])]
    made["activity"] = made["activity"][:, : int(made["activity_lengths"])]
    return made
