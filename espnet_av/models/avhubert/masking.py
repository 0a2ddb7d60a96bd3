"""What pre-training hides of a batch: spans of sound, of lips, or of the fused features."""

from dataclasses import dataclass

import torch
from torch import Tensor

from espnet_av.models.avhubert.config import AVHubertConfig
from espnet_av.modules.gradient_scale import scale_gradient
from espnet_av.modules.span_mask import draw_span_mask
from espnet_av.modules.statistics import Weighted
from espnet_av.modules.step_noise import StepNoise
from espnet_av.ops.lengths import valid_mask
from espnet_av.ops.span_substitution import span_sources
from espnet_av.ops.stream_lengths import StreamLengths
from espnet_av.rates import FRAME_HZ

AUDIO, VIDEO, SOURCES = range(3)
"""Kinds of random numbers; what one gives does not depend on whether another is needed."""


@dataclass(frozen=True)
class DrawnMasks:
    """Masks of a batch of B utterances, on the device; a frame beyond the length is not masked."""

    audio: Tensor
    """(B, T) bool at the frame rate: masked sound, or with `masking: feature` masked features."""
    video: Tensor
    """(B, V) bool: lips that are replaced."""
    sources: Tensor
    """(B, V) int64: the frame that each frame of lips is taken from; itself if not replaced."""

    def predicted(self, repeat: int) -> Tensor:
        """(B, T) bool: masked in sound or lips; `repeat` features cover one video frame."""
        return self.audio | self.video.repeat_interleave(repeat, dim=1)


def draw_masks(config: AVHubertConfig, noise: StepNoise, lengths: StreamLengths) -> DrawnMasks:
    """Draws the masks of a batch; what an utterance has not is not masked.

    Args:
        config: of the model.
        noise: random numbers of the step, on the device where the masks are wanted.
        lengths: of the utterances.
    """
    repeat, num_frames = config.frame_rate // FRAME_HZ, int(lengths.frames.max())
    audio, video = audio_frames(config, lengths), lengths.video
    if config.masking == "feature":
        video = torch.zeros_like(video)
    hidden = draw_span_mask(config.audio_mask, noise, AUDIO, audio, num_frames * repeat)
    lips = draw_span_mask(config.video_mask, noise, VIDEO, video, num_frames)
    draws = noise.frames(SOURCES, video, num_frames, 1).squeeze(2)
    return DrawnMasks(
        hidden, lips, span_sources(lips, video.to(noise.device, non_blocking=True), draws)
    )


def audio_frames(config: AVHubertConfig, lengths: StreamLengths) -> Tensor:
    """(B,) int64 frames that the audio mask is drawn for: of the sound, or of the features."""
    heard = (lengths.samples > 0) | (config.masking == "feature")
    return torch.where(heard, lengths.frames, 0) * (config.frame_rate // FRAME_HZ)


class MaskEdits:
    """Puts masks into the front ends and scales their gradient; see `StreamEdits`.

    Args:
        masks: None = nothing is hidden.
        filling: (D,) what a masked feature of the sound becomes.
        gradient_scale: for everything before the fusion.
        learned_input: `filling` comes out of the front end's projection, as a masked input does,
            and its gradient is scaled like it.
    """

    def __init__(
        self,
        masks: DrawnMasks | None,
        filling: Tensor,
        gradient_scale: float,
        learned_input: bool,
    ) -> None:
        self._masks, self._scale = masks, gradient_scale
        self._filling = scale_gradient(filling, gradient_scale) if learned_input else filling

    def before(self, kind: str, data: Tensor, rows: Tensor) -> Tensor:
        """Replaces masked lips; sound is masked later, where its projection is known."""
        if kind == "audio" or self._masks is None:
            return data
        num_frames = data.size(1)
        sources = self._masks.sources[rows.to(data.device, non_blocking=True), :num_frames]
        starts = torch.arange(len(data), device=data.device).unsqueeze(1) * num_frames
        # (R, V, H, W) -> (R * V, H, W) -> (R, V, H, W)
        return data.flatten(0, 1)[starts + sources]

    def after(self, kind: str, features: Tensor, rows: Tensor) -> Tensor:
        """Scales the gradient, and replaces masked features of the sound."""
        features = scale_gradient(features, self._scale)
        if kind == "visual" or self._masks is None:
            return features
        hidden = self._masks.audio[rows.to(features.device, non_blocking=True), : features.size(1)]
        filling = self._filling.to(features.dtype)
        return torch.where(hidden.unsqueeze(2), filling, features)


def masked_share(mask: Tensor, lengths: Tensor) -> Weighted:
    """Masked frames of the existing ones.

    Args:
        mask: (B, T) bool on the device.
        lengths: (B,) int64 on the CPU.
    """
    inside = valid_mask(lengths, mask.size(1), mask.device)
    return Weighted((mask & inside).sum(), inside.sum())
