"""Which modality of which utterance a training step leaves out."""

import torch
from torch import Tensor


def draw_modality_dropout(
    has_audio: Tensor,
    has_video: Tensor,
    drop_prob: float,
    audio_given_drop: float,
    per_utterance: bool,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Draws modality dropout as AV-HuBERT does (arXiv 2201.02184, section 3.3).

    With probability `drop_prob` one modality is left out: the audio with probability
    `audio_given_drop`, else the video. An utterance that has only one modality keeps it.

    Args:
        has_audio: (B,) bool on the CPU, True where the utterance has audio.
        has_video: (B,) bool on the CPU.
        drop_prob: p_m in [0, 1].
        audio_given_drop: p_a in [0, 1].
        per_utterance: draw for each utterance, else once for the batch.
        generator: CPU generator; torch's default one if None.

    Returns:
        (keep_audio, keep_video), each (B,) bool, False also where the modality is absent.
    """
    size = has_audio.numel() if per_utterance else 1
    # Both numbers are always drawn, so that the stream of draws does not depend on their outcome.
    draws = torch.rand(2, size, generator=generator)
    dropped = (draws[0] < drop_prob) & has_audio & has_video
    audio_dropped = dropped & (draws[1] < audio_given_drop)
    video_dropped = dropped & ~audio_dropped
    return has_audio & ~audio_dropped, has_video & ~video_dropped
