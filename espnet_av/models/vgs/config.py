"""Configuration of visually grounded speech, in the shape of an ESPnet training YAML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from espnet_av.errors import ConfigError
from espnet_av.models.abs_model import Similarity
from espnet_av.models.hubert.config import HubertConfig
from espnet_av.modules.bert_layer import BertConfig
from espnet_av.modules.cross_encoder import CrossEncoderConfig
from espnet_av.modules.image_branch import ImageConfig
from espnet_av.modules.resdavenet import ResDavenetConfig

AudioClass = Literal["before_positions", "behind_positions", "none"]


@dataclass(frozen=True, kw_only=True)
class VGSConfig(HubertConfig):
    """VGS+ (arXiv 2509.17523): loss = (1 - alpha) * HuBERT's + alpha * matching.

    The keys of HuBERT are those of the stage before, whose weights it starts from.
    """

    features_penalty: float = 0.0
    """Weight of the mean square of the convolutions' output; they are frozen here, so 0."""
    alpha: float = 0.5
    """Share of the matching loss; 1: there are no units, and nothing is masked."""
    grounding_layer: int = 8
    """Layer of the transformer, from 1, whose frames are matched to images; layerdrop never skips
    it."""
    audio_class: AudioClass = "before_positions"
    """A learned vector in front of the frames, as FaST-VGS+ has it; `behind_positions`: the
    positional convolution does not see it (VG-HuBERT); `none`: frames alone, as in stage one."""
    speech_head: Literal["resdavenet", "class"] = "resdavenet"
    """What makes one vector of the frames: Res-DAVEnet and a transformer layer, or nothing but the
    learned vector (VG-HuBERT)."""
    resdavenet: ResDavenetConfig = field(default_factory=ResDavenetConfig)
    """Sizes of Res-DAVEnet; the last width is `feature_size`."""
    image: ImageConfig = field(default_factory=ImageConfig)
    """What is known of images."""
    bert: BertConfig = field(default_factory=BertConfig)
    """Layers of the image branch, behind Res-DAVEnet and across both."""
    vector_size: int = 768
    """Size of the vectors that are compared; 2048 in VG-HuBERT."""
    similarity: Similarity = "dot"
    """How they are: inner product, as all published models are trained, or cosine."""
    matching_temperature: float = 1.0
    """What similarities are divided by; 1 for `dot`, about 0.07 for `cosine`."""
    margin: float = 1.0
    """What right pairs are better by."""
    clean_pass_for_grounding: bool = False
    """Run the transformer a second time, without masks, for the matching; else one masked pass
    serves both losses in training. Evaluation always has both passes."""
    cross_encoder: CrossEncoderConfig | None = None
    """A second, finer score of pairs (FaST-VGS+); null: the vectors alone, as in VGS+."""
    crop_sec: float = 8.0
    """In training, only the beginning of an utterance is heard; 0: all."""
    eval_crop_sec: float = 10.0
    """The same in validation and for vectors; features of frames are those of all. 0: all."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 <= self.alpha <= 1.0:
            msg = f"alpha is {self.alpha}; it is the share of the matching loss, in 0..1"
            raise ConfigError(msg)
        if self.grounding_layer < 1 or self.vector_size < 1 or self.matching_temperature <= 0.0:
            msg = (
                f"grounding_layer is {self.grounding_layer}, vector_size {self.vector_size}, "
                f"matching_temperature {self.matching_temperature}; all must be above 0 (8, 768, 1)"
            )
            raise ConfigError(msg)
        if self.margin < 0.0 or min(self.crop_sec, self.eval_crop_sec) < 0.0:
            msg = (
                f"margin is {self.margin}, crop_sec {self.crop_sec}, eval_crop_sec "
                f"{self.eval_crop_sec}; all must be 0 or more"
            )
            raise ConfigError(msg)
        self._check_parts()

    def _check_parts(self) -> None:
        if self.speech_head == "class" and self.audio_class == "none":
            msg = "speech_head class needs an audio_class; set before_positions or behind_positions"
            raise ConfigError(msg)
        if self.speech_head == "resdavenet" and self.resdavenet.widths[-1] != self.feature_size:
            msg = (
                f"resdavenet: the last width is {self.resdavenet.widths[-1]}, feature_size "
                f"{self.feature_size}; they stand in one row, make them equal"
            )
            raise ConfigError(msg)
        if self.cross_encoder is not None and self.image.kind == "class_token":
            msg = (
                "cross_encoder looks at parts of images, but image.kind class_token has none; take "
                "regions or patches, or leave cross_encoder out"
            )
            raise ConfigError(msg)
