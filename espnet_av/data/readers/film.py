"""Reads full-frame colour video: frames of its time, a square of it in one size."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

import numpy as np

from espnet_av.data.ark_entry import again
from espnet_av.data.dataset_config import VideoSpan
from espnet_av.data.dropped import Drop
from espnet_av.data.film import read_film
from espnet_av.data.lengths import num_frames
from espnet_av.data.readers.abs_reader import AbsReader, Draw
from espnet_av.data.readers.film_augment import cut_and_resize, middle_square, random_part
from espnet_av.errors import ArkError, DataDirError
from espnet_av.rates import FRAME_HZ

logger = logging.getLogger(__name__)


class FilmReader(AbsReader):
    """(F, H, W, 3) uint8 RGB, H = W = `dataset.film_size`; F = `dataset.film_frames`, if not 0.

    Else it is as long as the sound, at `dataset.film_hz`. Where a film ends before, its last frame
    stays. In training the square is drawn, if `dataset.film_crop_scale` says how; and mirrored.
    """

    field = "film"
    table = "film.scp"

    def check(self) -> None:
        """See `AbsReader`."""
        if self.table not in self.data.tables:
            kind = "has mouth clips alone" if "video.scp" in self.data.tables else "has no video"
            msg = (
                f"{self.data.path}/{self.table}: no such file, the set {kind}, but the model reads "
                "films; name the films there in the data dir and run the dump stage (3) again"
            )
            raise DataDirError(msg)
        self._tell_short_ones()

    def lacking(self, left_out: Collection[str]) -> list[Drop]:
        """See `AbsReader`."""
        return self.not_in(self.table, left_out)

    def read(self, utt_id: str, draw: Draw) -> np.ndarray | None:
        """See `AbsReader`."""
        pointer = self.data.locate(self.table, utt_id)
        if pointer is None:
            return None
        film = read_film(pointer, utt_id)
        wanted_hz, config = self.config.film_hz or film.rate_hz, self.config
        drawn = draw.generator if self.request.train else None
        times = frame_times(draw, wanted_hz, config.film_frames, config.video_span, drawn)
        numbers = frame_numbers(times, draw.speed, film.rate_hz)
        last = len(film.jpegs) - 1
        try:
            pictures = film.frames(np.minimum(numbers, last).tolist())
        except ValueError as error:
            msg = f"{pointer}: {utt_id}: the film is damaged ({error}); {again(pointer)}"
            raise ArkError(msg) from error
        return self._augment(pictures, draw.generator)

    def _augment(
        self, pictures: Sequence[np.ndarray], generator: np.random.Generator
    ) -> np.ndarray:
        config, (height, width) = self.config, pictures[0].shape[:2]
        box = middle_square(height, width)
        if self.request.train and config.film_crop_scale is not None:
            shares, shapes = config.film_crop_scale, config.film_crop_ratio
            box = random_part(height, width, shares, shapes, generator)
        mirrored = self.request.train and generator.random() < config.flip_prob
        return cut_and_resize(pictures, box, config.film_size, mirrored)

    def _tell_short_ones(self) -> None:
        """Clips that last longer than their utterance are told, once."""
        config = self.config
        if config.video_span != "clip" or not (config.film_frames and config.film_hz):
            return
        table, seconds = self.data.tables[self.table], config.film_frames / config.film_hz
        rows = [utt_id for utt_id in self.data.utt_ids if utt_id in table]
        short = [u for u in rows if num_frames(self.data, u) < seconds * FRAME_HZ]
        if short:
            msg = (
                "%s: %d of %d utterances are shorter than a clip of %d frames at %g Hz (%.2f s), "
                "such as %s; their last frame stays. video_span: uniform spreads the frames, a "
                "higher film_hz makes clips shorter"
            )
            told = (config.film_frames, config.film_hz, seconds, short[0])
            logger.warning(msg, self.data.path, len(short), len(rows), *told)


def frame_times(
    draw: Draw,
    wanted_hz: float,
    count: int = 0,
    span: VideoSpan = "uniform",
    generator: np.random.Generator | None = None,
) -> np.ndarray:
    """Moments of the changed utterance that are shown.

    Args:
        draw: stretch and speed.
        wanted_hz: frames a second; `uniform` goes without.
        count: frames; 0: as many as last for the stretch.
        span: where a number of frames lies, see `dataset.video_span`.
        generator: of training, draws where a clip begins; None: it is in the middle.

    Returns:
        (F,) float seconds, at least one, none outside of the stretch.
    """
    start = draw.stretch.start / FRAME_HZ
    end = draw.length if draw.stretch.end is None else draw.stretch.end
    seconds = end / FRAME_HZ - start
    if not count:
        return start + np.arange(max(1, round(seconds * wanted_hz))) / wanted_hz
    if span == "uniform":
        return start + (np.arange(count) + 0.5) * seconds / count
    spare = max(0.0, seconds - count / wanted_hz)
    first = spare / 2 if generator is None else generator.uniform(0.0, spare)
    times = first + np.arange(count) / wanted_hz
    return start + np.minimum(times, max(0.0, seconds - 1 / wanted_hz))


def frame_numbers(times: np.ndarray, speed: float, stored_hz: float) -> np.ndarray:
    """Stored frames nearest to moments: (F,) seconds of the changed utterance -> (F,) int64.

    Args:
        times: of the changed utterance.
        speed: it is played this many times as fast.
        stored_hz: frames a second in the archive.
    """
    return np.floor(times * speed * stored_hz + 0.5 + 1e-6).astype(np.int64)
