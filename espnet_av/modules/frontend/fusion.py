"""Joining the two feature streams frame by frame; an absent stream counts as zeros."""

import torch
from torch import Tensor, nn
from typeguard import typechecked


class ConcatFusion(nn.Module):
    """[audio; video] -> LayerNorm -> Linear, as in AV-HuBERT (arXiv 2201.02184).

    Args:
        size: D of each stream and of the result.
    """

    @typechecked
    def __init__(self, size: int) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(2 * size)
        self.project = nn.Linear(2 * size, size)

    def forward(self, audio: Tensor, video: Tensor) -> Tensor:
        """(B, T, D) twice -> (B, T, D)."""
        # (B, T, D) twice -> (B, T, 2D)
        return self.project(self.layer_norm(torch.cat([audio, video], dim=-1)))


class NormConcatFusion(nn.Module):
    """[LayerNorm(audio); LayerNorm(video)] -> Linear.

    An absent stream becomes a learned constant and changes no statistic of the other one, so a
    small model learns from one modality what it uses with both.

    Args:
        size: D of each stream and of the result.
    """

    @typechecked
    def __init__(self, size: int) -> None:
        super().__init__()
        self.audio_norm = nn.LayerNorm(size)
        self.video_norm = nn.LayerNorm(size)
        self.project = nn.Linear(2 * size, size)

    def forward(self, audio: Tensor, video: Tensor) -> Tensor:
        """(B, T, D) twice -> (B, T, D)."""
        # (B, T, D) twice -> (B, T, 2D)
        both = torch.cat([self.audio_norm(audio), self.video_norm(video)], dim=-1)
        return self.project(both)


class LinearFusion(nn.Module):
    """[audio; video] -> Linear, as in XLAVS-R (arXiv 2403.14402); starts as the audio unchanged.

    With the weights of an audio-only model around it, the first output equals that model's.

    Args:
        size: D of each stream and of the result.
    """

    @typechecked
    def __init__(self, size: int) -> None:
        super().__init__()
        self.project = nn.Linear(2 * size, size)
        with torch.no_grad():
            self.project.weight.copy_(torch.eye(size, 2 * size))
        nn.init.zeros_(self.project.bias)

    def forward(self, audio: Tensor, video: Tensor) -> Tensor:
        """(B, T, D) twice -> (B, T, D)."""
        # (B, T, D) twice -> (B, T, 2D)
        return self.project(torch.cat([audio, video], dim=-1))


class SumFusion(nn.Module):
    """audio + Linear(video), as FAVA adds its streams (arXiv 2312.09369); starts as the audio.

    The linear layer starts at zero and has no offset. So the first output equals the audio stream
    exactly, whatever the lips are, and a pre-trained audio model is where fine-tuning starts; and
    an utterance without video is the audio stream at any time. The front end behind the zero gets
    its first gradient in the second step, once the layer has moved.

    Args:
        size: D of each stream and of the result.
    """

    @typechecked
    def __init__(self, size: int) -> None:
        super().__init__()
        self.project = nn.Linear(size, size, bias=False)
        nn.init.zeros_(self.project.weight)

    def forward(self, audio: Tensor, video: Tensor) -> Tensor:
        """(B, T, D) twice -> (B, T, D)."""
        return audio + self.project(video)


FUSIONS: dict[str, type[nn.Module]] = {
    "concat": ConcatFusion,
    "norm_concat": NormConcatFusion,
    "linear": LinearFusion,
    "sum": SumFusion,
}
"""Name -> module."""
