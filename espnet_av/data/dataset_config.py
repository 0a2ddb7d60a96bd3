"""What a dataset does to its utterances."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

from espnet_av.errors import ConfigError

Modalities = Literal["AV", "A", "V"]
VideoSpan = Literal["clip", "uniform"]


@dataclass(frozen=True, kw_only=True)
class DatasetConfig:
    """Modalities, labels and augmentation; everything random happens in training only."""

    modalities: Modalities = "AV"
    """What is read: sound and video where an utterance has them, or one of the two."""
    target_lang: str | None = None
    """Language to write: translations `text.<lang>`; null: transcripts `text`."""
    langs: tuple[str, ...] | None = None
    """Only utterances spoken in these languages (`utt2lang`); null: all."""
    only_langs: tuple[str, ...] | None = None
    """Languages that training and validation may have: a set with another one is refused, as tests
    of it would not be zero-shot; null: any."""
    num_utts: int = 0
    """Train on so many utterances, spread evenly over the sorted list; 0: on all."""
    max_frames: int = 0
    """In training without text, longer utterances are cut to a stretch of so many frames at 25 Hz:
    a random one, in validation the middle; 0: none are."""
    frame_labels: bool = False
    """Yield `units`, the frame labels of the dump's `ctm`; not with the labels of a units_dir."""
    labels: tuple[str, ...] = ()
    """Classes of `utt2label`, in the order of their numbers; for models that read labels."""
    label_slots: tuple[tuple[str, ...], ...] = ()
    """Instead of `labels`, values of several slots: a class is one of each, joined by `|`, such as
    `activate|lights|kitchen`, and the last slot is numbered fastest."""
    label_part: int | None = None
    """Of values of slots joined by `|` in `utt2label`, the one that is the class, from 0; null: all
    of them together."""
    video_crop: int = 88
    """Side of the square cut out of every clip, in pixels: random in training, else central."""
    film_size: int = 224
    """Side of films, in pixels, to which their middle square or a random part is resized."""
    film_hz: float = 25.0
    """Frames a second of films; 0: as many as each has, in speech that is played faster fewer."""
    film_frames: int = 0
    """Frames of every film, however long the utterance is; 0: as many as last for it."""
    video_span: VideoSpan = "uniform"
    """Where `film_frames` are: spread evenly over the utterance, or a `clip` of frames one after
    the other at `film_hz`, from anywhere in training, else from the middle."""
    film_crop_scale: tuple[float, float] | None = None
    """Least and largest share of the picture that training cuts out of a film, e.g. [0.5, 1.0];
    null: its middle square."""
    film_crop_ratio: tuple[float, float] = (0.75, 4 / 3)
    """Least and largest width / height of that part."""
    flip_prob: float = 0.5
    """Share of clips and films mirrored."""
    time_mask_frames: int = 10
    """Longest time mask on the video, in frames; 0 turns them off."""
    time_mask_every: int = 25
    """One time mask for every started this many frames."""
    speeds: tuple[float, ...] = (1.0,)
    """Playing speeds of sound and video together, one drawn for each utterance and epoch."""
    noise_prob: float = 0.0
    """Share of utterances that get noise."""
    noise_snr_db: tuple[float, float] = (-5.0, 15.0)
    """Lowest and highest signal-to-noise ratio."""
    noise_categories: tuple[str, ...] | None = None
    """Kinds of noise to draw from; null: all there are."""
    noise_start_step: int = 0
    """First optimiser step with noise: small models start better on clean speech."""
    drop_long_text: bool = True
    """Leave out training utterances with more tokens than CTC can align to their frames."""
    max_dropped_ratio: float = 0.05
    """Fail when a larger share of the training utterances has to be left out."""

    def __post_init__(self) -> None:
        for name in ("flip_prob", "noise_prob", "max_dropped_ratio"):
            if not 0 <= getattr(self, name) <= 1:
                msg = f"{name} is {getattr(self, name)}; it is a share between 0 and 1"
                raise ConfigError(msg)
        if not self.speeds or min(self.speeds) <= 0:
            msg = f"speeds are {list(self.speeds)}; give positive factors such as [0.9, 1.0, 1.1]"
            raise ConfigError(msg)
        self._check_labels()
        if self.noise_snr_db[0] > self.noise_snr_db[1]:
            msg = f"noise_snr_db is {list(self.noise_snr_db)}; the lower bound comes first"
            raise ConfigError(msg)
        if min(self.num_utts, self.max_frames) < 0:
            msg = "num_utts and max_frames are at least 0, which is no limit"
            raise ConfigError(msg)
        if self.film_size < 1 or not 0 <= self.film_hz <= 120:
            msg = f"film_size {self.film_size} is at least 1, film_hz {self.film_hz} from 0 to 120"
            raise ConfigError(msg)
        self._check_films()
        if min(self.video_crop, self.time_mask_every) < 1 or self.time_mask_frames < 0:
            msg = "video_crop and time_mask_every are at least 1, time_mask_frames at least 0"
            raise ConfigError(msg)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of all classes, in the order of their numbers."""
        slots = product(*self.label_slots) if self.label_slots else ()
        return self.labels or tuple(map("|".join, slots))

    def label_of(self, value: str) -> str:
        """The class that a value of `utt2label` says; all of it, if it has no such part."""
        parts = value.split("|")
        number = len(parts) if self.label_part is None else self.label_part
        return parts[number] if number < len(parts) else value

    def _check_labels(self) -> None:
        if self.label_part is not None and (self.label_part < 0 or self.label_slots):
            msg = (
                f"label_part is {self.label_part} with label_slots {len(self.label_slots)}; it is "
                "the place of one slot, from 0, and its values are `labels`"
            )
            raise ConfigError(msg)
        if len(set(self.labels)) < len(self.labels):
            twice = next(label for label in self.labels if self.labels.count(label) > 1)
            msg = f"labels has '{twice}' twice; each class has one number"
            raise ConfigError(msg)
        if self.labels and self.label_slots:
            msg = "labels and label_slots are both given; leave one of them out"
            raise ConfigError(msg)
        for slot in self.label_slots:
            if not slot or len(set(slot)) < len(slot) or any("|" in value for value in slot):
                msg = f"label_slots has {list(slot)}; a slot has values, each once and without '|'"
                raise ConfigError(msg)

    def _check_films(self) -> None:
        low, high = self.film_crop_scale or (1.0, 1.0)
        narrow, wide = self.film_crop_ratio
        if self.film_frames < 0 or not 0 < low <= high <= 1 or not 0 < narrow <= wide:
            msg = (
                f"film_frames {self.film_frames}, film_crop_scale {[low, high]}, film_crop_ratio "
                f"{[narrow, wide]}; use 0 or more, shares of at most 1, and shapes above 0, the "
                "lower bound first, e.g. 16, [0.5, 1.0] and [0.75, 1.33]"
            )
            raise ConfigError(msg)

    def for_tests(self) -> DatasetConfig:
        """The same for recognition: utterances in any language, without frame labels."""
        return replace(self, frame_labels=False, langs=None, only_langs=None)
