"""Random numbers of one forward pass: by step and rank in training, by utterance in evaluation."""

import zlib
from collections.abc import Sequence

import torch
from torch import Tensor

from espnet_av.ops.seeding import mix_seed


class StepNoise:
    """Uniform random numbers on a device; each kind is a stream of its own.

    In training all are drawn on the device at once. In evaluation the numbers of an utterance
    depend on its name alone (on its row, if it has none), so that two evaluations, and two ways
    of batching, can be compared.

    Args:
        numbers: what the draws of training are a function of, e.g. (seed, step, rank); None =
            torch's default generator.
        device: where the numbers are wanted.
        training: see above.
        utt_id: names of the utterances.
    """

    def __init__(
        self,
        numbers: tuple[int, ...] | None,
        device: torch.device,
        training: bool,
        utt_id: Sequence[str] | None = None,
    ) -> None:
        self.device = device
        self._numbers, self._training, self._utt_id = numbers, training, utt_id

    def generator(self, kind: int) -> torch.Generator | None:
        """Generator on the device, for draws of training only; None = torch's default one."""
        if self._numbers is None:
            return None
        return torch.Generator(self.device).manual_seed(mix_seed(*self._numbers, kind))

    def frames(self, kind: int, lengths: Tensor, num_frames: int, width: int) -> Tensor:
        """Numbers for every frame.

        Args:
            kind: stream; the same one gives the same numbers again.
            lengths: (B,) int64 frames, on the CPU.
            num_frames: T.
            width: numbers a frame.

        Returns:
            (B, T, width) float32 uniform in [0, 1); in evaluation 0 beyond each length.
        """
        if self._training:
            shape = (len(lengths), num_frames, width)
            return torch.rand(shape, generator=self.generator(kind), device=self.device)
        numbers = torch.zeros(len(lengths), num_frames, width)
        for i, length in enumerate(lengths.tolist()):
            name = zlib.crc32(self._utt_id[i].encode()) if self._utt_id else i
            generator = torch.Generator().manual_seed(mix_seed(name, kind))
            numbers[i, :length] = torch.rand(length, width, generator=generator)
        return numbers.to(self.device, non_blocking=True)
