"""Films of a batch as boxes, all of the size that the model sees."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from espnet_av.errors import DataDirError
from espnet_av.modules.film_grid import FilmConfig


def read_films(
    film: Tensor | None,
    film_lengths: Tensor | None,
    utt_id: Sequence[str] | None,
    config: FilmConfig,
) -> Tensor:
    """Cuts the films of a batch into boxes.

    Args:
        film: (B, F, H, W, 3) uint8; None: no utterance has any.
        film_lengths: (B,) int64 frames, 0 = this utterance has none.
        utt_id: names for error messages.
        config: size of films and boxes.

    Returns:
        (B, N, P) float32.

    Raises:
        DataDirError: an utterance has no film, or one of another size.
    """
    frames = [0] if film is None or film_lengths is None else film_lengths.tolist()
    wrong = [row for row, count in enumerate(frames) if count != config.num_frames]
    shape = (config.num_frames, config.size, config.size, 3)
    if film is None or wrong or tuple(film.shape[1:]) != shape:
        row = next((row for row in wrong if not frames[row]), wrong[0] if wrong else 0)
        name = utt_id[row] if utt_id else f"utterance number {row} of the batch"
        raise DataDirError(_reason(name, frames[row], film, config))
    return config.patches(film)


def _reason(name: str, num_frames: int, film: Tensor | None, config: FilmConfig) -> str:
    if film is None or not num_frames:
        return (
            f"{name}: has no film, and av_mae learns from sound and film together; name its film "
            "in film.scp of the data dir and dump again (stage 3), or leave the utterance out"
        )
    size = f"{film.size(3)}x{film.size(2)}"
    return (
        f"{name}: a film of {num_frames} frames of {size}, but the model sees {config.num_frames} "
        f"of {config.size}x{config.size}; set dataset: {{film_frames: {config.num_frames}, "
        f"film_size: {config.size}}}, or change film in model_conf"
    )
