"""Reads mouth clips: at another speed, cropped, mirrored, masked, or with frames missing."""

from __future__ import annotations

import numpy as np

from espnet_av.data.ark import read_clip
from espnet_av.data.missing_video import take_away
from espnet_av.data.readers import video_augment
from espnet_av.data.readers.abs_reader import Draw
from espnet_av.data.readers.modality import ModalityReader


class VideoReader(ModalityReader):
    """(V, H, W) uint8 at 25 Hz, unless sound alone is asked for."""

    field = "video"
    table = "video.scp"
    alone = "V"

    def read(self, utt_id: str, draw: Draw) -> np.ndarray | None:
        """See `AbsReader`."""
        pointer = self.data.locate(self.table, utt_id)
        if pointer is None or self.request.modalities == "A":
            return None
        clip = video_augment.change_speed(read_clip(pointer, utt_id), draw.speed)
        frames = self.cut(clip, draw)
        if self.request.train:
            return video_augment.augment(frames, self.config, draw.generator)
        frames = np.ascontiguousarray(video_augment.centre_crop(frames, self.config.video_crop))
        if self.request.missing_video is None:
            return frames
        return take_away(frames, self.request.missing_video, utt_id, self.request.seed)
