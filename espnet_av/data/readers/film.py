"""Reads full-frame colour video: at another speed and rate, its middle square in one size."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from espnet_av.data.ark_entry import again
from espnet_av.data.dropped import Drop
from espnet_av.data.film import read_film, squares
from espnet_av.data.readers.abs_reader import AbsReader, Draw
from espnet_av.errors import ArkError, DataDirError
from espnet_av.rates import FRAME_HZ


class FilmReader(AbsReader):
    """(F, H, W, 3) uint8 RGB at `dataset.film_hz`, H = W = `dataset.film_size`.

    As long as the sound: where a film ends before, its last frame stays.
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

    def lacking(self, left_out: Collection[str]) -> list[Drop]:
        """See `AbsReader`."""
        return self.not_in(self.table, left_out)

    def read(self, utt_id: str, draw: Draw) -> np.ndarray | None:
        """See `AbsReader`."""
        pointer = self.data.locate(self.table, utt_id)
        if pointer is None:
            return None
        film = read_film(pointer, utt_id)
        numbers = frame_numbers(draw, film.rate_hz, self.config.film_hz or film.rate_hz)
        last = len(film.jpegs) - 1
        try:
            pictures = film.frames(np.minimum(numbers, last).tolist())
        except ValueError as error:
            msg = f"{pointer}: {utt_id}: the film is damaged ({error}); {again(pointer)}"
            raise ArkError(msg) from error
        return squares(pictures, self.config.film_size)


def frame_numbers(draw: Draw, stored_hz: float, wanted_hz: float) -> np.ndarray:
    """Stored frames that are shown: nearest to the time of each wanted one.

    Args:
        draw: stretch and speed.
        stored_hz: frames a second in the archive.
        wanted_hz: frames a second of the result.

    Returns:
        (F,) int64, at least one.
    """
    end = draw.length if draw.stretch.end is None else draw.stretch.end
    seconds = (end - draw.stretch.start) / FRAME_HZ
    times = (
        draw.stretch.start / FRAME_HZ + np.arange(max(1, round(seconds * wanted_hz))) / wanted_hz
    )
    return np.floor(times * draw.speed * stored_hz + 0.5 + 1e-6).astype(np.int64)
