"""What training, decoding and feature extraction may ask of a model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from torch import Tensor
from typeguard import check_type

from espnet_av.compat import AbsESPnetModel
from espnet_av.errors import ConfigError
from espnet_av.models.abs_validator import AbsValidator
from espnet_av.modules.statistics import Stat
from espnet_av.rates import FRAME_HZ

Similarity = Literal["cosine", "dot"]
"""Of two vectors: whatever their lengths, or their inner product."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How many there are of what a model chooses among; the data tell. None: not known."""

    vocab: int | None = None
    """Tokens, blank and end of sentence included."""
    units: int | None = None
    """Labels of frames."""
    labels: int | None = None
    """Classes of utterances."""

    def __post_init__(self) -> None:
        for name, size in vars(self).items():
            if not isinstance(size, int | None):
                msg = f"{name} is {size!r}; it is a number, or None"
                raise TypeError(msg)

    def needed(self, name: Literal["vocab", "units", "labels"], reason: str) -> int:
        """One of them.

        Args:
            name: of the field.
            reason: for the message: what needs it, and how to come by it.

        Raises:
            ConfigError: it is not known, or 0.
        """
        size: int | None = {"vocab": self.vocab, "units": self.units, "labels": self.labels}[name]
        if not size:
            raise ConfigError(reason)
        return size


NO_SIZES = Sizes()
"""None is known, or needed."""


class AVModel(AbsESPnetModel):
    """A model that `train` can train: `forward(**batch)` gives (loss, statistics, weight).

    The weight is the number that the loss is the mean over, so that means over micro-batches and
    processes are exact. The statistics are `Statistics` of `stats`, each with a count of its own,
    the same names at every step in every process.
    """

    stats: ClassVar[Mapping[str, Stat]]
    """Every statistic that it reports, `loss` among them."""
    predicts: ClassVar[tuple[str, ...]] = ()
    """What can be had of it, that for which it was made first: names of `predict.kinds.KINDS`."""
    similarity: Similarity = "cosine"
    """How the vectors that it predicts are compared."""
    num_candidates: int = 0
    """Nearest vectors that a finer score of pairs puts in order; 0: there is none."""
    views: ClassVar[tuple[str, ...]] = ()
    """Fields each of which gives a vector by itself: test sets need but one of them; none: vectors
    are made of all that it reads."""
    activity_median: int = 1
    """Frames of the median filter over who speaks when, odd; 1: none."""
    token_layers: ClassVar[tuple[str, ...]] = ()
    """Layers with one row for each token."""
    unit_layers: ClassVar[tuple[str, ...]] = ()
    """Layers with one row for each unit, where it may have to be told from weights alone."""
    config_class: ClassVar[type[Any]]
    """Dataclass of its configuration, in the shape of a YAML's `model_conf`."""
    config: Any
    """What it was built from."""

    def __init__(self, config: Any, sizes: Sizes) -> None:
        super().__init__()
        check_type(config, self.config_class)
        self.config = config
        self.sizes = check_type(sizes, Sizes)

    @classmethod
    def from_config(cls, config: Any, sizes: Sizes) -> Self:
        """Builds it with fresh weights.

        Args:
            config: of `config_class`.
            sizes: as far as they are known.

        Raises:
            ConfigError: the configuration is wrong, or a size that it needs is not known.
        """
        return cls(config, sizes)

    @property
    @abstractmethod
    def reads(self) -> frozenset[str]:
        """Fields of a batch that it cannot train without."""

    @property
    def predicts_from(self) -> frozenset[str] | None:
        """Fields of a batch that its predictions are made from.

        None: all that it `reads` but those that are only learnt from, such as labels and texts,
        which a test set need not have.
        """
        return None

    @property
    def feature_rate(self) -> float:
        """Frames a second, of its features and of the units that it learns from."""
        return FRAME_HZ

    def layers(self) -> Sequence[int]:
        """Layers that `extract_features` knows, from 1; none: it has no features to give."""
        return ()

    def extract_features(
        self, batch: Mapping[str, Any], layers: Sequence[int | None]
    ) -> tuple[list[Tensor], Tensor]:
        """Features of layers in one pass, with nothing masked; for scores, call it in eval mode.

        Args:
            batch: fields as `forward` takes them.
            layers: numbers of `layers()`; 0 = what the first of them gets; None = the output of
                the encoder.

        Returns:
            ((B, T, D) of each layer, arbitrary beyond each length, (B,) int64 frames on the CPU),
            at `feature_rate`.

        Raises:
            ConfigError: there is no such layer.
            DataDirError: an utterance has nothing that it could hear or see.
        """
        msg = f"{type(self).__name__} has no layers to take features from; take a model with an "
        raise ConfigError(msg + "encoder of numbered layers, such as the pre-trained ones")

    def validators(self) -> Sequence[AbsValidator]:
        """What is computed over the whole validation set, beside the statistics."""
        return ()

    def set_step(self, step: int, rank: int = 0, seed: int = 0) -> None:
        """Makes what is random in the next `forward` a function of these numbers.

        Args:
            step: number of the micro-batch since the start of training.
            rank: number of the process; processes draw independently.
            seed: of the run.
        """

    def set_update(self, update: int) -> None:
        """Says which optimiser step (from 0) comes next."""
