"""Three families in one file, as a package of a user's own has them: images, classes, a teacher."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy, normalize

from espnet_av.models.abs_model import AVModel
from espnet_av.modules.statistics import HIGHER, LOWER, Statistics, Weighted, mean_over

NUM_BANDS = 16
FRAME = 640


@dataclass(frozen=True, kw_only=True)
class SketchConfig:
    """Of every sketch."""

    size: int = 16
    """Of its vectors."""


class Sketch(AVModel):
    """What sound is like: the mean spectrum of its frames, through one layer."""

    config_class = SketchConfig
    stats = {"loss": LOWER, "acc": HIGHER}

    def __init__(self, config, sizes):
        super().__init__(config, sizes)
        self.speech = torch.nn.Linear(NUM_BANDS, self.outputs(), bias=False)

    def outputs(self):
        return self.config.size

    def hear(self, speech, speech_lengths):
        """(B, S) -> (B, D)."""
        spectra = []
        for wave, length in zip(speech, speech_lengths.tolist(), strict=True):
            frames = wave[: length // FRAME * FRAME].reshape(-1, FRAME)
            powers = torch.fft.rfft(frames)[:, 1:].abs().mean(0)
            spectra.append(powers.reshape(NUM_BANDS, -1).mean(1))
        return self.speech(normalize(torch.stack(spectra), dim=1))

    def judge(self, logits, targets):
        """Loss, statistics and weight of (B, C) logits."""
        loss, num = cross_entropy(logits, targets), float(len(targets))
        hits = Weighted((logits.argmax(1) == targets).sum(), num)
        stats = Statistics(self.stats, {"loss": mean_over(loss, num), "acc": hits})
        return loss, stats, torch.tensor(num)

    def match(self, one, other):
        """Each of (B, D) has to find its own among (B, D) others."""
        logits = 10.0 * normalize(one, dim=1) @ normalize(other, dim=1).T
        return self.judge(logits, torch.arange(len(one)))

    def collect_feats(self, **batch):
        raise NotImplementedError


class ImageSketch(Sketch):
    """Finds the image that is spoken of: `image` (B, R, D), of D bands."""

    predicts = ("vector",)
    reads = frozenset({"speech", "image"})

    def __init__(self, config, sizes):
        super().__init__(config, sizes)
        self.image = torch.nn.Linear(NUM_BANDS, config.size, bias=False)

    def see(self, image, image_lengths):
        return self.image(image.sum(1) / image_lengths[:, None])

    def forward(self, speech, speech_lengths, image, image_lengths, **_):
        return self.match(self.hear(speech, speech_lengths), self.see(image, image_lengths))

    def predict_vectors(self, batch):
        image, lengths = batch.tensor("image"), batch.tensor("image_lengths")
        return {
            "speech": self.hear(batch.speech, batch.speech_lengths),
            "image": self.see(image, lengths),
        }


class LabelSketch(Sketch):
    """Tells the class of an utterance, of those of `dataset.labels`."""

    predicts = ("label",)
    reads = frozenset({"speech", "label"})

    def outputs(self):
        return self.sizes.needed("labels", "it tells classes; list them in dataset.labels")

    def forward(self, speech, speech_lengths, label, **_):
        return self.judge(5.0 * self.hear(speech, speech_lengths), label)

    def predict_labels(self, batch):
        return 5.0 * self.hear(batch.speech, batch.speech_lengths)


class TeacherSketch(Sketch):
    """Gives the vector that a teacher gave, `teacher` (B, D), and is tested beside it."""

    predicts = ("vector",)
    reads = frozenset({"speech", "teacher"})
    predicts_from = frozenset({"teacher"})

    def forward(self, speech, speech_lengths, teacher, **_):
        return self.match(self.hear(speech, speech_lengths), teacher)

    def predict_vectors(self, batch):
        heard = self.hear(batch.speech, batch.speech_lengths)
        return {"speech": heard, "teacher": batch.tensor("teacher")}
