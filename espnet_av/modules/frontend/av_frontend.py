"""From sound and lips to one fused stream, computing only what is there and not dropped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from espnet_av.config import build
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.modules import AUDIO_FRONTENDS, VISUAL_FRONTENDS
from espnet_av.modules.frontend.av_frontend_config import AVFrontendConfig
from espnet_av.modules.frontend.frame_clock import AudioClock, FrameClock, VideoClock
from espnet_av.modules.frontend.fusion import FUSIONS
from espnet_av.modules.zero_gradient import zero_touch
from espnet_av.ops.modality_dropout import draw_modality_dropout
from espnet_av.ops.modality_views import Views, all_views, single_view
from espnet_av.ops.seeding import mix_seed
from espnet_av.ops.stream_lengths import StreamLengths, read_lengths
from espnet_av.rates import FRAME_HZ


@dataclass(frozen=True)
class Fused:
    """What the encoder gets, and the streams it was made of."""

    features: Tensor
    """(R, T, D), arbitrary beyond each length; R = B but for `per: view` in training."""
    lengths: Tensor
    """(R,) int64 frames, on the CPU."""
    rows: Tensor
    """(R,) int64 utterance of each row, on the CPU; the first B are 0 .. B - 1."""
    streams: dict[str, Tensor | None]
    """`audio` and `visual`: (B, T, D), zeros for utterances without it; None if no one has it."""
    present: dict[str, Tensor]
    """`audio` and `visual`: (B,) bool on the CPU, which utterances of the stream are computed."""


class StreamEdits(Protocol):
    """Changes to what the front ends get and give, such as the masks of pre-training."""

    def before(self, kind: str, data: Tensor, rows: Tensor) -> Tensor:
        """Input of the front end `kind` (`audio` or `visual`) for utterances `rows` (R,)."""

    def after(self, kind: str, features: Tensor, rows: Tensor) -> Tensor:
        """Its features (R, T, D) at the frame rate of the model."""


class AVFrontend(nn.Module):
    """Audio and visual front ends -> modality dropout -> fusion -> dropout.

    A modality that an utterance has not, or that modality dropout leaves out, is not computed: the
    fusion sees zeros. In training every parameter still gets a gradient (zero if its branch was
    left out), so DistributedDataParallel needs no `find_unused_parameters`.

    Args:
        config: see `AVFrontendConfig`.
    """

    augments = True
    """Its modality dropout goes on where it is frozen."""

    def __init__(self, config: AVFrontendConfig) -> None:
        super().__init__()
        size = config.feature_size
        self.audio = _build(
            AUDIO_FRONTENDS, config.audio_frontend, _audio_conf(config), size, "audio"
        )
        self.visual = _build(
            VISUAL_FRONTENDS, config.visual_frontend, config.visual_frontend_conf, size, "visual"
        )
        grid = getattr(self.audio, "grid", None)
        self.clock: FrameClock = AudioClock(grid) if grid else VideoClock(config.frame_rate)
        self.fusion = None if config.fusion == "none" else FUSIONS[config.fusion](size)
        self.dropout = nn.Dropout(config.dropout_rate)
        self.modality_dropout = config.modality_dropout
        self._draw_seed: int | None = None

    def set_step(self, step: int, rank: int, seed: int) -> None:
        """Makes the modality dropout of the next `forward` a function of these three numbers."""
        self._draw_seed = mix_seed(seed, step, rank)

    def forward(
        self,
        speech: Tensor | None,
        speech_lengths: Tensor | None,
        video: Tensor | None,
        video_lengths: Tensor | None,
        utt_id: Sequence[str] | None = None,
    ) -> Fused:
        """Fuses a batch; a modality for which there is no front end is ignored.

        Args:
            speech: (B, S) float at 16 kHz, or None.
            speech_lengths: (B,) int64 samples, or None.
            video: (B, V, H, W) uint8 at 25 Hz, or None.
            video_lengths: (B,) int64 frames, or None.
            utt_id: names for error messages.

        Raises:
            DataDirError: an utterance has no usable modality, or two of different durations.
        """
        lengths = self.read_lengths(speech, speech_lengths, video, video_lengths, utt_id)
        return self.fuse(speech, video, lengths)

    def read_lengths(
        self,
        speech: Tensor | None,
        speech_lengths: Tensor | None,
        video: Tensor | None,
        video_lengths: Tensor | None,
        utt_id: Sequence[str] | None = None,
    ) -> StreamLengths:
        """Lengths of what there is a front end for; arguments and errors as in `forward`."""
        lengths = read_lengths(
            speech_lengths if self.audio is not None and speech is not None else None,
            video_lengths if self.visual is not None and video is not None else None,
            utt_id,
        )
        short = self.clock.num_frames(lengths) < 1
        if short.any():
            i = int(short.nonzero()[0])
            msg = (
                f"{utt_id[i] if utt_id else f'utterance number {i} of the batch'}: "
                f"{int(lengths.frames[i])} frames at 25 Hz are too short for the audio front end, "
                "whose convolutions need more; leave the utterance out"
            )
            raise DataDirError(msg)
        return lengths

    def fuse(
        self,
        speech: Tensor | None,
        video: Tensor | None,
        lengths: StreamLengths,
        edits: StreamEdits | None = None,
    ) -> Fused:
        """Fuses a batch of known lengths.

        Args:
            speech: as in `forward`.
            video: as in `forward`.
            lengths: from `read_lengths`.
            edits: changes between input, features and fusion, on what is computed only.
        """
        keep_audio, keep_video = self.draw_kept(lengths)
        frames = self.clock.num_frames(lengths)
        num_frames = int(frames.max())
        audio = self._compute("audio", speech, lengths.samples, keep_audio, num_frames, edits)
        lips = self._compute("visual", video, lengths.video, keep_video, num_frames, edits)
        views = self._views(keep_audio, keep_video)
        fused = self._join(*_rows_of(audio, lips, views))
        if self.training:
            fused = fused + sum(
                zero_touch(part)
                for part, stream in ((self.audio, audio), (self.visual, lips))
                if part is not None and stream is None
            )
        return Fused(
            self.dropout(fused),
            frames[views.rows],
            views.rows,
            {"audio": audio, "visual": lips},
            {"audio": keep_audio, "visual": keep_video},
        )

    def _compute(
        self,
        kind: str,
        data: Tensor | None,
        lengths: Tensor,
        keep: Tensor,
        num_frames: int,
        edits: StreamEdits | None,
    ) -> Tensor | None:
        """Runs a front end on the kept utterances.

        Returns:
            (B, T, D) at the rate of the clock, zeros for the others; None if none is kept.
        """
        frontend = self.audio if kind == "audio" else self.visual
        if frontend is None or data is None or not keep.any():
            return None
        rows = keep.nonzero().squeeze(1)
        batch_size, kept_lengths = data.size(0), lengths[rows]
        if rows.numel() < batch_size:
            data = data[rows.to(data.device, non_blocking=True)]
        # Padding that only the left-out utterances needed is not computed either.
        data = data[:, : int(kept_lengths.max())]
        features, _ = frontend(
            data if edits is None else edits.before(kind, data, rows), kept_lengths
        )
        if kind == "visual":
            features = self.clock.place(features, kept_lengths, num_frames)
        features = features if edits is None else edits.after(kind, features, rows)
        features = nn.functional.pad(features, (0, 0, 0, num_frames - features.size(1)))
        if rows.numel() == batch_size:
            return features
        whole = features.new_zeros(batch_size, num_frames, features.size(2))
        return whole.index_copy(0, rows.to(features.device, non_blocking=True), features)

    def _join(self, audio: Tensor | None, lips: Tensor | None) -> Tensor:
        """Joins the streams, with zeros in place of one that is not there."""
        present = audio if audio is not None else lips
        assert present is not None, "modality dropout left nothing"
        if self.fusion is None:
            return present
        zeros = torch.zeros_like(present)
        return self.fusion(zeros if audio is None else audio, zeros if lips is None else lips)

    def _views(self, keep_audio: Tensor, keep_video: Tensor) -> Views:
        """Rows of the batch that the encoder gets."""
        if self.training and self.modality_dropout.per == "view":
            return all_views(keep_audio, keep_video)
        return single_view(keep_audio, keep_video)

    def draw_kept(self, lengths: StreamLengths) -> tuple[Tensor, Tensor]:
        """Which utterances keep their audio and their video, each (B,) bool on the CPU."""
        has_audio, has_video = lengths.samples > 0, lengths.video > 0
        config = self.modality_dropout
        if not self.training or config.per == "view":
            return has_audio, has_video
        generator = None
        if self._draw_seed is not None:
            generator = torch.Generator().manual_seed(self._draw_seed)
        return draw_modality_dropout(
            has_audio,
            has_video,
            config.drop_prob,
            config.audio_given_drop,
            config.per == "utterance",
            generator,
        )


def _audio_conf(config: AVFrontendConfig) -> dict[str, Any]:
    """The audio front end's configuration, which has the frame rate of the model."""
    conf, key = config.audio_frontend_conf, "frame_rate"
    if config.frame_rate == FRAME_HZ and key not in conf:
        return conf
    if conf.get(key, config.frame_rate) != config.frame_rate:
        msg = (
            f"frame_rate is {config.frame_rate}, but audio_frontend_conf says {conf[key]}; "
            "leave it out there"
        )
        raise ConfigError(msg)
    return {**conf, key: config.frame_rate}


def _build(
    choices: Mapping[str, tuple[type, type]], name: str, conf: dict[str, Any], size: int, kind: str
) -> nn.Module | None:
    """The front end `name`, or None for `none`."""
    if name == "none":
        return None
    config_class, frontend_class = choices[name]
    return frontend_class(build(config_class, conf, f"{kind}_frontend_conf of {name}"), size)


def _rows_of(
    audio: Tensor | None, lips: Tensor | None, views: Views
) -> tuple[Tensor | None, Tensor | None]:
    """The streams (B, T, D) as the rows (R, T, D) of `views` use them."""
    if all(stream is None or stream.size(0) == views.rows.numel() for stream in (audio, lips)):
        return audio, lips
    chosen = []
    for stream, use in ((audio, views.use_audio), (lips, views.use_video)):
        assert stream is not None, "only utterances with both modalities have several views"
        used = use.to(stream.device, non_blocking=True)[:, None, None]
        rows = views.rows.to(stream.device, non_blocking=True)
        chosen.append(torch.where(used, stream[rows], 0.0))
    return chosen[0], chosen[1]
